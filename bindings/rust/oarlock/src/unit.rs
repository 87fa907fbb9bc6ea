//! Units: parts of a program by module path, what they compute on the way, and what they cost.

use crate::error::{Result, check};
use crate::handle::{Handle, create, value};
use crate::model::Model;
use crate::op::{read_json, read_text_bytes};
use crate::options::{Options, checked};
use crate::text::{c_path, c_text, read_text};
use crate::tree::Tree;
use oarlock_sys as sys;
use std::path::Path;

impl Model {
    /// Chooses the units: `json!({"classes": ["GPT2Block"], "paths": ["encoder.layer.*"], "min_parameters": 1000000})`.
    ///
    /// # Errors
    /// `Argument` for a class or path that fits nothing (the text gives the nearest), `State` if the model is prepared.
    pub fn set_units(&self, policy: impl Options) -> Result<()> {
        let policy = checked(policy)?;
        // SAFETY: handles are alive, texts end with NUL and out pointers are locals'; so in all calls of this file.
        check(unsafe { sys::oar_model_set_units(self.as_raw(), policy.as_ptr()) })
    }

    /// The module paths of the units in the program's order, the root `""` first.
    pub fn units(&self) -> Result<Vec<String>> {
        // SAFETY: as above.
        let count: i64 = value(|out| unsafe { sys::oar_model_num_units(self.as_raw(), out) })?;
        // SAFETY: as above.
        let name = |index| read_text(|buf, len| unsafe { sys::oar_model_unit_name(self.as_raw(), index, buf, len) });
        (0..count).map(name).collect()
    }

    /// Drops the activations of units after their forward and computes them again in the backward: less memory, the same
    /// gradients. `*` stands for any characters, dots too; `"*"` alone is all units but the root.
    ///
    /// # Errors
    /// `Argument` if no unit fits; the text gives the nearest.
    pub fn set_recompute(&self, pattern: &str, enabled: bool) -> Result<()> {
        let pattern = c_text("the pattern", pattern)?;
        // SAFETY: as above.
        check(unsafe { sys::oar_model_set_recompute(self.as_raw(), pattern.as_ptr(), enabled.into()) })
    }

    /// Runs one unit on its own: a map of what flows out of it, from one of what flows in, by the names of values.
    ///
    /// # Errors
    /// `Argument` if there is no such unit or an input does not fit, `Unsupported` if it runs in several parts.
    pub fn forward_unit(&self, unit: &str, inputs: &Tree) -> Result<Tree> {
        let unit = c_text("the unit", unit)?;
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_model_forward_unit(self.as_raw(), unit.as_ptr(), inputs.as_raw(), out) }).map(Tree)
    }

    /// Runs the model, and also gives values on the way, by the names of values (`"linear_1"`) or of modules
    /// (`"encoder.0.fc1"`: the last tensor that it computes): the outputs, and a map by the names given.
    ///
    /// # Errors
    /// As for [`forward`](Model::forward); `NotFound` for a name, with the nearest.
    pub fn forward_with_values(&self, inputs: &Tree, names: &[&str]) -> Result<(Tree, Tree)> {
        let names = names.iter().map(|name| c_text("a name", *name)).collect::<Result<Vec<_>>>()?;
        let pointers: Vec<_> = names.iter().map(|name| name.as_ptr()).collect();
        let mut values = std::ptr::null_mut();
        // SAFETY: as above; there are as many names as is said.
        let outputs = create(|out| unsafe {
            let (names, count) = (pointers.as_ptr(), pointers.len());
            sys::oar_model_forward_with_values(self.as_raw(), inputs.as_raw(), names, count, out, &mut values)
        })?;
        // SAFETY: on success the values are the caller's.
        let values = unsafe { Handle::from_raw(values) }.expect("a call that succeeded without values");
        Ok((Tree(outputs), Tree(values)))
    }

    /// What names the program has: `inputs`, `outputs`, `parameters`, `units`, `nodes`, `symbols`.
    pub fn describe(&self) -> Result<serde_json::Value> {
        // SAFETY: as above.
        read_json(|out| unsafe { sys::oar_model_describe(self.as_raw(), out) })
    }

    /// Measures the units while the closure runs: time of forward and backward, calls, memory.
    /// [`profile_table`](Model::profile_table) and [`save_profile`](Model::save_profile) tell afterwards.
    ///
    /// # Errors
    /// The closure's own; `Unsupported` for a foreign model.
    pub fn profile<R, E: From<crate::Error>>(&self, measured: impl FnOnce() -> Result<R, E>) -> Result<R, E> {
        struct End<'a>(&'a Model);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                // SAFETY: as above. It fails only if no measurement was begun, but one was.
                unsafe { sys::oar_model_profile_stop(self.0.as_raw()) };
            }
        }
        // SAFETY: as above.
        check(unsafe { sys::oar_model_profile_start(self.as_raw()) })?;
        let _end = End(self);
        measured()
    }

    /// What was measured: a line per unit, that with the most time first.
    ///
    /// # Errors
    /// `State` if nothing was measured.
    pub fn profile_table(&self) -> Result<String> {
        // SAFETY: as above.
        read_text_bytes(|out| unsafe { sys::oar_model_profile_table(self.as_raw(), out) })
    }

    /// Writes what was measured as a Chrome trace (chrome://tracing, ui.perfetto.dev).
    ///
    /// # Errors
    /// `State` if nothing was measured, `Io`.
    pub fn save_profile(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = c_path(path)?;
        // SAFETY: as above.
        check(unsafe { sys::oar_model_profile_save_trace(self.as_raw(), path.as_ptr()) })
    }
}
