//! Operators by name, and models that are written in them.

use crate::{Outcome, refused};
use oarlock::*;
use std::error::Error as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

fn x() -> Result<Tensor> {
    Tensor::from_vec(vec![1.0f32, 2.0, 3.0, 4.0], &[2, 2])
}

fn weight() -> Result<Tensor> {
    Tensor::from_vec(vec![1.0f32, 0.0, 0.0, 1.0, 1.0, 1.0], &[3, 2])
}

pub fn operator_call(_: &Path) -> Outcome {
    let state = State::new()?;
    let (x, weight, bias) = (x()?, weight()?, Tensor::from_vec(vec![0.0f32, 0.0, 1.0], &[3])?);
    let expected = [1.0, 2.0, 4.0, 3.0, 4.0, 8.0];
    assert_eq!(state.op("aten::linear", args![&x, &weight, &bias])?.to_vec::<f32>()?, expected);
    let by_columns = Tensor::from_array(ndarray::array![[1.0f32, 3.0], [2.0, 4.0]].reversed_axes())?;
    assert_eq!(by_columns.strides()?, [1, 2]);
    assert_eq!(state.op("aten::linear", args![&by_columns, &weight; bias = &bias])?.to_vec::<f32>()?, expected);
    let [largest, places] = state.op_array("aten::topk", args![&x, 1])?;
    assert_eq!((largest.to_vec::<f32>()?, places.to_vec::<i64>()?), (vec![2.0, 4.0], vec![1, 1]));
    let rows = state.op_list("aten::split", args![&x, 1])?;
    assert_eq!(rows[1].as_ref().expect("a tensor").to_vec::<f32>()?, [3.0, 4.0]);
    let sums = state.op("aten::sum", args![&x, &[1], true; dtype = Dtype::Float64])?;
    assert_eq!(sums.to_vec::<f64>()?, [3.0, 7.0]);
    assert_eq!(state.op("aten::cat", args![&[&x, &x], 0])?.shape()?, [4, 2]);
    assert_eq!(state.op("aten::clamp", args![&x, None::<f64>, 2.5])?.to_vec::<f32>()?, [1.0, 2.0, 2.5, 2.5]);
    let overloads = op_signatures("aten::add")?;
    assert!(overloads.as_array().expect("a list").iter().any(|overload| overload["overload"] == "Tensor"));
    assert!(op_names("aten")?.contains(&"aten::linear".to_owned()));
    state.close()?;
    Ok(())
}

pub fn operator_refused(_: &Path) -> Outcome {
    let state = State::new()?;
    let x = x()?;
    refused(ErrorKind::Unsupported, "aten::linear", state.op("aten::liner", args![&x]));
    refused(ErrorKind::Argument, "weight", state.op("aten::linear", args![&x]));
    refused(ErrorKind::Argument, "argument k", state.op_list("aten::topk", args![&x, "all"]));
    refused(ErrorKind::Argument, "gave 2 results", state.op("aten::topk", args![&x, 1]));
    refused(ErrorKind::Unsupported, "op_unchecked", state.op("aten::_softmax", args![&x, 1, false]));
    // SAFETY: the arguments are those of a softmax along a dimension that there is.
    let unchecked = unsafe { state.op_unchecked("aten::_softmax", args![&x, 1, false])? };
    assert_eq!(unchecked.len(), 1);
    let values: std::sync::Arc<[f32]> = [1.0, 2.0].into();
    let fixed = Tensor::from_shared(values.clone(), &[2])?;
    refused(ErrorKind::Argument, "read-only", state.op("aten::add_", args![&fixed, 1]));
    assert_eq!(*values, [1.0, 2.0]);
    state.close()?;
    Ok(())
}

pub fn operator_no_grad(_: &Path) -> Outcome {
    let state = State::new()?;
    let weight = Tensor::from_vec(vec![1.0f32, -2.0], &[2])?;
    let model = Model::foreign(&state)?;
    model.register_parameter("weight", &weight)?;
    let accelerator = Accelerator::new(&state)?;
    accelerator.prepare(&model)?;
    let parameter = model.parameter("weight")?;
    let fixed = no_grad(|| -> Result<Tensor> {
        let fixed = state.op("aten::sum", args![&parameter])?;
        no_grad(|| state.op("aten::sub_", args![&parameter, 0.5]))?;
        state.op("aten::mul_", args![&parameter, 2])?;
        Ok(fixed)
    })?;
    assert_eq!((fixed.item()?, weight.to_vec::<f32>()?), (-1.0, vec![1.0, -5.0]));
    refused(ErrorKind::State, "no graph", accelerator.backward(&fixed));
    let panic = catch_unwind(AssertUnwindSafe(|| no_grad(|| std::panic::resume_unwind(Box::new(7))))).expect_err("a panic");
    assert_eq!(panic.downcast_ref::<i32>(), Some(&7));
    refused(ErrorKind::Argument, "in-place", state.op("aten::sub_", args![&parameter, 0.5]));
    let squares = state.op("aten::mul", args![&parameter, &parameter])?;
    accelerator.backward(&state.op("aten::sum", args![&squares])?)?;
    assert_eq!(model.gradient("weight")?.expect("a gradient").to_vec::<f32>()?, [2.0, -10.0]);
    assert_eq!(weight.to_vec::<f32>()?, [1.0, -5.0]);
    state.close()?;
    Ok(())
}

fn squared_error(forward: &Forward, inputs: &Tree) -> Result<Tree> {
    let fc = forward.scope("fc", "Linear")?;
    let y = forward.op("aten::linear", args![&inputs.tensor("x")?, &forward.parameter("weight")?])?;
    drop(fc);
    let error = forward.op("aten::sub", args![&y, &inputs.tensor("target")?])?;
    let squares = forward.op("aten::mul", args![&error, &error])?;
    let loss = forward.op("aten::mul", args![&forward.op("aten::sum", args![&squares])?, 0.5])?;
    Tree::from_tensors([("loss", &loss), ("y", &y)])
}

pub fn forward_callback(_: &Path) -> Outcome {
    let state = State::new()?;
    let weight = Tensor::from_vec(vec![1.0f32, -2.0], &[1, 2])?;
    let x = Tensor::from_vec(vec![4.0f32, 1.0], &[1, 2])?;
    let inputs = Tree::from_tensors([("x", &x), ("target", &Tensor::from_vec(vec![1.0f32], &[1, 1])?)])?;
    let model = Model::foreign(&state)?;
    let fc = model.scope("fc", None)?;
    model.register_parameter("weight", &weight)?;
    drop(fc);
    model.set_forward(squared_error)?;
    let accelerator = Accelerator::new(&state)?;
    let optimizer = Optimizer::new(&model, "sgd", json!({"lr": 0.125}))?;
    accelerator.prepare(&model)?;
    accelerator.prepare(&optimizer)?;
    let outputs = model.forward(&inputs)?;
    assert_eq!((outputs.float("y")?, outputs.float("loss")?), (2.0, 0.5));
    accelerator.backward(&outputs.tensor("loss")?)?;
    assert_eq!(model.gradient("fc.weight")?.expect("a gradient").to_vec::<f32>()?, [4.0, 1.0]);
    accelerator.step(&optimizer, None)?;
    assert_eq!(weight.to_vec::<f32>()?, [0.5, -2.125]);

    model.set_forward(|forward, _| {
        let _fc = forward.scope("fc", None)?;
        forward.parameter("bias").map(|_| Tree::new_map())?
    })?;
    let Err(error) = model.forward(&inputs) else { panic!("the forward's error") };
    let source = error.source().and_then(|source| source.downcast_ref::<oarlock::Error>()).expect("the very error");
    assert!(source.kind() == ErrorKind::NotFound && source.message().contains("fc.bias"), "{source}");
    model.set_forward(|_, _| -> Result<Tree> { std::panic::resume_unwind(Box::new(7)) })?; // told by no hook
    let panic = catch_unwind(AssertUnwindSafe(|| model.forward(&inputs))).err().expect("the closure's panic");
    assert_eq!(panic.downcast_ref::<i32>(), Some(&7));
    model.set_forward(squared_error)?;
    model.set_training(false)?;
    assert_eq!(model.forward(&inputs)?.float("y")?, -0.125);
    model.reset_forward()?;
    refused(ErrorKind::Unsupported, "foreign", model.forward(&inputs));
    state.close()?;
    Ok(())
}

fn rows(x: &[f32], target: &[f32]) -> Result<Tree> {
    let x = Tensor::from_vec(x.to_vec(), &[target.len(), 2])?;
    let target = Tensor::from_vec(target.to_vec(), &[target.len(), 1])?;
    Tree::from_tensors([("x", &x), ("target", &target)])
}

pub fn traced_model(_: &Path) -> Outcome {
    let state = State::new()?;
    let weight = Tensor::from_vec(vec![1.0f32, -2.0], &[1, 2])?;
    let (two, three) = (rows(&[4.0, 1.0, 1.0, 3.0], &[1.0, 3.0])?, rows(&[2.0, 0.0, 0.0, 8.0, 4.0, 4.0], &[2.0, 6.0, 8.5])?);
    let dynamic = json!({"x": {"0": "batch"}, "target": {"0": "batch"}});
    let written = Model::foreign(&state)?;
    written.register_parameter("fc.weight", &weight)?;
    written.set_forward(|forward, inputs| {
        let fc = forward.scope("fc", "Linear")?;
        let y = forward.op("aten::linear", args![&inputs.tensor("x")?, &forward.parameter("weight")?])?;
        drop(fc);
        let loss = forward.op("aten::mse_loss", args![&y, &inputs.tensor("target")?])?;
        Tree::from_tensors([("loss", &loss), ("y", &y)])
    })?;
    let model = written.trace(&two, &dynamic)?;
    written.reset_forward()?;
    assert_eq!(model.parameter_names()?, ["fc.weight"]);
    assert_eq!(model.tensor("fc.weight")?.data_ptr()?, weight.data_ptr()?);
    let accelerator = Accelerator::new(&state)?;
    let optimizer = Optimizer::new(&model, "sgd", json!({"lr": 0.125}))?;
    accelerator.prepare(&model)?;
    accelerator.prepare(&optimizer)?;
    let loss = model.forward(&two)?.tensor("loss")?;
    assert_eq!(loss.item()?, 32.5);
    accelerator.backward(&loss)?;
    accelerator.step(&optimizer, None)?;
    assert_eq!(weight.to_vec::<f32>()?, [1.5, 0.875]);
    model.set_training(false)?;
    assert_eq!(model.forward(&three)?.float("loss")?, 1.0);
    refused(ErrorKind::Unsupported, "program", model.trace(&two, ()));
    written
        .set_forward(|forward, inputs| Tree::from_tensors([("y", &forward.op("aten::relu", args![&inputs.tensor("x")?])?)]))?;
    refused(ErrorKind::Argument, "target", written.trace(&two, &dynamic));
    written.set_forward(|_, _| -> Result<Tree> { std::panic::resume_unwind(Box::new(7)) })?; // told by no hook
    let panic = catch_unwind(AssertUnwindSafe(|| written.trace(&two, ()))).err().expect("the closure's panic");
    assert_eq!(panic.downcast_ref::<i32>(), Some(&7));
    state.close()?;
    Ok(())
}

pub fn backward_callback(_: &Path) -> Outcome {
    let state = State::new()?;
    let weight = Tensor::from_vec(vec![1.0f32, -2.0], &[2])?;
    let inputs = Tree::from_tensors([("x", &Tensor::from_vec(vec![4.0f32, 1.0], &[2])?)])?;
    let model = Model::foreign(&state)?;
    model.register_parameter("weight", &weight)?;
    model.set_forward(|forward, inputs| {
        let (weight, x) = (forward.parameter("weight")?.to_vec::<f32>()?, inputs.tensor("x")?.to_vec::<f32>()?);
        let y = weight.iter().zip(&x).map(|(weight, x)| weight * x).sum::<f32>();
        Tree::from_tensors([("y", &Tensor::from_vec(vec![y], &[1])?)])
    })?;
    model.set_backward(|gradients, of_outputs| {
        let slope = of_outputs.tensor("y")?.item()? as f32;
        gradients.ready("weight", vec![slope * 4.0, slope])
    })?;
    let accelerator = Accelerator::new(&state)?;
    let optimizer = Optimizer::new(&model, "sgd", json!({"lr": 0.125}))?;
    accelerator.prepare(&model)?;
    accelerator.prepare(&optimizer)?;
    let backward = || -> Result<f64> {
        let y = model.forward(&inputs)?.tensor("y")?;
        accelerator.backward(&state.op("aten::mul", args![&y, 3.0])?)?;
        y.item()
    };
    assert_eq!(backward()?, 2.0);
    accelerator.step(&optimizer, None)?;
    assert_eq!(weight.to_vec::<f32>()?, [-0.5, -2.375]);
    model.set_backward(|_, _| Err("inside the backward"))?;
    let error = backward().expect_err("the closure's error");
    assert_eq!(error.source().map(|source| source.to_string()).as_deref(), Some("inside the backward"));
    state.close()?;
    Ok(())
}
