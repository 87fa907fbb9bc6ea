//! Owned handles: one reference each, dropped with `oar_*_release`, which never blocks and never communicates.

use crate::error::{Result, check};
use crate::library;
use oarlock_sys as sys;
use std::ptr::NonNull;

/// A C object with its release function.
pub(crate) trait Raw {
    /// # Safety
    /// `handle` is owned by the caller, who does not use it any more.
    unsafe fn release(handle: *mut Self);
    /// # Safety
    /// `handle` is alive.
    unsafe fn retain(handle: *mut Self) -> sys::oar_status;
}

macro_rules! raw {
    ($($object:ident: $retain:ident, $release:ident;)*) => {$(
        impl Raw for sys::$object {
            unsafe fn release(handle: *mut Self) {
                // SAFETY: the caller's promise.
                unsafe { sys::$release(handle) }
            }
            unsafe fn retain(handle: *mut Self) -> sys::oar_status {
                // SAFETY: the caller's promise.
                unsafe { sys::$retain(handle) }
            }
        }
    )*};
}

raw! {
    oar_accelerator: oar_accelerator_retain, oar_accelerator_release;
    oar_bytes: oar_bytes_retain, oar_bytes_release;
    oar_checkpoint: oar_checkpoint_retain, oar_checkpoint_release;
    oar_config: oar_config_retain, oar_config_release;
    oar_dataset: oar_dataset_retain, oar_dataset_release;
    oar_error: oar_error_retain, oar_error_release;
    oar_group: oar_group_retain, oar_group_release;
    oar_loader: oar_loader_retain, oar_loader_release;
    oar_mesh: oar_mesh_retain, oar_mesh_release;
    oar_model: oar_model_retain, oar_model_release;
    oar_optimizer: oar_optimizer_retain, oar_optimizer_release;
    oar_progress: oar_progress_retain, oar_progress_release;
    oar_session: oar_session_retain, oar_session_release;
    oar_scheduler: oar_scheduler_retain, oar_scheduler_release;
    oar_state: oar_state_retain, oar_state_release;
    oar_tensor: oar_tensor_retain, oar_tensor_release;
    oar_tracker: oar_tracker_retain, oar_tracker_release;
    oar_tree: oar_tree_retain, oar_tree_release;
    oar_work: oar_work_retain, oar_work_release;
}

/// One reference to a C object. Neither `Send` nor `Sync`: the types around it say what holds for them.
pub(crate) struct Handle<T: Raw>(NonNull<T>);

impl<T: Raw> Handle<T> {
    /// Takes ownership; `None` for NULL.
    ///
    /// # Safety
    /// `handle` is NULL or owned by the caller, who gives it away.
    pub(crate) unsafe fn from_raw(handle: *mut T) -> Option<Self> {
        NonNull::new(handle).map(Handle)
    }

    #[inline]
    pub(crate) fn as_ptr(&self) -> *mut T {
        self.0.as_ptr()
    }

    /// A second reference to the same object: for calls that are safe on any thread at any time only.
    pub(crate) fn retain(&self) -> Result<Self> {
        // SAFETY: the handle is alive; on success there is one more reference, which the result owns.
        check(unsafe { T::retain(self.as_ptr()) })?;
        Ok(Handle(self.0))
    }
}

impl<T: Raw> Drop for Handle<T> {
    fn drop(&mut self) {
        // SAFETY: this reference is ours, and ends here.
        unsafe { T::release(self.as_ptr()) }
    }
}

/// The object that a C function makes; the library is looked at first, once per process.
pub(crate) fn create<T: Raw>(make: impl FnOnce(*mut *mut T) -> sys::oar_status) -> Result<Handle<T>> {
    library::check_version()?;
    Ok(create_nullable(make)?.expect("a call that succeeded without an object"))
}

/// The object that a C function gives, or none.
#[inline]
pub(crate) fn create_nullable<T: Raw>(make: impl FnOnce(*mut *mut T) -> sys::oar_status) -> Result<Option<Handle<T>>> {
    let mut raw = std::ptr::null_mut();
    check(make(&mut raw))?;
    // SAFETY: on success the object is the caller's.
    Ok(unsafe { Handle::from_raw(raw) })
}

/// A value that a C function gives through its last parameter.
#[inline]
pub(crate) fn value<T: Default>(call: impl FnOnce(*mut T) -> sys::oar_status) -> Result<T> {
    let mut out = T::default();
    check(call(&mut out))?;
    Ok(out)
}

/// The same for a truth value.
#[inline]
pub(crate) fn truth(call: impl FnOnce(*mut i32) -> sys::oar_status) -> Result<bool> {
    Ok(value(call)? != 0)
}
