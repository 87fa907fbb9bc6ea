//! Models: parameters, buffers, and how to run and differentiate them.

use crate::error::{Error, ErrorKind, Result, check};
use crate::handle::{Handle, create, create_nullable, truth, value};
use crate::options::{Options, checked};
use crate::state::State;
use crate::tensor::Tensor;
use crate::text::{c_path, c_text, read_text};
use crate::tree::Tree;
use oarlock_sys as sys;
use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;

/// A program that `torch.export` saved once, with its weights; or a foreign model, which the program computes itself: by
/// operators in a closure, or forward and backward by mathematics of its own.
pub struct Model {
    handle: Handle<sys::oar_model>,
    /// Of a foreign model: what its forward calls operators on.
    pub(crate) state: Option<Handle<sys::oar_state>>,
    /// Set while a foreign backward runs: gradients are being averaged by other threads then. Optimizers look at it too.
    pub(crate) in_backward: Rc<Cell<bool>>,
    /// Set while the closure of a foreign backward runs; unlike `in_backward` not after a panic in it.
    pub(crate) in_closure: Cell<bool>,
}

impl Model {
    /// Loads an exported program (`.pt2`) onto the state's device, in training mode. Options: section `model`.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt`, `Version`, and `Unsupported` naming the operator or region.
    pub fn load(state: &State, path: impl AsRef<Path>, options: impl Options) -> Result<Self> {
        let (path, options) = (c_path(path)?, checked(options)?);
        // SAFETY: handles are alive, texts end with NUL and out pointers are locals'; so in all calls of this file.
        create(|out| unsafe { sys::oar_model_load(state.as_raw(), path.as_ptr(), options.as_ptr(), out) })
            .map(|handle| Model::from_handle(handle, None))
    }

    pub(crate) fn from_handle(handle: Handle<sys::oar_model>, state: Option<Handle<sys::oar_state>>) -> Self {
        Model { handle, state, in_backward: Rc::default(), in_closure: Cell::default() }
    }

    /// Chooses between training (`true`) and evaluation for the forwards that follow.
    pub fn set_training(&self, training: bool) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_model_set_training(self.as_raw(), training.into()) })
    }

    /// Whether the model is in training mode.
    pub fn is_training(&self) -> Result<bool> {
        // SAFETY: as above.
        truth(|out| unsafe { sys::oar_model_is_training(self.as_raw(), out) })
    }

    /// Runs the model on a map of inputs by name, or a list by position.
    ///
    /// In training the outputs carry the history that [`Accelerator::backward`](crate::Accelerator::backward) goes
    /// through. Inputs are never written to.
    ///
    /// # Errors
    /// `Argument` for an input that is missing, unknown, or of a dtype or shape that the program was not exported for;
    /// `Callback` from the closure of [`set_forward`](Model::set_forward), whose panics go on here; `Unsupported` for a
    /// foreign model without one.
    pub fn forward(&self, inputs: &Tree) -> Result<Tree> {
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_model_forward(self.as_raw(), inputs.as_raw(), out) }).map(Tree)
    }

    /// The names of the inputs.
    pub fn input_names(&self) -> Result<Vec<String>> {
        // SAFETY: as above.
        let count: i64 = value(|out| unsafe { sys::oar_model_num_inputs(self.as_raw(), out) })?;
        // SAFETY: as above.
        let name = |index| read_text(|buf, len| unsafe { sys::oar_model_input_name(self.as_raw(), index, buf, len) });
        (0..count).map(name).collect()
    }

    /// The names of the parameters that are trained, in the program's order; of tied ones the first name.
    pub fn parameter_names(&self) -> Result<Vec<String>> {
        // SAFETY: as above.
        let count: i64 = value(|out| unsafe { sys::oar_model_num_parameters(self.as_raw(), out) })?;
        // SAFETY: as above.
        let name = |index| read_text(|buf, len| unsafe { sys::oar_model_parameter_name(self.as_raw(), index, buf, len) });
        (0..count).map(name).collect()
    }

    /// A parameter or buffer, sharing its memory: what is written there the model uses.
    ///
    /// # Errors
    /// `NotFound` if the model has none of that name.
    pub fn tensor(&self, name: &str) -> Result<Tensor> {
        let name = c_text("the name", name)?;
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_model_tensor(self.as_raw(), name.as_ptr(), out) }).map(Tensor)
    }

    /// The gradient of a parameter, sharing its memory; `None` if none was computed since the last step.
    ///
    /// Of a foreign model it is a copy: a later backward averages in that memory while this program's code runs.
    ///
    /// # Errors
    /// `NotFound` if the model has none of that name, `Argument` if it is a buffer, `State` inside of
    /// [`Accelerator::foreign_backward`](crate::Accelerator::foreign_backward).
    pub fn gradient(&self, name: &str) -> Result<Option<Tensor>> {
        refuse_in_backward(&self.in_backward, "gradient")?;
        let name = c_text("the name", name)?;
        // SAFETY: as above.
        let gradient =
            create_nullable(|out| unsafe { sys::oar_model_gradient(self.as_raw(), name.as_ptr(), out) })?.map(Tensor);
        match gradient {
            Some(shared) if self.state.is_some() => shared.copy().map(Some),
            other => Ok(other),
        }
    }

    /// Writes every persistent parameter and buffer as one safetensors file, whole or not at all.
    ///
    /// # Errors
    /// `Io`, `NoSpace`.
    pub fn save_weights(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = c_path(path)?;
        // SAFETY: as above.
        check(unsafe { sys::oar_model_save_weights(self.as_raw(), path.as_ptr()) })
    }

    /// Replaces every persistent parameter and buffer by that of a safetensors file: all or nothing.
    ///
    /// # Errors
    /// `Argument` listing names that are missing or unexpected and shapes that differ; `NotFound`, `Corrupt`.
    pub fn load_weights(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = c_path(path)?;
        // SAFETY: as above.
        check(unsafe { sys::oar_model_load_weights(self.as_raw(), path.as_ptr()) })
    }

    /// The handle, for calls of [`sys`]; it stays this object's, and the rules of the C interface hold.
    pub fn as_raw(&self) -> *mut sys::oar_model {
        self.handle.as_ptr()
    }
}

/// Gradients are neither given nor used while other threads average them.
pub(crate) fn refuse_in_backward(in_backward: &Cell<bool>, operation: &str) -> Result<()> {
    if !in_backward.get() {
        return Ok(());
    }
    let text = "the gradients are being averaged; they are there when foreign_backward has returned";
    Err(Error::own(ErrorKind::State, operation, text.into()))
}
