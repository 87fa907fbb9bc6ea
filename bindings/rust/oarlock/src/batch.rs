//! What is done to whole batches in one process.

use crate::error::{Error, Result, check};
use crate::handle::{create, value};
use crate::text::{c_text, read_text};
use crate::tree::Tree;
use oarlock_sys as sys;
use std::ffi::c_char;
use std::ops::Range;

impl Tree {
    /// The tree of a JSON text: objects are maps, arrays lists.
    ///
    /// # Errors
    /// `Argument` with the byte's place for what is no JSON, has a key twice, or is more than 64 deep.
    pub fn from_json(json: &str) -> Result<Tree> {
        let json = c_text("the JSON", json)?;
        // SAFETY: handles are alive, texts end with NUL and out pointers are locals'; so in all calls of this file.
        create(|out| unsafe { sys::oar_tree_from_json(json.as_ptr(), out) }).map(Tree)
    }

    /// A tree without tensors as JSON text; [`to_numbers`](Tree::to_numbers) first makes numbers of them.
    ///
    /// # Errors
    /// `Argument` naming the path of a tensor.
    pub fn to_json(&self) -> Result<String> {
        // SAFETY: as above.
        read_text(|buf, len| unsafe { sys::oar_tree_to_json(self.as_raw(), buf, len) })
    }

    /// How many samples a batch has: the first size of its first leaf.
    ///
    /// # Errors
    /// `Argument` if there is no such tensor.
    pub fn batch_size(&self) -> Result<usize> {
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_tree_batch_size(self.as_raw(), out) }).map(|size: i64| size as usize)
    }

    /// Every `step`-th row in a range of rows, of every tensor; memory is shared. Negative rows count from the end.
    ///
    /// # Errors
    /// `Argument` for a tensor without dimensions, or a step below 1.
    pub fn rows(&self, rows: Range<i64>, step: i64) -> Result<Tree> {
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_tree_slice(self.as_raw(), rows.start, rows.end, step, out) }).map(Tree)
    }

    /// Joins the batches of a list, each tensor along `dim`.
    ///
    /// # Errors
    /// `Argument` naming the path of what does not fit.
    pub fn concatenate(&self, dim: i64) -> Result<Tree> {
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_tree_concatenate(self.as_raw(), dim, out) }).map(Tree)
    }

    /// One of so many equal parts of a list, of a tensor's rows, or of all that is in a map; `part` is a rank, and the first
    /// parts take the remainder. With `pad` every part is as long as the longest, by repeating the last item of all.
    ///
    /// # Errors
    /// `Argument` for no such part, and for lists and tensors of a map that have different lengths.
    pub fn split(&self, part: usize, num_parts: usize, pad: bool) -> Result<Tree> {
        let (part, num_parts) = (small(part)?, small(num_parts)?);
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_tree_split(self.as_raw(), part, num_parts, i32::from(pad), out) }).map(Tree)
    }

    /// Appends zeros to every tensor until its `batch_size` rows are the next multiple of `num_parts`.
    ///
    /// # Errors
    /// `Argument` for a leaf that is no tensor of so many rows.
    pub fn pad_to_multiple(&self, batch_size: i64, num_parts: i64) -> Result<Tree> {
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_tree_pad_to_multiple(self.as_raw(), batch_size, num_parts, out) }).map(Tree)
    }

    /// The tree with its tensors on a device (`"cpu"`, `"cuda:0"`), but for entries of maps under `skip_keys`.
    ///
    /// # Errors
    /// `Argument` for what is no device, `Unsupported` for one that this process has not.
    pub fn to_device(&self, device: &str, non_blocking: bool, skip_keys: &[&str]) -> Result<Tree> {
        let device = c_text("the device", device)?;
        let keys = skip_keys.iter().map(|key| c_text("a key", *key)).collect::<Result<Vec<_>>>()?;
        let pointers: Vec<*const c_char> = keys.iter().map(|key| key.as_ptr()).collect();
        let (tree, non_blocking) = (self.as_raw(), non_blocking.into());
        // SAFETY: as above; `keys` holds the texts, which that live until the end of the call.
        create(|out| unsafe {
            sys::oar_tree_to_device(tree, device.as_ptr(), non_blocking, pointers.as_ptr(), pointers.len(), out)
        })
        .map(Tree)
    }

    /// The device of the first tensor, if there is one.
    pub fn device(&self) -> Result<Option<String>> {
        // SAFETY: as above.
        let device = read_text(|buf, len| unsafe { sys::oar_tree_device(self.as_raw(), buf, len) })?;
        Ok(Some(device).filter(|device| !device.is_empty()))
    }

    /// The tree with its tensors of half precision as float32.
    pub fn to_float32(&self) -> Result<Tree> {
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_tree_to_float32(self.as_raw(), out) }).map(Tree)
    }

    /// The tree with nested lists of numbers for its tensors.
    ///
    /// # Errors
    /// `Unsupported` for complex tensors.
    pub fn to_numbers(&self) -> Result<Tree> {
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_tree_to_numbers(self.as_raw(), out) }).map(Tree)
    }
}

/// Which of `num_rows` rows are a part's; `part` is a rank, and the first parts take the remainder.
///
/// # Errors
/// `Argument` for no such part.
pub fn split_rows(num_rows: usize, part: usize, num_parts: usize) -> Result<Range<usize>> {
    let rows = i64::try_from(num_rows).map_err(|_| Error::argument("split_rows", format!("there are no {num_rows} rows")))?;
    let (part, num_parts) = (small(part)?, small(num_parts)?);
    let (mut begin, mut end) = (0, 0);
    // SAFETY: the out pointers are locals'.
    check(unsafe { sys::oar_rows_split(rows, part, num_parts, &mut begin, &mut end) })?;
    Ok(begin as usize..end as usize)
}

fn small(number: usize) -> Result<i32> {
    i32::try_from(number).map_err(|_| Error::argument("split", format!("there are no {number} parts")))
}
