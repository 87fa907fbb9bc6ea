//! Where Oarlock's own messages go. Without a closure: warnings and errors to standard error.

use crate::callback::{free, run_alone};
use crate::error::{Result, check};
use crate::library;
use oarlock_sys as sys;
use std::ffi::{CStr, c_char, c_void};

/// How much a message matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// What helps to find defects.
    Debug,
    /// What goes well.
    Info,
    /// What the user should know.
    Warning,
    /// What failed.
    Error,
    /// For [`set_level`]: nothing at all.
    Off,
}

impl Level {
    pub(crate) fn code(self) -> i32 {
        match self {
            Level::Debug => sys::OAR_LOG_DEBUG,
            Level::Info => sys::OAR_LOG_INFO,
            Level::Warning => sys::OAR_LOG_WARNING,
            Level::Error => sys::OAR_LOG_ERROR,
            Level::Off => sys::OAR_LOG_OFF,
        }
    }

    fn from_code(code: i32) -> Self {
        match code {
            sys::OAR_LOG_DEBUG => Level::Debug,
            sys::OAR_LOG_INFO => Level::Info,
            sys::OAR_LOG_WARNING => Level::Warning,
            _ => Level::Error,
        }
    }
}

/// Sends the messages of this process to a closure: level, component, text.
///
/// It may run on threads of Oarlock's, several at a time. A panic inside is told by the panic hook and goes no further:
/// a message has no call that could fail.
///
/// # Errors
/// None but those of any call.
pub fn set_callback<F: Fn(Level, &str, &str) + Send + Sync + 'static>(function: F) -> Result<()> {
    library::check_version()?;
    let user_data = Box::into_raw(Box::new(function)).cast();
    let release = Some(free::<F> as unsafe extern "C" fn(*mut c_void));
    // SAFETY: the closure may be called on any thread, and the library frees it, once, also if this fails.
    check(unsafe { sys::oar_log_set_callback(sys::OAR_CALLBACK_ANY_THREAD, Some(call::<F>), user_data, release) })
}

/// Sends the messages to standard error again.
pub fn reset_callback() -> Result<()> {
    library::check_version()?;
    // SAFETY: NULL is allowed.
    check(unsafe { sys::oar_log_set_callback(0, None, std::ptr::null_mut(), None) })
}

/// Chooses which messages are given: those of this level and above. It is `Warning` at first.
pub fn set_level(level: Level) -> Result<()> {
    library::check_version()?;
    // SAFETY: takes a number.
    check(unsafe { sys::oar_log_set_level(level.code()) })
}

/// # Safety
/// As C's `oar_log_fn`, with `user_data` the address of a closure.
unsafe extern "C" fn call<F: Fn(Level, &str, &str)>(
    level: i32,
    component: *const c_char,
    message: *const c_char,
    user_data: *mut c_void,
) {
    // SAFETY: texts with NUL and the closure live during the call.
    let (component, message, function) =
        unsafe { (CStr::from_ptr(component), CStr::from_ptr(message), &*user_data.cast::<F>()) };
    run_alone(|| function(Level::from_code(level), &component.to_string_lossy(), &message.to_string_lossy()));
}
