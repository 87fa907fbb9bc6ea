//! Units of a program: recomputed, looked into, measured.

use crate::programs::{digits, first_rows};
use crate::{Outcome, refused};
use oarlock::*;
use std::path::Path;

fn policy() -> serde_json::Value {
    json!({"paths": ["fc1", "fc2"]})
}

fn gradient_of(recompute: bool) -> Result<Vec<f32>> {
    let state = State::new()?;
    let model = digits(&state)?;
    model.set_training(true)?;
    refused(ErrorKind::Argument, "fc9", model.set_units(json!({"paths": ["fc9"]})));
    model.set_units(policy())?;
    assert_eq!(model.units()?, ["", "fc1", "fc2"]);
    model.set_recompute("*", recompute)?;
    let accelerator = Accelerator::new(&state)?;
    accelerator.prepare(&model)?;
    state.seed(5)?;
    accelerator.backward(&model.forward(&first_rows(8)?)?.tensor("loss")?)?;
    let gradient = model.gradient("fc1.weight")?.expect("a gradient").to_vec()?;
    state.close()?;
    Ok(gradient)
}

pub fn recompute_same_gradients(_: &Path) -> Outcome {
    let (kept, recomputed) = (gradient_of(false)?, gradient_of(true)?);
    assert!(kept == recomputed && kept.iter().any(|&number| number != 0.0));
    Ok(())
}

pub fn intermediate_values(_: &Path) -> Outcome {
    let state = State::new()?;
    let (model, batch) = (digits(&state)?, first_rows(8)?);
    model.set_units(policy())?;
    let (outputs, values) = model.forward_with_values(&batch, &["fc2", "relu_2"])?;
    let logits = outputs.tensor("logits")?.to_vec::<f32>()?;
    assert_eq!(values.tensor("fc2")?.to_vec::<f32>()?, logits);
    let given = model.forward_unit("fc2", &Tree::from_tensors([("relu_2", &values.tensor("relu_2")?)])?)?;
    assert_eq!(given.tensor("linear_1")?.to_vec::<f32>()?, logits);
    refused(ErrorKind::NotFound, "fc9", model.forward_with_values(&batch, &["fc9"]));
    let described = model.describe()?;
    assert_eq!(described["units"][2]["inputs"], json!(["relu_2"]));
    state.close()?;
    Ok(())
}

pub fn profile_table(folder: &Path) -> Outcome {
    let state = State::new()?;
    let (model, batch) = (digits(&state)?, first_rows(8)?);
    model.set_units(policy())?;
    model.profile(|| model.forward(&batch).map(drop))?;
    let table = model.profile_table()?;
    assert!(table.contains("fc1") && table.contains("fc2"), "{table}");
    model.save_profile(folder.join("trace.json"))?;
    serde_json::from_slice::<serde_json::Value>(&std::fs::read(folder.join("trace.json"))?)?;
    state.close()?;
    Ok(())
}
