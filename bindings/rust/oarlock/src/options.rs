//! Options: JSON in the C interface, `json!({...})`, text or nothing here.

use crate::error::Result;
use crate::text::c_text;
use serde_json::Value;
use std::ffi::{CString, c_char};

mod sealed {
    pub trait Sealed {}
    impl Sealed for () {}
    impl Sealed for &str {}
    impl Sealed for &String {}
    impl Sealed for serde_json::Value {}
    impl Sealed for &serde_json::Value {}
}

/// What functions take as options: `()` for the defaults, [`json!`](crate::json)`({"lr": 0.1})`, or JSON as text.
pub trait Options: sealed::Sealed {
    #[doc(hidden)]
    fn into_json(self) -> Result<Json>;
}

/// JSON text for C; NULL for the defaults.
#[doc(hidden)]
pub struct Json(Option<CString>);

impl Json {
    pub(crate) fn as_ptr(&self) -> *const c_char {
        self.0.as_ref().map_or(std::ptr::null(), |text| text.as_ptr())
    }
}

impl Options for () {
    fn into_json(self) -> Result<Json> {
        Ok(Json(None))
    }
}

impl Options for &str {
    fn into_json(self) -> Result<Json> {
        Ok(Json(Some(c_text("the options' text", self)?)))
    }
}

impl Options for &String {
    fn into_json(self) -> Result<Json> {
        self.as_str().into_json()
    }
}

impl Options for &Value {
    fn into_json(self) -> Result<Json> {
        self.to_string().as_str().into_json()
    }
}

impl Options for Value {
    fn into_json(self) -> Result<Json> {
        (&self).into_json()
    }
}
