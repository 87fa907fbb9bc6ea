//! What may move between threads, and what one thread may do to another's state.

use oarlock::{Checkpoint, Config, Error, ErrorKind, Group, Progress, Reduce, Remote, Result, State, Tensor, Tracker, Work};
use std::time::Duration;

#[test]
fn objects_without_memory_of_tensors_are_send_and_only_remote_is_sync() {
    fn is_send<T: Send>() {}
    fn is_sync<T: Sync>() {}
    is_send::<Config>();
    is_send::<State>();
    is_send::<Group>();
    is_send::<Work>();
    is_send::<Checkpoint>();
    is_send::<Tracker>();
    is_send::<Progress>();
    is_send::<Remote>();
    is_sync::<Remote>();
    is_send::<Error>();
    is_sync::<Error>();
}

#[test]
fn a_state_works_on_the_thread_that_it_moved_to() -> Result<()> {
    let (state, group) = (State::new()?, State::new()?.group()?);
    let worker = std::thread::spawn(move || -> Result<f64> {
        state.barrier(Duration::from_secs(5))?;
        let tensor = Tensor::from_vec(vec![2.5f32], &[])?;
        group.all_reduce(&tensor, Reduce::Sum, None)?;
        state.close()?;
        tensor.item()
    });
    assert_eq!(worker.join().expect("no panic")?, 2.5);
    Ok(())
}

#[test]
fn an_error_tells_on_another_thread_what_it_was() {
    let error = std::thread::spawn(|| Checkpoint::open("nowhere").err().expect("an error")).join().expect("no panic");
    assert_eq!((error.kind(), error.component()), (ErrorKind::NotFound, "checkpoint"));
}

#[test]
fn a_remote_aborts_the_state_of_another_thread() -> Result<()> {
    let state = State::new()?;
    let remote = state.remote()?;
    std::thread::scope(|scope| scope.spawn(|| remote.abort("the watch says so")).join()).expect("no panic")?;
    let error = state.group()?.barrier(None).expect_err("an aborted group");
    assert_eq!(error.kind(), ErrorKind::Aborted);
    assert!(error.message().contains("the watch says so"), "{error}");
    drop(state);
    remote.request_stop(); // a remote keeps its state
    Ok(())
}
