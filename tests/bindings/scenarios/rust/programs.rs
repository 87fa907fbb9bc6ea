//! What is done with programs beside training them: adapters, runs on the caller's arrays, units.

use crate::{Outcome, digits_file, refused};
use oarlock::*;
use std::path::Path;

pub fn digits(state: &State) -> Result<Model> {
    let model = Model::load(state, digits_file("digits.pt2"), ())?;
    model.set_training(false)?;
    Ok(model)
}

pub fn first_rows(count: usize) -> Result<Tree> {
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

pub fn session_run(_: &Path) -> Outcome {
    let state = State::new()?;
    let (model, batch) = (digits(&state)?, first_rows(8)?);
    let images = batch.tensor("images")?.to_vec::<u8>()?;
    let expected = model.forward(&batch)?.tensor("logits")?.to_vec::<f32>()?;
    model.set_training(true)?;
    assert_eq!(
        (model.input_names()?, model.output_names()?),
        (vec!["images".into(), "labels".into()], vec!["loss".into(), "logits".into()])
    );
    // SAFETY: nobody writes to the weights while the thread runs.
    let session = unsafe { Session::new(&model)?.into_send() };
    let lent = images.clone();
    let on_a_thread = move || -> Result<(SendSession, Vec<f32>)> {
        let mut logits = vec![0.0f32; 80];
        let inputs = [Input::lend(&lent, &[8, 8, 8])?, None.into()];
        session.run(&inputs, &mut [None.into(), Output::lend(&mut logits, &[8, 10])?])?;
        Ok((session, logits))
    };
    let (session, logits) = std::thread::spawn(on_a_thread).join().expect("no panic")?;
    assert_eq!(logits, expected);

    let by_columns = Tensor::from_array(ndarray::Array3::<u8>::zeros((8, 8, 8)).reversed_axes())?;
    by_columns.copy_from(&batch.tensor("images")?)?;
    let columns = Tensor::from_array(ndarray::Array2::<f32>::zeros((10, 8)).reversed_axes())?;
    assert_eq!((by_columns.strides()?, columns.strides()?), (vec![1, 8, 64], vec![1, 8]));
    session.run(&[(&by_columns).into(), None.into()], &mut [None.into(), (&columns).into()])?;
    assert!(close_to(&columns.to_vec::<f32>()?, &expected, 1e-5));
    let mut logits = vec![0.0f32; 80];
    let run = |logits: &mut [f32]| {
        model.run(&[Input::lend(&images, &[8, 8, 8])?, None.into()], &mut [None.into(), Output::lend(logits, &[8, 10])?])
    };
    run(&mut logits)?;
    assert_eq!(logits, expected);
    session.writes_in_place(1)?;
    let flat = Input::lend(&images, &[64, 8])?;
    refused(
        ErrorKind::Argument,
        "images",
        session.run(&[flat, None.into()], &mut [None.into(), Output::lend(&mut logits, &[8, 10])?]),
    );
    refused(ErrorKind::Argument, "80 elements", Output::lend(&mut logits, &[8, 9]).map(drop));
    assert_eq!(logits, expected);
    model.tensor("fc2.bias")?.cells::<f32>()?.iter().for_each(|cell| cell.set(cell.get() + 1.0));
    run(&mut logits)?;
    assert!(logits.iter().zip(&expected).all(|(now, before)| now != before));
    state.close()?;
    Ok(())
}
