//! Tensors of DLPack 1.x that this program owns.

pub use oarlock_sys::dlpack::*;

use std::ptr::NonNull;

/// A DLPack tensor with its owner's duty: its deleter runs when this is dropped, unless it is given away.
#[derive(Debug)]
pub struct Dlpack(NonNull<DLManagedTensorVersioned>);

impl Dlpack {
    /// Takes over a tensor; `None` for NULL.
    ///
    /// # Safety
    /// `managed` is NULL or a tensor as DLPack describes it, which the caller owns and gives away. Its version is 1.x.
    pub unsafe fn from_raw(managed: *mut DLManagedTensorVersioned) -> Option<Self> {
        NonNull::new(managed).map(Dlpack)
    }

    /// Gives the tensor away: the receiver calls its deleter once.
    pub fn into_raw(self) -> *mut DLManagedTensorVersioned {
        let raw = self.0.as_ptr();
        std::mem::forget(self);
        raw
    }

    /// Whether the receiver must not write.
    pub fn is_read_only(&self) -> bool {
        self.as_ref().flags & DLPACK_FLAG_BITMASK_READ_ONLY != 0
    }

    /// The sizes.
    pub fn shape(&self) -> &[i64] {
        // SAFETY: shape has `ndim` sizes.
        unsafe { numbers(self.as_ref().dl_tensor.shape, self.as_ref().dl_tensor.ndim) }
    }

    /// The strides in elements; empty if the producer left them out, which is row-major.
    pub fn strides(&self) -> &[i64] {
        // SAFETY: strides are NULL or `ndim` numbers.
        unsafe { numbers(self.as_ref().dl_tensor.strides, self.as_ref().dl_tensor.ndim) }
    }
}

/// # Safety
/// `numbers` is NULL or has `count` numbers that live as long as the result.
unsafe fn numbers<'a>(numbers: *const i64, count: i32) -> &'a [i64] {
    // SAFETY: the caller's promise.
    if numbers.is_null() { &[] } else { unsafe { std::slice::from_raw_parts(numbers, usize::try_from(count).unwrap_or(0)) } }
}

impl AsRef<DLManagedTensorVersioned> for Dlpack {
    fn as_ref(&self) -> &DLManagedTensorVersioned {
        // SAFETY: owned and alive; nobody changes it.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Dlpack {
    fn drop(&mut self) {
        if let Some(deleter) = self.as_ref().deleter {
            // SAFETY: this is the owner, and calls it once.
            unsafe { deleter(self.0.as_ptr()) }
        }
    }
}
