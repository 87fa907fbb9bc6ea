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

pub fn parts_and_pairs(_: &Path) -> Outcome {
    let (state, group, rank) = ranks()?;
    let mine = rank as f32 + 1.0;
    let (one, ten, pair) = (floats(&[mine])?, floats(&[10.0 * mine, 0.0])?, floats(&[0.0, 0.0])?);
    group.reduce(&one, 1, Reduce::Sum, TIMEOUT)?;
    assert_eq!(one.item()?, [1.0, 3.0][rank]);
    group.reduce_scatter(&ten, &one, Reduce::Sum, TIMEOUT)?;
    assert_eq!(one.item()?, [30.0, 0.0][rank]);
    group.gather(&floats(&[mine])?, (rank == 1).then_some(&pair), 1, TIMEOUT)?;
    assert_eq!(pair.to_vec::<f32>()?, [[0.0, 0.0], [1.0, 2.0]][rank]);
    group.scatter((rank == 0).then_some(&ten), &one, 0, TIMEOUT)?;
    assert_eq!(one.item()?, [10.0, 0.0][rank]);
    group.all_to_all(&floats(&[10.0 * mine, 10.0 * mine + 1.0])?, &pair, TIMEOUT)?;
    assert_eq!(pair.to_vec::<f32>()?, [[10.0, 20.0], [11.0, 21.0]][rank]);
    let (rows, received) = [([0, 2], [0, 1]), ([1, 0], [2, 0])][rank];
    let (given, got) = if rank == 0 { (floats(&[7.0, 8.0])?, floats(&[0.0])?) } else { (floats(&[9.0])?, floats(&[0.0; 2])?) };
    group.all_to_all_rows(&given, &got, &rows, &received, TIMEOUT)?;
    assert_eq!(got.to_vec::<f32>()?, [&[9.0][..], &[7.0, 8.0]][rank]);
    let all = floats(&[0.0; 3])?;
    group.all_gather_rows(&floats(&vec![mine; rank + 1])?, &all, &[1, 2], TIMEOUT)?;
    assert_eq!(all.to_vec::<f32>()?, [1.0, 2.0, 2.0]);
    lists(&group, rank)?;
    let bits = Tensor::from_vec(vec![rank as i64 + 1], &[1])?;
    group.all_reduce(&bits, Reduce::BitwiseXor, TIMEOUT)?;
    assert_eq!(bits.item()?, 3.0);
    let got = floats(&[0.0; 3])?;
    let sent = floats(&[mine; 3])?;
    // SAFETY: nothing reads or writes the tensors until the works are done.
    let works = unsafe { [group.start_send(&sent, 1 - rank, TIMEOUT)?, group.start_receive(&got, 1 - rank, TIMEOUT)?] };
    for work in works {
        work.wait(TIMEOUT)?;
    }
    assert_eq!(got.to_vec::<f32>()?, [2.0 - rank as f32; 3]);
    if rank == 0 {
        group.send(&got, 1, TIMEOUT)?
    } else {
        group.receive(&got, 0, TIMEOUT)?
    }
    assert_eq!(got.to_vec::<f32>()?, [2.0; 3]);
    refused(ErrorKind::Argument, "peer", group.send(&got, rank, TIMEOUT));
    group.barrier(TIMEOUT)?;
    state.close()?;
    Ok(())
}

/// The operations on lists.
fn lists(group: &Group, rank: usize) -> Outcome {
    let mine = rank as f32 + 1.0;
    let (one, ten) = (floats(&[mine])?, floats(&[10.0 * mine, 0.0])?);
    let (ones, tens) = (floats(&[0.0; 2])?, floats(&[0.0; 4])?);
    group.all_gather_coalesced(&[&one, &ten], &[&ones, &tens], TIMEOUT)?;
    assert_eq!((ones.to_vec::<f32>()?, tens.to_vec::<f32>()?), (vec![1.0, 2.0], vec![10.0, 0.0, 20.0, 0.0]));
    group.all_reduce_coalesced(&[&one, &ten], Reduce::Sum, TIMEOUT)?;
    assert_eq!((one.item()?, ten.to_vec::<f32>()?), (3.0, vec![30.0, 0.0]));
    let own = floats(&[mine])?;
    group.broadcast_coalesced(&[&own, &ten], 1, TIMEOUT)?;
    assert_eq!(own.item()?, 2.0);
    group.reduce_scatter_coalesced(&[&ten], &[&one], Reduce::Sum, TIMEOUT)?;
    assert_eq!(one.item()?, [60.0, 0.0][rank]);
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

pub fn nested_trees(_: &Path) -> Outcome {
    let (state, group, rank) = ranks()?;
    let rows = floats(&vec![10.0 * rank as f32; rank + 1])?;
    let held = Tree::from_tensors([("loss", &floats(&[rank as f32 + 1.0])?), ("rows", &rows)])?;
    let losses = Tree::from_tensors([("loss", &held.tensor("loss")?)])?;
    assert_eq!(group.reduce_tree(&losses, Reduce::Average, TIMEOUT)?.float("loss")?, 1.5);
    let shapes = "'rows' differs between ranks (rank 0: float32 [1]; rank 1: float32 [2])";
    refused(ErrorKind::Mismatch, shapes, group.gather_tree(&held, TIMEOUT));
    let padded = group.pad_tree(&held, Padding { value: -1.0, ..Padding::default() }, TIMEOUT)?;
    assert_eq!(group.gather_tree(&padded, TIMEOUT)?.tensor("rows")?.to_vec::<f32>()?, [0.0, -1.0, 10.0, 10.0]);
    let mine = Tree::from_json(["[0]", "[1, 1]"][rank])?;
    assert_eq!(group.gather_objects(&mine, TIMEOUT)?.to_json()?, "[0,1,1]");
    let map = Tree::from_json("{\"of\":[\"one\",null]}")?;
    assert_eq!(group.copy_tree(Some(&map).filter(|_| rank == 1), TIMEOUT)?.to_json()?, "{\"of\":[\"one\",null]}");
    assert_eq!(group.broadcast_object(Some(&mine), 1, TIMEOUT)?.to_json()?, "[1,1]");
    group.broadcast_tree(&losses, 1, TIMEOUT)?;
    assert_eq!(losses.float("loss")?, 2.0);
    let accelerator = Accelerator::new(&state)?;
    if rank == 1 {
        accelerator.set_trigger()?;
    }
    assert!(accelerator.check_trigger()? && !accelerator.check_trigger()?);
    let names = Tree::from_json(["[\"zero\",\"one\"]", "[\"one\"]"][rank])?;
    let names = accelerator.gather_tree_for_metrics(&names, false)?;
    assert_eq!(names.to_json()?, "[\"zero\",\"one\",\"one\"]");
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
    refused(ErrorKind::PeerLost, "1 of 2 came", state.shrink(2, TIMEOUT));
    let smaller = state.shrink(None, TIMEOUT)?;
    drop(state);
    assert_eq!(smaller.world_size()?, 1);
    smaller.barrier(TIMEOUT)?;
    smaller.close()?;
    Ok(())
}
