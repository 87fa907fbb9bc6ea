//! Training: a program, a foreign model, checkpoints.

use crate::{Outcome, digits_file, refused};
use oarlock::*;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const RATE: f32 = 0.125; // a power of two: a product with it is exact

fn first_batch() -> Result<Tree> {
    let dataset = Dataset::from_safetensors(digits_file("test.safetensors"))?;
    dataset.get(&(0..32).collect::<Vec<_>>())
}

/// A model with what trains it.
fn prepared(state: &State, model: Model) -> Result<(Model, Accelerator, Optimizer)> {
    let accelerator = Accelerator::new(state)?;
    accelerator.prepare(&model)?;
    let optimizer = accelerator.prepare(Optimizer::new(&model, "sgd", json!({"lr": RATE}))?)?;
    Ok((model, accelerator, optimizer))
}

fn digits(state: &State) -> Result<(Model, Accelerator, Optimizer)> {
    prepared(state, Model::load(state, digits_file("digits.pt2"), ())?)
}

/// Every parameter, one after another.
fn weights(model: &Model) -> Result<Vec<f32>> {
    let names = model.parameter_names()?;
    let tensors = names.iter().map(|name| model.tensor(name)?.to_vec::<f32>());
    Ok(tensors.collect::<Result<Vec<_>>>()?.concat())
}

fn gradients(model: &Model) -> Result<Vec<f32>> {
    let names = model.parameter_names()?;
    let tensors = names.iter().map(|name| model.gradient(name)?.expect("a gradient").to_vec::<f32>());
    Ok(tensors.collect::<Result<Vec<_>>>()?.concat())
}

pub fn training_step(_: &Path) -> Outcome {
    let config = Config::new()?;
    config.set("seed", 7)?;
    let state = State::with_config(&config)?;
    let (model, accelerator, optimizer) = digits(&state)?;
    let before = weights(&model)?;
    assert_eq!(before.len(), 48202); // examples/digits/README.md
    accelerator.backward(&model.forward(&first_batch()?)?.tensor("loss")?)?;
    let gradients = gradients(&model)?;
    assert_eq!(weights(&model)?, before);
    accelerator.step(&optimizer, None)?;
    let after = weights(&model)?;
    let expected: Vec<f32> = before.iter().zip(&gradients).map(|(weight, gradient)| weight - RATE * gradient).collect();
    assert!(after == expected, "weight - rate x gradient, bit for bit");
    assert!(after.iter().zip(&before).filter(|(after, before)| after != before).count() > before.len() / 2);
    model.set_training(false)?;
    let logits = || model.forward(&first_batch()?)?.tensor("logits")?.to_vec::<f32>();
    assert_eq!(logits()?, logits()?);
    accelerator.close()?;
    state.close()?;
    Ok(())
}

/// y = w x; the loss is (y - target)^2 / 2 for one x, so the gradient of w is (y - target) x. All numbers are exact.
struct Linear {
    weight: Tensor,
    model: Model,
    accelerator: Accelerator,
    optimizer: Optimizer,
}

impl Linear {
    fn new(state: &State) -> Result<Self> {
        let weight = Tensor::from_vec(vec![1.0f32, -2.0], &[2])?;
        let model = Model::foreign(state)?;
        model.register_parameter("weight", &weight)?;
        let (model, accelerator, optimizer) = prepared(state, model)?;
        Ok(Linear { weight, model, accelerator, optimizer })
    }

    fn train_on(&self, x: [f32; 2], target: f32) -> Result<()> {
        self.accelerator.accumulate(Some(&self.model), || {
            let weight = self.weight.to_vec::<f32>()?;
            let error = weight[0] * x[0] + weight[1] * x[1] - target;
            self.accelerator.foreign_backward(&self.model, |gradients| {
                gradients.ready("weight", vec![error * x[0], error * x[1]])?;
                refused(ErrorKind::State, "averaged", self.model.gradient("weight"));
                refused(ErrorKind::State, "averaged", self.optimizer.step());
                Ok(())
            })?;
            self.accelerator.step(&self.optimizer, None)
        })
    }

    fn weights(&self) -> Result<Vec<f32>> {
        self.weight.to_vec()
    }
}

pub fn foreign_model(_: &Path) -> Outcome {
    let state = State::new()?;
    let once = Linear::new(&state)?;
    refused(ErrorKind::Unsupported, "foreign", once.model.forward(&Tree::new_map()?));
    once.train_on([4.0, 1.0], 1.0)?; // error 1: gradient (4, 1)
    assert_eq!(once.weights()?, [0.5, -2.125]);
    state.close()?;

    let config = Config::new()?;
    config.set("accelerator.gradient_accumulation_steps", 2)?;
    let state = State::with_config(&config)?;
    let twice = Linear::new(&state)?;
    twice.train_on([4.0, 1.0], 1.0)?; // gradient (4, 1), as above
    assert_eq!(twice.weights()?, [1.0, -2.0]);
    twice.train_on([1.0, 3.0], 3.0)?; // error -8: gradient (-8, -24), the mean (-2, -11.5)
    assert_eq!(twice.weights()?, [1.25, -0.5625]);
    assert_eq!(twice.optimizer.num_steps()?, 1);
    state.close()?;
    Ok(())
}

pub fn own_optimizer(_: &Path) -> Outcome {
    let state = State::new()?;
    let model = Model::foreign(&state)?;
    let (a, b) = (Tensor::from_vec(vec![1.0f32, -2.0], &[2])?, Tensor::from_vec(vec![4.0f32], &[1])?);
    model.register_parameter("a", &a)?;
    model.register_parameter("b", &b)?;
    let accelerator = Accelerator::new(&state)?;
    accelerator.prepare(&model)?;
    let broken = Arc::new(AtomicBool::new(false));
    let is_broken = broken.clone();
    let options = json!({"lr": 0.5, "groups": [{"params": ["b"], "lr": 0.25}]});
    let optimizer =
        Optimizer::foreign(&model, "descend", options, move |update: &Update| -> std::result::Result<(), BoxedError> {
            if is_broken.load(Ordering::Relaxed) {
                return Err("out of order".into());
            }
            let lr = update.options.float("lr")? as f32;
            let (parameter, gradient) = (update.parameter.to_vec::<f32>()?, update.gradient.to_vec::<f32>()?);
            let moved: Vec<f32> = parameter.iter().zip(&gradient).map(|(p, g)| p - lr * g).collect();
            update.parameter.copy_from(&Tensor::from_vec(moved, &update.parameter.shape()?)?)?;
            let updates = if update.state.is_empty()? { 0 } else { update.state.int("updates")? };
            Ok(update.state.set("updates", &Value::from(updates + 1))?)
        })?;
    let scheduler = Scheduler::from_factors(&optimizer, |step, _group| 0.5f64.powi(step as i32))?;
    accelerator.prepare(&optimizer)?;
    accelerator.prepare(&scheduler)?;
    let ones = || -> Result<f64> {
        accelerator.foreign_backward(&model, |backward| {
            backward.ready("a", vec![1.0f32; 2])?;
            backward.ready("b", vec![1.0f32])
        })?;
        Ok(3.0)
    };
    for _ in 0..2 {
        ones()?;
        accelerator.step(&optimizer, &scheduler)?;
    }
    assert_eq!((a.to_vec::<f32>()?, b.to_vec::<f32>()?), (vec![0.25, -2.75], vec![3.625]));
    assert_eq!(accelerator.step_with(&optimizer, &scheduler, ones)?, 3.0);
    let failed = accelerator.step_with(&optimizer, &scheduler, || Err::<f64, _>("no loss")).unwrap_err();
    assert_eq!(std::error::Error::source(&failed).unwrap().to_string(), "no loss");
    broken.store(true, Ordering::Relaxed);
    let failed = accelerator.step_with(&optimizer, &scheduler, ones).unwrap_err();
    assert_eq!(std::error::Error::source(&failed).unwrap().to_string(), "out of order");
    assert_eq!((a.to_vec::<f32>()?, b.to_vec::<f32>()?), (vec![0.125, -2.875], vec![3.5625]));
    let dict = optimizer.state_dict()?;
    assert_eq!((dict.int("state.0.updates")?, dict.int("state.1.updates")?, optimizer.num_steps()?), (3, 3, 3));
    state.close()?;
    Ok(())
}

pub fn save_load(folder: &Path) -> Outcome {
    let (directory, empty) = (folder.join("saved"), folder.join("empty"));
    let state = State::new()?;
    let (model, accelerator, _optimizer) = digits(&state)?;
    let before = weights(&model)?;
    let note = json!({"note": "before the storm", "epoch": 3});
    accelerator.save_to(&directory, &note)?;
    let checkpoint = Checkpoint::open(&directory)?;
    checkpoint.verify()?;
    assert_eq!(checkpoint.user_json()?, note);
    let names = checkpoint.tensor_names()?;
    assert!(model.parameter_names()?.iter().all(|name| names.contains(name)), "{names:?}");
    let stored = checkpoint.tensor("fc2.weight")?;
    assert!(stored.is_read_only()? && stored.to_vec::<f32>()? == model.tensor("fc2.weight")?.to_vec::<f32>()?);

    let weight = model.tensor("fc2.weight")?;
    weight.copy_from(&Tensor::zeros(Dtype::Float32, &weight.shape()?)?)?;
    refused(ErrorKind::Exists, directory.to_str().unwrap(), accelerator.save_to(&directory, json!({})));
    std::fs::create_dir(&empty)?;
    refused(ErrorKind::NotFound, empty.to_str().unwrap(), accelerator.load(&empty));
    assert_ne!(weights(&model)?, before);
    accelerator.load(&directory)?;
    assert!(weights(&model)? == before, "the weights come back bit for bit");
    Checkpoint::open(&directory)?.verify()?;
    state.close()?;
    Ok(())
}
