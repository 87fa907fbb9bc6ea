//! The library that is really loaded: its version is compared with that of the bindings, once.

use crate::error::{Error, ErrorKind, Result, check};
use crate::text::read_text;
use oarlock_sys as sys;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};

/// The version of the library that is loaded: `"0.1.0"`.
pub fn version() -> String {
    // SAFETY: static text.
    unsafe { CStr::from_ptr(sys::oar_version()) }.to_string_lossy().into_owned()
}

/// Version and file of the libtorch that is loaded: `"2.11.0 (/opt/torch/lib/libtorch_cpu.so)"`.
pub fn torch_version() -> Result<String> {
    // SAFETY: buffer and length belong together.
    read_text(|buf, len| unsafe { sys::oar_torch_version(buf, len) })
}

/// How many objects of the library are alive in this process: for tests that look for leaks.
pub fn live_handle_count() -> Result<i64> {
    let mut function: sys::oar_function = None;
    // SAFETY: the name is text with a NUL and the pointer that of a local.
    check(unsafe { sys::oar_experimental_get(c"live_handle_count".as_ptr(), &mut function) })?;
    let function = function.expect("an experimental function that is NULL");
    // SAFETY: by experimental.h this is the type of the function of this name.
    let function: unsafe extern "C" fn(*mut i64) -> sys::oar_status = unsafe { std::mem::transmute(function) };
    // SAFETY: the pointer is that of a local.
    crate::handle::value(|out| unsafe { function(out) })
}

/// Refuses a library that these bindings were not made for.
pub(crate) fn check_version() -> Result<()> {
    static IS_FIT: AtomicBool = AtomicBool::new(false);
    if IS_FIT.load(Ordering::Relaxed) {
        return Ok(());
    }
    // SAFETY: takes nothing.
    let loaded = unsafe { sys::oar_abi_version() };
    let (major, minor) = (loaded >> 16, loaded & 0xffff);
    if !fits(major, minor) {
        return Err(Error::own(
            ErrorKind::Version,
            "oar_abi_version",
            format!(
                "liboarlock.so has ABI version {major}.{minor}, this crate was made for {}.{}. It was loaded from {}, where the \
                 dynamic linker found it: LD_LIBRARY_PATH ({}), then the folder that was built in (rpath), then the system's. \
                 Build with OARLOCK_LIB_DIR naming the folder of the right one, or take another one out of the way.",
                sys::OAR_VERSION_MAJOR,
                sys::OAR_VERSION_MINOR,
                path(),
                std::env::var("LD_LIBRARY_PATH").unwrap_or_else(|_| "not set".into()),
            ),
        ));
    }
    IS_FIT.store(true, Ordering::Relaxed);
    Ok(())
}

/// From 1.0 on: the same major number and at least the minor one. Below, the very minor number.
#[allow(clippy::absurd_extreme_comparisons)] // of constants that will change
fn fits(major: i32, minor: i32) -> bool {
    major == sys::OAR_VERSION_MAJOR
        && if major == 0 { minor == sys::OAR_VERSION_MINOR } else { minor >= sys::OAR_VERSION_MINOR }
}

#[repr(C)]
struct DlInfo {
    file_name: *const c_char,
    file_base: *mut c_void,
    symbol_name: *const c_char,
    symbol_address: *mut c_void,
}

unsafe extern "C" {
    fn dladdr(address: *const c_void, info: *mut DlInfo) -> c_int;
}

/// The file that the library was loaded from.
fn path() -> String {
    let null = std::ptr::null_mut();
    let mut info = DlInfo { file_name: null, file_base: null.cast(), symbol_name: null, symbol_address: null.cast() };
    // SAFETY: dladdr takes any address, and fills the struct when it gives nonzero; the name is text of the linker's.
    unsafe {
        if dladdr(sys::oar_abi_version as *const c_void, &mut info) == 0 || info.file_name.is_null() {
            return "an unknown file".into();
        }
        CStr::from_ptr(info.file_name).to_string_lossy().into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_of_this_version_fits_and_others_do_not() {
        let (major, minor) = (sys::OAR_VERSION_MAJOR, sys::OAR_VERSION_MINOR);
        assert!(fits(major, minor));
        assert!(!fits(major + 1, minor));
        assert_eq!(fits(major, minor + 1), major > 0);
    }

    #[test]
    fn its_file_is_known() {
        assert!(path().contains("liboarlock.so"), "{}", path());
    }
}
