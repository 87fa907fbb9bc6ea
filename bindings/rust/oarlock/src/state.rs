//! One world: this process's rank, device and peers.

use crate::callback::{Line, Outcome, run};
use crate::config::Config;
use crate::error::{Result, check};
use crate::group::Group;
use crate::handle::{Handle, create, truth, value};
use crate::text::{c_path, c_text, milliseconds, read_text};
use oarlock_sys as sys;
use std::ffi::c_void;
use std::path::Path;
use std::time::Duration;

/// This process's place among the ranks, its device, and the way to its peers.
///
/// A program started by `oarlock launch` or torchrun finds its peers; otherwise it is alone, and everything works too.
/// Dropping a state leaves the world in the background; [`close`](State::close) does it now and tells how it went.
///
/// ```
/// # use oarlock::{State, Result};
/// # fn main() -> Result<()> {
/// let state = State::new()?;
/// println!("rank {} of {}", state.rank()?, state.world_size()?);
/// state.close()
/// # }
/// ```
pub struct State(Handle<sys::oar_state>);

// SAFETY: a state holds no memory of tensors, and its functions may be called from any one thread at a time.
unsafe impl Send for State {}

impl State {
    /// Finds this process's place by the environment and meets the other ranks.
    ///
    /// # Errors
    /// `Environment` for variables that contradict each other, `Timeout` and `PeerLost` naming the rank that did not
    /// come.
    pub fn new() -> Result<Self> {
        // SAFETY: NULL is allowed. In all calls of this file out pointers are those of locals, texts end with NUL.
        create(|out| unsafe { sys::oar_state_create(std::ptr::null(), out) }).map(State)
    }

    /// The same with options.
    ///
    /// # Errors
    /// As for [`new`](State::new); `Argument` for an option out of range, or one that belongs elsewhere.
    pub fn with_config(config: &Config) -> Result<Self> {
        // SAFETY: as above; the config is alive.
        create(|out| unsafe { sys::oar_state_create(config.as_raw(), out) }).map(State)
    }

    /// Meets the other ranks through the program's own communicator: `exchange` gets this rank's bytes and fills
    /// `world_size` times as many with those of all ranks, in rank order. It runs once, on this thread, before this
    /// returns; not at all for one rank.
    ///
    /// # Errors
    /// `Callback` with the closure's own error as its source; `Mismatch` if not every rank's bytes were delivered. A
    /// panic inside the closure goes on here.
    pub fn with_exchange<R: Outcome, F: FnOnce(&[u8], &mut [u8]) -> R>(
        config: Option<&Config>,
        rank: usize,
        world_size: usize,
        exchange: F,
    ) -> Result<Self> {
        let mut exchange = Exchange { world_size, function: Some(exchange) };
        let number = |name: &str, value: usize| {
            i32::try_from(value)
                .map_err(|_| crate::Error::argument("with_exchange", format!("{name} is {value}, which no world has")))
        };
        let (rank, world_size) = (number("rank", rank)?, number("world_size", world_size)?);
        let config = config.map_or(std::ptr::null(), |config| config.as_raw().cast_const());
        let user_data = (&raw mut exchange).cast();
        // SAFETY: the closure lives in this frame, and is called inside this call only. Nothing is to be freed.
        create(|out| unsafe {
            sys::oar_state_create_with_exchange(config, rank, world_size, Some(Exchange::<F>::call::<R>), user_data, None, out)
        })
        .map(State)
    }

    /// This process's number among all ranks, from 0.
    #[inline]
    pub fn rank(&self) -> Result<usize> {
        // SAFETY: as above; the handle is alive. So in all methods.
        value(|out| unsafe { sys::oar_state_rank(self.as_raw(), out) }).map(|rank: i32| rank as usize)
    }

    /// How many ranks there are.
    #[inline]
    pub fn world_size(&self) -> Result<usize> {
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_state_world_size(self.as_raw(), out) }).map(|size: i32| size as usize)
    }

    /// This process's number among the ranks on its host, from 0.
    pub fn local_rank(&self) -> Result<usize> {
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_state_local_rank(self.as_raw(), out) }).map(|rank: i32| rank as usize)
    }

    /// How many ranks are on this host.
    pub fn local_world_size(&self) -> Result<usize> {
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_state_local_world_size(self.as_raw(), out) }).map(|size: i32| size as usize)
    }

    /// Whether this is rank 0: the one that logs, prints and writes what only one may write.
    pub fn is_main_process(&self) -> Result<bool> {
        // SAFETY: as above.
        truth(|out| unsafe { sys::oar_state_is_main_process(self.as_raw(), out) })
    }

    /// Whether this is the first rank on its host.
    pub fn is_local_main_process(&self) -> Result<bool> {
        // SAFETY: as above.
        truth(|out| unsafe { sys::oar_state_is_local_main_process(self.as_raw(), out) })
    }

    /// Whether this is the rank with the highest number.
    pub fn is_last_process(&self) -> Result<bool> {
        // SAFETY: as above.
        truth(|out| unsafe { sys::oar_state_is_last_process(self.as_raw(), out) })
    }

    /// The device that this rank computes on: `"cpu"`.
    pub fn device(&self) -> Result<String> {
        // SAFETY: as above.
        read_text(|buf, len| unsafe { sys::oar_state_device(self.as_raw(), buf, len) })
    }

    /// The group of all ranks.
    pub fn group(&self) -> Result<Group> {
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_state_group(self.as_raw(), out) }).map(Group)
    }

    /// Waits until every rank has called this; `None` waits as long as `comm.timeout_ms` says.
    ///
    /// # Errors
    /// `Timeout`, `PeerLost`, `Mismatch` or `Aborted`, naming the rank. The group is dead then.
    pub fn barrier(&self, timeout: impl Into<Option<Duration>>) -> Result<()> {
        let timeout_ms = milliseconds(timeout.into())?;
        // SAFETY: as above.
        check(unsafe { sys::oar_state_barrier(self.as_raw(), timeout_ms) })
    }

    /// Writes one line to standard output on the main process; other ranks do nothing.
    ///
    /// # Errors
    /// `Io` or `NoSpace` if standard output takes nothing; `Callback` from the closure of
    /// [`set_print`](State::set_print), whose panics go on here.
    pub fn print(&self, text: &str) -> Result<()> {
        let text = c_text("the text", text)?;
        // SAFETY: as above.
        check(unsafe { sys::oar_state_print(self.as_raw(), text.as_ptr()) })
    }

    /// Gives what [`print`](State::print) writes to a closure, which is dropped when another takes its place or the
    /// state has ended.
    pub fn set_print<R: Outcome, F: FnMut(&str) -> R + Send + 'static>(&self, function: F) -> Result<()> {
        let (user_data, release) = Line::into_raw(function);
        // SAFETY: as above; the library frees the closure, once, also if this fails.
        check(unsafe { sys::oar_state_set_print_callback(self.as_raw(), Some(Line::<F>::call), user_data, release) })
    }

    /// Lets [`print`](State::print) write to standard output again.
    pub fn reset_print(&self) -> Result<()> {
        // SAFETY: as above; NULL is allowed.
        check(unsafe { sys::oar_state_set_print_callback(self.as_raw(), None, std::ptr::null_mut(), None) })
    }

    /// Seeds libtorch's default generator of this process, as `torch.manual_seed`. Local to this rank.
    pub fn seed(&self, seed: u64) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_state_seed(self.as_raw(), seed as i64) })
    }

    /// Tells every rank alike whether any rank was asked to stop ([`Remote::request_stop`]). All ranks call it.
    ///
    /// # Errors
    /// As for [`barrier`](State::barrier).
    pub fn should_stop(&self) -> Result<bool> {
        // SAFETY: as above.
        truth(|out| unsafe { sys::oar_state_should_stop(self.as_raw(), out) })
    }

    /// Goes on without the ranks that are lost: those that are left, and call this with their old state, make a smaller
    /// world in their old order. The last checkpoint is to be loaded in it, into an accelerator that is made anew.
    ///
    /// Fewer than `min_size` ranks do not go on; `None`: more than half of the ranks if they are on several hosts, else
    /// one. `timeout` is for ranks that are not known to be gone; `None` takes `comm.connect_timeout_ms`. This state can
    /// then only be closed; after an error it may be tried again.
    ///
    /// # Errors
    /// `PeerLost` or `Timeout` if fewer came, `Aborted` if the others have gone on without this rank.
    pub fn shrink(&self, min_size: impl Into<Option<usize>>, timeout: impl Into<Option<Duration>>) -> Result<Self> {
        let min_size = i32::try_from(min_size.into().unwrap_or(0)).unwrap_or(i32::MAX); // which is refused
        let timeout_ms = milliseconds(timeout.into())?;
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_state_shrink(self.as_raw(), min_size, timeout_ms, out) }).map(State)
    }

    /// What other threads may do to this state while it is in a call.
    pub fn remote(&self) -> Result<Remote> {
        self.0.retain().map(Remote)
    }

    /// A second reference, for what keeps the state.
    pub(crate) fn retain(&self) -> Result<Handle<sys::oar_state>> {
        self.0.retain()
    }

    /// Leaves the world: peers that still wait for this rank get `PeerLost`. May be called twice.
    pub fn close(&self) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_state_close(self.as_raw()) })
    }

    /// The handle, for calls of [`sys`]; it stays this object's, and the rules of the C interface hold.
    pub fn as_raw(&self) -> *mut sys::oar_state {
        self.0.as_ptr()
    }
}

/// The calls of a state that are safe from any thread, also while another one waits in a call of the state.
///
/// Keep one for a thread that watches, or for a signal handler ([`request_stop`](Remote::request_stop)).
pub struct Remote(Handle<sys::oar_state>);

// SAFETY: all methods are C functions that are safe on any thread at any time, as is ending the reference.
unsafe impl Send for Remote {}
// SAFETY: as above.
unsafe impl Sync for Remote {}

impl Remote {
    /// Asks all ranks to stop where they next call [`State::should_stop`]. One atomic store: a signal handler may call it.
    pub fn request_stop(&self) {
        // SAFETY: the handle is alive. It fails for dead handles only.
        unsafe { sys::oar_state_request_stop(self.0.as_ptr()) };
    }

    /// Makes the group of all ranks dead: calls that wait give `Aborted` with the reason, on all ranks.
    pub fn abort(&self, reason: &str) -> Result<()> {
        let reason = c_text("the reason", reason)?;
        // SAFETY: the handle is alive, the text ends with NUL.
        check(unsafe { sys::oar_state_abort(self.0.as_ptr(), reason.as_ptr()) })
    }

    /// Writes what this rank knows about its last operations as JSON.
    ///
    /// # Errors
    /// `NotFound` if the folder does not exist, `Io`, `NoSpace`.
    pub fn dump(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = c_path(path)?;
        // SAFETY: the handle is alive, the text ends with NUL.
        check(unsafe { sys::oar_state_dump(self.0.as_ptr(), path.as_ptr()) })
    }
}

/// The closure of `with_exchange`, which runs once.
struct Exchange<F> {
    world_size: usize,
    function: Option<F>,
}

impl<F> Exchange<F> {
    /// # Safety
    /// As C's `oar_exchange_fn`, with `user_data` the address of an exchange.
    unsafe extern "C" fn call<R: Outcome>(mine: *const c_void, size: usize, all: *mut c_void, user_data: *mut c_void) -> i32
    where
        F: FnOnce(&[u8], &mut [u8]) -> R,
    {
        // SAFETY: C gives `size` bytes, and room for as many per rank, which is filled before Rust sees it.
        let (exchange, mine, all) = unsafe {
            let exchange = &mut *user_data.cast::<Exchange<F>>();
            let room = size * exchange.world_size;
            std::ptr::write_bytes(all.cast::<u8>(), 0, room);
            (exchange, bytes(mine, size), std::slice::from_raw_parts_mut(all.cast::<u8>(), room))
        };
        match exchange.function.take() {
            Some(function) => run(|| function(mine, all)),
            None => 1, // never: C calls it once
        }
    }
}

/// # Safety
/// `data` has `size` bytes that live as long as the result; NULL only without bytes.
pub(crate) unsafe fn bytes<'a>(data: *const c_void, size: usize) -> &'a [u8] {
    // SAFETY: the caller's promise.
    if size == 0 { &[] } else { unsafe { std::slice::from_raw_parts(data.cast(), size) } }
}
