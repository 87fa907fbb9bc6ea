//! What a run needs beside training: timers, profiles, messages by rank, equal random numbers, memory figures.

use crate::error::{Result, check};
use crate::handle::create_nullable;
use crate::log::Level;
use crate::op::{json_of, read_json};
use crate::options::{Options, checked};
use crate::state::State;
use crate::text::c_text;
use oarlock_sys as sys;
use serde_json::Value;

/// Which ranks say a message of [`State::log`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Speakers {
    /// Rank 0.
    Main,
    /// Every rank that calls.
    Each,
    /// Every rank, one after the other; all ranks call it.
    InOrder,
}

impl State {
    /// Runs the closure and counts how long it took as a duration of the timer `name`. In a profile it is a span of that
    /// name.
    ///
    /// # Errors
    /// `State` if the timer runs already, `Argument` for an empty name. The closure has not run then.
    pub fn timed<R>(&self, name: &str, run: impl FnOnce() -> R) -> Result<R> {
        let name = c_text("the timer's name", name)?;
        // SAFETY: the handle is alive, texts end with NUL and out pointers are locals'; so in all calls of this file.
        check(unsafe { sys::oar_timer_begin(self.as_raw(), name.as_ptr()) })?;
        let result = run();
        // SAFETY: as above.
        check(unsafe { sys::oar_timer_end(self.as_raw(), name.as_ptr()) })?;
        Ok(result)
    }

    /// What this rank's timers measured, by name, in milliseconds: count, total_ms, mean_ms, min_ms, p50_ms, p95_ms, max_ms.
    pub fn timer_report(&self) -> Result<Value> {
        // SAFETY: as above.
        read_json(|out| unsafe { sys::oar_timer_report(self.as_raw(), out) })
    }

    /// The figures of all ranks, and of each name the slowest one. All ranks call it.
    ///
    /// # Errors
    /// What waiting for peers gives.
    pub fn timer_report_all_ranks(&self) -> Result<Value> {
        // SAFETY: as above.
        read_json(|out| unsafe { sys::oar_timer_report_all_ranks(self.as_raw(), out) })
    }

    /// Forgets all durations.
    pub fn reset_timers(&self) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_timer_reset(self.as_raw()) })
    }

    /// Begins to record which operators the run spends its time in. Options: section `profile` (directory, wait, warmup,
    /// active, repeat, skip_first, record_shapes, memory, flops); without `active` all is one record.
    ///
    /// # Errors
    /// `State` if a profile runs already, `Argument` for an unknown option.
    pub fn begin_profile(&self, options: impl Options) -> Result<()> {
        let options = checked(options)?;
        // SAFETY: as above.
        check(unsafe { sys::oar_profile_begin(self.as_raw(), options.as_ptr()) })
    }

    /// A step has ended; the report of the record that ended with it, if one did.
    ///
    /// # Errors
    /// `State` if no profile runs, or it began on another thread; `Io` and `NoSpace` for the trace.
    pub fn profile_step(&self) -> Result<Option<Value>> {
        // SAFETY: as above.
        create_nullable(|out| unsafe { sys::oar_profile_step(self.as_raw(), out) })?.map(|given| json_of(&given)).transpose()
    }

    /// Ends the profile; the report of what was being recorded, if anything was. With a directory all ranks call it.
    ///
    /// # Errors
    /// As for [`profile_step`](State::profile_step), and what waiting for peers gives.
    pub fn end_profile(&self) -> Result<Option<Value>> {
        // SAFETY: as above.
        create_nullable(|out| unsafe { sys::oar_profile_end(self.as_raw(), out) })?.map(|given| json_of(&given)).transpose()
    }

    /// Says something through the library's messages, as "[RANK r] text".
    ///
    /// # Errors
    /// What waiting for peers gives, in order.
    pub fn log(&self, level: Level, speakers: Speakers, text: &str) -> Result<()> {
        let text = c_text("the message", text)?;
        let ranks = match speakers {
            Speakers::Main => sys::OAR_LOG_MAIN,
            Speakers::Each => sys::OAR_LOG_EACH,
            Speakers::InOrder => sys::OAR_LOG_IN_ORDER,
        };
        // SAFETY: as above.
        check(unsafe { sys::oar_state_log(self.as_raw(), level.code(), ranks, text.as_ptr()) })
    }

    /// Gives the default generator of every rank the state of rank 0's. All ranks call it.
    ///
    /// # Errors
    /// What waiting for peers gives.
    pub fn synchronize_rng(&self) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_state_synchronize_rng(self.as_raw()) })
    }

    /// Makes libtorch choose deterministic algorithms in the whole process, as `torch.use_deterministic_algorithms`.
    pub fn set_deterministic(&self, on: bool, warn_only: bool) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_state_set_deterministic(self.as_raw(), on.into(), warn_only.into()) })
    }
}

/// The memory of this process in bytes: rss, rss_anonymous, rss_file, rss_shared, rss_peak.
///
/// # Errors
/// `Corrupt` where the kernel does not give them.
pub fn memory_report() -> Result<Value> {
    // SAFETY: as above.
    read_json(|out| unsafe { sys::oar_memory_report(out) })
}
