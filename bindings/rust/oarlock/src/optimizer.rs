//! Updates of a model's parameters, and schedules of their learning rate.

use crate::config::parse;
use crate::error::{Result, check};
use crate::handle::{Handle, create, value};
use crate::model::{Model, refuse_in_backward};
use crate::options::{Options, checked};
use crate::text::{c_text, read_text};
use oarlock_sys as sys;
use std::cell::Cell;
use std::rc::Rc;

/// Updates of a model's parameters by the rules of `torch.optim`: `"adamw"`, `"sgd"`, `"lion"` and others
/// (docs/optimizers.md).
pub struct Optimizer {
    pub(crate) handle: Handle<sys::oar_optimizer>,
    /// The model's: a foreign backward of it runs.
    pub(crate) in_backward: Rc<Cell<bool>>,
}

impl Optimizer {
    /// An optimizer by name. Options: section `optimizer` (`lr`, `betas`, `params`, `groups` ...).
    ///
    /// # Errors
    /// `Argument` for an unknown name or option (the text names the nearest), or a value out of range.
    pub fn new(model: &Model, name: &str, options: impl Options) -> Result<Self> {
        let (name, options) = (c_text("the optimizer's name", name)?, checked(options)?);
        // SAFETY: handles are alive, texts end with NUL and out pointers are locals'; so in all calls of this file.
        let handle = create(|out| unsafe { sys::oar_optimizer_create(model.as_raw(), name.as_ptr(), options.as_ptr(), out) })?;
        Ok(Optimizer { handle, in_backward: model.in_backward.clone() })
    }

    /// Updates the parameters by their gradients. Programs with an accelerator call
    /// [`Accelerator::step`](crate::Accelerator::step) instead.
    ///
    /// # Errors
    /// `Argument` if a gradient does not fit its parameter; nothing was updated then. `State` inside of
    /// [`Accelerator::foreign_backward`](crate::Accelerator::foreign_backward).
    pub fn step(&self) -> Result<()> {
        refuse_in_backward(&self.in_backward, "step")?;
        // SAFETY: as above.
        check(unsafe { sys::oar_optimizer_step(self.as_raw()) })
    }

    /// Drops all gradients.
    pub fn zero_grad(&self) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_optimizer_zero_grad(self.as_raw()) })
    }

    /// Makes the parameters those to train with, or those to evaluate with: `"schedule_free_adamw"` needs it, others do
    /// nothing.
    pub fn set_training(&self, training: bool) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_optimizer_set_training(self.as_raw(), training.into()) })
    }

    /// How many parameter groups there are.
    pub fn num_groups(&self) -> Result<usize> {
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_optimizer_num_groups(self.as_raw(), out) }).map(|number: i64| number as usize)
    }

    /// The options in force for a group and, as `params`, the names of its parameters.
    ///
    /// # Errors
    /// `Argument` if there is no such group.
    pub fn group_options(&self, group: usize) -> Result<serde_json::Value> {
        let index = i64::try_from(group).unwrap_or(i64::MAX);
        // SAFETY: as above.
        parse(&read_text(|buf, len| unsafe { sys::oar_optimizer_group_options(self.as_raw(), index, buf, len) })?)
    }

    /// Changes options of one group from the next step on.
    ///
    /// # Errors
    /// `Argument` if there is no such group, for an unknown option or a value out of range; nothing was changed then.
    pub fn set_group_options(&self, group: usize, options: impl Options) -> Result<()> {
        let (index, options) = (i64::try_from(group).unwrap_or(i64::MAX), checked(options)?);
        // SAFETY: as above.
        check(unsafe { sys::oar_optimizer_set_group_options(self.as_raw(), index, options.as_ptr()) })
    }

    /// The learning rate that the next step will use; with several groups the first one's.
    pub fn learning_rate(&self) -> Result<f64> {
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_optimizer_learning_rate(self.as_raw(), out) })
    }

    /// Sets the learning rate; a scheduler sets it again at its next step.
    ///
    /// # Errors
    /// `Argument` if it is negative or not finite.
    pub fn set_learning_rate(&self, rate: f64) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_optimizer_set_learning_rate(self.as_raw(), rate) })
    }

    /// Steps made so far, those before a resume included.
    pub fn num_steps(&self) -> Result<usize> {
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_optimizer_num_steps(self.as_raw(), out) }).map(|number: i64| number as usize)
    }

    /// The handle, for calls of [`sys`]; it stays this object's, and the rules of the C interface hold.
    pub fn as_raw(&self) -> *mut sys::oar_optimizer {
        self.handle.as_ptr()
    }
}

/// Learning rates as closed formulas of the step, for every parameter group (docs/optimizers.md).
pub struct Scheduler(pub(crate) Handle<sys::oar_scheduler>);

impl Scheduler {
    /// A schedule by name (`"linear"`, `"cosine"`, `"one_cycle"`, `"plateau"` ...); sets the learning rates of step 0 at
    /// once. Options: section `scheduler` (`warmup_steps`, `total_steps` ...).
    ///
    /// # Errors
    /// `Argument` for an unknown name or option, one that is missing, or a value out of range.
    pub fn new(optimizer: &Optimizer, name: &str, options: impl Options) -> Result<Self> {
        let (name, options) = (c_text("the schedule's name", name)?, checked(options)?);
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_scheduler_create(optimizer.as_raw(), name.as_ptr(), options.as_ptr(), out) })
            .map(Scheduler)
    }

    /// Goes on by one step and sets the optimizer's learning rate. Programs with an accelerator call
    /// [`Accelerator::step`](crate::Accelerator::step) instead.
    pub fn step(&self) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_scheduler_step(self.as_raw()) })
    }

    /// Tells `"plateau"` the metric of an evaluation.
    ///
    /// # Errors
    /// `Argument` if it is not a number; `State` for another schedule.
    pub fn step_metric(&self, metric: f64) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_scheduler_step_metric(self.as_raw(), metric) })
    }

    /// Steps made so far, those before a resume included.
    pub fn num_steps(&self) -> Result<usize> {
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_scheduler_num_steps(self.as_raw(), out) }).map(|number: i64| number as usize)
    }

    /// The handle, for calls of [`sys`]; it stays this object's, and the rules of the C interface hold.
    pub fn as_raw(&self) -> *mut sys::oar_scheduler {
        self.0.as_ptr()
    }
}
