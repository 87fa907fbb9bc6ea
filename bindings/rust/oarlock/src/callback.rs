//! Closures that C calls: panics and errors stop at the edge and go on in the call that ran the closure.

use oarlock_sys as sys;
use std::any::Any;
use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Any error of the program's.
pub type BoxedError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// What a closure ended with, if not well.
pub(crate) enum Thrown {
    Panic(Box<dyn Any + Send>),
    Error(BoxedError),
}

thread_local! {
    static THROWN: RefCell<Option<Thrown>> = const { RefCell::new(None) };
}

/// What the closure that ran last on this thread ended with; it is given once.
pub(crate) fn take_thrown() -> Option<Thrown> {
    exchange_thrown(None)
}

/// Sets what waits, and gives what did. While the thread ends there is no place to wait in: it is forgotten then.
fn exchange_thrown(thrown: Option<Thrown>) -> Option<Thrown> {
    let mut thrown = std::mem::ManuallyDrop::new(thrown); // its destructor may panic
    THROWN.try_with(|slot| slot.replace(thrown.take())).ok().flatten()
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for () {}
    impl<E> Sealed for Result<(), E> {}
}

/// What closures may give: nothing, or a `Result` whose error then comes out of the call that ran the closure, as the
/// [`source`](std::error::Error::source) of an error of kind [`Callback`](crate::ErrorKind::Callback).
pub trait Outcome: sealed::Sealed {
    #[doc(hidden)]
    fn into_result(self) -> Result<(), BoxedError>;
}

impl Outcome for () {
    fn into_result(self) -> Result<(), BoxedError> {
        Ok(())
    }
}

impl<E: Into<BoxedError>> Outcome for Result<(), E> {
    fn into_result(self) -> Result<(), BoxedError> {
        self.map_err(Into::into)
    }
}

/// Runs a closure for C: 0 when it ended well, else 1, and how it ended waits for `take_thrown`.
pub(crate) fn run<R: Outcome>(body: impl FnOnce() -> R) -> i32 {
    let thrown = match catch_unwind(AssertUnwindSafe(|| body().into_result())) {
        Ok(Ok(())) => return 0,
        Ok(Err(error)) => Thrown::Error(error),
        Err(payload) => Thrown::Panic(payload),
    };
    std::mem::forget(exchange_thrown(Some(thrown))); // of a call that did not ask for it; its destructor may panic
    1
}

/// Runs a closure whose panic nobody is told of but by the panic hook.
pub(crate) fn run_alone(body: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(body)) {
        std::mem::forget(payload); // its own destructor might panic, too
    }
}

/// A closure that takes a line of text, as C keeps it. A cell, because the closure may call what calls it again.
pub(crate) struct Line<F>(RefCell<F>);

impl<R: Outcome, F: FnMut(&str) -> R + Send + 'static> Line<F> {
    /// What C is given: the closure's address, and the way to free it.
    pub(crate) fn into_raw(function: F) -> (*mut c_void, sys::oar_release_fn) {
        (Box::into_raw(Box::new(Line(RefCell::new(function)))).cast(), Some(free::<Line<F>>))
    }

    /// The function that C calls.
    ///
    /// # Safety
    /// `text` is text with a NUL, `user_data` the address that `into_raw` gave, not yet freed.
    pub(crate) unsafe extern "C" fn call(text: *const c_char, user_data: *mut c_void) -> i32 {
        // SAFETY: as above; C keeps both alive during the call.
        let (text, line) = unsafe { (CStr::from_ptr(text), &*user_data.cast::<Line<F>>()) };
        run(|| match line.0.try_borrow_mut() {
            Ok(mut function) => function(&text.to_string_lossy()).into_result(),
            Err(_) => Err("the closure was called again from inside itself".into()),
        })
    }
}

/// Drops what `user_data` points to: the `release` of all callbacks of this crate. A panic in a destructor ends here;
/// the panic hook has told it.
///
/// # Safety
/// `user_data` came from `Box::<T>::into_raw`, and this runs once.
pub(crate) unsafe extern "C" fn free<T>(user_data: *mut c_void) {
    // SAFETY: as above.
    let owned = unsafe { Box::from_raw(user_data.cast::<T>()) };
    run_alone(move || drop(owned));
}
