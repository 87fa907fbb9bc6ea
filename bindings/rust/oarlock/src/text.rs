//! Text in and out: Rust's `str` against C's `(buf, len)` and NUL-terminated text.

use crate::error::{Error, Result, check};
use oarlock_sys as sys;
use std::ffi::{CString, OsString, c_char};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Text for C. `what` names it in the error for a text with a NUL inside.
pub(crate) fn c_text(what: &str, text: impl Into<Vec<u8>>) -> Result<CString> {
    CString::new(text).map_err(|error| {
        Error::argument("", format!("{what} has a NUL at byte {}; text for Oarlock ends there", error.nul_position()))
    })
}

/// A path for C, byte for byte.
pub(crate) fn c_path(path: impl AsRef<Path>) -> Result<CString> {
    c_text("the path", path.as_ref().as_os_str().as_bytes())
}

/// The text that a C function writes to (buf, len).
pub(crate) fn read_text(call: impl Fn(*mut c_char, *mut usize) -> sys::oar_status) -> Result<String> {
    let text = read_bytes(call)?;
    Ok(String::from_utf8(text).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// The same for a path, byte for byte.
pub(crate) fn read_path(call: impl Fn(*mut c_char, *mut usize) -> sys::oar_status) -> Result<PathBuf> {
    Ok(OsString::from_vec(read_bytes(call)?).into())
}

fn read_bytes(call: impl Fn(*mut c_char, *mut usize) -> sys::oar_status) -> Result<Vec<u8>> {
    let mut buffer = vec![0u8; 128];
    loop {
        let mut len = buffer.len();
        let status = call(buffer.as_mut_ptr().cast(), &mut len);
        if status == sys::OAR_E_ARGUMENT && len > buffer.len() {
            buffer.resize(len, 0); // too little room; the text may grow once more meanwhile
            continue;
        }
        check(status)?;
        buffer.truncate(len.saturating_sub(1));
        return Ok(buffer);
    }
}

/// The numbers that a C function writes to (array, count).
pub(crate) fn read_numbers(call: impl Fn(*mut i64, *mut usize) -> sys::oar_status) -> Result<Vec<i64>> {
    let mut numbers = [0i64; 64]; // a tensor has at most 64 dimensions
    let mut count = numbers.len();
    check(call(numbers.as_mut_ptr(), &mut count))?;
    Ok(numbers[..count].to_vec())
}

/// A time-out in milliseconds, rounded up; `None` is 0, which takes the group's own value.
pub(crate) fn milliseconds(timeout: Option<Duration>) -> Result<i64> {
    match timeout {
        None => Ok(0),
        Some(Duration::ZERO) => {
            Err(Error::argument("", "timeout_ms is 0: no wait can end within no time; None takes the group's own".into()))
        }
        Some(time) => Ok(i64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn a_time_out_is_rounded_up_and_zero_is_refused() {
        assert_eq!(milliseconds(None).unwrap(), 0);
        assert_eq!(milliseconds(Some(Duration::from_nanos(1))).unwrap(), 1);
        assert_eq!(milliseconds(Some(Duration::from_millis(1500))).unwrap(), 1500);
        assert_eq!(milliseconds(Some(Duration::MAX)).unwrap(), i64::MAX);
        assert_eq!(milliseconds(Some(Duration::ZERO)).unwrap_err().kind(), ErrorKind::Argument);
    }

    #[test]
    fn text_with_a_nul_is_refused_by_its_name() {
        let error = c_text("the title", "a\0b").unwrap_err();
        assert!(error.message().contains("the title has a NUL at byte 1"), "{error}");
    }
}
