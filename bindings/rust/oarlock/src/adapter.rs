//! Frozen parameters, and adapters: a few small matrices trained beside weights that stay as they are.

use crate::error::{Result, check};
use crate::handle::value;
use crate::model::Model;
use crate::options::{Options, checked};
use crate::text::{c_path, c_text};
use oarlock_sys as sys;
use std::path::Path;

impl Model {
    /// Takes parameters out of training whose names fit: `"encoder.*"`, `"*.bias"`, where `*` stands for any characters.
    /// Gives how many names fitted.
    ///
    /// # Errors
    /// `State` if an optimizer was made of the model, or it was prepared.
    pub fn freeze(&self, pattern: &str) -> Result<usize> {
        self.set_frozen(pattern, true)
    }

    /// Puts them back into training; as [`freeze`](Model::freeze).
    ///
    /// # Errors
    /// As there.
    pub fn thaw(&self, pattern: &str) -> Result<usize> {
        self.set_frozen(pattern, false)
    }

    fn set_frozen(&self, pattern: &str, frozen: bool) -> Result<usize> {
        let pattern = c_text("the pattern", pattern)?;
        // SAFETY: handles are alive, texts end with NUL and out pointers are locals'; so in all calls of this file.
        value(|out| unsafe { sys::oar_model_freeze(self.as_raw(), pattern.as_ptr(), frozen.into(), out) })
            .map(|count: i64| count as usize)
    }

    /// Gives linear layers low-rank adapters, and freezes everything else; results stay those of before until the
    /// adapters are trained. Options: `json!({"targets": ["*.q_proj"], "rank": 8, "alpha": 16, "dropout": 0.1})`.
    ///
    /// # Errors
    /// `Argument` for an option out of range, or a target that fits no linear layer (the text names some); `State` if an
    /// optimizer was made of the model, it was prepared, or has adapters; `Unsupported` for a foreign model, or a weight
    /// that is used elsewhere too.
    pub fn add_lora(&self, options: impl Options) -> Result<()> {
        let options = checked(options)?;
        // SAFETY: as above.
        check(unsafe { sys::oar_model_add_lora(self.as_raw(), options.as_ptr()) })
    }

    /// Writes the adapters alone, as a folder that PEFT reads.
    ///
    /// # Errors
    /// `State` if there are none; `Exists`, `NoSpace`, and nothing was written.
    pub fn save_lora(&self, directory: impl AsRef<Path>) -> Result<()> {
        let directory = c_path(directory)?;
        // SAFETY: as above.
        check(unsafe { sys::oar_model_save_lora(self.as_raw(), directory.as_ptr()) })
    }

    /// Reads adapters that [`save_lora`](Model::save_lora) or PEFT wrote, all or none. A model without any gets them.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt`; `Argument` or `Unsupported` saying what does not fit; `State` for new ones if an optimizer
    /// was made of the model, or it was prepared.
    pub fn load_lora(&self, directory: impl AsRef<Path>) -> Result<()> {
        let directory = c_path(directory)?;
        // SAFETY: as above.
        check(unsafe { sys::oar_model_load_lora(self.as_raw(), directory.as_ptr()) })
    }

    /// Puts the adapters into the weights and takes them away: the model has the parameters of before, still frozen.
    ///
    /// # Errors
    /// `State` if there are none.
    pub fn merge_lora(&self) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_model_merge_lora(self.as_raw()) })
    }
}
