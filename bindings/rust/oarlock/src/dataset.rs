//! Samples that can be had by number.

use crate::callback::{BoxedError, free, run};
use crate::element::Dtype;
use crate::error::{Error, Result};
use crate::handle::{Handle, create, value};
use crate::tensor::Tensor;
use crate::text::{c_path, c_text};
use crate::tree::Tree;
use oarlock_sys as sys;
use std::ffi::{CString, c_char, c_void};
use std::path::Path;
use std::sync::Mutex;

/// Named columns; row r of every column makes sample r. A batch is a map from column name to a tensor.
pub struct Dataset(pub(crate) Handle<sys::oar_dataset>);

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

    /// Windows of a flat file of token numbers, which is mapped and must not change meanwhile: sample i begins at token
    /// `i * stride` (0: `sequence_length`). Column `tokens`, int64; `with_labels` adds `labels`, the tokens one further.
    ///
    /// # Errors
    /// `NotFound`; `Corrupt` for no whole number of tokens; `Argument` for a type that is no integer or a length out of range.
    pub fn from_tokens(
        path: impl AsRef<Path>,
        dtype: Dtype,
        sequence_length: usize,
        stride: usize,
        with_labels: bool,
    ) -> Result<Self> {
        let number = |value| i64::try_from(value).map_err(|_| Error::argument("from_tokens", format!("no window of {value}")));
        let (path, length, stride) = (c_path(path)?, number(sequence_length)?, number(stride)?);
        // SAFETY: as above.
        create(|out| unsafe {
            sys::oar_dataset_from_tokens(path.as_ptr(), dtype.code(), length, stride, i32::from(with_labels), out)
        })
        .map(Dataset)
    }

    /// A data set whose samples a closure makes, by number. Those of a batch are joined: tensors stacked, numbers made
    /// tensors, texts listed, maps and lists item by item.
    ///
    /// The closure runs on the thread that asks for a batch. Its error comes out of that call, as the `source()` of an
    /// error of kind `Callback` that names the sample; a panic inside it goes on behind that call.
    ///
    /// ```
    /// # use oarlock::{Dataset, Loader, Tensor, Tree, Result, json};
    /// # fn main() -> Result<()> {
    /// let squares = Dataset::from_samples(5, |index| {
    ///     Tree::from_tensors([("square", &Tensor::from_vec(vec![(index * index) as i64], &[])?)])
    /// })?;
    /// let loader = Loader::new(&squares, json!({"batch_size": 5}))?;
    /// assert_eq!(loader.next_batch()?.unwrap().tensor("square")?.to_vec::<i64>()?, [0, 1, 4, 9, 16]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Argument` for more samples than can be counted.
    pub fn from_samples<E, F>(num_samples: usize, function: F) -> Result<Self>
    where
        E: Into<BoxedError>,
        F: Fn(usize) -> std::result::Result<Tree, E> + Send + Sync + 'static,
    {
        let count = i64::try_from(num_samples)
            .map_err(|_| Error::argument("from_samples", format!("no data set has {num_samples} samples")))?;
        let (owned, release) = (Box::into_raw(Box::new(function)), Some(free::<F> as unsafe extern "C" fn(*mut c_void)));
        // SAFETY: as above; the library frees the closure, once, also if this fails.
        create(|out| unsafe { sys::oar_dataset_from_samples(count, 0, Some(make_sample::<E, F>), owned.cast(), release, out) })
            .map(Dataset)
    }

    /// Samples that come one after the other: those of the iterator that the closure gives for each epoch, from 0. Only a
    /// loader reads them, one loader, without shuffle; every rank reads all of them and keeps its own part.
    ///
    /// ```
    /// # use oarlock::{Dataset, Error, Loader, Tensor, Tree, Result, json};
    /// # fn main() -> Result<()> {
    /// let numbers = Dataset::from_stream(|_epoch| {
    ///     (0..3i64).map(|number| Tree::from_tensors([("number", &Tensor::from_vec(vec![number], &[])?)]))
    /// })?;
    /// let loader = Loader::new(&numbers, json!({"batch_size": 2}))?;
    /// assert_eq!(loader.next_batch()?.unwrap().tensor("number")?.to_vec::<i64>()?, [0, 1]);
    /// assert_eq!(loader.next_batch()?.unwrap().tensor("number")?.to_vec::<i64>()?, [2]);
    /// assert!(loader.next_batch()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// None of its own.
    pub fn from_stream<E, I, F>(function: F) -> Result<Self>
    where
        E: Into<BoxedError>,
        I: Iterator<Item = std::result::Result<Tree, E>> + Send + 'static,
        F: FnMut(usize) -> I + Send + 'static,
    {
        let owned = Box::into_raw(Box::new(Mutex::new(Passes::<F, I> { begin: function, samples: None, next: 0 })));
        let release = Some(free::<Mutex<Passes<F, I>>> as unsafe extern "C" fn(*mut c_void));
        // SAFETY: as above; the library frees the closure, once, also if this fails.
        create(|out| unsafe { sys::oar_dataset_from_stream(0, Some(read_stream::<E, I, F>), owned.cast(), release, out) })
            .map(Dataset)
    }

    /// These samples, in this order, as a data set of their own.
    ///
    /// # Errors
    /// `Argument` if there is no such sample; `Unsupported` for a stream.
    pub fn subset(&self, indices: &[usize]) -> Result<Self> {
        let indices = numbers(indices)?;
        // SAFETY: the handle is alive, and there are as many numbers as is said.
        create(|out| unsafe { sys::oar_dataset_subset(self.as_raw(), indices.as_ptr(), indices.len(), out) }).map(Dataset)
    }

    /// Data sets one behind the other; streams give a pass of each in turn.
    ///
    /// # Errors
    /// `Argument` for none, or some streams and some not.
    pub fn concatenate<'a>(datasets: impl IntoIterator<Item = &'a Dataset>) -> Result<Self> {
        let parts: Vec<*mut sys::oar_dataset> = datasets.into_iter().map(Dataset::as_raw).collect();
        // SAFETY: as many living handles as is said.
        create(|out| unsafe { sys::oar_dataset_concatenate(parts.as_ptr(), parts.len(), out) }).map(Dataset)
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
        let indices = numbers(indices)?;
        // SAFETY: the handle is alive, and there are as many indices as is said.
        create(|out| unsafe { sys::oar_dataset_get(self.as_raw(), indices.as_ptr(), indices.len(), out) }).map(Tree)
    }

    /// The handle, for calls of [`sys`]; it stays this object's, and the rules of the C interface hold.
    pub fn as_raw(&self) -> *mut sys::oar_dataset {
        self.0.as_ptr()
    }
}

pub(crate) fn numbers(indices: &[usize]) -> Result<Vec<i64>> {
    let number = |&index| i64::try_from(index).map_err(|_| Error::argument("dataset", format!("there is no sample {index}")));
    indices.iter().map(number).collect()
}

unsafe extern "C" fn make_sample<E, F>(index: i64, out_sample: *mut *mut sys::oar_tree, user_data: *mut c_void) -> i32
where
    E: Into<BoxedError>,
    F: Fn(usize) -> std::result::Result<Tree, E>,
{
    // SAFETY: user_data is the closure, which lives as long as the data set, in whose call this is.
    let function = unsafe { &*user_data.cast::<F>() };
    run(|| match function(index as usize) {
        // SAFETY: C gives room for one handle.
        Ok(sample) => unsafe { give(&sample, out_sample) },
        Err(error) => Err(error.into()),
    })
}

/// Hands C an owner of the tree.
///
/// # Safety
/// `out` has room for one handle.
pub(crate) unsafe fn give(tree: &Tree, out: *mut *mut sys::oar_tree) -> std::result::Result<(), BoxedError> {
    // SAFETY: the tree is alive.
    crate::error::check(unsafe { sys::oar_tree_retain(tree.as_raw()) })?;
    // SAFETY: as above.
    unsafe { out.write(tree.as_raw()) };
    Ok(())
}

/// The iterator of the pass that runs.
struct Passes<F, I> {
    begin: F,
    samples: Option<I>,
    next: i64,
}

unsafe extern "C" fn read_stream<E, I, F>(
    epoch: i64,
    index: i64,
    out_sample: *mut *mut sys::oar_tree,
    user_data: *mut c_void,
) -> i32
where
    E: Into<BoxedError>,
    I: Iterator<Item = std::result::Result<Tree, E>>,
    F: FnMut(usize) -> I,
{
    // SAFETY: user_data is the closure, which lives as long as the data set, in whose call this is.
    let passes = unsafe { &*user_data.cast::<Mutex<Passes<F, I>>>() };
    run(|| -> std::result::Result<(), BoxedError> {
        let mut passes = passes.try_lock().map_err(|_| "the stream was read from inside itself, or panicked before")?;
        if index == 0 {
            passes.samples = Some((passes.begin)(epoch as usize));
            passes.next = 0;
        }
        if index != passes.next {
            return Err("a stream is read by one loader, in order".into());
        }
        let sample = passes.samples.as_mut().and_then(Iterator::next).transpose().map_err(Into::into)?;
        if let Some(sample) = sample {
            // SAFETY: C gives room for one handle.
            unsafe { give(&sample, out_sample) }?;
            passes.next += 1;
        }
        Ok(())
    })
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
