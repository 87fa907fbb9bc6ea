//! Options of a state and of what is made from it.

use crate::error::{Error, ErrorKind, Result, check};
use crate::handle::{Handle, create, value};
use crate::options::{Options, checked};
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
/// assert_eq!(config.value("comm.timeout_ms")?, 5000);
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
        let json = checked(options)?;
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
    pub fn set(&self, key: &str, value: impl Setting) -> Result<()> {
        value.set(self, key)
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

    /// The value in force of an option, by its type: a flag, a number, a text, a list of numbers, or `Null` if unset.
    /// Integers keep all 64 bits.
    ///
    /// # Errors
    /// `Argument` for an unknown key.
    pub fn value(&self, key: &str) -> Result<serde_json::Value> {
        let name = c_text("the option's key", key)?;
        // SAFETY: as above.
        let kind = value(|out| unsafe { sys::oar_config_type(self.as_raw(), name.as_ptr(), out) })?;
        let found = match kind {
            sys::OAR_CONFIG_BOOL => {
                // SAFETY: as above.
                let flag = value(|out| unsafe { sys::oar_config_get_bool(self.as_raw(), name.as_ptr(), out) });
                flag.map(|flag: i32| (flag != 0).into())
            }
            sys::OAR_CONFIG_INT64 => {
                // SAFETY: as above.
                let number = value(|out| unsafe { sys::oar_config_get_int64(self.as_raw(), name.as_ptr(), out) });
                number.map(|number: i64| number.into())
            }
            sys::OAR_CONFIG_DOUBLE => {
                // SAFETY: as above.
                let number = value(|out| unsafe { sys::oar_config_get_double(self.as_raw(), name.as_ptr(), out) });
                number.map(|number: f64| number.into())
            }
            sys::OAR_CONFIG_STRING => self.get(key).map(serde_json::Value::from),
            _ => match self.get(key)? {
                unset if unset.is_empty() => Ok(serde_json::Value::Null),
                list => parse(&list),
            },
        };
        match found {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(serde_json::Value::Null),
            found => found,
        }
    }

    /// A config of its own with the same values.
    pub fn try_clone(&self) -> Result<Self> {
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_config_copy(self.as_raw(), out) }).map(Config)
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

mod sealed {
    pub trait Sealed {}
}

/// What [`Config::set`] takes: `bool`, integers, `f32`, `f64`, text, and [`json!`](crate::json).
pub trait Setting: sealed::Sealed {
    #[doc(hidden)]
    fn set(self, config: &Config, key: &str) -> Result<()>;
}

macro_rules! setting {
    ($($rust:ty => $function:ident $(via $convert:expr)?;)*) => {$(
        impl sealed::Sealed for $rust {}
        impl Setting for $rust {
            fn set(self, config: &Config, key: &str) -> Result<()> {
                let value = self;
                $(let value = $convert(value, key)?;)?
                let key = c_text("the option's key", key)?;
                // SAFETY: the config is alive and the text ends with NUL.
                check(unsafe { sys::$function(config.as_raw(), key.as_ptr(), value.into()) })
            }
        }
    )*};
}

setting! {
    bool => oar_config_set_bool;
    i32 => oar_config_set_int64;
    u32 => oar_config_set_int64;
    i64 => oar_config_set_int64;
    u64 => oar_config_set_int64 via signed;
    usize => oar_config_set_int64 via signed;
    f32 => oar_config_set_double;
    f64 => oar_config_set_double;
}

/// An integer as C has it.
fn signed<T: Copy + std::fmt::Display + TryInto<i64>>(value: T, key: &str) -> Result<i64> {
    value
        .try_into()
        .map_err(|_| Error::argument("set", format!("{key}: {value} does not fit into a signed integer of 64 bits")))
}

impl sealed::Sealed for &str {}
impl Setting for &str {
    fn set(self, config: &Config, key: &str) -> Result<()> {
        let (key, text) = (c_text("the option's key", key)?, c_text("the option's value", self)?);
        // SAFETY: the config is alive and texts end with NUL.
        check(unsafe { sys::oar_config_set_string(config.as_raw(), key.as_ptr(), text.as_ptr()) })
    }
}

impl sealed::Sealed for String {}
impl Setting for String {
    fn set(self, config: &Config, key: &str) -> Result<()> {
        self.as_str().set(config, key)
    }
}

impl sealed::Sealed for serde_json::Value {}
impl Setting for serde_json::Value {
    fn set(self, config: &Config, key: &str) -> Result<()> {
        config.merge(serde_json::json!({ key: self }))
    }
}

/// JSON that the library wrote.
pub(crate) fn parse(text: &str) -> Result<serde_json::Value> {
    serde_json::from_str(text)
        .map_err(|error| Error::own(ErrorKind::Internal, "parse", format!("the library wrote JSON that is none: {error}")))
}
