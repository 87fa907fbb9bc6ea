//! Two ranks: each runs the same scenario, started with the launcher's variables.

use crate::{Outcome, refused};
use oarlock::*;
use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const TIMEOUT: Duration = Duration::from_secs(30);

fn ranks() -> Result<(State, Group, usize)> {
    let state = State::new()?;
    assert_eq!(state.world_size()?, 2);
    let (group, rank) = (state.group()?, state.rank()?);
    Ok((state, group, rank))
}

fn floats(values: &[f32]) -> Result<Tensor> {
    Tensor::from_vec(values.to_vec(), &[values.len()])
}

pub fn all_reduce(_: &Path) -> Outcome {
    let (state, group, rank) = ranks()?;
    let mine = floats(&[rank as f32 + 1.0])?;
    for (reduce, expected) in [(Reduce::Sum, 3.0), (Reduce::Average, 1.5), (Reduce::Max, 2.0)] {
        let tensor = mine.copy()?;
        group.all_reduce(&tensor, reduce, TIMEOUT)?;
        assert_eq!(tensor.item()?, expected, "{reduce:?}");
        let tensor = mine.copy()?;
        // SAFETY: nothing reads or writes the tensor until the work is done.
        let work = unsafe { group.start_all_reduce(&tensor, reduce, TIMEOUT)? };
        work.wait(TIMEOUT)?;
        assert!(work.is_done()? && work.error()?.is_none());
        assert_eq!(tensor.item()?, expected, "{reduce:?}");
    }
    let all = floats(&[0.0, 0.0])?;
    group.all_gather(&mine, &all, TIMEOUT)?;
    assert_eq!(all.to_vec::<f32>()?, [1.0, 2.0]);
    group.broadcast(&mine, 1, TIMEOUT)?;
    assert_eq!(mine.item()?, 2.0);
    refused(ErrorKind::Argument, "root", group.broadcast(&mine, 7, TIMEOUT));
    let integer = Tensor::from_vec(vec![1i64], &[1])?;
    refused(ErrorKind::Argument, "average", group.all_reduce(&integer, Reduce::Average, TIMEOUT));
    group.barrier(TIMEOUT)?; // the refusals cost no rank its place
    state.close()?;
    Ok(())
}

pub fn gather_bytes(_: &Path) -> Outcome {
    let (state, group, rank) = ranks()?;
    let gathered = group.all_gather_bytes([&b""[..], b"a\0b"][rank], TIMEOUT)?;
    assert_eq!(gathered, [&b""[..], b"a\0b"]);
    let gathered = group.all_gather_bytes([&b"zero"[..], b"one"][rank], TIMEOUT)?;
    assert_eq!(gathered, [&b"zero"[..], b"one"]);
    assert_eq!(group.broadcast_bytes([&b"zero"[..], b"one"][rank], 1, TIMEOUT)?, b"one");
    assert_eq!(Accelerator::new(&state)?.reduce_mean([0.5, 2.25][rank])?, 1.375);
    state.close()?;
    Ok(())
}

/// An all-gather by files: rank r writes its bytes to `<name>.<r>` and reads everyone's.
fn exchange_by_files(name: PathBuf, rank: usize, mine: &[u8], all: &mut [u8]) -> std::io::Result<()> {
    let path = |rank: usize| name.with_extension(rank.to_string());
    let hidden = name.with_extension(format!("{rank}-part"));
    std::fs::write(&hidden, mine)?;
    std::fs::rename(hidden, path(rank))?; // whole, once it is there
    let before = Instant::now();
    for (rank, room) in all.chunks_mut(mine.len()).enumerate() {
        while !path(rank).exists() && before.elapsed() < TIMEOUT {
            std::thread::sleep(Duration::from_millis(1));
        }
        room.copy_from_slice(&std::fs::read(path(rank))?);
    }
    Ok(())
}

pub fn exchange_callback(folder: &Path) -> Outcome {
    let rank: usize = std::env::var("RANK")?.parse()?;
    let config = Config::new()?;
    config.set("comm.connect_timeout_ms", 2000)?;
    let failing = State::with_exchange(Some(&config), rank, 2, |mine, all| {
        exchange_by_files(folder.join("failing"), rank, mine, all)?;
        if rank == 1 { Err(std::io::Error::other("the exchange's own error")) } else { Ok(()) }
    });
    let error = failing.err().expect("an error on both ranks");
    if rank == 1 {
        assert_eq!(error.kind(), ErrorKind::Callback);
        let source = error.source().and_then(|source| source.downcast_ref::<std::io::Error>()).expect("the very error");
        assert_eq!(source.to_string(), "the exchange's own error");
    } else {
        assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::PeerLost), "{error:?}");
    }
    config.set("comm.connect_timeout_ms", TIMEOUT.as_millis() as i64)?;
    let state =
        State::with_exchange(Some(&config), rank, 2, |mine, all| exchange_by_files(folder.join("working"), rank, mine, all))?;
    assert_eq!((state.rank()?, state.world_size()?), (rank, 2));
    state.barrier(TIMEOUT)?;
    state.close()?;
    Ok(())
}

pub fn mismatch_named(_: &Path) -> Outcome {
    let (state, group, rank) = ranks()?;
    let tensor = floats(&[1.0, 1.0, 1.0][..rank + 2])?;
    let error = group.all_reduce(&tensor, Reduce::Sum, TIMEOUT).expect_err("a mismatch");
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    assert!(error.message().contains("sum of 2 float32") && error.message().contains("sum of 3 float32"), "{error}");
    assert_eq!(tensor.numel()?, rank + 2);
    refused(ErrorKind::Aborted, "sum of", group.barrier(TIMEOUT));
    state.close()?;
    Ok(())
}

pub fn lost_rank_named(_: &Path) -> Outcome {
    let (state, _group, rank) = ranks()?;
    state.barrier(TIMEOUT)?;
    if rank == 1 {
        std::process::Command::new("kill").args(["-KILL", &std::process::id().to_string()]).status()?;
    }
    let error = state.barrier(TIMEOUT).expect_err("a lost rank");
    assert_eq!((error.kind(), error.rank()), (ErrorKind::PeerLost, Some(1)));
    assert!(error.message().contains("rank 1"), "{error}");
    state.close()?;
    Ok(())
}
