//! Samples that can be had by number.

use crate::error::{Error, Result};
use crate::handle::{Handle, create, value};
use crate::tensor::Tensor;
use crate::text::{c_path, c_text};
use crate::tree::Tree;
use oarlock_sys as sys;
use std::ffi::{CString, c_char};
use std::path::Path;

/// Named columns; row r of every column makes sample r. A batch is a map from column name to a tensor.
pub struct Dataset(Handle<sys::oar_dataset>);

impl Dataset {
    /// A data set over all tensors of a safetensors file, which is mapped and must not change meanwhile.
    ///
    /// # Errors
    /// `NotFound`; `Corrupt` with the byte offset; `Argument` if the columns do not fit together.
    pub fn from_safetensors(path: impl AsRef<Path>) -> Result<Self> {
        let path = c_path(path)?;
        // SAFETY: the text ends with NUL and NULL is allowed; out pointers are locals', so in all calls of this file.
        create(|out| unsafe { sys::oar_dataset_from_safetensors(path.as_ptr(), std::ptr::null(), 0, out) }).map(Dataset)
    }

    /// The same with chosen columns, in this order.
    ///
    /// # Errors
    /// As for [`from_safetensors`](Dataset::from_safetensors); `NotFound` lists the tensors that the file has.
    pub fn from_safetensors_columns(path: impl AsRef<Path>, columns: &[&str]) -> Result<Self> {
        let (path, names) = (c_path(path)?, Names::new(columns.iter().copied())?);
        // SAFETY: as above; there are as many names as is said.
        create(|out| unsafe { sys::oar_dataset_from_safetensors(path.as_ptr(), names.as_ptr(), names.len(), out) }).map(Dataset)
    }

    /// A data set over copies of the tensors' values.
    ///
    /// # Errors
    /// `Argument` for no columns, a name twice, or unequal numbers of rows.
    pub fn from_tensors<'a>(columns: impl IntoIterator<Item = (&'a str, &'a Tensor)>) -> Result<Self> {
        let mut own = Vec::new();
        for (name, tensor) in columns {
            own.push((name, tensor.copy()?));
        }
        // SAFETY: the copies are nobody else's.
        unsafe { Dataset::over_tensors(own.iter().map(|(name, tensor)| (*name, tensor))) }
    }

    /// A data set over the tensors themselves. Nothing is copied: what is written into a tensor shows in later batches.
    ///
    /// # Errors
    /// As for [`from_tensors`](Dataset::from_tensors).
    ///
    /// # Safety
    /// While a loader over the data set has worker threads (`num_workers` above 0) nothing writes to the tensors' memory.
    pub unsafe fn over_tensors<'a>(columns: impl IntoIterator<Item = (&'a str, &'a Tensor)>) -> Result<Self> {
        let (names, tensors): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let names = Names::new(names)?;
        let tensors: Vec<*mut sys::oar_tensor> = tensors.into_iter().map(Tensor::as_raw).collect();
        // SAFETY: as above; as many names and living tensors as is said.
        create(|out| unsafe { sys::oar_dataset_from_tensors(names.as_ptr(), tensors.as_ptr(), tensors.len(), out) })
            .map(Dataset)
    }

    /// How many samples there are.
    pub fn size(&self) -> Result<usize> {
        // SAFETY: the handle is alive.
        value(|out| unsafe { sys::oar_dataset_size(self.as_raw(), out) }).map(|size: i64| size as usize)
    }

    /// The batch of these samples, in this order.
    ///
    /// # Errors
    /// `Argument` for an index out of range.
    pub fn get(&self, indices: &[usize]) -> Result<Tree> {
        let number = |&index| i64::try_from(index).map_err(|_| Error::argument("get", format!("there is no sample {index}")));
        let indices = indices.iter().map(number).collect::<Result<Vec<_>>>()?;
        // SAFETY: the handle is alive, and there are as many indices as is said.
        create(|out| unsafe { sys::oar_dataset_get(self.as_raw(), indices.as_ptr(), indices.len(), out) }).map(Tree)
    }

    /// The handle, for calls of [`sys`]; it stays this object's, and the rules of the C interface hold.
    pub fn as_raw(&self) -> *mut sys::oar_dataset {
        self.0.as_ptr()
    }
}

/// Names as C takes them: an array of texts.
pub(crate) struct Names {
    pointers: Vec<*const c_char>,
    _texts: Vec<CString>,
}

impl Names {
    pub(crate) fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let texts = names.into_iter().map(|name| c_text("a name", name)).collect::<Result<Vec<_>>>()?;
        Ok(Names { pointers: texts.iter().map(|text| text.as_ptr()).collect(), _texts: texts })
    }

    pub(crate) fn as_ptr(&self) -> *const *const c_char {
        self.pointers.as_ptr()
    }

    pub(crate) fn len(&self) -> usize {
        self.pointers.len()
    }
}
