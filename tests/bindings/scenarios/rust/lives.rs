//! Objects begin and end: in any order, twice, wrongly. And what an error tells.

use crate::{Outcome, digits_file, refused};
use oarlock::*;
use std::path::Path;

pub fn create_use_close(_: &Path) -> Outcome {
    let state = State::new()?;
    assert_eq!((state.rank()?, state.world_size()?), (0, 1));
    assert_eq!((state.local_rank()?, state.local_world_size()?), (0, 1));
    assert!(state.is_main_process()? && state.is_local_main_process()? && state.is_last_process()?);
    assert_eq!(state.device()?, "cpu");
    state.close()?;
    state.close()?;
    Ok(())
}

pub fn error_text(folder: &Path) -> Outcome {
    let path = folder.join("not_there.safetensors");
    let error = Dataset::from_safetensors(&path).err().expect("an error");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!((error.code(), error.code_name()), (sys::OAR_E_NOT_FOUND, "NOT_FOUND"));
    assert!(error.message().contains(path.to_str().unwrap()) && error.to_string() == error.message(), "{error}");
    assert_eq!((error.component(), error.operation()), ("dataset", "oar_dataset_from_safetensors"));
    assert_eq!(error.rank(), None);
    Ok(())
}

/// Types forbid it; through the low level it is told.
pub fn wrong_handle(_: &Path) -> Outcome {
    let config = Config::new()?;
    config.set("comm.timeout_ms", 1234)?;
    let mut numel = -1;
    // SAFETY: the library looks at what a handle is before it uses it.
    let (wrong, null) = unsafe {
        (sys::oar_tensor_numel(config.as_raw().cast(), &mut numel), sys::oar_tensor_numel(std::ptr::null(), &mut numel))
    };
    assert_eq!((wrong, null, numel), (sys::OAR_E_HANDLE, sys::OAR_E_HANDLE, -1));
    assert_eq!(config.get("comm.timeout_ms")?, "1234");
    Ok(())
}

pub fn release_any_order(_: &Path) -> Outcome {
    let before = live_handle_count()?;
    let (loader, accelerator, optimizer, outputs) = orphans()?;
    let (loss, logits) = (outputs.tensor("loss")?, outputs.tensor("logits")?);
    drop(outputs);
    accelerator.backward(&loss)?;
    accelerator.step(&optimizer, None)?;
    assert_eq!(optimizer.num_steps()?, 1);
    let gathered = accelerator.gather_for_metrics(&logits)?;
    assert_eq!(gathered.shape()?, [32, 10]);
    let batch = loader.next_batch()?.expect("a second batch");
    assert_eq!(live_handle_count()?, before + 7);
    drop(accelerator);
    drop(loss);
    drop(batch);
    drop(optimizer);
    drop(gathered);
    drop(loader);
    drop(logits);
    assert_eq!(live_handle_count()?, before);
    Ok(())
}

/// What is made of a config, a state, a model and a data set, which all end here.
fn orphans() -> Result<(Loader, Accelerator, Optimizer, Tree)> {
    let config = Config::new()?;
    config.set("seed", 3)?;
    let state = State::with_config(&config)?;
    drop(config);
    let model = Model::load(&state, digits_file("digits.pt2"), ())?;
    let dataset = Dataset::from_safetensors(digits_file("test.safetensors"))?;
    let loader = Loader::new(&dataset, json!({"batch_size": 32}))?;
    drop(dataset);
    let accelerator = Accelerator::new(&state)?;
    drop(state);
    accelerator.prepare(&model)?;
    accelerator.prepare(&loader)?;
    let optimizer = accelerator.prepare(Optimizer::new(&model, "sgd", json!({"lr": 0.125}))?)?;
    let outputs = model.forward(&loader.next_batch()?.expect("a batch"))?;
    Ok((loader, accelerator, optimizer, outputs))
}

/// What is dropped cannot be used: the compiler sees to it. Its handle gives the library's error.
pub fn use_after_close(folder: &Path) -> Outcome {
    let state = State::new()?;
    let tracker = Tracker::new(&state, "jsonl", json!({"path": folder.join("closed.jsonl")}))?;
    let loader = Loader::new(&Dataset::from_safetensors(digits_file("test.safetensors"))?, ())?;
    let accelerator = Accelerator::new(&state)?;
    for _ in 0..2 {
        tracker.close()?;
        loader.close()?;
        accelerator.close()?;
    }
    refused(ErrorKind::State, "closed", tracker.log(1, &[]));
    refused(ErrorKind::State, "closed", loader.next_batch());
    refused(ErrorKind::State, "closed", accelerator.prepare(&loader));
    assert!(loader.batches().next().is_some_and(|batch| batch.is_err()), "a loop over a closed loader tells its error");
    let released = tracker.as_raw();
    drop(tracker);
    // SAFETY: the library knows that the handle has ended.
    let status = unsafe { sys::oar_tracker_close(released) };
    assert_eq!(status, sys::OAR_E_HANDLE);
    Ok(())
}
