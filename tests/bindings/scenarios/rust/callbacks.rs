//! Closures that the library calls: for prints, progress and messages.

use crate::{Outcome, refused};
use oarlock::log::Level;
use oarlock::*;
use std::error::Error as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

type Heard = Arc<Mutex<Vec<String>>>;

/// A closure that keeps what it hears; the strong count tells whether it lives.
fn listener(heard: &Heard) -> impl FnMut(&str) + Send + 'static {
    let heard = heard.clone();
    move |text| heard.lock().unwrap().push(text.to_owned())
}

pub fn callback_called(_: &Path) -> Outcome {
    let (first, second, shown) = (Heard::default(), Heard::default(), Heard::default());
    let state = State::new()?;
    state.set_print(listener(&first))?;
    state.print("one line \u{e9}")?;
    assert_eq!(*first.lock().unwrap(), ["one line \u{e9}"]);
    assert_eq!(Arc::strong_count(&first), 2);
    state.set_print(listener(&second))?;
    assert_eq!(Arc::strong_count(&first), 1, "what was replaced is dropped");
    state.print("another")?;
    assert_eq!((first.lock().unwrap().len(), second.lock().unwrap().len()), (1, 1));

    let progress = Progress::new(&state, "epoch 3", 10, "samples")?;
    progress.set_lines(listener(&shown))?;
    progress.advance(10, "loss 0.5")?;
    progress.close()?;
    let last = shown.lock().unwrap().last().expect("a line").clone();
    assert!(last.contains("epoch 3") && last.contains("10/10") && last.contains("loss 0.5"), "{last}");
    drop(progress);
    Config::new()?; // dropped by the next call that can fail
    assert_eq!((Arc::strong_count(&shown), Arc::strong_count(&second)), (1, 2));
    state.close()?;
    drop(state);
    Config::new()?;
    assert_eq!(Arc::strong_count(&second), 1, "what the state held is dropped");
    Ok(())
}

pub fn callback_error(_: &Path) -> Outcome {
    let state = State::new()?;
    let fails = Arc::new(AtomicBool::new(true));
    let asked = fails.clone();
    state.set_print(move |text| match asked.load(Ordering::SeqCst) {
        true => Err(std::io::Error::other(format!("no room for {text}"))),
        false => Ok(()),
    })?;
    let error = state.print("this").expect_err("the closure's error");
    assert_eq!(error.kind(), ErrorKind::Callback);
    let source = error.source().and_then(|source| source.downcast_ref::<std::io::Error>()).expect("the very error");
    assert_eq!(source.to_string(), "no room for this");
    fails.store(false, Ordering::SeqCst);
    state.print("that")?;

    #[derive(Debug, PartialEq)]
    struct Payload(i32);
    let progress = Progress::new(&state, "epoch 1", 10, "samples")?;
    progress.set_lines(|_| -> Result<()> { std::panic::resume_unwind(Box::new(Payload(7))) })?; // told by no hook
    let panic = catch_unwind(AssertUnwindSafe(|| progress.advance(5, ""))).expect_err("the closure's panic");
    assert_eq!(panic.downcast_ref::<Payload>(), Some(&Payload(7)));
    progress.set_lines(|_| ())?;
    progress.close()?;
    state.print("the state works on")?;
    state.close()?;
    Ok(())
}

pub fn log_messages(folder: &Path) -> Outcome {
    let folder = folder.join("warning");
    std::fs::create_dir_all(folder.join("checkpoint_3"))?; // without a manifest: passed over with a warning
    let cause_a_warning = || refused(ErrorKind::NotFound, "warning", Checkpoint::find_latest(&folder));
    let heard: Arc<Mutex<Vec<(Level, String, String)>>> = Arc::default();
    let kept = heard.clone();
    log::set_callback(move |level, component, text| kept.lock().unwrap().push((level, component.into(), text.into())))?;
    cause_a_warning();
    let (level, component, text) = heard.lock().unwrap().first().expect("a message").clone();
    assert_eq!((level, component.as_str()), (Level::Warning, "checkpoint"));
    assert!(text.contains("checkpoint_3"), "{text}");
    log::set_level(Level::Error)?;
    cause_a_warning();
    assert_eq!(heard.lock().unwrap().len(), 1);
    log::set_level(Level::Warning)?;
    cause_a_warning();
    assert_eq!(heard.lock().unwrap().len(), 2);
    log::set_callback(|_, _, _| std::panic::resume_unwind(Box::new(())))?;
    cause_a_warning(); // a panic of this closure ends in it
    log::reset_callback()?;
    assert_eq!(Arc::strong_count(&heard), 1);
    Ok(())
}
