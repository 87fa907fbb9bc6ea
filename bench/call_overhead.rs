//! What a call costs from Rust: call_overhead noop|all_reduce CALLS prints nanoseconds per call, one number. The same calls
//! as bench/call_overhead.c makes, through the safe crate.

use oarlock::{Dtype, Group, Reduce, Result, State, Tensor};
use std::time::Instant;

fn ask_rank(state: &State, calls: usize) -> Result<()> {
    let mut sum = 0;
    for _ in 0..calls {
        sum += state.rank()?;
    }
    assert_eq!(sum, 0);
    Ok(())
}

fn sum_one_float(group: &Group, tensor: &Tensor, calls: usize) -> Result<()> {
    for _ in 0..calls {
        group.all_reduce(tensor, Reduce::Sum, None)?;
    }
    Ok(())
}

fn run(kind: &str, calls: usize) -> Result<f64> {
    let state = State::new()?;
    let group = state.group()?;
    let one = Tensor::from_vec(vec![1.0f32], &[])?;
    assert_eq!(one.dtype()?, Dtype::Float32);
    let repeat = |calls| match kind {
        "noop" => ask_rank(&state, calls),
        _ => sum_one_float(&group, &one, calls),
    };
    repeat(calls / 10)?; // warm
    let start = Instant::now();
    repeat(calls)?;
    let nanoseconds = start.elapsed().as_nanos() as f64 / calls as f64;
    assert_eq!(one.item()?, 1.0);
    state.close()?;
    Ok(nanoseconds)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let calls = arguments.get(1).and_then(|calls| calls.parse().ok()).filter(|&calls| calls > 0);
    let (Some("noop" | "all_reduce"), Some(calls)) = (arguments.first().map(String::as_str), calls) else {
        eprintln!("usage: call_overhead noop|all_reduce CALLS");
        std::process::exit(2)
    };
    match run(&arguments[0], calls) {
        Ok(nanoseconds) => println!("{nanoseconds:.2}"),
        Err(error) => {
            eprintln!("call_overhead: {error}");
            std::process::exit(1)
        }
    }
}
