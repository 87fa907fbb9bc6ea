//! Tensors: memory with a shape and an element type, shared with Rust without copies.

use crate::callback::free;
use crate::dlpack::Dlpack;
use crate::element::{Dtype, Element};
use crate::error::{Error, Result, check};
use crate::handle::{Handle, create, truth, value};
use crate::text::{read_numbers, read_text};
use oarlock_sys as sys;
use std::ffi::c_void;
use std::sync::Arc;

/// Memory with a shape and an element type.
///
/// Several tensors, trees and models may share one memory, and this type does not know which: a tensor of
/// [`Model::tensor`](crate::Model::tensor) *is* the model's parameter. That is why
///
/// * reading and writing in safe code goes through copies ([`to_vec`](Tensor::to_vec), [`to_array`](Tensor::to_array),
///   [`copy_from`](Tensor::copy_from)) or through [`cells`](Tensor::cells), which allow for others that write;
/// * views as plain slices of numbers ([`view`](Tensor::view), [`view_mut`](Tensor::view_mut)) are `unsafe`, with a
///   contract;
/// * a tensor stays on its thread (it is neither `Send` nor `Sync`), as do all objects that may hold its memory.
///
/// Arrays that come from Rust are moved in, so their memory lives as long as anything uses it.
pub struct Tensor(pub(crate) Handle<sys::oar_tensor>);

impl Tensor {
    /// A new tensor of zeros, row-major.
    ///
    /// # Errors
    /// `OutOfMemory`; `Argument` for a size that no memory has.
    pub fn zeros(dtype: Dtype, shape: &[usize]) -> Result<Self> {
        let shape = sizes(shape)?;
        // SAFETY: `shape` has as many sizes as is said.
        create(|out| unsafe { sys::oar_tensor_zeros(dtype.code(), shape.as_ptr(), shape.len(), out) }).map(Tensor)
    }

    /// The array of a NumPy `.npy` file, read-only over the mapped file, which must not change meanwhile. Its rows are
    /// samples for [`Dataset::over_tensors`](crate::Dataset::over_tensors).
    ///
    /// # Errors
    /// `NotFound`; `Corrupt` with the byte; `Unsupported` for elements that are no little-endian numbers.
    pub fn from_npy(path: impl AsRef<std::path::Path>) -> Result<Self> {
        let path = crate::text::c_path(path)?;
        // SAFETY: the text ends with NUL.
        create(|out| unsafe { sys::oar_tensor_from_npy(path.as_ptr(), out) }).map(Tensor)
    }

    /// A tensor over the vector's memory, row-major; nothing is copied.
    ///
    /// # Errors
    /// `Argument` if the shape does not have as many elements as the vector.
    pub fn from_vec<T: Element>(values: Vec<T>, shape: &[usize]) -> Result<Self> {
        check_numel("from_vec", shape, values.len())?;
        // SAFETY: the vector's elements are the `numel` of the shape, in row-major order.
        unsafe { Tensor::over(values, |values| values.as_mut_ptr().cast(), T::DTYPE, &sizes(shape)?, None, Access::Write) }
    }

    /// A read-only tensor over shared values, row-major; nothing is copied, and whoever else has them may read on.
    ///
    /// ```
    /// # use oarlock::{Tensor, Result};
    /// # fn main() -> Result<()> {
    /// let values: std::sync::Arc<[f32]> = [1.0, 2.0].into();
    /// let tensor = Tensor::from_shared(values.clone(), &[2])?;
    /// assert!(tensor.is_read_only()? && tensor.data_ptr()?.cast_const().cast() == values.as_ptr());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Argument` if the shape does not have as many elements as there are values.
    pub fn from_shared<T: Element>(values: Arc<[T]>, shape: &[usize]) -> Result<Self> {
        check_numel("from_shared", shape, values.len())?;
        // SAFETY: as above; nobody writes to shared values.
        unsafe {
            Tensor::over(values, |values| values.as_ptr().cast_mut().cast(), T::DTYPE, &sizes(shape)?, None, Access::Read)
        }
    }

    /// A tensor over memory that `owner` keeps, which is dropped after its last use.
    ///
    /// # Safety
    /// `data` gives the address of memory that the owner alone uses until it is dropped (with `Access::Read`: that nobody
    /// writes to) and that does not move with it; it holds elements of `dtype` at all places that shape and strides say.
    pub(crate) unsafe fn over<Owner: Send + 'static>(
        owner: Owner,
        data: impl FnOnce(&mut Owner) -> *mut c_void,
        dtype: Dtype,
        shape: &[i64],
        strides: Option<&[i64]>,
        access: Access,
    ) -> Result<Self> {
        let owner = Box::into_raw(Box::new(owner));
        // SAFETY: just made, and nobody else has it.
        let data = data(unsafe { &mut *owner });
        let strides = strides.map_or(std::ptr::null(), <[i64]>::as_ptr);
        // SAFETY: shape and strides have one entry per dimension. The release frees the box, once, also if this fails.
        create(|out| unsafe {
            let release = Some(free::<Owner> as unsafe extern "C" fn(*mut c_void));
            let (dtype, shape, num_dims) = (dtype.code(), shape.as_ptr(), shape.len());
            match access {
                Access::Write => sys::oar_tensor_from_memory(data, dtype, shape, strides, num_dims, owner.cast(), release, out),
                Access::Read => {
                    sys::oar_tensor_from_read_only_memory(data, dtype, shape, strides, num_dims, owner.cast(), release, out)
                }
            }
        })
        .map(Tensor)
    }

    /// The sizes.
    pub fn shape(&self) -> Result<Vec<usize>> {
        // SAFETY: array and count belong together.
        let sizes = read_numbers(|shape, count| unsafe { sys::oar_tensor_shape(self.as_raw(), shape, count) })?;
        Ok(sizes.into_iter().map(|size| size as usize).collect())
    }

    /// The strides, in elements.
    pub fn strides(&self) -> Result<Vec<isize>> {
        // SAFETY: array and count belong together.
        let strides = read_numbers(|strides, count| unsafe { sys::oar_tensor_strides(self.as_raw(), strides, count) })?;
        Ok(strides.into_iter().map(|stride| stride as isize).collect())
    }

    /// The number of dimensions; a single value has none.
    pub fn num_dims(&self) -> Result<usize> {
        // SAFETY: the handle is alive; so in all calls of this file.
        value(|out| unsafe { sys::oar_tensor_num_dims(self.as_raw(), out) }).map(|number: i64| number as usize)
    }

    /// The number of elements: the product of the sizes.
    pub fn numel(&self) -> Result<usize> {
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_tensor_numel(self.as_raw(), out) }).map(|number: i64| number as usize)
    }

    /// The type of the elements.
    ///
    /// # Errors
    /// `Unsupported` for a type that this version does not know.
    pub fn dtype(&self) -> Result<Dtype> {
        // SAFETY: as above.
        let code = value(|out| unsafe { sys::oar_tensor_dtype(self.as_raw(), out) })?;
        Dtype::from_code(code).ok_or_else(|| {
            Error::own(crate::ErrorKind::Unsupported, "dtype", format!("element type number {code} is not known"))
        })
    }

    /// Where the memory is: `"cpu"`.
    pub fn device(&self) -> Result<String> {
        // SAFETY: buffer and length belong together.
        read_text(|buf, len| unsafe { sys::oar_tensor_device(self.as_raw(), buf, len) })
    }

    /// Whether the memory must not be written to: that of a mapped file, or that its producer marked so.
    pub fn is_read_only(&self) -> Result<bool> {
        // SAFETY: as above.
        truth(|out| unsafe { sys::oar_tensor_is_read_only(self.as_raw(), out) })
    }

    /// The address of the first element; NULL only without elements. Valid as long as anything uses the memory.
    pub fn data_ptr(&self) -> Result<*mut c_void> {
        let mut data = std::ptr::null_mut();
        // SAFETY: as above.
        check(unsafe { sys::oar_tensor_data(self.as_raw(), &mut data) })?;
        Ok(data)
    }

    /// The same values in row-major order: a copy, or the same memory where it is so already.
    pub fn contiguous(&self) -> Result<Tensor> {
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_tensor_contiguous(self.as_raw(), out) }).map(Tensor)
    }

    /// The value of a tensor of one element. Integers beyond 2^53 are rounded; a truth value gives 0 or 1.
    ///
    /// # Errors
    /// `Argument` for more or fewer elements, or a complex type.
    #[inline]
    pub fn item(&self) -> Result<f64> {
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_tensor_item(self.as_raw(), out) })
    }

    /// Writes the source's values into this memory, converting the element type; autograd does not see it.
    ///
    /// # Errors
    /// `Argument` if the shapes differ, this tensor is read-only, or complex values would go into a real tensor.
    pub fn copy_from(&self, source: &Tensor) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_tensor_copy_from(self.as_raw(), source.as_raw()) })
    }

    /// A new tensor with the same values, row-major, whose memory is its own.
    pub fn copy(&self) -> Result<Tensor> {
        let copy = Tensor::zeros(self.dtype()?, &self.shape()?)?;
        copy.copy_from(self)?;
        Ok(copy)
    }

    /// A copy of the values, in row-major order.
    ///
    /// # Errors
    /// `Argument` if the elements are of another type.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        let plain = self.contiguous()?;
        let data = plain.data_as::<T>("to_vec")?;
        let numel = plain.numel()?;
        // SAFETY: `data` is the first of `numel` elements, one behind the other, and any bytes are `T::Memory`. Nothing
        // writes meanwhile: whatever can is on this thread.
        Ok((0..numel).map(|index| T::from_memory(unsafe { data.add(index).read() })).collect())
    }

    /// The address of the first element, if the elements are `T` and lie where a `T` may.
    pub(crate) fn data_as<T: Element>(&self, operation: &str) -> Result<*mut T::Memory> {
        let dtype = self.dtype()?;
        if dtype != T::DTYPE {
            return Err(Error::argument(operation, format!("the tensor's elements are {dtype}; {} was asked for", T::DTYPE)));
        }
        let data = self.data_ptr()?.cast::<T::Memory>();
        if data.is_null() {
            return Ok(std::ptr::NonNull::dangling().as_ptr());
        }
        if !data.is_aligned() {
            return Err(Error::argument(operation, format!("the tensor's memory at {data:?} is not aligned for {dtype}")));
        }
        Ok(data)
    }

    /// Takes over a tensor of another library, without a copy.
    ///
    /// Its deleter runs once, after the last use of the memory, on any thread. A producer's read-only flag makes a
    /// read-only tensor.
    ///
    /// # Errors
    /// `Version` if the major version is not 1, `Unsupported` for memory of a device or an element type that Oarlock
    /// lacks, `Argument` for sizes that no tensor has. The tensor is the caller's as before then.
    ///
    /// # Safety
    /// `managed` points to a tensor as DLPack describes it, which the caller owns. Until the deleter has run, the memory
    /// holds its elements, and no other thread writes to it, nor reads it while Oarlock writes.
    pub unsafe fn from_dlpack(managed: *mut sys::dlpack::DLManagedTensorVersioned) -> Result<Self> {
        // SAFETY: the caller's promise; the memory is the host's, so there is no stream.
        create(|out| unsafe { sys::oar_tensor_from_dlpack(managed, std::ptr::null_mut(), out) }).map(Tensor)
    }

    /// Gives the tensor to another library, without a copy. The memory lives on whatever happens to this tensor.
    ///
    /// # Errors
    /// `Unsupported` for a tensor that DLPack cannot describe.
    pub fn to_dlpack(&self) -> Result<Dlpack> {
        let mut managed = std::ptr::null_mut();
        // SAFETY: the out pointer is that of a local; on success the result is owned.
        unsafe {
            check(sys::oar_tensor_to_dlpack(self.as_raw(), std::ptr::null_mut(), &mut managed))?;
            Ok(Dlpack::from_raw(managed).expect("a call that succeeded without a tensor"))
        }
    }

    /// The handle, for calls of [`sys`]; it stays this object's, and the rules of the C interface hold.
    pub fn as_raw(&self) -> *mut sys::oar_tensor {
        self.0.as_ptr()
    }
}

/// What the library may do to memory of Rust's.
#[derive(Clone, Copy)]
pub(crate) enum Access {
    Read,
    Write,
}

fn check_numel(operation: &str, shape: &[usize], len: usize) -> Result<()> {
    if shape.iter().try_fold(1usize, |product, &size| product.checked_mul(size)) == Some(len) {
        return Ok(());
    }
    Err(Error::argument(operation, format!("shape {shape:?} does not have {len} elements")))
}

/// Sizes as C has them.
pub(crate) fn sizes(shape: &[usize]) -> Result<Vec<i64>> {
    shape
        .iter()
        .map(|&size| i64::try_from(size).map_err(|_| Error::argument("", format!("no tensor has a size of {size}"))))
        .collect()
}

impl std::fmt::Debug for Tensor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.dtype(), self.shape()) {
            (Ok(dtype), Ok(shape)) => write!(formatter, "Tensor({dtype}, {shape:?})"),
            _ => formatter.write_str("Tensor"),
        }
    }
}
