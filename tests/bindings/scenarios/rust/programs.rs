//! What is done with programs beside training them: adapters, runs on the caller's arrays, units.

use crate::{Outcome, digits_file, refused};
use oarlock::*;
use std::path::Path;

fn digits(state: &State) -> Result<Model> {
    let model = Model::load(state, digits_file("digits.pt2"), ())?;
    model.set_training(false)?;
    Ok(model)
}

fn first_rows(count: usize) -> Result<Tree> {
    Dataset::from_safetensors(digits_file("test.safetensors"))?.get(&(0..count).collect::<Vec<_>>())
}

fn close_to(values: &[f32], others: &[f32], tolerance: f32) -> bool {
    let largest = others.iter().fold(0.0f32, |largest, other| largest.max(other.abs()));
    values.len() == others.len() && values.iter().zip(others).all(|(value, other)| (value - other).abs() <= tolerance * largest)
}

pub fn lora_round_trip(folder: &Path) -> Outcome {
    let state = State::new()?;
    let (model, batch, directory) = (digits(&state)?, first_rows(8)?, folder.join("adapter"));
    let logits = |of: &Model| of.forward(&batch)?.tensor("logits")?.to_vec::<f32>();
    let before = logits(&model)?;
    refused(ErrorKind::Argument, "fc1", model.add_lora(json!({"targets": ["fc7"]})));
    model.add_lora(json!({"targets": ["fc*"], "rank": 2, "alpha": 4}))?;
    let mut names = model.parameter_names()?;
    names.sort();
    assert_eq!(names, ["fc1.lora_A.weight", "fc1.lora_B.weight", "fc2.lora_A.weight", "fc2.lora_B.weight"]);
    assert_eq!(logits(&model)?, before);
    for name in ["fc1.lora_B.weight", "fc2.lora_B.weight"] {
        model.tensor(name)?.cells::<f32>()?.iter().for_each(|cell| cell.set(0.5));
    }
    let changed = logits(&model)?;
    assert_ne!(changed, before);
    model.save_lora(&directory)?;
    refused(ErrorKind::Exists, "adapter", model.save_lora(&directory));
    let other = digits(&state)?;
    other.load_lora(&directory)?;
    assert_eq!(logits(&other)?, changed);
    model.merge_lora()?;
    assert!(close_to(&logits(&model)?, &changed, 1e-4));
    refused(ErrorKind::State, "adapter", model.merge_lora());
    assert_eq!((model.parameter_names()?.len(), model.thaw("fc*")?, model.parameter_names()?.len()), (0, 4, 4));
    assert_eq!(model.freeze("fc1.*")?, 2);
    state.close()?;
    Ok(())
}
