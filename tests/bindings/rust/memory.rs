//! Objects made and dropped, 100,000 of each kind: memory KIND PAIRS prints the growth of anonymous memory in KiB over the
//! second half of PAIRS + PAIRS and, behind it, how many handles more live at the end than at the start.

use oarlock::*;

fn anonymous_kib() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc/self/status");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("RssAnon");
    line.split_whitespace().next().expect("a number").parse().expect("a number")
}

fn make(kind: &str, state: &State, kept: &Tensor) -> Result<()> {
    match kind {
        "config" => Config::new()?.set("seed", 1)?,
        "tensor" => drop(Tensor::from_vec(vec![1.0f32; 16], &[4, 4])?),
        "array" => drop(Tensor::from_array(ndarray::Array2::<f64>::zeros((3, 5)))?.to_array::<f64>()?),
        "refused_tensor" => {
            let mut turned = ndarray::Array1::<f32>::zeros(16);
            turned.invert_axis(ndarray::Axis(0));
            drop(Tensor::from_array(turned).expect_err("negative strides"));
        }
        "dlpack" => {
            let given = kept.to_dlpack()?;
            // SAFETY: the tensor is ours to give; nobody else writes to its memory.
            drop(unsafe { Tensor::from_dlpack(given.into_raw())? });
        }
        "tree" => {
            let items = Value::from(vec![Value::from(1), Value::from("text"), Value::None]);
            drop(Tree::from_value(&Value::map([("items", items), ("x", kept.contiguous()?.into())]))?.to_value()?);
        }
        "error" => drop(Tree::new_map()?.tensor("missing").expect_err("an error")),
        "closure" => {
            let owned = Box::new([0u8; 64]);
            state.set_print(move |_| assert_eq!(owned.len(), 64))?;
            state.print("")?;
        }
        "failing_closure" => {
            state.set_print(|_| Err("an error of the closure's"))?;
            drop(state.print("").expect_err("the closure's error"));
        }
        "group" => state.group()?.all_reduce(kept, Reduce::Sum, None)?,
        // SAFETY: nothing else uses the tensor before the work has ended.
        "work" => unsafe { state.group()?.start_all_reduce(kept, Reduce::Sum, None)? }.wait(None)?,
        "data_set" => drop(Dataset::from_tensors([("x", kept)])?.get(&[1, 2])?),
        "loader" => drop(Loader::new(&Dataset::from_tensors([("x", kept)])?, json!({"batch_size": 2}))?),
        "model" => Model::foreign(state)?.register_parameter("w", kept)?,
        "operator" => drop(state.op("aten::add", args![kept, kept; alpha = 2])?),
        "session" => {
            let model = Model::foreign(state)?;
            model.set_forward(|forward, inputs| {
                Tree::from_tensors([("y", &forward.op("aten::relu", args![&inputs.tensor("x")?])?)])
            })?;
            drop(Session::new(&model.trace(&Tree::from_tensors([("x", kept)])?, ())?)?);
        }
        "forward" => {
            let model = Model::foreign(state)?;
            let owned = Box::new([0u8; 64]);
            model.set_forward(move |forward, inputs| {
                assert_eq!(owned.len(), 64);
                Tree::from_tensors([("y", &forward.op("aten::relu", args![&inputs.tensor("x")?])?)])
            })?;
            drop(model.forward(&Tree::from_tensors([("x", kept)])?)?);
        }
        "progress" => Progress::new(state, "", 2, "")?.set_lines(|_| ())?,
        other => panic!("there is no kind {other}"),
    }
    Ok(())
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (kind, pairs) = (arguments[0].as_str(), arguments[1].parse::<usize>().expect("a number"));
    let state = State::new()?;
    let kept = Tensor::from_vec(vec![1.0f32; 8], &[8])?;
    let handles = live_handle_count()?;
    let mut half = 0;
    for index in 0..2 * pairs {
        if index == pairs {
            half = anonymous_kib();
        }
        make(kind, &state, &kept)?;
    }
    let growth = anonymous_kib() - half;
    Config::new()?; // what was dropped last is freed by the next call
    println!("{growth} {}", live_handle_count()? - handles);
    Ok(())
}
