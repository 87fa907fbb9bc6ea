//! Operators of libtorch by name, with autograd: for building models without Python.

use crate::element::Dtype;
use crate::error::{Error, ErrorKind, Result, check};
use crate::handle::{Handle, create};
use crate::library;
use crate::state::{State, bytes};
use crate::tensor::Tensor;
use crate::text::{c_path, c_text};
use oarlock_sys as sys;
use std::cell::Cell;
use std::ffi::{CString, c_void};
use std::mem::MaybeUninit;
use std::path::Path;

/// One argument of an operator. Made by [`args!`](crate::args), or `into()` from tensors, numbers, truth values, texts,
/// types, slices of them, and `None`.
pub struct Argument<'a> {
    kind: Kind<'a>,
    name: Option<&'a str>,
}

enum Kind<'a> {
    None,
    Tensor(&'a Tensor),
    Int(i64),
    Float(f64),
    Bool(bool),
    Text(&'a str),
    Dtype(Dtype),
    Ints(&'a [i64]),
    Floats(&'a [f64]),
    Bools(Vec<i32>),
    Tensors(Vec<*mut sys::oar_tensor>),
}

impl<'a> Argument<'a> {
    /// The same argument by keyword.
    pub fn named(self, name: &'a str) -> Self {
        Argument { name: Some(name), ..self }
    }
}

macro_rules! from {
    ($($rust:ty, $value:ident => $kind:expr;)*) => {$(
        impl<'a> From<$rust> for Argument<'a> {
            fn from($value: $rust) -> Self {
                Argument { kind: $kind, name: None }
            }
        }
    )*};
}

from! {
    &'a Tensor, value => Kind::Tensor(value);
    i32, value => Kind::Int(value.into());
    i64, value => Kind::Int(value);
    f32, value => Kind::Float(value.into());
    f64, value => Kind::Float(value);
    bool, value => Kind::Bool(value);
    &'a str, value => Kind::Text(value);
    &'a String, value => Kind::Text(value);
    Dtype, value => Kind::Dtype(value);
    &'a [i64], value => Kind::Ints(value);
    &'a Vec<i64>, value => Kind::Ints(value);
    &'a [f64], value => Kind::Floats(value);
    &[bool], value => Kind::Bools(value.iter().map(|&flag| flag.into()).collect());
    &'a [Tensor], value => Kind::Tensors(value.iter().map(Tensor::as_raw).collect());
    &'a Vec<Tensor>, value => Kind::Tensors(value.iter().map(Tensor::as_raw).collect());
    &'a [&'a Tensor], value => Kind::Tensors(value.iter().map(|tensor| tensor.as_raw()).collect());
}

impl<'a, const N: usize> From<&'a [i64; N]> for Argument<'a> {
    fn from(value: &'a [i64; N]) -> Self {
        value.as_slice().into()
    }
}

impl<'a, const N: usize> From<&'a [f64; N]> for Argument<'a> {
    fn from(value: &'a [f64; N]) -> Self {
        value.as_slice().into()
    }
}

impl<'a, const N: usize> From<&'a [&'a Tensor; N]> for Argument<'a> {
    fn from(value: &'a [&'a Tensor; N]) -> Self {
        value.as_slice().into()
    }
}

impl<'a, T: Into<Argument<'a>>> From<Option<T>> for Argument<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Argument { kind: Kind::None, name: None }, Into::into)
    }
}

/// Arguments of an operator: `args![&x, &weight, None::<&Tensor>]`, those by keyword behind a semicolon:
/// `args![&x, -1; dtype = Dtype::Float64]`. Lists are slices: `args![&x, &[2, -1]]`.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)? $(; $($name:ident = $named:expr),* $(,)?)?) => {
        &[$($crate::Argument::from($value),)* $($($crate::Argument::from($named).named(stringify!($name)),)*)?]
    };
}

impl Argument<'_> {
    /// What C takes; `name` is the argument's, and all that it points to lives as long as this argument.
    fn to_c(&self, text: &Option<CString>, name: &Option<CString>) -> sys::oar_value {
        let mut value = sys::oar_value {
            size: size_of::<sys::oar_value>() as i32,
            kind: sys::OAR_VALUE_NONE,
            integer: 0,
            real: 0.0,
            data: std::ptr::null(),
            name: name.as_ref().map_or(std::ptr::null(), |name| name.as_ptr()),
        };
        let list = |value: &mut sys::oar_value, kind, data: *const c_void, count: usize| {
            (value.kind, value.data, value.integer) = (kind, data, count as i64);
        };
        match &self.kind {
            Kind::None => {}
            Kind::Tensor(tensor) => (value.kind, value.data) = (sys::OAR_VALUE_TENSOR, tensor.as_raw().cast_const().cast()),
            Kind::Int(number) => (value.kind, value.integer) = (sys::OAR_VALUE_INT, *number),
            Kind::Float(number) => (value.kind, value.real) = (sys::OAR_VALUE_FLOAT, *number),
            Kind::Bool(flag) => (value.kind, value.integer) = (sys::OAR_VALUE_BOOL, (*flag).into()),
            Kind::Text(_) => {
                let text = text.as_ref().map_or(std::ptr::null(), |text| text.as_ptr());
                (value.kind, value.data) = (sys::OAR_VALUE_STRING, text.cast());
            }
            Kind::Dtype(dtype) => (value.kind, value.integer) = (sys::OAR_VALUE_DTYPE, dtype.code().into()),
            Kind::Ints(numbers) => list(&mut value, sys::OAR_VALUE_INTS, numbers.as_ptr().cast(), numbers.len()),
            Kind::Floats(numbers) => list(&mut value, sys::OAR_VALUE_FLOATS, numbers.as_ptr().cast(), numbers.len()),
            Kind::Bools(flags) => list(&mut value, sys::OAR_VALUE_BOOLS, flags.as_ptr().cast(), flags.len()),
            Kind::Tensors(tensors) => list(&mut value, sys::OAR_VALUE_TENSORS, tensors.as_ptr().cast(), tensors.len()),
        }
        value
    }
}

const RESULTS_MAX: usize = 1024;

thread_local! {
    /// How many calls of [`no_grad`] this thread is in.
    static NO_GRAD: Cell<u32> = const { Cell::new(0) };
}

/// Runs a closure in which operators record no autograd, on this thread.
///
/// Results lead back to nothing, and operators may write to parameters: `no_grad(|| state.op("aten::sub_", args![&w, &step]))`.
/// It ends with the closure, also by a panic. Forwards of programs follow the model's mode
/// ([`Model::set_training`](crate::Model::set_training)).
pub fn no_grad<R>(body: impl FnOnce() -> R) -> R {
    struct Ended;
    impl Drop for Ended {
        fn drop(&mut self) {
            NO_GRAD.set(NO_GRAD.get() - 1);
        }
    }
    NO_GRAD.set(NO_GRAD.get() + 1);
    let _ended = Ended;
    body()
}

/// # Safety
/// The state is alive, and the operator checks what it is given.
pub(crate) unsafe fn call(state: *mut sys::oar_state, name: &str, arguments: &[Argument]) -> Result<Vec<Option<Tensor>>> {
    library::check_version()?;
    let c_name = c_text("the operator's name", name)?;
    let mut texts = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let text = if let Kind::Text(text) = argument.kind { Some(c_text("a text", text)?) } else { None };
        let name = argument.name.map(|name| c_text("an argument's name", name)).transpose()?;
        texts.push((text, name));
    }
    let values: Vec<_> = arguments.iter().zip(&texts).map(|(argument, (text, name))| argument.to_c(text, name)).collect();
    let function = if NO_GRAD.get() == 0 { sys::oar_op_call } else { sys::oar_op_call_no_grad };
    let mut outputs = MaybeUninit::<[*mut sys::oar_tensor; RESULTS_MAX]>::uninit(); // to clear it would cost as much as an add
    let mut count = RESULTS_MAX;
    // SAFETY: the caller's promise; values and texts live until the call is over, and there is as much room as is said.
    // On success the first `count` results are there, and owned.
    unsafe {
        let first = outputs.as_mut_ptr().cast::<*mut sys::oar_tensor>();
        check(function(state, c_name.as_ptr(), values.as_ptr(), values.len(), first, &mut count))?;
        Ok((0..count).map(|i| Handle::from_raw(*first.add(i)).map(Tensor)).collect())
    }
}

/// Refuses what safe code must not call: operators that trust what they are given.
pub(crate) fn refuse_unchecked(name: &str) -> Result<()> {
    let own = name.strip_prefix("aten::").unwrap_or(name);
    let base = own.split('.').next().unwrap_or(own);
    if (base.starts_with('_') && !base.starts_with("__")) || ["set_", "set", "set_data", "from_file"].contains(&base) {
        let text = format!("{name} does not check what it is given; op_unchecked calls it, which is unsafe");
        return Err(Error::own(ErrorKind::Unsupported, "op", text));
    }
    Ok(())
}

/// The only result.
pub(crate) fn one(name: &str, results: Vec<Option<Tensor>>) -> Result<Tensor> {
    array::<1>(name, results).map(|[tensor]| tensor)
}

/// As many results as there are.
pub(crate) fn array<const N: usize>(name: &str, results: Vec<Option<Tensor>>) -> Result<[Tensor; N]> {
    let count = results.len();
    let tensors: Option<Vec<Tensor>> = results.into_iter().collect();
    let text = match tensors {
        Some(tensors) => match tensors.try_into() {
            Ok(tensors) => return Ok(tensors),
            Err(_) => format!("{name} gave {count} results, not {N}; op_list takes any number"),
        },
        None => format!("{name} gave nothing for one of its {count} results; op_list takes that"),
    };
    Err(Error::argument("op", text))
}

impl State {
    /// Calls an operator of libtorch that gives one tensor.
    ///
    /// Results of a model's parameters ([`Model::parameter`](crate::Model::parameter)) lead back to them:
    /// [`Accelerator::backward`](crate::Accelerator::backward) goes through the operators. Without an overload
    /// (`"aten::add"`, not `"aten::add.Tensor"`) the first that takes the arguments runs.
    ///
    /// ```
    /// # use oarlock::{State, Tensor, Dtype, args, Result};
    /// # fn main() -> Result<()> {
    /// let state = State::new()?;
    /// let x = Tensor::from_vec(vec![1.0f32, -2.0, 3.0, -4.0], &[2, 2])?;
    /// let doubled = state.op("aten::add", args![&x, &x; alpha = 1])?;
    /// let sum = state.op("aten::sum", args![&doubled, &[1], true; dtype = Dtype::Float64])?;
    /// assert_eq!((sum.shape()?, sum.to_vec::<f64>()?), (vec![2, 1], vec![-2.0, -2.0]));
    /// let [largest, places] = state.op_array("aten::max.dim", args![&x, 0])?;
    /// assert_eq!((largest.to_vec::<f32>()?, places.to_vec::<i64>()?), (vec![3.0, -2.0], vec![1, 0]));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Argument` naming the argument, what is taken and what was given, or the number of results; `Unsupported` for an
    /// unknown operator (the text has the nearest), or one that does not check its arguments.
    pub fn op(&self, name: &str, arguments: &[Argument]) -> Result<Tensor> {
        one(name, self.op_list(name, arguments)?)
    }

    /// The same for an operator that gives several tensors: `let [values, indices] = state.op_array(...)?`.
    ///
    /// # Errors
    /// As for [`op`](State::op).
    pub fn op_array<const N: usize>(&self, name: &str, arguments: &[Argument]) -> Result<[Tensor; N]> {
        array(name, self.op_list(name, arguments)?)
    }

    /// The same for an operator that gives any number of tensors, or nothing for some.
    ///
    /// # Errors
    /// As for [`op`](State::op).
    pub fn op_list(&self, name: &str, arguments: &[Argument]) -> Result<Vec<Option<Tensor>>> {
        refuse_unchecked(name)?;
        // SAFETY: the state is alive; operators that do not check are refused.
        unsafe { call(self.as_raw(), name, arguments) }
    }

    /// The same for any operator, also those that trust what they are given: of private names (`"aten::_..."`), and
    /// those that make tensors of raw memory.
    ///
    /// # Errors
    /// As for [`op`](State::op).
    ///
    /// # Safety
    /// The arguments are what the operator takes for granted.
    pub unsafe fn op_unchecked(&self, name: &str, arguments: &[Argument]) -> Result<Vec<Option<Tensor>>> {
        // SAFETY: the state is alive; the rest is the caller's promise.
        unsafe { call(self.as_raw(), name, arguments) }
    }
}

/// The JSON that a C function gives as bytes.
pub(crate) fn read_json(make: impl FnOnce(*mut *mut sys::oar_bytes) -> sys::oar_status) -> Result<serde_json::Value> {
    json_of(&create(make)?)
}

/// The JSON in an object of bytes.
pub(crate) fn json_of(owner: &Handle<sys::oar_bytes>) -> Result<serde_json::Value> {
    let text = text_of(owner)?;
    serde_json::from_str(&text).map_err(|error| Error::own(ErrorKind::Internal, "json", format!("{error} in {text}")))
}

/// The text that a C function gives as bytes.
pub(crate) fn read_text_bytes(make: impl FnOnce(*mut *mut sys::oar_bytes) -> sys::oar_status) -> Result<String> {
    text_of(&create(make)?)
}

fn text_of(owner: &Handle<sys::oar_bytes>) -> Result<String> {
    let (mut data, mut size) = (std::ptr::null(), 0);
    // SAFETY: the handle is alive as long as what it lends, and the out pointers are locals'.
    let text = unsafe {
        check(sys::oar_bytes_view(owner.as_ptr(), &mut data, &mut size))?;
        bytes(data, size)
    };
    Ok(String::from_utf8_lossy(text).into_owned())
}

/// Loads a library of custom operators (TORCH_LIBRARY), before a program that calls them.
///
/// # Errors
/// `NotFound`; `Argument` if anybody may write to the file, or it does not load.
///
/// # Safety
/// The library's code runs, and its operators are called by safe code: they check what they are given.
pub unsafe fn load_library(path: impl AsRef<Path>) -> Result<()> {
    let path = c_path(path)?;
    // SAFETY: the text ends with NUL; the rest is the caller's promise.
    check(unsafe { sys::oar_load_library(path.as_ptr()) })
}

/// The overloads of an operator in the order in which they are tried: `name`, `overload`, `arguments`, `returns` and
/// `schema` of each.
///
/// # Errors
/// `Unsupported` for an unknown operator; the text has the nearest name.
pub fn op_signatures(name: &str) -> Result<serde_json::Value> {
    let name = c_text("the operator's name", name)?;
    // SAFETY: the text ends with NUL, the out pointer is a local's.
    read_json(|out| unsafe { sys::oar_op_signatures(name.as_ptr(), out) })
}

/// The names of the operators of a namespace (`"aten"`), or of all; sorted.
pub fn op_names<'a>(name_space: impl Into<Option<&'a str>>) -> Result<Vec<String>> {
    let name_space = name_space.into().map(|name| c_text("the namespace", name)).transpose()?;
    let name_space = name_space.as_ref().map_or(std::ptr::null(), |name| name.as_ptr());
    // SAFETY: NULL is allowed, a text ends with NUL, the out pointer is a local's.
    let names = read_json(|out| unsafe { sys::oar_op_names(name_space, out) })?;
    Ok(names.as_array().into_iter().flatten().filter_map(|name| Some(name.as_str()?.to_owned())).collect())
}
