//! Smaller batches until one fits into memory.

use crate::error::{ErrorKind, Result, check};
use crate::state::State;
use oarlock_sys as sys;

impl State {
    /// Calls the closure with smaller and smaller batches, each 0.9 of the one before, until no rank's attempt ends with
    /// [`ErrorKind::OutOfMemory`], and gives what it gave. All ranks make this call. Nothing is kept from one search to
    /// the next.
    ///
    /// ```
    /// # use oarlock::{State, Result};
    /// # fn main() -> Result<()> {
    /// # let state = State::new()?;
    /// let rows = state.find_executable_batch_size(128, |batch_size| Ok(batch_size * 2))?;
    /// assert_eq!(rows, 256);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Others of the closure; `OutOfMemory` when no size is left, `Mismatch` if the ranks began with different ones.
    pub fn find_executable_batch_size<R>(
        &self,
        starting_batch_size: usize,
        mut run: impl FnMut(usize) -> Result<R>,
    ) -> Result<R> {
        let mut batch_size = starting_batch_size;
        loop {
            let result = run(batch_size);
            let ran_out = matches!(&result, Err(error) if error.kind() == ErrorKind::OutOfMemory);
            if result.is_err() && !ran_out {
                return result;
            }
            let mut next = 0;
            // SAFETY: the handle is alive, and the out pointer is that of a local.
            check(unsafe {
                sys::oar_state_next_batch_size(self.as_raw(), batch_size as i64, i32::from(ran_out), 0, &raw mut next)
            })?;
            if next as usize == batch_size {
                return result;
            }
            batch_size = next as usize;
        }
    }
}
