//! An asynchronous operation.

use crate::error::{Error, Result, check};
use crate::handle::{Handle, create_nullable, truth};
use crate::text::milliseconds;
use oarlock_sys as sys;
use std::time::Duration;

/// An operation that runs in the background, to be waited for when its result is needed.
///
/// Dropping it neither waits nor cancels: the tensors stay in use until the operation has ended.
#[must_use = "the result is there once the work was waited for"]
pub struct Work(pub(crate) Handle<sys::oar_work>);

// SAFETY: a work gives no access to its tensors, and may be called from any one thread at a time.
unsafe impl Send for Work {}

impl Work {
    /// Waits until the operation is done and tells how it ended. May be called again; the answer is the same.
    ///
    /// `None` waits until the operation has ended by itself, which its own time-out bounds. A time-out given here only
    /// ends the waiting.
    ///
    /// # Errors
    /// `Timeout` if it is not done yet; `Mismatch`, `Timeout`, `PeerLost`, `Aborted` as the operation ended.
    pub fn wait(&self, timeout: impl Into<Option<Duration>>) -> Result<()> {
        let timeout_ms = milliseconds(timeout.into())?;
        // SAFETY: the handle is alive; so in all calls of this file.
        check(unsafe { sys::oar_work_wait(self.0.as_ptr(), timeout_ms) })
    }

    /// Waits without a time-out of its own.
    #[inline]
    pub(crate) fn finish(self) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_work_wait(self.0.as_ptr(), 0) })
    }

    /// Whether the operation has ended, well or not. Does not wait.
    pub fn is_done(&self) -> Result<bool> {
        // SAFETY: as above.
        truth(|out| unsafe { sys::oar_work_is_done(self.0.as_ptr(), out) })
    }

    /// The operation's own error: `None` while it runs and when it succeeded.
    pub fn error(&self) -> Result<Option<Error>> {
        // SAFETY: as above; an error that is given is owned.
        let error = create_nullable(|out| unsafe { sys::oar_work_error(self.0.as_ptr(), out) })?;
        Ok(error.map(|handle| Error::from_handle(&handle)))
    }
}
