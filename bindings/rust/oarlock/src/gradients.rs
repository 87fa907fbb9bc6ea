//! When gradients travel between ranks and what they are divided by; ranks that train by themselves for some steps.

use crate::accelerator::{Accelerator, raw_or_null};
use crate::error::{Result, check};
use crate::foreign::in_backward;
use crate::handle::{truth, value};
use crate::model::Model;
use crate::tensor::Tensor;
use oarlock_sys as sys;

impl Accelerator {
    /// Adds the gradients of a sum over `weight` tokens. Where gradients are averaged over the ranks they are divided by the
    /// weights of all micro-batches and ranks: the exact mean. `None`: the loss trains all prepared models.
    ///
    /// # Errors
    /// `Argument` for a weight out of range, `State` if the accumulation has gradients without a weight.
    pub fn backward_weighted<'a>(&self, model: impl Into<Option<&'a Model>>, loss_sum: &Tensor, weight: f64) -> Result<()> {
        let model = raw_or_null(model.into());
        // SAFETY: as above.
        let call = || unsafe { sys::oar_accelerator_backward_weighted(self.as_raw(), model, loss_sum.as_raw(), weight) };
        in_backward(self.as_raw(), || check(call()))
    }

    /// Runs backwards that only add to this rank's gradients; the next one after the closure averages what is there.
    ///
    /// # Errors
    /// The closure's own; `State` if the model is not prepared, or gradients are held already.
    pub fn no_sync<'a, R, E: From<crate::Error>>(
        &self,
        model: impl Into<Option<&'a Model>>,
        backwards: impl FnOnce() -> Result<R, E>,
    ) -> Result<R, E> {
        struct End<'a>(&'a Accelerator);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                // SAFETY: as above. It fails only if nothing was begun.
                unsafe { sys::oar_accelerator_no_sync_end(self.0.as_raw()) };
            }
        }
        let model = raw_or_null(model.into());
        // SAFETY: as above.
        check(unsafe { sys::oar_accelerator_no_sync_begin(self.as_raw(), model) })?;
        let _end = End(self);
        backwards()
    }

    /// Runs a training in which each rank trains the model by itself; at every `num_steps`-th
    /// [`local_step`](Accelerator::local_step) parameters become their mean over the ranks.
    ///
    /// # Errors
    /// The closure's own, after which the local training has not ended; `State` if one has begun already.
    pub fn local_sgd<R, E: From<crate::Error>>(
        &self,
        model: &Model,
        num_steps: i64,
        training: impl FnOnce() -> Result<R, E>,
    ) -> Result<R, E> {
        // SAFETY: as above.
        check(unsafe { sys::oar_accelerator_local_sgd_begin(self.as_raw(), model.as_raw(), num_steps) })?;
        self.end_local(training()?)
    }

    /// As [`local_sgd`](Accelerator::local_sgd), but where the ranks meet, the way that they went is the gradient of an
    /// outer SGD with Nesterov's momentum.
    ///
    /// # Errors
    /// As `local_sgd`; `Argument` for a value out of range.
    pub fn diloco<R, E: From<crate::Error>>(
        &self,
        model: &Model,
        num_steps: i64,
        learning_rate: f64,
        momentum: f64,
        training: impl FnOnce() -> Result<R, E>,
    ) -> Result<R, E> {
        let (accelerator, model) = (self.as_raw(), model.as_raw());
        // SAFETY: as above.
        check(unsafe { sys::oar_accelerator_diloco_begin(accelerator, model, num_steps, learning_rate, momentum, 1) })?;
        self.end_local(training()?)
    }

    fn end_local<R, E: From<crate::Error>>(&self, result: R) -> Result<R, E> {
        // SAFETY: as above.
        check(unsafe { sys::oar_accelerator_local_end(self.as_raw()) })?;
        Ok(result)
    }

    /// Counts a step of a local training, after [`step`](Accelerator::step): whether the ranks were brought together.
    ///
    /// # Errors
    /// `State` if no local training has begun, `Timeout` naming the rank that did not come.
    pub fn local_step(&self) -> Result<bool> {
        // SAFETY: as above.
        truth(|out| unsafe { sys::oar_accelerator_local_step(self.as_raw(), out) })
    }

    /// Lets the next backward average gradients, though it is inside of [`no_sync`](Accelerator::no_sync) or only
    /// accumulates.
    ///
    /// # Errors
    /// `State` if the model is not prepared.
    pub fn trigger_sync<'a>(&self, model: impl Into<Option<&'a Model>>) -> Result<()> {
        let model = raw_or_null(model.into());
        // SAFETY: as above.
        check(unsafe { sys::oar_accelerator_trigger_sync(self.as_raw(), model) })
    }

    /// Says whether clip and step act, until the next micro-batch: for loops that count accumulations themselves.
    pub fn set_sync_gradients(&self, sync: bool) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_accelerator_set_sync_gradients(self.as_raw(), i32::from(sync)) })
    }

    /// Micro-batches per step.
    pub fn accumulation_steps(&self) -> Result<i64> {
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_accelerator_accumulation_steps(self.as_raw(), out) })
    }

    /// Changes the number of micro-batches per step from here on.
    ///
    /// # Errors
    /// `Argument` if it is less than 1.
    pub fn set_accumulation_steps(&self, steps: i64) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_accelerator_set_accumulation_steps(self.as_raw(), steps) })
    }

    /// Brings every element of the gradients into `-clip_value..=clip_value`.
    ///
    /// # Errors
    /// `Argument` for a negative value, `State` if the model is not prepared.
    pub fn clip_grad_value<'a>(&self, model: impl Into<Option<&'a Model>>, clip_value: f64) -> Result<()> {
        let model = raw_or_null(model.into());
        // SAFETY: as above.
        check(unsafe { sys::oar_accelerator_clip_grad_value(self.as_raw(), model, clip_value) })
    }
}
