//! Options of a state and of what is made from it.

use crate::error::{Error, ErrorKind, Result, check};
use crate::handle::{Handle, create};
use crate::options::Options;
use crate::text::{c_text, read_text};
use oarlock_sys as sys;

/// Options, overlaid by environment variables (`OARLOCK_*`). What is created from a config takes a copy.
///
/// ```
/// # use oarlock::{Config, Result, json};
/// # fn main() -> Result<()> {
/// let config = Config::new()?;
/// config.merge(json!({"comm": {"timeout_ms": 5000}, "seed": 7}))?;
/// config.set("project_dir", "run")?;
/// assert_eq!(config.get("comm.timeout_ms")?, "5000");
/// # Ok(())
/// # }
/// ```
pub struct Config(Handle<sys::oar_config>);

// SAFETY: a config shares nothing with other objects, and its functions may be called from any one thread at a time.
unsafe impl Send for Config {}

impl Config {
    /// The defaults, overlaid by the environment.
    ///
    /// # Errors
    /// `Environment` for a variable whose value its option does not take.
    pub fn new() -> Result<Self> {
        // SAFETY: the out pointer is a local's; so in all calls of this file, and texts end with NUL.
        create(|out| unsafe { sys::oar_config_create(out) }).map(Config)
    }

    /// Sets the options that a JSON object names, nested or with dotted keys: all of them or, on failure, none.
    ///
    /// # Errors
    /// `Argument` for an unknown key (the text names the nearest known one), or a value of another type.
    pub fn merge(&self, options: impl Options) -> Result<()> {
        let json = options.into_json()?;
        if json.as_ptr().is_null() {
            return Ok(());
        }
        // SAFETY: as above.
        check(unsafe { sys::oar_config_merge_json(self.as_raw(), json.as_ptr()) })
    }

    /// Sets one option to a flag, an integer of 64 bits, a number, a text, or any JSON value.
    ///
    /// # Errors
    /// As for [`merge`](Config::merge).
    pub fn set(&self, key: &str, value: impl Into<serde_json::Value>) -> Result<()> {
        let c_key = c_text("the option's key", key)?;
        // SAFETY: as above.
        check(match value.into() {
            // SAFETY: as above.
            serde_json::Value::Bool(flag) => unsafe { sys::oar_config_set_bool(self.as_raw(), c_key.as_ptr(), flag.into()) },
            serde_json::Value::String(text) => {
                let text = c_text("the option's value", text)?;
                // SAFETY: as above.
                unsafe { sys::oar_config_set_string(self.as_raw(), c_key.as_ptr(), text.as_ptr()) }
            }
            serde_json::Value::Number(number) if !number.is_f64() => {
                let integer = number.as_i64().ok_or_else(|| {
                    Error::own(
                        ErrorKind::Argument,
                        "set",
                        format!("{key}: {number} does not fit into a signed integer of 64 bits"),
                    )
                })?;
                // SAFETY: as above.
                unsafe { sys::oar_config_set_int64(self.as_raw(), c_key.as_ptr(), integer) }
            }
            serde_json::Value::Number(number) => {
                let number = number.as_f64().unwrap_or(f64::NAN);
                // SAFETY: as above.
                unsafe { sys::oar_config_set_double(self.as_raw(), c_key.as_ptr(), number) }
            }
            other => return self.merge(serde_json::json!({ key: other })),
        })
    }

    /// The value in force of an option: texts as they are, everything else as JSON, `""` if unset.
    ///
    /// # Errors
    /// `Argument` for an unknown key.
    pub fn get(&self, key: &str) -> Result<String> {
        let key = c_text("the option's key", key)?;
        // SAFETY: as above.
        read_text(|buf, len| unsafe { sys::oar_config_get_string(self.as_raw(), key.as_ptr(), buf, len) })
    }

    /// Every option with its value in force, as one flat object.
    pub fn to_json(&self) -> Result<serde_json::Value> {
        // SAFETY: as above.
        parse(&read_text(|buf, len| unsafe { sys::oar_config_to_json(self.as_raw(), buf, len) })?)
    }

    /// The handle, for calls of [`sys`]; it stays this object's, and the rules of the C interface hold.
    pub fn as_raw(&self) -> *mut sys::oar_config {
        self.0.as_ptr()
    }
}

/// JSON that the library wrote.
pub(crate) fn parse(text: &str) -> Result<serde_json::Value> {
    serde_json::from_str(text)
        .map_err(|error| Error::own(ErrorKind::Internal, "parse", format!("the library wrote JSON that is none: {error}")))
}
