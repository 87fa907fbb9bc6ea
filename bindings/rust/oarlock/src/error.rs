//! Errors: what a failed call had to say, as a value that may go to other threads.

use crate::callback::{self, BoxedError, Thrown};
use crate::handle::Handle;
use oarlock_sys as sys;
use std::ffi::{CStr, c_char};
use std::fmt;

/// The result of nearly every function of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $code:ident, $name:literal;)*) => {
        /// Kinds of errors; each is a status code of the C interface.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[$doc])* $kind,)*
            /// A code that this version of the crate does not know.
            Other,
        }

        impl ErrorKind {
            fn from_code(code: i32) -> Self {
                match code {
                    $(sys::$code => ErrorKind::$kind,)*
                    _ => ErrorKind::Other,
                }
            }

            fn code(self) -> i32 {
                match self {
                    $(ErrorKind::$kind => sys::$code,)*
                    ErrorKind::Other => sys::OAR_E_INTERNAL,
                }
            }

            /// The name of the code: `"NOT_FOUND"`.
            pub fn name(self) -> &'static str {
                match self {
                    $(ErrorKind::$kind => $name,)*
                    ErrorKind::Other => "OTHER",
                }
            }
        }
    };
}

kinds! {
    /// An argument has a value, shape, dtype or device that the function does not take.
    Argument = OAR_E_ARGUMENT, "ARGUMENT";
    /// A handle is of another kind, or ended. Not reached through this crate's types.
    Handle = OAR_E_HANDLE, "HANDLE";
    /// The call does not fit what was done before: not prepared, closed, out of order.
    State = OAR_E_STATE, "STATE";
    /// A file, key, name or operator does not exist.
    NotFound = OAR_E_NOT_FOUND, "NOT_FOUND";
    /// Something of that name is there already and would be lost.
    Exists = OAR_E_EXISTS, "EXISTS";
    /// The operating system refused a read, write or connection.
    Io = OAR_E_IO, "IO";
    /// The disk or quota is full; what was there before is untouched.
    NoSpace = OAR_E_NO_SPACE, "NO_SPACE";
    /// Bytes of a file are not what its format or checksum says.
    Corrupt = OAR_E_CORRUPT, "CORRUPT";
    /// Valid, but not something that this build or object can do.
    Unsupported = OAR_E_UNSUPPORTED, "UNSUPPORTED";
    /// A file, library or peer is of a version that is not taken.
    Version = OAR_E_VERSION, "VERSION";
    /// Memory of host or device ran out.
    OutOfMemory = OAR_E_OUT_OF_MEMORY, "OUT_OF_MEMORY";
    /// Peers or data did not come within the time given.
    Timeout = OAR_E_TIMEOUT, "TIMEOUT";
    /// The group or state was aborted, here or by an earlier failure.
    Aborted = OAR_E_ABORTED, "ABORTED";
    /// Another rank ended; [`Error::rank`] names it.
    PeerLost = OAR_E_PEER_LOST, "PEER_LOST";
    /// Ranks made different calls; the text gives both.
    Mismatch = OAR_E_MISMATCH, "MISMATCH";
    /// A closure of the program's failed; its error is the [`source`](std::error::Error::source).
    Callback = OAR_E_CALLBACK, "CALLBACK";
    /// Environment variables, or the libraries really loaded, contradict each other.
    Environment = OAR_E_ENVIRONMENT, "ENVIRONMENT";
    /// The process was forked after the library had been used.
    Forked = OAR_E_FORKED, "FORKED";
    /// A defect of Oarlock; please report it with the text.
    Internal = OAR_E_INTERNAL, "INTERNAL";
}

/// Why a call failed: kind, text, and what it was about.
///
/// One pointer wide, `Send` and `Sync`. Shown (`{}`) it is the library's text, which names the thing, the value, where
/// and the way out. What a closure of the program's failed with is the `source()`, and not part of that text.
pub struct Error(Box<Details>);

struct Details {
    code: i32,
    message: String,
    component: String,
    operation: String,
    rank: Option<i32>,
    vendor_code: i64,
    source: Option<BoxedError>,
}

impl Error {
    /// What sort of failure it is; what a program matches on.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::from_code(self.0.code)
    }

    /// The status code of the C interface.
    pub fn code(&self) -> i32 {
        self.0.code
    }

    /// The name of the code: `"NOT_FOUND"`.
    pub fn code_name(&self) -> &'static str {
        self.kind().name()
    }

    /// What failed, where, and what to do.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The part of the library that failed: `"config"`, `"collectives"`; `"rust"` for this crate's own checks.
    pub fn component(&self) -> &str {
        &self.0.component
    }

    /// What was being done: `"all_reduce"`, or the name of the C function.
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// The rank that the error is about: the one that died, or disagreed.
    pub fn rank(&self) -> Option<i32> {
        self.0.rank
    }

    /// A number from below: `errno`, or the value that a callback returned. 0 if there is none.
    pub fn vendor_code(&self) -> i64 {
        self.0.vendor_code
    }

    /// An error of this crate's own checks.
    pub(crate) fn own(kind: ErrorKind, operation: &str, message: String) -> Self {
        Error(Box::new(Details {
            code: kind.code(),
            message,
            component: "rust".into(),
            operation: operation.into(),
            rank: None,
            vendor_code: 0,
            source: None,
        }))
    }

    pub(crate) fn argument(operation: &str, message: String) -> Self {
        Error::own(ErrorKind::Argument, operation, message)
    }

    /// Copies an error object of the library.
    pub(crate) fn from_handle(error: &Handle<sys::oar_error>) -> Self {
        let raw = error.as_ptr();
        let (mut code, mut rank, mut vendor_code) = (sys::OAR_E_INTERNAL, -1, 0);
        // SAFETY: `raw` is alive, and the out pointers are those of locals. These calls fail for dead handles only, and
        // then leave the locals as they are.
        unsafe {
            sys::oar_error_code(raw, &mut code);
            sys::oar_error_rank(raw, &mut rank);
            sys::oar_error_vendor_code(raw, &mut vendor_code);
            Error(Box::new(Details {
                code,
                message: borrowed_text(|out| sys::oar_error_message(raw, out)),
                component: borrowed_text(|out| sys::oar_error_component(raw, out)),
                operation: borrowed_text(|out| sys::oar_error_operation(raw, out)),
                rank: (rank >= 0).then_some(rank),
                vendor_code,
                source: None,
            }))
        }
    }
}

/// A text that an object lends, copied.
unsafe fn borrowed_text(give: impl FnOnce(*mut *const c_char) -> i32) -> String {
    let mut text: *const c_char = std::ptr::null();
    if give(&mut text) != sys::OAR_OK || text.is_null() {
        return String::new();
    }
    // SAFETY: on success it is text with a NUL, alive as long as its object.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Error");
        shown.field("kind", &self.kind()).field("message", &self.0.message).field("operation", &self.0.operation);
        if let Some(rank) = self.0.rank {
            shown.field("rank", &rank);
        }
        if let Some(source) = &self.0.source {
            shown.field("source", source);
        }
        shown.finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source.as_ref() as _)
    }
}

/// The result of a call that gave `status`, on this thread and last.
#[inline]
pub(crate) fn check(status: sys::oar_status) -> Result<()> {
    if status == sys::OAR_OK { Ok(()) } else { Err(take(status)) }
}

/// This thread's error. A panic inside a closure goes on from here, after the C call has returned.
///
/// The text is read before the object is taken: in a forked process `oar_error_take` is refused like everything else.
#[cold]
fn take(status: sys::oar_status) -> Error {
    // SAFETY: text of this thread's, good until the next call.
    let text = unsafe { CStr::from_ptr(sys::oar_last_error()) }.to_string_lossy().into_owned();
    let mut raw = std::ptr::null_mut();
    // SAFETY: the out pointer is that of a local; an error is owned from here on.
    let taken = unsafe {
        sys::oar_error_take(&mut raw);
        Handle::<sys::oar_error>::from_raw(raw)
    };
    let mut error = match taken {
        Some(handle) => Error::from_handle(&handle),
        None => Error::own(ErrorKind::Other, "", String::new()),
    };
    error.0.code = status;
    error.0.message = text;
    if status == sys::OAR_E_CALLBACK {
        match callback::take_thrown() {
            Some(Thrown::Panic(payload)) => std::panic::resume_unwind(payload),
            Some(Thrown::Error(source)) => error.0.source = Some(source),
            None => {}
        }
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_may_go_anywhere() {
        fn is_an_error_for_threads<T: std::error::Error + Send + Sync + 'static>() {}
        is_an_error_for_threads::<Error>();
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }

    #[test]
    fn a_kind_has_the_name_of_its_code() {
        for code in 1..=19 {
            // SAFETY: any value may be asked for.
            let name = unsafe { CStr::from_ptr(sys::oar_status_name(code)) }.to_str().unwrap();
            assert_eq!(name.strip_prefix("OAR_E_"), Some(ErrorKind::from_code(code).name()));
        }
        assert_eq!(ErrorKind::from_code(1000), ErrorKind::Other);
    }
}
