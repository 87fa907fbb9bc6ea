//! What the safe crate does where something is wrong: bad_input NAME ends with 0 if the program lives and says why, or prints
//! the error of the very first call (`first_call`).

use oarlock::*;
use std::error::Error as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Panics with a text when it is dropped, if nothing panics already.
struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("the destructor's own");
        }
    }
}

fn text_of(panic: Box<dyn std::any::Any + Send>) -> String {
    *panic.downcast::<String>().expect("a panic with a text")
}

/// A panic inside the exchange goes on behind the call, with its own payload, and its captures are dropped once.
fn panic_in_exchange() -> Result<()> {
    let captured = Arc::new(AtomicUsize::new(0));
    let inside = captured.clone();
    let panic = catch_unwind(AssertUnwindSafe(|| {
        State::with_exchange(None, 0, 2, move |mine: &[u8], all: &mut [u8]| -> Result<()> {
            inside.fetch_add(1, Ordering::SeqCst);
            panic!("{} bytes of {}", mine.len() * 2, all.len());
        })
    }))
    .map(|_: Result<State>| ())
    .expect_err("the panic");
    let text = text_of(panic);
    let (mine, all) = text.split_once(" bytes of ").expect("the panic's own text");
    assert!(mine == all && mine != "0", "{text}");
    assert_eq!((captured.load(Ordering::SeqCst), Arc::strong_count(&captured)), (1, 1));
    State::new()?.close()
}

/// A panic inside what prints goes on, and the state works on; one in a destructor does not end the process.
fn panic_in_print() -> Result<()> {
    let state = State::new()?;
    state.set_print(|text| -> Result<()> { panic!("told: {text}") })?;
    for line in ["one", "two"] {
        let panic = catch_unwind(AssertUnwindSafe(|| state.print(line))).expect_err("the panic");
        assert_eq!(text_of(panic), format!("told: {line}"));
    }
    let kept = PanicsWhenDropped;
    state.set_print(move |_| {
        let _ = &kept;
    })?;
    state.print("fine")?;
    state.reset_print()?; // runs the destructor
    state.close()
}

/// A closure that calls what calls it is refused the second time, not run twice at once.
fn call_inside_itself() -> Result<()> {
    thread_local!(static STATE: std::cell::OnceCell<State> = const { std::cell::OnceCell::new() });
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    STATE.with(|cell| {
        let state = cell.get_or_init(|| State::new().expect("a state"));
        state.set_print(move |_| -> Result<()> {
            counted.fetch_add(1, Ordering::SeqCst);
            STATE.with(|cell| cell.get().expect("the state").print("again"))
        })?;
        let error = state.print("first").expect_err("the inner call's error");
        let causes = std::iter::successors(error.source(), |&cause| cause.source()).map(|cause| cause.to_string());
        assert!(
            error.kind() == ErrorKind::Callback && causes.last().is_some_and(|text| text.contains("again from inside itself"))
        );
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        state.close()
    })
}

/// What a closure gives is made an error of by the program's own code, which may panic; and what panics may be thrown with
/// has destructors. All of it ends where panics do.
fn panic_around_a_closure() -> Result<()> {
    struct Unspeakable;
    impl From<Unspeakable> for BoxedError {
        fn from(_: Unspeakable) -> Self {
            panic!("no words for it")
        }
    }
    struct Always;
    impl Drop for Always {
        fn drop(&mut self) {
            panic!("dropped, and it panics")
        }
    }
    let exchange = |_: &[u8], _: &mut [u8]| Err::<(), _>(Unspeakable);
    let panic = catch_unwind(|| State::with_exchange(None, 0, 2, exchange).map(|_| ())).expect_err("the panic");
    assert_eq!(*panic.downcast::<&str>().expect("a text"), "no words for it");

    let told = Arc::new(AtomicUsize::new(0));
    let counted = told.clone();
    log::set_callback(move |_, _, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        std::panic::panic_any(Always)
    })?;
    let file = std::env::temp_dir().join(format!("oarlock-metrics-{}", std::process::id()));
    std::fs::write(&file, "{\"step\": 1}\n{\"st").expect("a file"); // a line that was cut off is told of
    let state = State::new()?;
    drop(Tracker::new(&state, "jsonl", json!({"path": file}))?);
    std::fs::remove_file(&file).expect("the file");
    assert_eq!(told.load(Ordering::SeqCst), 1);
    log::reset_callback()?;
    state.close()
}

/// A closure fails while its thread ends, after the place where its error would wait has gone.
fn call_while_the_thread_ends() -> Result<()> {
    struct Prints(State, Arc<AtomicUsize>);
    impl Drop for Prints {
        fn drop(&mut self) {
            let error = self.0.print("the end").expect_err("the closure's error");
            assert_eq!(error.kind(), ErrorKind::Callback);
            self.1.fetch_add(1, Ordering::SeqCst);
        }
    }
    thread_local!(static KEPT: std::cell::OnceCell<Prints> = const { std::cell::OnceCell::new() });
    let seen = Arc::new(AtomicUsize::new(0));
    let inside = seen.clone();
    let ends = std::thread::spawn(move || -> Result<()> {
        KEPT.with(|_| ()); // its destructor is registered first, and runs last
        let state = State::new()?;
        state.set_print(|_| Err::<(), _>("full"))?;
        state.print("a line").expect_err("the closure's error");
        KEPT.with(|kept| kept.set(Prints(state, inside)).ok().expect("an empty cell"));
        Ok(())
    });
    ends.join().expect("no panic")?;
    assert_eq!(seen.load(Ordering::SeqCst), 1);
    Ok(())
}

/// A backward that ends by an error, or by a panic, leaves an accelerator that says so.
fn error_in_backward() -> Result<()> {
    let state = State::new()?;
    let (model, accelerator) = (Model::foreign(&state)?, Accelerator::new(&state)?);
    model.register_parameter("weight", &Tensor::from_vec(vec![1.0f32, 2.0], &[2])?)?;
    accelerator.prepare(&model)?;
    let wrong = accelerator.foreign_backward(&model, |gradients| gradients.ready("weight", vec![0.5f64, 1.0]));
    assert_eq!(wrong.expect_err("a wrong dtype").kind(), ErrorKind::Argument);
    let shape = accelerator.foreign_backward(&model, |gradients| gradients.ready("weight", vec![0.5f32; 3]));
    assert_eq!(shape.expect_err("a wrong shape").kind(), ErrorKind::Argument);
    let unknown = accelerator.foreign_backward(&model, |gradients| gradients.ready("bias", vec![0.5f32; 3]));
    assert_eq!(unknown.expect_err("an unknown name").kind(), ErrorKind::NotFound);
    let none = accelerator.foreign_backward(&model, |_| Ok(())).expect_err("no gradient");
    assert!(none.kind() == ErrorKind::State && none.message().contains("weight"), "{none}");
    accelerator.foreign_backward(&model, |gradients| gradients.ready("weight", vec![0.5f32, 0.25]))?;
    assert_eq!(model.gradient("weight")?.expect("a gradient").to_vec::<f32>()?, [0.5, 0.25]);
    let optimizer = accelerator.prepare(Optimizer::new(&model, "sgd", ())?)?;
    accelerator.step(&optimizer, None)?;

    accelerator.foreign_backward(&model, |gradients| {
        gradients.ready("weight", vec![0.5f32, 0.25])?;
        let inner = accelerator.foreign_backward(&model, |_| Ok(())).expect_err("a backward inside of a backward");
        assert!(inner.kind() == ErrorKind::State && inner.message().contains("running"), "{inner}");
        assert_eq!(model.gradient("weight").expect_err("still a backward").kind(), ErrorKind::State);
        Ok(())
    })?;
    accelerator.step(&optimizer, None)?;

    let panics = |gradients: &Backward<'_>| -> Result<()> {
        gradients.ready("weight", vec![0.5f32, 0.25])?;
        panic!("the backward's own");
    };
    let panic = catch_unwind(AssertUnwindSafe(|| accelerator.foreign_backward(&model, panics))).expect_err("the panic");
    assert_eq!(*panic.downcast::<&str>().expect("a text"), "the backward's own");
    assert_eq!(model.gradient("weight").expect_err("an open backward").kind(), ErrorKind::State);
    assert_eq!(optimizer.step().expect_err("an open backward").kind(), ErrorKind::State);
    assert_eq!(accelerator.step(&optimizer, None).expect_err("an open backward").kind(), ErrorKind::State);
    accelerator.foreign_backward(&model, |_| Ok(()))?; // ends it: it had all gradients
    assert_eq!(model.gradient("weight")?.expect("a gradient").to_vec::<f32>()?, [0.5, 0.25]);
    state.close()
}

/// Numbers that JSON lacks are told, and do not become defaults.
fn numbers_that_are_not_finite() -> Result<()> {
    let config = Config::new()?;
    let weight = Tensor::from_vec(vec![1.0f32], &[1])?;
    let model = Model::foreign(&State::with_config(&config)?)?;
    model.register_parameter("weight", &weight)?;
    for (error, key) in [
        (config.set("ddp.bucket_cap_mb", f64::NAN).expect_err("NaN"), "ddp.bucket_cap_mb"),
        (config.merge(json!({"ddp": {"bucket_cap_mb": f64::INFINITY}})).expect_err("infinity"), "ddp.bucket_cap_mb"),
        (Optimizer::new(&model, "adamw", json!({"lr": f64::NAN})).err().expect("NaN"), "lr"),
        (Optimizer::new(&model, "adamw", json!({"betas": [0.9, f32::NAN]})).err().expect("NaN"), "betas.1"),
    ] {
        assert!(error.kind() == ErrorKind::Argument && error.message().contains(key), "{error}");
    }
    Ok(())
}

unsafe extern "C" {
    fn fork() -> i32;
    fn waitpid(process: i32, status: *mut i32, options: i32) -> i32;
}

/// In a child of a process that has used the library every call says so, with a text.
fn forked() -> Result<()> {
    let config = Config::new()?;
    // SAFETY: the child makes one call of the library, which refuses, and ends.
    let child = unsafe { fork() };
    if child == 0 {
        let error = config.set("seed", 1).expect_err("a forked process");
        std::process::exit(if error.kind() == ErrorKind::Forked && error.message().contains("fork") { 0 } else { 1 });
    }
    let mut status = -1;
    // SAFETY: `status` is a local's address.
    let ended = unsafe { waitpid(child, &mut status, 0) };
    assert_eq!((ended, status), (child, 0));
    config.set("seed", 1)
}

/// Sizes and texts that C cannot take are refused before it is called.
fn numbers_and_texts() -> Result<()> {
    let state = State::new()?;
    for error in [
        Tensor::zeros(Dtype::Float32, &[usize::MAX]).expect_err("a size"),
        Tensor::zeros(Dtype::Float32, &[1 << 40, 1 << 40]).expect_err("a product"),
        state.print("a\0b").expect_err("a NUL"),
        Config::new()?.set("se\0ed", 1).expect_err("a NUL"),
        Config::new()?.merge("{\"seed\": 1, \"seed\": 2}").expect_err("a key twice"),
        Loader::new(&Dataset::from_tensors([("x", &Tensor::from_vec(vec![1i64], &[1])?)])?, json!([1]))
            .err()
            .expect("no object"),
    ] {
        assert_eq!(error.kind(), ErrorKind::Argument, "{error:?}");
    }
    let deep = (0..100_000).fold(Value::None, |inner, _| Value::List(vec![inner]));
    let deep = std::mem::ManuallyDrop::new(deep); // dropping it is what needs the stack
    assert_eq!(Tree::from_value(&deep).err().expect("too deep").kind(), ErrorKind::Argument);
    let nested = (0..70).fold(Value::None, |inner, _| Value::from(vec![inner]));
    assert_eq!(Tree::from_value(&nested).err().expect("too deep").kind(), ErrorKind::Argument);
    state.close()
}

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let result = match name.as_str() {
        "first_call" => Config::new().map(|_| ()),
        "panic_in_exchange" => panic_in_exchange(),
        "panic_in_print" => panic_in_print(),
        "panic_around_a_closure" => panic_around_a_closure(),
        "call_while_the_thread_ends" => call_while_the_thread_ends(),
        "call_inside_itself" => call_inside_itself(),
        "error_in_backward" => error_in_backward(),
        "numbers_that_are_not_finite" => numbers_that_are_not_finite(),
        "forked" => forked(),
        "numbers_and_texts" => numbers_and_texts(),
        _ => panic!("there is no case {name}"),
    };
    if let Err(error) = result {
        println!("{} {error}", error.code_name());
        std::process::exit(1)
    }
}
