//! A progress bar of the main process.

use crate::callback::{Line, Outcome};
use crate::error::{Error, Result, check};
use crate::handle::{Handle, create};
use crate::state::State;
use crate::text::c_text;
use oarlock_sys as sys;

/// Drawn in place on a terminal, a plain line now and then elsewhere; `OARLOCK_PROGRESS=0` shows nothing.
pub struct Progress(Handle<sys::oar_progress>);

// SAFETY: a progress holds no memory of tensors, and may be called from any one thread at a time.
unsafe impl Send for Progress {}

impl Progress {
    /// A bar of `total` units; 0: not known. Its clock starts now.
    ///
    /// # Errors
    /// `Argument` if the option `progress` has a value that it does not take.
    pub fn new(state: &State, title: &str, total: usize, unit: &str) -> Result<Self> {
        let (title, total, unit) = (c_text("the title", title)?, count(total)?, c_text("the unit", unit)?);
        // SAFETY: handles are alive, texts end with NUL and out pointers are locals'; so in all calls of this file.
        create(|out| unsafe { sys::oar_progress_create(state.as_raw(), title.as_ptr(), total, unit.as_ptr(), out) })
            .map(Progress)
    }

    /// Sends plain lines to a closure, which is dropped when another takes its place or the progress has ended.
    pub fn set_lines<R: Outcome, F: FnMut(&str) -> R + Send + 'static>(&self, function: F) -> Result<()> {
        let (user_data, release) = Line::into_raw(function);
        // SAFETY: as above; the library frees the closure, once, also if this fails.
        check(unsafe { sys::oar_progress_set_callback(self.as_raw(), Some(Line::<F>::call), user_data, release) })
    }

    /// Counts more units as done, and draws if it is time to. `note` is shown at the end; `""` is nothing.
    ///
    /// # Errors
    /// `State` if closed; `Callback` from the closure of [`set_lines`](Progress::set_lines), whose panics go on here.
    pub fn advance(&self, units: usize, note: &str) -> Result<()> {
        let (units, note) = (count(units)?, c_text("the note", note)?);
        // SAFETY: as above.
        check(unsafe { sys::oar_progress_advance(self.as_raw(), units, note.as_ptr()) })
    }

    /// Shows the final state and ends the line. May be called twice.
    ///
    /// # Errors
    /// As for [`advance`](Progress::advance).
    pub fn close(&self) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_progress_close(self.as_raw()) })
    }

    /// The handle, for calls of [`sys`]; it stays this object's, and the rules of the C interface hold.
    pub fn as_raw(&self) -> *mut sys::oar_progress {
        self.0.as_ptr()
    }
}

fn count(units: usize) -> Result<i64> {
    i64::try_from(units).map_err(|_| Error::argument("progress", format!("{units} units are too many")))
}
