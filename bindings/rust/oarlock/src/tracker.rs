//! Where metrics go.

use crate::dataset::Names;
use crate::error::{Result, check};
use crate::handle::{Handle, create};
use crate::options::{Options, checked};
use crate::state::State;
use crate::text::c_text;
use oarlock_sys as sys;

/// Writes metrics, on the main process; on others calls check their arguments and do nothing else.
pub struct Tracker(Handle<sys::oar_tracker>);

// SAFETY: a tracker holds no memory of tensors, and may be called from any one thread at a time.
unsafe impl Send for Tracker {}

impl Tracker {
    /// A tracker `"jsonl"`, which appends one line of JSON per call to a file, or `"tensorboard"`, which writes event files
    /// into the directory of a run. Options: section `tracker` (`path`).
    ///
    /// # Errors
    /// `NotFound` for a product that there is not, `Io`, `Corrupt` if the file holds something else.
    pub fn new(state: &State, name: &str, options: impl Options) -> Result<Self> {
        let (name, options) = (c_text("the tracker's name", name)?, checked(options)?);
        // SAFETY: handles are alive, texts end with NUL and out pointers are locals'; so in all calls of this file.
        create(|out| unsafe { sys::oar_tracker_create(state.as_raw(), name.as_ptr(), options.as_ptr(), out) }).map(Tracker)
    }

    /// Logs numbers of one step, by custom the optimizer's.
    ///
    /// # Errors
    /// `Argument` for a name that is taken or given twice, `State` if closed, `NoSpace`, `Io`.
    pub fn log(&self, step: i64, metrics: &[(&str, f64)]) -> Result<()> {
        let names = Names::new(metrics.iter().map(|(name, _)| *name))?;
        let values: Vec<f64> = metrics.iter().map(|(_, value)| *value).collect();
        // SAFETY: as above; as many names and values as is said.
        check(unsafe { sys::oar_tracker_log(self.as_raw(), step, names.as_ptr(), values.as_ptr(), values.len()) })
    }

    /// Logs any JSON object of one step.
    ///
    /// # Errors
    /// As for [`log`](Tracker::log); `Argument` if it is no object.
    pub fn log_json(&self, step: i64, object: &serde_json::Value) -> Result<()> {
        let json = object.into_json()?;
        // SAFETY: as above.
        check(unsafe { sys::oar_tracker_log_json(self.as_raw(), step, json.as_ptr()) })
    }

    /// Closes the file; later calls that log fail with `State`. May be called twice.
    ///
    /// # Errors
    /// `Io` for a write that failed late.
    pub fn close(&self) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_tracker_close(self.as_raw()) })
    }

    /// The handle, for calls of [`sys`]; it stays this object's, and the rules of the C interface hold.
    pub fn as_raw(&self) -> *mut sys::oar_tracker {
        self.0.as_ptr()
    }
}
