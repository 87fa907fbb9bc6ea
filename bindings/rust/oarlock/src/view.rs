//! Tensors and `ndarray`: arrays move in without a copy, and are seen through views.

use crate::element::{Element, Plain};
use crate::error::{Error, Result};
use crate::tensor::{Access, Tensor};
use ndarray::{
    ArcArray, Array, ArrayBase, ArrayD, ArrayViewD, ArrayViewMutD, Data, Dimension, IxDyn, RawData, ShapeBuilder, StrideShape,
};
use std::cell::Cell;

impl Tensor {
    /// A tensor over the array's memory; nothing is copied, and rows, columns or any other order stay as they are.
    ///
    /// ```
    /// # use oarlock::{Tensor, Result};
    /// # fn main() -> Result<()> {
    /// let tensor = Tensor::from_array(ndarray::array![[1.0f32, 2.0], [3.0, 4.0]])?;
    /// assert_eq!(tensor.shape()?, [2, 2]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Argument` for an array with an axis turned round (negative strides); copy it first.
    pub fn from_array<T: Element, D: Dimension + 'static>(array: Array<T, D>) -> Result<Self> {
        // SAFETY: the array owns its elements.
        unsafe { over_array(array, |array| array.as_mut_ptr(), Access::Write) }
    }

    /// A read-only tensor over a shared array's memory; nothing is copied, and whoever else has the array may read on.
    ///
    /// # Errors
    /// As for [`from_array`](Tensor::from_array).
    pub fn from_shared_array<T: Element, D: Dimension + 'static>(array: ArcArray<T, D>) -> Result<Self> {
        // SAFETY: nobody writes to elements that are shared: the array is copied before.
        unsafe { over_array(array, |array| array.as_ptr().cast_mut(), Access::Read) }
    }

    /// A copy of the values as an array, row-major.
    ///
    /// # Errors
    /// `Argument` if the elements are of another type.
    pub fn to_array<T: Element>(&self) -> Result<ArrayD<T>> {
        let (shape, values) = (self.shape()?, self.to_vec()?);
        Ok(ArrayD::from_shape_vec(IxDyn(&shape), values).expect("as many values as the shape has"))
    }

    /// The memory itself, to read and to write. Nothing is copied.
    ///
    /// Cells, because other tensors, models and optimizers may share the memory and write to it while the view lives:
    /// `get` gives what is there at that moment. `set` writes into whatever shares it.
    ///
    /// ```
    /// # use oarlock::{Dtype, Tensor, Result};
    /// # fn main() -> Result<()> {
    /// let tensor = Tensor::zeros(Dtype::Float32, &[2, 3])?;
    /// let cells = tensor.cells::<f32>()?;
    /// cells[[0, 1]].set(5.0);
    /// assert_eq!(tensor.to_vec::<f32>()?, [0.0, 5.0, 0.0, 0.0, 0.0, 0.0]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Argument` if the elements are of another type, or the tensor is read-only.
    pub fn cells<T: Plain>(&self) -> Result<ArrayViewD<'_, Cell<T>>> {
        self.refuse_read_only("cells")?;
        let (layout, data) = self.layout::<T>("cells")?;
        // SAFETY: the library keeps the memory, with elements of this type at all places of the layout, as long as the
        // tensor lives. A `Cell` is laid out as its value and allows writes by others on this thread; there are none on
        // other threads, as no safe call gives memory to one that writes.
        Ok(unsafe { ArrayViewD::from_shape_ptr(layout, data.cast::<Cell<T>>()) })
    }

    /// The memory itself as plain numbers, to read. Nothing is copied.
    ///
    /// # Errors
    /// `Argument` if the elements are of another type.
    ///
    /// # Safety
    /// As long as the view lives nothing writes to the memory: no other tensor that shares it, no step of an optimizer
    /// whose parameter it is, no collective operation, no training forward whose buffer it is.
    pub unsafe fn view<T: Plain>(&self) -> Result<ArrayViewD<'_, T>> {
        let (layout, data) = self.layout::<T>("view")?;
        // SAFETY: the library keeps the memory as in `cells`; the caller sees to it that nobody writes.
        Ok(unsafe { ArrayViewD::from_shape_ptr(layout, data) })
    }

    /// The memory itself as plain numbers, to read and write. Nothing is copied.
    ///
    /// # Errors
    /// `Argument` if the elements are of another type, or the tensor is read-only, or elements share memory.
    ///
    /// # Safety
    /// As long as the view lives nothing else reads or writes the memory, through whatever shares it.
    pub unsafe fn view_mut<T: Plain>(&mut self) -> Result<ArrayViewMutD<'_, T>> {
        self.refuse_read_only("view_mut")?;
        let (layout, data) = self.layout::<T>("view_mut")?;
        if overlaps(&self.shape()?, &self.strides()?) {
            return Err(Error::argument(
                "view_mut",
                "elements of the tensor share memory (a broadcast or sliding view)".into(),
            ));
        }
        // SAFETY: the library keeps the memory as in `cells`; the caller sees to it that nobody else uses it.
        Ok(unsafe { ArrayViewMutD::from_shape_ptr(layout, data) })
    }

    fn refuse_read_only(&self, operation: &str) -> Result<()> {
        if self.is_read_only()? {
            return Err(Error::argument(
                operation,
                "the tensor is read-only (memory of a mapped file, or marked so by its producer); a tensor of its values \
                 that may be written to: Tensor::copy"
                    .into(),
            ));
        }
        Ok(())
    }

    /// Where the elements lie, for ndarray.
    fn layout<T: Plain>(&self, operation: &str) -> Result<(StrideShape<IxDyn>, *mut T)> {
        let data = self.data_as::<T>(operation)?;
        let strides: Vec<usize> = self.strides()?.into_iter().map(|stride| stride as usize).collect();
        Ok((IxDyn(&self.shape()?).strides(IxDyn(&strides)), data))
    }
}

/// Whether two places may be the same element: some stride is no longer than what smaller ones reach.
fn overlaps(shape: &[usize], strides: &[isize]) -> bool {
    let mut axes: Vec<(isize, usize)> = strides.iter().copied().zip(shape.iter().copied()).filter(|axis| axis.1 != 1).collect();
    axes.sort_unstable();
    let mut reach = 0;
    !shape.contains(&0)
        && axes.into_iter().any(|(stride, size)| {
            let overlaps = stride <= reach;
            reach += stride * (size as isize - 1);
            overlaps
        })
}

/// # Safety
/// `array` keeps its elements, and nobody else uses them (with `Access::Read`: writes to them), until it is dropped.
unsafe fn over_array<T: Element, S, D>(
    array: ArrayBase<S, D>,
    data: impl FnOnce(&mut ArrayBase<S, D>) -> *mut T,
    access: Access,
) -> Result<Tensor>
where
    S: RawData<Elem = T> + Data + Send + 'static,
    D: Dimension + 'static,
{
    if array.is_empty() {
        return Tensor::zeros(T::DTYPE, array.shape()); // an array without elements may have any strides
    }
    let shape: Vec<i64> = array.shape().iter().map(|&size| size as i64).collect();
    let strides: Vec<i64> = array.strides().iter().map(|&stride| stride as i64).collect();
    // SAFETY: the elements lie where shape and strides say. The library refuses negative strides before it looks at them.
    unsafe { Tensor::over(array, |array| data(array).cast(), T::DTYPE, &shape, Some(&strides), access) }
}
