//! In-situ inference: a program run forward only, on the caller's own arrays.

use crate::element::Plain;
use crate::error::{Error, Result, check};
use crate::handle::{Handle, create, truth, value};
use crate::model::Model;
use crate::tensor::{Tensor, sizes};
use crate::text::read_text;
use oarlock_sys as sys;
use std::marker::PhantomData;
use std::ops::Deref;

/// An input of a run: [`lend`](Input::lend) for a slice, `into()` for a tensor, and `None`.
pub struct Input<'a>(Lent<'a>);

/// An output of a run: [`lend`](Output::lend) for a slice, `into()` for a tensor, and `None` for one that is not wanted.
pub struct Output<'a>(Lent<'a>);

enum Lent<'a> {
    Nothing,
    Tensor(&'a Tensor),
    /// A tensor over memory that is borrowed; ended before the borrow is.
    Slice(Tensor, PhantomData<&'a ()>),
}

impl Lent<'_> {
    fn as_raw(&self) -> *mut sys::oar_tensor {
        match self {
            Lent::Nothing => std::ptr::null_mut(),
            Lent::Tensor(tensor) => tensor.as_raw(),
            Lent::Slice(tensor, _) => tensor.as_raw(),
        }
    }
}

impl<'a> Input<'a> {
    /// Numbers of this shape, row-major, which are not copied.
    ///
    /// # Errors
    /// `Argument` if the shape does not have as many elements as the slice.
    pub fn lend<T: Plain>(values: &'a [T], shape: &[usize]) -> Result<Self> {
        let shape = checked_shape("Input::lend", shape, values.len())?;
        let (data, dtype) = (values.as_ptr().cast(), T::DTYPE.code());
        // SAFETY: the memory is borrowed as long as this lives, and read only: a run keeps no input.
        let tensor = create(|out| unsafe {
            let (sizes, count, null) = (shape.as_ptr(), shape.len(), std::ptr::null_mut());
            sys::oar_tensor_from_read_only_memory(data, dtype, sizes, std::ptr::null(), count, null, None, out)
        })?;
        Ok(Input(Lent::Slice(Tensor(tensor), PhantomData)))
    }
}

impl<'a> Output<'a> {
    /// Room for numbers of this shape, row-major, which the run writes to.
    ///
    /// # Errors
    /// `Argument` if the shape does not have as many elements as the slice.
    pub fn lend<T: Plain>(values: &'a mut [T], shape: &[usize]) -> Result<Self> {
        let shape = checked_shape("Output::lend", shape, values.len())?;
        let (data, dtype) = (values.as_mut_ptr().cast(), T::DTYPE.code());
        // SAFETY: the memory is borrowed as long as this lives, by nobody else: a run keeps no output.
        let tensor = create(|out| unsafe {
            let (sizes, count, null) = (shape.as_ptr(), shape.len(), std::ptr::null_mut());
            sys::oar_tensor_from_memory(data, dtype, sizes, std::ptr::null(), count, null, None, out)
        })?;
        Ok(Output(Lent::Slice(Tensor(tensor), PhantomData)))
    }
}

fn checked_shape(operation: &str, shape: &[usize], len: usize) -> Result<Vec<i64>> {
    if shape.iter().try_fold(1usize, |product, &size| product.checked_mul(size)) != Some(len) {
        return Err(Error::argument(operation, format!("shape {shape:?} does not have {len} elements")));
    }
    sizes(shape)
}

impl<'a> From<&'a Tensor> for Input<'a> {
    fn from(tensor: &'a Tensor) -> Self {
        Input(Lent::Tensor(tensor))
    }
}

impl<'a> From<&'a Tensor> for Output<'a> {
    fn from(tensor: &'a Tensor) -> Self {
        Output(Lent::Tensor(tensor))
    }
}

impl<'a> From<Option<&'a Tensor>> for Input<'a> {
    fn from(tensor: Option<&'a Tensor>) -> Self {
        tensor.map_or(Input(Lent::Nothing), Into::into)
    }
}

impl<'a> From<Option<&'a Tensor>> for Output<'a> {
    fn from(tensor: Option<&'a Tensor>) -> Self {
        tensor.map_or(Output(Lent::Nothing), Into::into)
    }
}

/// One thread's runs of a program on the caller's arrays, in evaluation, without an accelerator.
///
/// It keeps the model, and reads its weights where they are: steps of an optimizer and
/// [`load_weights`](Model::load_weights) show in the next run.
///
/// ```no_run
/// # use oarlock::{Input, Model, Output, Session, State, Result};
/// # fn main() -> Result<()> {
/// let state = State::new()?;
/// let model = Model::load(&state, "flux.pt2", ())?;
/// let session = Session::new(&model)?;
/// let (field, mut flux) = (vec![0.0f32; 100 * 8], vec![0.0f32; 100 * 4]);
/// for _step in 0..1000 {
///     session.run(&[Input::lend(&field, &[100, 8])?], &mut [Output::lend(&mut flux, &[100, 4])?])?;
/// }
/// # Ok(())
/// # }
/// ```
pub struct Session(Handle<sys::oar_session>);

impl Session {
    /// A session of a program.
    ///
    /// # Errors
    /// `Unsupported` for a foreign model.
    pub fn new(model: &Model) -> Result<Self> {
        // SAFETY: handles are alive and out pointers are locals'; so in all calls of this file.
        create(|out| unsafe { sys::oar_session_create(model.as_raw(), out) }).map(Session)
    }

    /// Reads the inputs where they lie, in the order of [`input_names`](Model::input_names), and writes the outputs where
    /// they lie, in that of [`output_names`](Model::output_names). Any strides do. What is not wanted (`None`) is not
    /// computed.
    ///
    /// # Errors
    /// `Argument` if a number of arrays, a type or a shape does not fit, and no output was written; or an operator failed.
    pub fn run(&self, inputs: &[Input], outputs: &mut [Output]) -> Result<()> {
        // SAFETY: as above; there are as many handles as is said, and the arrays are borrowed.
        run(inputs, outputs, |inputs, num_inputs, outputs, num_outputs| unsafe {
            sys::oar_session_run(self.0.as_ptr(), inputs, num_inputs, outputs, num_outputs)
        })
    }

    /// Whether an output is written straight into the caller's memory; else it is copied once.
    ///
    /// # Errors
    /// `Argument` if there is no such output.
    pub fn writes_in_place(&self, output: usize) -> Result<bool> {
        let output = i64::try_from(output).unwrap_or(i64::MAX); // out of range, as the library will say
        // SAFETY: as above.
        truth(|out| unsafe { sys::oar_session_writes_in_place(self.0.as_ptr(), output, out) })
    }

    /// Lets the session go to another thread.
    ///
    /// # Safety
    /// Nobody writes to the model's weights (no optimizer, no load, no view) while the session runs.
    pub unsafe fn into_send(self) -> SendSession {
        SendSession(self)
    }
}

/// A session that may go to another thread; see [`Session::into_send`].
pub struct SendSession(Session);

// SAFETY: sessions of one model run on any threads at a time; that nobody writes to the weights meanwhile was promised.
unsafe impl Send for SendSession {}

impl Deref for SendSession {
    type Target = Session;
    fn deref(&self) -> &Session {
        &self.0
    }
}

type Arrays = *const *mut sys::oar_tensor;

fn run(
    inputs: &[Input],
    outputs: &mut [Output],
    call: impl FnOnce(Arrays, usize, Arrays, usize) -> sys::oar_status,
) -> Result<()> {
    let inputs: Vec<_> = inputs.iter().map(|input| input.0.as_raw()).collect();
    let outputs: Vec<_> = outputs.iter().map(|output| output.0.as_raw()).collect();
    check(call(inputs.as_ptr(), inputs.len(), outputs.as_ptr(), outputs.len()))
}

impl Model {
    /// Runs the program on the caller's arrays with a session of the model's own; as [`Session::run`].
    ///
    /// # Errors
    /// As there; `Unsupported` for a foreign model.
    pub fn run(&self, inputs: &[Input], outputs: &mut [Output]) -> Result<()> {
        // SAFETY: as above; there are as many handles as is said, and the arrays are borrowed.
        run(inputs, outputs, |inputs, num_inputs, outputs, num_outputs| unsafe {
            sys::oar_model_run(self.as_raw(), inputs, num_inputs, outputs, num_outputs)
        })
    }

    /// The paths of what a forward gives: `"loss"`, `"0"`, `"hidden.1"`. None for a foreign model.
    pub fn output_names(&self) -> Result<Vec<String>> {
        // SAFETY: as above.
        let count: i64 = value(|out| unsafe { sys::oar_model_num_outputs(self.as_raw(), out) })?;
        // SAFETY: as above.
        let name = |index| read_text(|buf, len| unsafe { sys::oar_model_output_name(self.as_raw(), index, buf, len) });
        (0..count).map(name).collect()
    }
}
