//! The semantics of the training loop, on one rank or many.

use crate::config::Config;
use crate::element::Element;
use crate::error::{Error, ErrorKind, Result, check};
use crate::foreign::in_backward;
use crate::handle::{Handle, create, truth, value};
use crate::loader::Loader;
use crate::model::Model;
use crate::optimizer::{Optimizer, Scheduler};
use crate::options::Options;
use crate::state::State;
use crate::tensor::Tensor;
use crate::text::{c_path, c_text, read_path};
use oarlock_sys as sys;
use std::cell::Cell;
use std::ffi::c_char;
use std::path::{Path, PathBuf};

/// Prepares models, optimizers, schedulers and loaders for the ranks of a state, and owns the training loop's rules:
/// when gradients are averaged, what an evaluation keeps of the last batch, what a checkpoint holds.
///
/// A failed collective call aborts the state: all later calls, on all ranks, name the rank and call that failed first.
pub struct Accelerator(Handle<sys::oar_accelerator>);

pub(crate) fn raw_or_null(model: Option<&Model>) -> *mut sys::oar_model {
    model.map_or(std::ptr::null_mut(), Model::as_raw)
}

mod sealed {
    pub trait Sealed {
        /// # Safety
        /// The accelerator is alive.
        unsafe fn prepare(&self, accelerator: *mut oarlock_sys::oar_accelerator) -> oarlock_sys::oar_status;
    }
}

/// What [`Backward::ready`] takes: vectors and, with the feature `ndarray`, arrays of `f32`, `f64` ...
pub trait IntoGradient {
    #[doc(hidden)]
    fn into_tensor(self, shape: impl FnOnce() -> Result<Vec<usize>>) -> Result<Tensor>;
}

impl<T: Element> IntoGradient for Vec<T> {
    fn into_tensor(self, shape: impl FnOnce() -> Result<Vec<usize>>) -> Result<Tensor> {
        Tensor::from_vec(self, &shape()?)
    }
}

#[cfg(feature = "ndarray")]
impl<T: Element, D: ndarray::Dimension + 'static> IntoGradient for ndarray::Array<T, D> {
    fn into_tensor(self, _shape: impl FnOnce() -> Result<Vec<usize>>) -> Result<Tensor> {
        Tensor::from_array(self)
    }
}

/// What [`Accelerator::prepare`] takes: models, optimizers, schedulers and loaders, and references to them.
pub trait Prepare: sealed::Sealed {}

macro_rules! prepare {
    ($($object:ident: $function:ident;)*) => {$(
        impl Prepare for $object {}
        impl sealed::Sealed for $object {
            unsafe fn prepare(&self, accelerator: *mut sys::oar_accelerator) -> sys::oar_status {
                // SAFETY: both handles are alive.
                unsafe { sys::$function(accelerator, self.as_raw()) }
            }
        }
    )*};
}

impl<T: Prepare> Prepare for &T {}
impl<T: Prepare> sealed::Sealed for &T {
    unsafe fn prepare(&self, accelerator: *mut sys::oar_accelerator) -> sys::oar_status {
        // SAFETY: the caller's promise.
        unsafe { T::prepare(self, accelerator) }
    }
}

prepare! {
    Model: oar_accelerator_prepare_model;
    Optimizer: oar_accelerator_prepare_optimizer;
    Scheduler: oar_accelerator_prepare_scheduler;
    Loader: oar_accelerator_prepare_loader;
}

/// A foreign backward that is running; see [`Accelerator::foreign_backward`].
pub struct Backward<'a> {
    accelerator: &'a Accelerator,
    model: &'a Model,
}

impl Backward<'_> {
    /// Hands over the gradient of a registered parameter, once per backward: an array, or a vector with as many
    /// elements as the parameter, row-major. It is moved in, because averaging and clipping are done in its memory.
    ///
    /// # Errors
    /// `Argument` if its shape or type is not the parameter's, `NotFound`, `State` if it was given already.
    pub fn ready(&self, name: &str, gradient: impl IntoGradient) -> Result<()> {
        let shape = || self.model.tensor(name)?.shape();
        let gradient = gradient.into_tensor(shape)?;
        let name = c_text("the name", name)?;
        let (accelerator, model) = (self.accelerator.as_raw(), self.model.as_raw());
        // SAFETY: as above. Nobody else has the gradient's memory: it was moved in, and the model does not give it away
        // before the backward is done.
        check(unsafe { sys::oar_accelerator_gradient_ready(accelerator, model, name.as_ptr(), gradient.as_raw()) })
    }
}

impl Accelerator {
    /// An accelerator with the state's options.
    pub fn new(state: &State) -> Result<Self> {
        // SAFETY: handles are alive, texts end with NUL, NULL is allowed where it is passed, and out pointers are those
        // of locals; so in all calls of this file.
        create(|out| unsafe { sys::oar_accelerator_create(state.as_raw(), std::ptr::null(), out) }).map(Accelerator)
    }

    /// The same with options of its own.
    ///
    /// # Errors
    /// `Argument` for a value out of range, or one that is not read here.
    pub fn with_config(state: &State, config: &Config) -> Result<Self> {
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_accelerator_create(state.as_raw(), config.as_raw(), out) }).map(Accelerator)
    }

    /// Lets an object take part in training, and gives it back: a model becomes data parallel over all ranks with rank 0's values, a loader gives this
    /// rank its share, optimizers and schedulers are stepped; all of them are in checkpoints. Retained until
    /// [`close`](Accelerator::close). For models and loaders all ranks make this call.
    ///
    /// # Errors
    /// `Mismatch` if ranks have different models or loaders, `State` if the accelerator is closed or a loader is in the
    /// middle of an epoch.
    pub fn prepare<T: Prepare>(&self, object: T) -> Result<T> {
        // SAFETY: as above.
        check(unsafe { object.prepare(self.as_raw()) })?;
        Ok(object)
    }

    /// Runs one micro-batch of an accumulation: with `accelerator.gradient_accumulation_steps` above 1, gradients are
    /// averaged, clipped and stepped with only in every so many of them. `None`: all prepared models.
    ///
    /// # Errors
    /// The closure's own; `State` if the model is not prepared, or a micro-batch is running.
    pub fn accumulate<R, E: From<crate::Error>>(
        &self,
        model: Option<&Model>,
        micro_batch: impl FnOnce() -> Result<R, E>,
    ) -> Result<R, E> {
        struct End<'a>(&'a Accelerator);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                // SAFETY: as above. It fails only if no micro-batch was begun, but one was.
                unsafe { sys::oar_accelerator_accumulate_end(self.0.as_raw()) };
            }
        }
        // SAFETY: as above.
        check(unsafe { sys::oar_accelerator_accumulate_begin(self.as_raw(), raw_or_null(model)) })?;
        let _end = End(self);
        micro_batch()
    }

    /// Whether the micro-batch begun last synchronises gradients, so that [`step`](Accelerator::step) really steps.
    pub fn sync_gradients(&self) -> Result<bool> {
        // SAFETY: as above.
        truth(|out| unsafe { sys::oar_accelerator_sync_gradients(self.as_raw(), out) })
    }

    /// Adds the gradients of the loss to the parameters, averaged over the ranks.
    ///
    /// # Errors
    /// `Argument` if the loss has more than one element, `State` if it has no history or a parameter got no gradient.
    pub fn backward(&self, loss: &Tensor) -> Result<()> {
        // SAFETY: as above.
        in_backward(self.as_raw(), || check(unsafe { sys::oar_accelerator_backward(self.as_raw(), loss.as_raw()) }))
    }

    /// Hands over the gradients of a foreign model's backward: the closure gives each as it is produced, and they are
    /// averaged over the ranks meanwhile. On return every rank holds the same.
    ///
    /// ```
    /// # use oarlock::{Accelerator, Model, State, Tensor, Result};
    /// # fn main() -> Result<()> {
    /// # let state = State::new()?;
    /// # let accelerator = Accelerator::new(&state)?;
    /// let model = Model::foreign(&state)?;
    /// model.register_parameter("weight", &Tensor::from_vec(vec![1.0f32, 2.0], &[2])?)?;
    /// accelerator.prepare(&model)?;
    /// accelerator.foreign_backward(&model, |backward| backward.ready("weight", vec![0.5f32, 0.25]))?;
    /// assert_eq!(model.gradient("weight")?.unwrap().to_vec::<f32>()?, [0.5, 0.25]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The closure's own; `State` if the model is not prepared, a parameter got no gradient (the text names it), or a
    /// closure of this model's backward is running; `Unsupported` for a program. After a panic inside the closure the backward stays open, and all that uses the
    /// gradients fails with `State`.
    pub fn foreign_backward(&self, model: &Model, produce: impl FnOnce(&Backward<'_>) -> Result<()>) -> Result<()> {
        struct InClosure<'a>(&'a Cell<bool>);
        impl Drop for InClosure<'_> {
            fn drop(&mut self) {
                self.0.set(false);
            }
        }
        if model.in_closure.replace(true) {
            let text = "a backward of this model is running: it was begun by the closure that is running";
            return Err(Error::own(ErrorKind::State, "foreign_backward", text.into()));
        }
        let in_closure = InClosure(&model.in_closure);
        model.in_backward.set(true);
        let produced = produce(&Backward { accelerator: self, model });
        drop(in_closure);
        // SAFETY: as above.
        let done = check(unsafe { sys::oar_accelerator_gradients_done(self.as_raw(), model.as_raw()) });
        model.in_backward.set(false);
        produced.and(done)
    }

    /// Scales gradients so that their total norm is at most `max_norm`, and gives the norm before: those of a model, or
    /// with `None` of all prepared models as one vector. `norm_type` 2 is usual; infinity is the largest absolute value.
    ///
    /// # Errors
    /// `Argument` for a value out of range, `State` if the model is not prepared.
    pub fn clip_grad_norm<'a>(&self, model: impl Into<Option<&'a Model>>, max_norm: f64, norm_type: f64) -> Result<f64> {
        let model = raw_or_null(model.into());
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_accelerator_clip_grad_norm(self.as_raw(), model, max_norm, norm_type, out) })
    }

    /// Steps the optimizer, then the scheduler, then drops the gradients; between synchronisations does nothing.
    ///
    /// # Errors
    /// `State` if one of them is not prepared.
    pub fn step<'a>(&self, optimizer: &Optimizer, scheduler: impl Into<Option<&'a Scheduler>>) -> Result<()> {
        let scheduler = scheduler.into().map_or(std::ptr::null_mut(), Scheduler::as_raw);
        // SAFETY: as above.
        check(unsafe { sys::oar_accelerator_step(self.as_raw(), optimizer.as_raw(), scheduler) })
    }

    /// The rows of all ranks, each sample once: what was repeated to make the ranks' last batches even is left out.
    ///
    /// # Errors
    /// `Mismatch` if ranks gave other types or sizes behind the first.
    pub fn gather_for_metrics(&self, tensor: &Tensor) -> Result<Tensor> {
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_accelerator_gather_for_metrics(self.as_raw(), tensor.as_raw(), out) }).map(Tensor)
    }

    /// The mean of one number per rank, on every rank.
    ///
    /// # Errors
    /// `Timeout` naming the rank that did not come.
    pub fn reduce_mean(&self, number: f64) -> Result<f64> {
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_accelerator_reduce_mean(self.as_raw(), number, out) })
    }

    /// Writes the project's next checkpoint, `<project_dir>/checkpoints/checkpoint_<n>`, with `user` (any JSON, or `()`)
    /// in its manifest, and gives the directory. It is complete or not there, whatever is killed when. All ranks make
    /// this call.
    ///
    /// # Errors
    /// `NoSpace`, `Io`; older checkpoints are untouched. `Argument` if `user` is no JSON.
    pub fn save(&self, user: impl Options) -> Result<PathBuf> {
        self.save_as(std::ptr::null(), user)?;
        self.last_checkpoint()
    }

    /// The same into a directory that must not exist yet.
    ///
    /// # Errors
    /// As for [`save`](Accelerator::save); `Exists`, and the directory is untouched.
    pub fn save_to(&self, directory: impl AsRef<Path>, user: impl Options) -> Result<()> {
        self.save_as(c_path(directory)?.as_ptr(), user)
    }

    fn save_as(&self, directory: *const c_char, user: impl Options) -> Result<()> {
        let user = user.into_json()?;
        // SAFETY: as above.
        check(unsafe { sys::oar_accelerator_save(self.as_raw(), directory, user.as_ptr()) })
    }

    /// The directory of the last save or load that succeeded.
    ///
    /// # Errors
    /// `NotFound` before the first.
    pub fn last_checkpoint(&self) -> Result<PathBuf> {
        // SAFETY: as above.
        read_path(|buf, len| unsafe { sys::oar_accelerator_last_checkpoint(self.as_raw(), buf, len) })
    }

    /// Puts the project's newest complete checkpoint back into what is prepared. All ranks make this call.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt` or `State`, and nothing was changed; `Argument` if names or shapes differ.
    pub fn load_latest(&self) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_accelerator_load(self.as_raw(), std::ptr::null()) })
    }

    /// The same from a directory.
    ///
    /// # Errors
    /// As for [`load_latest`](Accelerator::load_latest).
    pub fn load(&self, directory: impl AsRef<Path>) -> Result<()> {
        let directory = c_path(directory)?;
        // SAFETY: as above.
        check(unsafe { sys::oar_accelerator_load(self.as_raw(), directory.as_ptr()) })
    }

    /// Lets go of everything prepared, and gives memory that allocators keep back. The accelerator is as new, but for its
    /// loss scale.
    ///
    /// # Errors
    /// `State` if it is closed, or a backward runs.
    pub fn free_memory(&self) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_accelerator_free_memory(self.as_raw()) })
    }

    /// Lets go of everything prepared; later calls fail with `State`. May be called twice.
    pub fn close(&self) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_accelerator_close(self.as_raw()) })
    }

    /// The handle, for calls of [`sys`]; it stays this object's, and the rules of the C interface hold.
    pub fn as_raw(&self) -> *mut sys::oar_accelerator {
        self.0.as_ptr()
    }
}
