//! Models that the program writes itself: parameters by name, scopes, and a forward that is a closure.

use crate::accelerator::IntoGradient;
use crate::callback::{BoxedError, Outcome, free, run};
use crate::error::{Result, check};
use crate::handle::{Handle, create};
use crate::model::Model;
use crate::op::{self, Argument};
use crate::options::{Options, checked};
use crate::state::State;
use crate::tensor::Tensor;
use crate::text::c_text;
use crate::tree::Tree;
use oarlock_sys as sys;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::marker::PhantomData;

impl Model {
    /// A model without a program: the program itself computes, by operators in a
    /// [`set_forward`](Model::set_forward), or forward and backward by mathematics of its own, whose gradients go through
    /// [`Accelerator::foreign_backward`](crate::Accelerator::foreign_backward). Register its tensors, then prepare it and
    /// make its optimizer.
    pub fn foreign(state: &State) -> Result<Self> {
        let kept = state.retain()?;
        // SAFETY: handles are alive, texts end with NUL and out pointers are locals'; so in all calls of this file.
        create(|out| unsafe { sys::oar_model_create_foreign(state.as_raw(), out) })
            .map(|handle| Model::from_handle(handle, Some(kept)))
    }

    /// Lets a foreign model train a tensor. Nothing is copied: steps, rank 0's values and loaded checkpoints are written
    /// into its memory. All ranks register the same names, shapes and types in the same order. In a
    /// [`scope`](Model::scope) the name is relative to it.
    ///
    /// # Errors
    /// `Argument` if tensor or name does not fit, `State` if the model was prepared or has an optimizer, `Unsupported`
    /// for a program.
    pub fn register_parameter(&self, name: &str, tensor: &Tensor) -> Result<()> {
        let name = c_text("the name", name)?;
        // SAFETY: as above.
        check(unsafe { sys::oar_model_register_parameter(self.as_raw(), name.as_ptr(), tensor.as_raw()) })
    }

    /// Lets a foreign model keep a tensor that is not trained: running statistics, frozen weights.
    ///
    /// # Errors
    /// As for [`register_parameter`](Model::register_parameter).
    pub fn register_buffer(&self, name: &str, tensor: &Tensor) -> Result<()> {
        let name = c_text("the name", name)?;
        // SAFETY: as above.
        check(unsafe { sys::oar_model_register_buffer(self.as_raw(), name.as_ptr(), tensor.as_raw()) })
    }

    /// A registered parameter or buffer with its place in autograd, which [`tensor`](Model::tensor) leaves out: what
    /// operators take. In a [`scope`](Model::scope) the name is relative to it.
    ///
    /// # Errors
    /// `NotFound` if the model has none of that name, `Unsupported` for a program.
    pub fn parameter(&self, name: &str) -> Result<Tensor> {
        parameter(self.as_raw(), name)
    }

    /// Enters a part of the model with a name of its own, as a module is in Python; it is left when the guard is
    /// dropped. Names of parameters are relative to it meanwhile, and operators belong to it.
    ///
    /// # Errors
    /// `Argument` for a name that is empty or has empty parts, `Unsupported` for a program.
    pub fn scope<'a>(&'a self, name: &str, class_name: impl Into<Option<&'a str>>) -> Result<Scope<'a>> {
        Scope::enter(self.as_raw(), name, class_name.into())
    }

    /// Computes the outputs by a closure from now on: [`forward`](Model::forward) runs it.
    ///
    /// The closure is dropped when another takes its place or the model has ended. Its error comes out of the call that
    /// ran it, as the `source()` of an error of kind `Callback`; a panic inside it goes on behind that call.
    ///
    /// ```
    /// # use oarlock::{Accelerator, Model, State, Tensor, Tree, args, Result};
    /// # fn main() -> Result<()> {
    /// # let state = State::new()?;
    /// let model = Model::foreign(&state)?;
    /// model.register_parameter("fc.weight", &Tensor::from_vec(vec![1.0f32, 2.0], &[1, 2])?)?;
    /// model.set_forward(|forward, inputs| {
    ///     let fc = forward.scope("fc", "Linear")?;
    ///     let y = forward.op("aten::linear", args![&inputs.tensor("x")?, &forward.parameter("weight")?])?;
    ///     drop(fc);
    ///     Tree::from_tensors([("loss", &forward.op("aten::sum", args![&y])?)])
    /// })?;
    /// let accelerator = Accelerator::new(&state)?;
    /// accelerator.prepare(&model)?;
    /// let x = Tensor::from_vec(vec![3.0f32, 4.0], &[1, 2])?;
    /// let loss = model.forward(&Tree::from_tensors([("x", &x)])?)?.tensor("loss")?;
    /// accelerator.backward(&loss)?;
    /// assert_eq!((loss.item()?, model.gradient("fc.weight")?.unwrap().to_vec::<f32>()?), (11.0, vec![3.0, 4.0]));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Unsupported` for a program.
    pub fn set_forward<E, F>(&self, function: F) -> Result<()>
    where
        E: Into<BoxedError>,
        F: FnMut(&Forward<'_>, &Tree) -> std::result::Result<Tree, E> + Send + 'static,
    {
        let state = self.state.as_ref().map_or(std::ptr::null_mut(), Handle::as_ptr);
        let owned = Box::into_raw(Box::new(Closure { state, function: RefCell::new(function) }));
        let release = Some(free::<Closure<F>> as unsafe extern "C" fn(*mut c_void));
        // SAFETY: as above; the library frees the closure, once, also if this fails.
        check(unsafe { sys::oar_model_set_forward(self.as_raw(), Some(Closure::<F>::call::<E>), owned.cast(), release) })
    }

    /// Records the forward as a program, which shares the model's parameters and needs the closure no more: the
    /// operators that it calls become the program, the scopes its module paths.
    ///
    /// `dynamic` names dimensions that take any size: `json!({"x": {"0": "batch"}, "target": {"0": "batch"}})`, or `()`;
    /// equal names are equal sizes. The closure runs on copies of the example inputs, once more for each name, and once with
    /// all of them changed.
    ///
    /// # Errors
    /// `Argument` if the runs differ or an input is not used, naming operator and scope; `Unsupported` for a program,
    /// without a forward, or if it reads a number out of a tensor; `Callback` from the closure, whose panics go on here.
    pub fn trace(&self, inputs: &Tree, dynamic: impl Options) -> Result<Model> {
        let dynamic = checked(dynamic)?;
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_model_trace(self.as_raw(), inputs.as_raw(), dynamic.as_ptr(), out) })
            .map(|handle| Model::from_handle(handle, None))
    }

    /// Computes gradients by a closure, for a forward that computes without operators:
    /// [`Accelerator::backward`](crate::Accelerator::backward) of a loss that comes from the outputs runs it. It gets the
    /// gradients of the outputs, with [`Value::None`](crate::Value::None) where there is none, and hands over those of every
    /// parameter by [`Gradients::ready`]. Its error and its panic come out of `backward`.
    ///
    /// # Errors
    /// `Unsupported` for a program.
    pub fn set_backward<R, F>(&self, function: F) -> Result<()>
    where
        R: Outcome,
        F: FnMut(&Gradients<'_>, &Tree) -> R + Send + 'static,
    {
        let owned = Box::into_raw(Box::new(RefCell::new(function)));
        let release = Some(free::<RefCell<F>> as unsafe extern "C" fn(*mut c_void));
        // SAFETY: as above; the library frees the closure, once, also if this fails.
        check(unsafe { sys::oar_model_set_backward(self.as_raw(), Some(call_backward::<R, F>), owned.cast(), release) })
    }

    /// Takes the backward away.
    pub fn reset_backward(&self) -> Result<()> {
        // SAFETY: as above; NULL is allowed.
        check(unsafe { sys::oar_model_set_backward(self.as_raw(), None, std::ptr::null_mut(), None) })
    }

    /// Takes the forward away.
    pub fn reset_forward(&self) -> Result<()> {
        // SAFETY: as above; NULL is allowed.
        check(unsafe { sys::oar_model_set_forward(self.as_raw(), None, std::ptr::null_mut(), None) })
    }
}

/// A forward that runs: the model's parameters and scopes, and operators on its device.
pub struct Forward<'a> {
    model: *mut sys::oar_model,
    state: *mut sys::oar_state,
    running: PhantomData<&'a ()>,
}

impl Forward<'_> {
    /// As [`Model::parameter`].
    ///
    /// # Errors
    /// As there.
    pub fn parameter(&self, name: &str) -> Result<Tensor> {
        parameter(self.model, name)
    }

    /// As [`Model::scope`].
    ///
    /// # Errors
    /// As there.
    pub fn scope<'a>(&'a self, name: &str, class_name: impl Into<Option<&'a str>>) -> Result<Scope<'a>> {
        Scope::enter(self.model, name, class_name.into())
    }

    /// As [`State::op`], on the model's device.
    ///
    /// # Errors
    /// As there.
    pub fn op(&self, name: &str, arguments: &[Argument]) -> Result<Tensor> {
        op::one(name, self.op_list(name, arguments)?)
    }

    /// As [`State::op_array`].
    ///
    /// # Errors
    /// As there.
    pub fn op_array<const N: usize>(&self, name: &str, arguments: &[Argument]) -> Result<[Tensor; N]> {
        op::array(name, self.op_list(name, arguments)?)
    }

    /// As [`State::op_list`].
    ///
    /// # Errors
    /// As there.
    pub fn op_list(&self, name: &str, arguments: &[Argument]) -> Result<Vec<Option<Tensor>>> {
        op::refuse_unchecked(name)?;
        // SAFETY: the model, in whose call this is, keeps its state; operators that do not check are refused.
        unsafe { op::call(self.state, name, arguments) }
    }

    /// Whether the model is in training mode.
    pub fn is_training(&self) -> Result<bool> {
        // SAFETY: as above.
        crate::handle::truth(|out| unsafe { sys::oar_model_is_training(self.model, out) })
    }
}

fn parameter(model: *mut sys::oar_model, name: &str) -> Result<Tensor> {
    let name = c_text("the name", name)?;
    // SAFETY: as above.
    create(|out| unsafe { sys::oar_model_parameter(model, name.as_ptr(), out) }).map(Tensor)
}

/// An open scope; dropping it leaves it. See [`Model::scope`].
pub struct Scope<'a> {
    model: *mut sys::oar_model,
    open: PhantomData<&'a ()>,
}

impl Scope<'_> {
    fn enter(model: *mut sys::oar_model, name: &str, class_name: Option<&str>) -> Result<Self> {
        let name = c_text("the scope's name", name)?;
        let class_name = class_name.map(|class_name| c_text("the scope's class", class_name)).transpose()?;
        let class_name = class_name.as_ref().map_or(std::ptr::null(), |class_name| class_name.as_ptr());
        // SAFETY: as above; NULL is allowed for the class.
        check(unsafe { sys::oar_model_enter_scope(model, name.as_ptr(), class_name) })?;
        Ok(Scope { model, open: PhantomData })
    }
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        // SAFETY: the model is borrowed as long as the scope is open. It fails only if the scope was left already.
        unsafe { sys::oar_model_exit_scope(self.model) };
    }
}

thread_local! {
    /// The accelerator whose backward runs on this thread.
    static RUNNING: Cell<*mut sys::oar_accelerator> = const { Cell::new(std::ptr::null_mut()) };
}

/// Runs `call`, in which closures hand their gradients to this accelerator.
pub(crate) fn in_backward<T>(accelerator: *mut sys::oar_accelerator, call: impl FnOnce() -> T) -> T {
    struct Outer(*mut sys::oar_accelerator);
    impl Drop for Outer {
        fn drop(&mut self) {
            RUNNING.set(self.0);
        }
    }
    let _outer = Outer(RUNNING.replace(accelerator));
    call()
}

/// Where the closure of a backward hands its gradients over; see [`Model::set_backward`].
pub struct Gradients<'a> {
    model: *mut sys::oar_model,
    running: PhantomData<&'a ()>,
}

impl Gradients<'_> {
    /// Hands over the gradient of a registered parameter, once per backward, as soon as there is one; as
    /// [`Backward::ready`](crate::Backward::ready).
    ///
    /// # Errors
    /// `Argument` if its shape or type is not the parameter's, `NotFound`, `State` if it was given already.
    pub fn ready(&self, name: &str, gradient: impl IntoGradient) -> Result<()> {
        let c_name = c_text("the name", name)?;
        // SAFETY: as above.
        let shape = || create(|out| unsafe { sys::oar_model_tensor(self.model, c_name.as_ptr(), out) }).map(Tensor)?.shape();
        let gradient = gradient.into_tensor(shape)?;
        // SAFETY: as above: the accelerator is in a call. Nobody else has the gradient's memory: it was moved in.
        check(unsafe { sys::oar_accelerator_gradient_ready(RUNNING.get(), self.model, c_name.as_ptr(), gradient.as_raw()) })
    }
}

/// # Safety
/// As C's `oar_backward_fn`, with `user_data` the address of a closure that is not yet freed.
unsafe extern "C" fn call_backward<R, F>(
    model: *mut sys::oar_model,
    gradients: *const sys::oar_tree,
    user_data: *mut c_void,
) -> i32
where
    R: Outcome,
    F: FnMut(&Gradients<'_>, &Tree) -> R,
{
    // SAFETY: as above; C keeps it alive during the call.
    let function = unsafe { &*user_data.cast::<RefCell<F>>() };
    run(|| -> std::result::Result<(), BoxedError> {
        let mut function = function.try_borrow_mut().map_err(|_| "the backward was called from inside itself")?;
        // SAFETY: the gradients are alive during the call.
        let gradients = unsafe { shared_tree(gradients)? };
        function(&Gradients { model, running: PhantomData }, &gradients).into_result()
    })
}

/// The closure of a forward, as C keeps it. The state is the model's, who keeps it.
struct Closure<F> {
    state: *mut sys::oar_state,
    function: RefCell<F>,
}

impl<F> Closure<F> {
    /// # Safety
    /// As C's `oar_forward_fn`, with `user_data` the address of a closure that is not yet freed.
    unsafe extern "C" fn call<E>(
        model: *mut sys::oar_model,
        inputs: *const sys::oar_tree,
        out_outputs: *mut *mut sys::oar_tree,
        user_data: *mut c_void,
    ) -> i32
    where
        E: Into<BoxedError>,
        F: FnMut(&Forward<'_>, &Tree) -> std::result::Result<Tree, E>,
    {
        // SAFETY: as above; C keeps it alive during the call.
        let closure = unsafe { &*user_data.cast::<Closure<F>>() };
        run(|| -> std::result::Result<(), BoxedError> {
            let mut function = closure.function.try_borrow_mut().map_err(|_| "the forward was called from inside itself")?;
            let forward = Forward { model, state: closure.state, running: PhantomData };
            // SAFETY: the inputs are alive during the call.
            let inputs = unsafe { shared_tree(inputs)? };
            let outputs = function(&forward, &inputs).map_err(Into::into)?;
            // SAFETY: there is room for one handle, which the library owns from here on: one reference more than ours.
            unsafe {
                check(sys::oar_tree_retain(outputs.as_raw()))?;
                *out_outputs = outputs.as_raw();
            }
            Ok(())
        })
    }
}

/// A second owner of a tree that C lends.
///
/// # Safety
/// The tree is alive.
pub(crate) unsafe fn shared_tree(tree: *const sys::oar_tree) -> Result<Tree> {
    let tree = tree.cast_mut();
    // SAFETY: the caller's promise; the reference added is the result's.
    unsafe {
        check(sys::oar_tree_retain(tree))?;
        Ok(Tree(Handle::from_raw(tree).expect("a tree")))
    }
}
