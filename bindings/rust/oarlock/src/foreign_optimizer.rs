//! Optimizers whose rule is a closure, steps by a closure, and schedules by one.

use crate::accelerator::Accelerator;
use crate::callback::{BoxedError, Outcome, free, run};
use crate::error::{Result, check};
use crate::foreign::shared_tree;
use crate::handle::{Handle, create, value};
use crate::model::{Model, refuse_in_backward};
use crate::optimizer::{Optimizer, Scheduler};
use crate::options::{Options, checked};
use crate::tensor::Tensor;
use crate::text::c_text;
use crate::tree::Tree;
use oarlock_sys as sys;
use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_void};

/// One parameter that the closure of [`Optimizer::foreign`] updates in its memory.
pub struct Update<'a> {
    /// The parameter's name.
    pub name: &'a str,
    /// To be written to: by [`cells`](Tensor::cells), [`copy_from`](Tensor::copy_from) or operators.
    pub parameter: &'a Tensor,
    /// Shape, type and strides are the parameter's.
    pub gradient: &'a Tensor,
    /// What the optimizer keeps for this parameter: a map, empty at its first update. Fill it by [`set`](Tree::set) and
    /// [`set_tensor`](Tree::set_tensor); what is in it is there in the next update and in checkpoints.
    pub state: &'a Tree,
    /// The options in force for the parameter's group, `lr` among them.
    pub options: &'a Tree,
}

impl Optimizer {
    /// An optimizer whose rule is a closure. Groups, schedules, averaging and checkpoints are as with every other one.
    ///
    /// `name` is kept in checkpoints and is not one of the library's. Options are the rule's own, beside `lr`, `params` and
    /// `groups`: numbers, truth values, texts and lists of numbers.
    ///
    /// ```
    /// # use oarlock::{Accelerator, Model, Optimizer, Result, State, Tensor, Update, Value, json};
    /// # fn main() -> Result<()> {
    /// # let state = State::new()?;
    /// # let model = Model::foreign(&state)?;
    /// # let weight = Tensor::from_vec(vec![1.0f32, 2.0], &[2])?;
    /// # model.register_parameter("weight", &weight)?;
    /// # let accelerator = Accelerator::new(&state)?;
    /// # accelerator.prepare(&model)?;
    /// let optimizer = Optimizer::foreign(&model, "descent", json!({"lr": 0.5}), |update: &Update| -> Result<()> {
    ///     let lr = update.options.float("lr")? as f32;
    ///     let (parameter, gradient) = (update.parameter.cells::<f32>()?, update.gradient.cells::<f32>()?);
    ///     parameter.iter().zip(gradient.iter()).for_each(|(p, g)| p.set(p.get() - lr * g.get()));
    ///     let updates = if update.state.is_empty()? { 0 } else { update.state.int("updates")? };
    ///     update.state.set("updates", &Value::from(updates + 1))
    /// })?;
    /// # accelerator.prepare(&optimizer)?;
    /// # accelerator.foreign_backward(&model, |backward| backward.ready("weight", vec![1.0f32, -1.0]))?;
    /// accelerator.step(&optimizer, None)?;
    /// # assert_eq!(weight.to_vec::<f32>()?, [0.5, 2.5]);
    /// # assert_eq!(optimizer.state_dict()?.int("state.0.updates")?, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Argument` if the name is one of the library's, or an option is of another kind. What the closure gives as its error
    /// comes out of the call that steps.
    pub fn foreign<R, F>(model: &Model, name: &str, options: impl Options, function: F) -> Result<Self>
    where
        R: Outcome,
        F: FnMut(&Update<'_>) -> R + Send + 'static,
    {
        let (name, options) = (c_text("the optimizer's name", name)?, checked(options)?);
        let owned = Box::into_raw(Box::new(RefCell::new(function))).cast();
        let release = Some(free::<RefCell<F>> as unsafe extern "C" fn(*mut c_void));
        let call = Some(call_update::<R, F> as unsafe extern "C" fn(_, _, _, _, _, _) -> _);
        // SAFETY: handles are alive, texts end with NUL and out pointers are locals'; so in all calls of this file. The
        // library frees the closure, once, also if this fails.
        let handle = create(|out| unsafe {
            sys::oar_optimizer_create_foreign(model.as_raw(), name.as_ptr(), options.as_ptr(), call, owned, release, out)
        })?;
        Ok(Optimizer { handle, in_backward: model.in_backward.clone() })
    }

    /// Updates the parameters by gradients that the closure makes, and gives its first loss: `"lbfgs"` calls it several
    /// times, every other optimizer once. Gradients are dropped before each call.
    ///
    /// # Errors
    /// What the closure gives as its error comes out of this; parameters and state are those of before then.
    pub fn step_with<E, F>(&self, mut closure: F) -> Result<f64>
    where
        E: Into<BoxedError>,
        F: FnMut() -> std::result::Result<f64, E>,
    {
        refuse_in_backward(&self.in_backward, "step_with")?;
        let data = (&raw mut closure).cast();
        // SAFETY: as above; the closure lives until the call ends, and is not called after it.
        value(|out| unsafe { sys::oar_optimizer_step_closure(self.as_raw(), Some(call_closure::<E, F>), data, None, out) })
    }

    /// The state as torch's class of the same name has it. Its tensors share the optimizer's memory.
    pub fn state_dict(&self) -> Result<Tree> {
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_optimizer_state_dict(self.as_raw(), out) }).map(Tree)
    }

    /// Takes over a state that [`state_dict`](Optimizer::state_dict) or torch's class of the same name gave.
    ///
    /// # Errors
    /// `Argument` if groups, parameters or shapes differ, `Unsupported` for an option that is on and that this optimizer
    /// does not have; nothing was changed then.
    pub fn load_state_dict(&self, state: &Tree) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_optimizer_load_state_dict(self.as_raw(), state.as_raw()) })
    }
}

impl Accelerator {
    /// [`step`](Accelerator::step) with gradients that the closure makes by [`backward`](Accelerator::backward); gives the
    /// mean of the ranks' first losses. An accumulation lies within the closure.
    ///
    /// # Errors
    /// What the closure gives as its error comes out of this; parameters and state are those of before then.
    pub fn step_with<'a, E, F>(
        &self,
        optimizer: &Optimizer,
        scheduler: impl Into<Option<&'a Scheduler>>,
        mut closure: F,
    ) -> Result<f64>
    where
        E: Into<BoxedError>,
        F: FnMut() -> std::result::Result<f64, E>,
    {
        let scheduler = scheduler.into().map_or(std::ptr::null_mut(), Scheduler::as_raw);
        let data = (&raw mut closure).cast();
        // SAFETY: as above; the closure lives until the call ends, and is not called after it.
        value(|out| unsafe {
            let call = Some(call_closure::<E, F> as unsafe extern "C" fn(_, _) -> _);
            sys::oar_accelerator_step_closure(self.as_raw(), optimizer.as_raw(), scheduler, call, data, None, out)
        })
    }
}

impl Scheduler {
    /// A schedule by a closure: the rate of a parameter group is its initial one times `function(step, group)`. Checkpoints
    /// keep step and rates, not the closure.
    ///
    /// # Errors
    /// `Argument` if a factor gives no rate: negative or not finite.
    pub fn from_factors<F>(optimizer: &Optimizer, function: F) -> Result<Self>
    where
        F: FnMut(usize, usize) -> f64 + Send + 'static,
    {
        Self::by_factors(optimizer, "lambda", function)
    }

    /// The same, but each factor is of the rate of the step before, from step 1 on.
    ///
    /// # Errors
    /// As for [`from_factors`](Scheduler::from_factors).
    pub fn from_ratios<F>(optimizer: &Optimizer, function: F) -> Result<Self>
    where
        F: FnMut(usize, usize) -> f64 + Send + 'static,
    {
        Self::by_factors(optimizer, "multiplicative", function)
    }

    fn by_factors<F>(optimizer: &Optimizer, name: &str, function: F) -> Result<Self>
    where
        F: FnMut(usize, usize) -> f64 + Send + 'static,
    {
        let name = c_text("the schedule's name", name)?;
        let owned = Box::into_raw(Box::new(RefCell::new(function))).cast();
        let release = Some(free::<RefCell<F>> as unsafe extern "C" fn(*mut c_void));
        // SAFETY: as above; the library frees the closure, once, also if this fails.
        create(|out| unsafe {
            let call = Some(call_factor::<F> as unsafe extern "C" fn(_, _, _, _) -> _);
            sys::oar_scheduler_from_factors(optimizer.as_raw(), name.as_ptr(), call, owned, release, out)
        })
        .map(Scheduler)
    }

    /// The state as torch's class has it: what it needs to go on, without its options.
    ///
    /// # Errors
    /// `Unsupported` for `"sequential"` and `"chained"`.
    pub fn state_dict(&self) -> Result<Tree> {
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_scheduler_state_dict(self.as_raw(), out) }).map(Tree)
    }

    /// Takes over the state of a scheduler of torch or transformers: its step and rates.
    ///
    /// # Errors
    /// `Argument` if something is missing, or of another number of parameter groups; nothing was changed then.
    pub fn load_state_dict(&self, state: &Tree) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_scheduler_load_state_dict(self.as_raw(), state.as_raw()) })
    }
}

const AGAIN: &str = "the closure was called again from inside itself";

/// # Safety
/// As C's `oar_update_fn`, with `user_data` the address of a closure that is not yet freed.
unsafe extern "C" fn call_update<R, F>(
    name: *const c_char,
    parameter: *mut sys::oar_tensor,
    gradient: *mut sys::oar_tensor,
    state: *mut sys::oar_tree,
    options: *const sys::oar_tree,
    user_data: *mut c_void,
) -> i32
where
    R: Outcome,
    F: FnMut(&Update<'_>) -> R,
{
    // SAFETY: as above; C keeps all of it alive during the call.
    let (name, function) = unsafe { (CStr::from_ptr(name).to_string_lossy(), &*user_data.cast::<RefCell<F>>()) };
    run(|| -> std::result::Result<(), BoxedError> {
        let mut function = function.try_borrow_mut().map_err(|_| AGAIN)?;
        // SAFETY: as above.
        let (parameter, gradient, state, options) =
            unsafe { (shared_tensor(parameter)?, shared_tensor(gradient)?, shared_tree(state)?, shared_tree(options)?) };
        let update = Update { name: &name, parameter: &parameter, gradient: &gradient, state: &state, options: &options };
        function(&update).into_result()
    })
}

/// # Safety
/// The tensor is alive.
unsafe fn shared_tensor(tensor: *mut sys::oar_tensor) -> Result<Tensor> {
    // SAFETY: the caller's promise; the reference added is the result's.
    unsafe {
        check(sys::oar_tensor_retain(tensor))?;
        Ok(Tensor(Handle::from_raw(tensor).expect("a tensor")))
    }
}

/// # Safety
/// As C's `oar_closure_fn`, with `user_data` the address of a closure that is alive.
unsafe extern "C" fn call_closure<E, F>(out_loss: *mut f64, user_data: *mut c_void) -> i32
where
    E: Into<BoxedError>,
    F: FnMut() -> std::result::Result<f64, E>,
{
    run(|| -> std::result::Result<(), BoxedError> {
        // SAFETY: as above; the call that lends it runs it once at a time.
        unsafe { *out_loss = (*user_data.cast::<F>())().map_err(Into::into)? };
        Ok(())
    })
}

/// # Safety
/// As C's `oar_factor_fn`, with `user_data` the address of a closure that is not yet freed.
unsafe extern "C" fn call_factor<F>(step: i64, group: i64, out_factor: *mut f64, user_data: *mut c_void) -> i32
where
    F: FnMut(usize, usize) -> f64,
{
    // SAFETY: as above; C keeps it alive during the call.
    let function = unsafe { &*user_data.cast::<RefCell<F>>() };
    run(|| -> std::result::Result<(), BoxedError> {
        let mut function = function.try_borrow_mut().map_err(|_| AGAIN)?;
        // SAFETY: there is room for one number.
        unsafe { *out_factor = function(step as usize, group as usize) };
        Ok(())
    })
}
