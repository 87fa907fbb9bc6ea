//! Mixed precision: what the forwards of prepared models compute in, and the gradient scaler of fp16.

use crate::accelerator::Accelerator;
use crate::error::{Error, Result, check};
use crate::handle::{truth, value};
use crate::optimizer::Optimizer;
use crate::text::{c_text, read_text};
use oarlock_sys as sys;

impl Accelerator {
    /// The option `accelerator.mixed_precision`: `no`, `bf16` or `fp16`.
    pub fn mixed_precision(&self) -> Result<String> {
        // SAFETY: handles are alive, NULL is allowed where it is passed, and out pointers are those of locals; so in
        // all calls of this file.
        read_text(|buf, len| unsafe { sys::oar_accelerator_mixed_precision(self.as_raw(), buf, len) })
    }

    /// Runs a closure whose calls of operators compute in 16 bits what they can, as the forwards of prepared models
    /// do; with `enabled` false, inside of such a forward, in what they are given.
    ///
    /// # Errors
    /// The closure's own; `State` if the accelerator is closed, or in a forward that is traced.
    pub fn autocast<R, E: From<Error>>(&self, enabled: bool, operators: impl FnOnce() -> Result<R, E>) -> Result<R, E> {
        struct End<'a>(&'a Accelerator);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                // SAFETY: as above. It fails only if no region is open, but one was begun.
                unsafe { sys::oar_accelerator_autocast_end(self.0.as_raw()) };
            }
        }
        // SAFETY: as above.
        check(unsafe { sys::oar_accelerator_autocast_begin(self.as_raw(), i32::from(enabled)) })?;
        let _end = End(self);
        operators()
    }

    /// Divides the gradients of an optimizer (`None`: of all prepared ones) by the loss scale, before the program reads
    /// or changes them; clipping and steps do it by themselves.
    ///
    /// # Errors
    /// `State` if that was done already since the last backward, or the optimizer is not prepared.
    pub fn unscale_gradients<'a>(&self, optimizer: impl Into<Option<&'a Optimizer>>) -> Result<()> {
        let optimizer = optimizer.into().map_or(std::ptr::null_mut(), Optimizer::as_raw);
        // SAFETY: as above.
        check(unsafe { sys::oar_accelerator_unscale_gradients(self.as_raw(), optimizer) })
    }

    /// Whether the last step of an optimizer (`None`: of any) was left out because gradients were not finite.
    ///
    /// ```
    /// # use oarlock::{Accelerator, Config, Model, Optimizer, State, Tensor, Result, args, json};
    /// # fn main() -> Result<()> {
    /// # let state = State::new()?;
    /// let config = Config::new()?;
    /// config.merge(json!({"accelerator": {"mixed_precision": "fp16"}, "scaler": {"init_scale": 8.0}}))?;
    /// let accelerator = Accelerator::with_config(&state, &config)?;
    /// # let model = Model::foreign(&state)?;
    /// # model.register_parameter("weight", &Tensor::from_vec(vec![1.0f32], &[1])?)?;
    /// let optimizer = Optimizer::new(&model, "sgd", json!({"lr": 1.0}))?;
    /// accelerator.prepare(&model)?;
    /// accelerator.prepare(&optimizer)?;
    /// accelerator.foreign_backward(&model, |backward| backward.ready("weight", vec![f32::INFINITY]))?;
    /// accelerator.step(&optimizer, None)?;
    /// assert!(accelerator.step_was_skipped(&optimizer)?);
    /// assert_eq!(accelerator.loss_scale()?, 4.0);
    /// let (a, island) = accelerator.autocast(true, || {
    ///     let ones = Tensor::from_vec(vec![1.0f32; 4], &[2, 2])?;
    ///     let product = || state.op("aten::mm", args![&ones, &ones]);
    ///     Ok::<_, oarlock::Error>((product()?, accelerator.autocast(false, product)?))
    /// })?;
    /// # let _ = (a, island);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `State` if the optimizer is not prepared.
    pub fn step_was_skipped<'a>(&self, optimizer: impl Into<Option<&'a Optimizer>>) -> Result<bool> {
        let optimizer: *const sys::oar_optimizer =
            optimizer.into().map_or(std::ptr::null(), |given| given.as_raw().cast_const());
        // SAFETY: as above.
        truth(|out| unsafe { sys::oar_accelerator_step_was_skipped(self.as_raw(), optimizer, out) })
    }

    /// By what the next loss is multiplied; 1 without a scaler.
    pub fn loss_scale(&self) -> Result<f64> {
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_accelerator_loss_scale(self.as_raw(), out) })
    }

    /// The scaler's state as JSON text, by the names of `torch.amp.GradScaler`; `{}` without a scaler.
    pub fn scaler_state(&self) -> Result<String> {
        // SAFETY: as above.
        read_text(|buf, len| unsafe { sys::oar_accelerator_scaler_state(self.as_raw(), buf, len) })
    }

    /// Goes on from such a state.
    ///
    /// # Errors
    /// `Argument`, `Corrupt`: a value is missing or out of its range; `State` without a scaler.
    pub fn load_scaler_state(&self, state: &str) -> Result<()> {
        let state = c_text("the state", state)?;
        // SAFETY: as above.
        check(unsafe { sys::oar_accelerator_load_scaler_state(self.as_raw(), state.as_ptr()) })
    }
}
