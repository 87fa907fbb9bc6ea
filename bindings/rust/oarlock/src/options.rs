//! Options: JSON in the C interface, `json!({...})`, text or nothing here.

use crate::error::{Error, Result};
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
///
/// A `null` inside of `json!` is refused where options are taken: numbers that are not finite become one, and the library
/// takes the default for it.
pub trait Options: sealed::Sealed {
    #[doc(hidden)]
    fn into_json(self) -> Result<Json>;
    #[doc(hidden)]
    fn null(&self) -> Option<String> {
        None
    }
}

/// JSON of options, in which no number got lost.
pub(crate) fn checked(options: impl Options) -> Result<Json> {
    match options.null() {
        None => options.into_json(),
        Some(key) => Err(Error::argument(
            "json!",
            format!("{key} is null in json!, as numbers become that are not finite; leave the key out for its default"),
        )),
    }
}

/// The first key with a `null`.
fn null_in(value: &Value) -> Option<String> {
    let entries: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, inner)| (key.clone(), inner)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, inner)| (index.to_string(), inner)).collect(),
        _ => return None,
    };
    entries.into_iter().find_map(|(key, inner)| match inner {
        Value::Null => Some(key),
        inner => null_in(inner).map(|rest| format!("{key}.{rest}")),
    })
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

    fn null(&self) -> Option<String> {
        null_in(self)
    }
}

impl Options for Value {
    fn into_json(self) -> Result<Json> {
        (&self).into_json()
    }

    fn null(&self) -> Option<String> {
        null_in(self)
    }
}
