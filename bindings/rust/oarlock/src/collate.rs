//! How samples become a batch: columns padded to one length, token sequences packed into rows, a closure of the program's.

use crate::callback::{BoxedError, free, run};
use crate::dataset::{Dataset, give};
use crate::error::{Error, Result, check};
use crate::handle::create;
use crate::loader::Loader;
use crate::text::c_text;
use crate::tree::Tree;
use oarlock_sys as sys;
use std::ffi::c_void;

/// How a column's tensors are made equally long.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnPadding {
    /// What the new elements are.
    pub value: f64,
    /// The length is a multiple of it.
    pub multiple_of: usize,
    /// New elements come before the old ones.
    pub first: bool,
    /// The name of a new column: 1 for old elements, 0 for new ones.
    pub mask: Option<String>,
}

impl Default for ColumnPadding {
    fn default() -> Self {
        ColumnPadding { value: 0.0, multiple_of: 1, first: false, mask: None }
    }
}

impl Loader {
    /// Makes a column's tensors as long as the batch's longest, or the next multiple, before its samples are joined.
    ///
    /// # Errors
    /// `Argument` for a multiple out of range, `State` in the middle of an epoch.
    pub fn set_padding(&self, column: &str, padding: &ColumnPadding) -> Result<()> {
        let column = c_text("the column", column)?;
        let mask = padding.mask.as_deref().map(|mask| c_text("the mask", mask)).transpose()?;
        let mask = mask.as_ref().map_or(std::ptr::null(), |mask| mask.as_ptr());
        let multiple = i64::try_from(padding.multiple_of)
            .map_err(|_| Error::argument("set_padding", format!("no length is a multiple of {}", padding.multiple_of)))?;
        let first = i32::from(padding.first);
        // SAFETY: the handle is alive, texts end with NUL and live as long as the call, and NULL is allowed.
        check(unsafe { sys::oar_loader_set_padding(self.as_raw(), column.as_ptr(), padding.value, multiple, first, mask) })
    }

    /// Lets a closure join samples, a list of them, to a batch. It runs on the thread that asks for the batch, after
    /// columns were padded; its error comes out of that call.
    ///
    /// # Errors
    /// `State` in the middle of an epoch.
    pub fn set_collate<E, F>(&self, function: F) -> Result<()>
    where
        E: Into<BoxedError>,
        F: Fn(&Tree) -> std::result::Result<Tree, E> + Send + Sync + 'static,
    {
        let owned = Box::into_raw(Box::new(function));
        let release = Some(free::<F> as unsafe extern "C" fn(*mut c_void));
        // SAFETY: as above; the library frees the closure, once, also if this fails.
        check(unsafe { sys::oar_loader_set_collate(self.as_raw(), 0, Some(join::<E, F>), owned.cast(), release) })
    }
}

impl Dataset {
    /// Token sequences of any lengths, packed into rows of one length, in their order; no token is lost. A row has the
    /// column itself, `positions` (each token's place in its document) and `documents` (0, 1, ... in the row, -1 where it
    /// is padded). Every sample is read once now.
    ///
    /// # Errors
    /// `Argument` for a sample without such a tensor, or of another dtype; `Unsupported` for a stream.
    pub fn pack(&self, column: &str, row_length: usize, pad_value: f64) -> Result<Self> {
        let column = c_text("the column", column)?;
        let length =
            i64::try_from(row_length).map_err(|_| Error::argument("pack", format!("no row has {row_length} tokens")))?;
        // SAFETY: the handle is alive, the text ends with NUL, and the out pointer is a local's.
        create(|out| unsafe { sys::oar_dataset_pack(self.as_raw(), column.as_ptr(), length, pad_value, out) }).map(Dataset)
    }
}

unsafe extern "C" fn join<E, F>(
    samples: *const sys::oar_tree,
    out_batch: *mut *mut sys::oar_tree,
    user_data: *mut c_void,
) -> i32
where
    E: Into<BoxedError>,
    F: Fn(&Tree) -> std::result::Result<Tree, E>,
{
    // SAFETY: user_data is the closure, which lives as long as the loader's batches, in whose call this is.
    let function = unsafe { &*user_data.cast::<F>() };
    run(|| -> std::result::Result<(), BoxedError> {
        // SAFETY: C lends the samples for the call; a second owner is made.
        let list = create(|out| unsafe {
            let status = sys::oar_tree_retain(samples.cast_mut());
            *out = samples.cast_mut();
            status
        })
        .map(Tree)?;
        let batch = function(&list).map_err(Into::into)?;
        // SAFETY: C gives room for one handle.
        unsafe { give(&batch, out_batch) }
    })
}
