//! Calls that the scenarios, examples and blocks of documentation do not make: each does what its name says.
#![cfg(feature = "ndarray")]

use oarlock::*;
use std::path::PathBuf;

fn digits(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../examples/digits").join(name)
}

/// A folder of the test's own, which is removed.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("oarlock-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

#[test]
fn versions_are_those_of_the_crate() {
    assert_eq!(version(), env!("CARGO_PKG_VERSION"));
    assert!(torch_version().is_ok_and(|text| text.contains("libtorch_cpu.so")));
}

#[test]
fn a_tensor_tells_its_form() -> Result<()> {
    let tensor = Tensor::from_vec(vec![true, false, true], &[3, 1])?;
    assert_eq!((tensor.num_dims()?, tensor.numel()?, tensor.device()?.as_str()), (2, 3, "cpu"));
    assert_eq!((tensor.dtype()?, tensor.to_vec::<bool>()?), (Dtype::Bool, vec![true, false, true]));
    assert!(!tensor.is_read_only()? && format!("{tensor:?}") == "Tensor(bool, [3, 1])");
    let empty = Tensor::from_array(ndarray::Array2::<f32>::zeros((0, 4)))?;
    assert_eq!((empty.shape()?, empty.to_array::<f32>()?.len(), empty.cells::<f32>()?.len()), (vec![0, 4], 0, 0));
    let mut numbers = Tensor::from_vec(vec![1i16, 2], &[2])?;
    // SAFETY: nothing else uses the memory while the view lives.
    let mut view = unsafe { numbers.view_mut::<i16>()? };
    view[[1]] = 7;
    assert_eq!(numbers.to_vec::<i16>()?, [1, 7]);
    Ok(())
}

/// A tensor over a DLPack producer's 8 numbers of 16 bits.
fn foreign_tensor(shape: &mut [i64], strides: &mut [i64], memory: &mut [i16; 8]) -> Result<Tensor> {
    use oarlock::dlpack::*;
    unsafe extern "C" fn free(managed: *mut DLManagedTensorVersioned) {
        // SAFETY: made by `into_raw` below; this runs once.
        drop(unsafe { Box::from_raw(managed) });
    }
    // SAFETY: numbers and pointers, of which all zeros are values.
    let mut managed: DLManagedTensorVersioned = unsafe { std::mem::zeroed() };
    managed.version.major = DLPACK_MAJOR_VERSION;
    managed.dl_tensor.data = memory.as_mut_ptr().cast();
    managed.dl_tensor.dtype = DLDataType { code: 0, bits: 16, lanes: 1 };
    managed.dl_tensor.device.device_type = 1;
    managed.dl_tensor.ndim = shape.len() as i32;
    (managed.dl_tensor.shape, managed.dl_tensor.strides) = (shape.as_mut_ptr(), strides.as_mut_ptr());
    managed.deleter = Some(free);
    // SAFETY: the strides stay within the memory, which outlives the tensor, as shape and strides do.
    unsafe { Tensor::from_dlpack(Box::into_raw(Box::new(managed))) }
}

#[test]
fn memory_is_lent_for_writing_only_where_no_two_elements_share_it() -> Result<()> {
    let mut memory = [1, 2, 3, 4, 5, 6, 7, 8];
    for (mut shape, mut strides, is_lent) in [
        ([2, 3], [3, 1], true),
        ([3, 2], [1, 4], true),
        ([1, 3], [0, 2], true),
        ([0, 3], [0, 0], true),
        ([2, 3], [0, 1], false),
        ([3, 3], [1, 1], false),
        ([3, 3], [2, 1], false),
        ([2, 2], [3, 3], false),
    ] {
        let mut tensor = foreign_tensor(&mut shape, &mut strides, &mut memory)?;
        assert_eq!(tensor.cells::<i16>()?.len() as i64, shape[0] * shape[1]);
        // SAFETY: nothing else uses the memory while the view lives.
        let lent = unsafe { tensor.view_mut::<i16>() }.map(|view| view.len()).map_err(|error| error.kind());
        assert_eq!(lent.is_ok(), is_lent, "{shape:?} {strides:?}: {lent:?}");
    }
    Ok(())
}

#[test]
fn a_tree_is_built_step_by_step() -> Result<()> {
    let list = Tree::new_list()?;
    assert!(list.is_empty()?);
    list.push(&Value::from(3))?;
    list.push_tensor(&Tensor::from_vec(vec![4.0f64], &[])?)?;
    let map = Tree::new_map()?;
    map.set("items", &list.to_value()?)?;
    assert_eq!((map.float("items.1")?, map.at(0)?.at(0)?.int("")?, map.len()?), (4.0, 3, 1));
    assert!(matches!(map.get("items.0")?, Value::Int(3)));
    Ok(())
}

#[test]
fn a_data_set_has_the_columns_asked_for() -> Result<()> {
    let labels = Dataset::from_safetensors_columns(digits("test.safetensors"), &["labels"])?;
    assert_eq!(labels.get(&[0])?.keys()?, ["labels"]);
    let column = Tensor::from_vec((0..10i64).collect(), &[10])?;
    // SAFETY: no loader reads it in the background.
    let shared = unsafe { Dataset::over_tensors([("x", &column)])? };
    column.cells::<i64>()?[[3]].set(33);
    assert_eq!(shared.get(&[3, 3])?.tensor("x")?.to_vec::<i64>()?, [33, 33]);
    let copied = Dataset::from_tensors([("x", &column)])?;
    column.cells::<i64>()?[[3]].set(0);
    let loader = Loader::new(&copied, json!({"batch_size": 2, "num_workers": 0}))?;
    loader.set_shard(1, 2)?;
    assert_eq!(loader.next_batch()?.expect("a batch").tensor("x")?.to_vec::<i64>()?, [2, 33]);
    assert_eq!((loader.num_samples()?, loader.samples_in_round()?), (10, 4));
    Ok(())
}

#[test]
fn loops_inside_of_a_loop_end_with_the_epoch() -> Result<()> {
    for samples in [6, 7] {
        let column = Tensor::from_vec((0..samples).collect::<Vec<i64>>(), &[samples as usize])?;
        let loader = Loader::new(&Dataset::from_tensors([("x", &column)])?, json!({"batch_size": 1}))?;
        let mut seen = Vec::new();
        for batch in &loader {
            seen.extend(batch?.tensor("x")?.to_vec::<i64>()?);
            if let Some(batch) = loader.batches().next() {
                seen.extend(batch?.tensor("x")?.to_vec::<i64>()?);
            }
        }
        assert_eq!((seen, loader.position()?), ((0..samples).collect(), 0));
        assert_eq!((loader.epoch()?, loader.batches().count()), (1, samples as usize));
    }
    Ok(())
}

#[test]
fn a_path_that_is_no_text_comes_back_as_it_is() -> Result<()> {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new("bytes");
    let (inner, state) = (folder.0.join(std::ffi::OsStr::from_bytes(b"\xff\xfe")), State::new()?);
    let (accelerator, model) = (Accelerator::new(&state)?, Model::foreign(&state)?);
    model.register_parameter("weight", &Tensor::from_vec(vec![1.5f32], &[1])?)?;
    accelerator.prepare(&model)?;
    accelerator.save_to(folder.0.join("checkpoint_0"), ())?;
    std::fs::create_dir(&inner).expect("a folder");
    std::fs::rename(folder.0.join("checkpoint_0"), inner.join("checkpoint_0")).expect("another place");
    assert_eq!(Checkpoint::find_latest(&inner)?, inner.join("checkpoint_0"));
    accelerator.load(inner.join("checkpoint_0"))?;
    assert_eq!(accelerator.last_checkpoint()?, inner.join("checkpoint_0"));
    state.close()
}

#[test]
fn weights_go_to_a_file_and_come_back() -> Result<()> {
    let (folder, state) = (Folder::new("weights"), State::new()?);
    let (file, model) = (folder.0.join("w.safetensors"), Model::load(&state, digits("digits.pt2"), ())?);
    assert_eq!(model.input_names()?, ["images", "labels"]);
    model.set_training(false)?;
    assert!(!model.is_training()?);
    model.save_weights(&file)?;
    let bias = model.tensor("fc2.bias")?;
    let before = bias.to_vec::<f32>()?;
    bias.copy_from(&Tensor::zeros(Dtype::Float32, &[10])?)?;
    model.load_weights(&file)?;
    assert_eq!(bias.to_vec::<f32>()?, before);
    assert!(model.gradient("fc2.bias")?.is_none());
    state.close()
}

#[test]
fn an_optimizer_and_its_schedule_go_step_by_step() -> Result<()> {
    let (state, weight) = (State::new()?, Tensor::from_vec(vec![1.0f32], &[1])?);
    let (model, accelerator) = (Model::foreign(&state)?, Accelerator::with_config(&state, &Config::new()?)?);
    model.register_parameter("weight", &weight)?;
    model.register_buffer("seen", &Tensor::zeros(Dtype::Int64, &[])?)?;
    accelerator.prepare(&model)?;
    let optimizer = Optimizer::new(&model, "sgd", r#"{"lr": 0.5}"#)?;
    let scheduler = Scheduler::new(&optimizer, "step", json!({"step_size": 1, "gamma": 0.5}))?;
    assert_eq!(optimizer.learning_rate()?, 0.5);
    accelerator.foreign_backward(&model, |backward| backward.ready("weight", ndarray::array![3.0f32]))?;
    assert_eq!(accelerator.clip_grad_norm(&model, 2.0, f64::INFINITY)?, 3.0);
    optimizer.step()?;
    scheduler.step()?;
    optimizer.zero_grad()?;
    assert!((weight.item()? - (1.0 - 0.5 * 2.0)).abs() < 1e-6); // clipped to 2
    assert_eq!((optimizer.learning_rate()?, scheduler.num_steps()?), (0.25, 1));
    optimizer.set_learning_rate(0.125)?;
    assert_eq!(optimizer.learning_rate()?, 0.125);
    assert!(accelerator.sync_gradients()? && model.gradient("weight")?.is_none());
    state.close()
}

#[test]
fn a_project_has_checkpoints_metrics_and_a_dump() -> Result<()> {
    let folder = Folder::new("project");
    let config = Config::new()?;
    config.set("project_dir", folder.0.to_str().expect("UTF-8"))?;
    let state = State::with_config(&config)?;
    let (accelerator, model) = (Accelerator::new(&state)?, Model::foreign(&state)?);
    model.register_parameter("weight", &Tensor::from_vec(vec![1.5f32], &[1])?)?;
    accelerator.prepare(&model)?;
    accelerator.save("[1, 2]")?;
    let latest = Checkpoint::find_latest(folder.0.join("checkpoints"))?;
    assert!(latest.ends_with("checkpoint_0"));
    let checkpoint = Checkpoint::open(latest)?;
    assert_eq!(checkpoint.user_json()?, json!([1, 2]));
    assert!(checkpoint.manifest()?.is_object() && checkpoint.tensor_names()? == ["weight"]);
    accelerator.load_latest()?;

    let tracker = Tracker::new(&state, "jsonl", json!({"path": folder.0.join("metrics.jsonl")}))?;
    tracker.log_json(3, &json!({"note": "warm"}))?;
    tracker.close()?;
    let lines = std::fs::read_to_string(folder.0.join("metrics.jsonl")).expect("the metrics");
    let line: serde_json::Value = serde_json::from_str(&lines).expect("a line of JSON");
    assert_eq!((&line["step"], &line["note"]), (&json!(3), &json!("warm")));

    state.seed(u64::MAX)?;
    let dump = folder.0.join("dump.json");
    state.remote()?.dump(&dump)?;
    assert!(dump.is_file());
    let group = state.group()?;
    assert_eq!((group.rank()?, group.size()?), (0, 1));
    group.abort("enough")?;
    assert_eq!(group.all_gather_bytes(b"x", None).expect_err("an aborted group").kind(), ErrorKind::Aborted);
    state.close()
}

#[test]
fn timers_profiles_and_messages_are_the_states() -> Result<()> {
    let folder = Folder::new("services");
    let state = State::new()?;
    assert_eq!(state.timed("answer", || 42)?, 42);
    assert_eq!(state.timer_report()?["answer"]["count"], json!(1));
    assert_eq!(state.timer_report_all_ranks()?["answer"]["slowest_rank"], json!(0));
    state.reset_timers()?;
    assert_eq!(state.timer_report()?, json!({}));
    assert_eq!(state.timed("one", || state.timed("one", || 0))?.map_err(|error| error.kind()), Err(ErrorKind::State));

    state.begin_profile(json!({"directory": folder.0, "active": 1, "repeat": 1}))?;
    state.op("aten::relu", &[Argument::from(&Tensor::from_vec(vec![1.0f32], &[1])?)])?;
    let report = state.profile_step()?.expect("a record of one step");
    let operators = report["operators"].as_array().expect("a list");
    assert!(operators.iter().any(|operator| operator["name"] == "aten::relu"));
    assert_eq!(state.end_profile()?, None);
    assert!(folder.0.join("profile_0.json").exists());
    assert_eq!(state.profile_step().map_err(|error| error.kind()), Err(ErrorKind::State));

    state.log(log::Level::Debug, Speakers::InOrder, "not shown")?;
    state.synchronize_rng()?;
    state.set_deterministic(true, true)?;
    state.set_deterministic(false, false)?;
    assert!(memory_report()?["rss_peak"].as_i64() > Some(0));
    state.close()
}

#[test]
fn a_closure_makes_the_gradients_and_a_schedule_is_one() -> Result<()> {
    let state = State::new()?;
    let model = Model::foreign(&state)?;
    let weight = Tensor::from_vec(vec![5.0f64, -4.0], &[2])?;
    model.register_parameter("weight", &weight)?;
    let accelerator = Accelerator::new(&state)?;
    accelerator.prepare(&model)?;
    let optimizer = Optimizer::new(&model, "lbfgs", json!({"line_search_fn": "strong_wolfe"}))?;
    let scheduler = Scheduler::from_factors(&optimizer, |step, group| 1.0 / (1 + step + group) as f64)?;
    accelerator.prepare(&optimizer)?;
    accelerator.prepare(&scheduler)?;

    let bowl = || -> Result<f64> {
        let rest: Vec<f64> = weight.to_vec::<f64>()?.into_iter().map(|w| w - 3.0).collect();
        let slope: Vec<f64> = rest.iter().map(|r| 2.0 * r).collect();
        accelerator.foreign_backward(&model, |backward| backward.ready("weight", slope))?;
        Ok(rest.iter().map(|r| r * r).sum())
    };
    let failed = accelerator.step_with(&optimizer, &scheduler, || Err::<f64, _>("no data"));
    assert_eq!(std::error::Error::source(&failed.unwrap_err()).unwrap().to_string(), "no data");
    assert_eq!(accelerator.step_with(&optimizer, &scheduler, bowl)?, 53.0);
    assert!(weight.to_vec::<f64>()?.iter().all(|w| (w - 3.0).abs() < 1e-9));
    assert_eq!((optimizer.learning_rate()?, scheduler.num_steps()?), (0.5, 1));

    let other = Optimizer::new(&model, "lbfgs", ())?;
    other.load_state_dict(&optimizer.state_dict()?)?;
    assert_eq!(other.learning_rate()?, 0.5);
    let resumed = Scheduler::from_factors(&other, |_, _| 1.0)?;
    resumed.load_state_dict(&scheduler.state_dict()?)?;
    assert_eq!(resumed.num_steps()?, 1);
    Ok(())
}
