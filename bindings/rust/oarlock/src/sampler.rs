//! In which order a loader visits its samples, and which ones.

use crate::callback::{BoxedError, free, run};
use crate::dataset::{give, numbers};
use crate::error::{Error, Result, check};
use crate::handle::create;
use crate::loader::Loader;
use crate::tensor::Tensor;
use crate::tree::Tree;
use oarlock_sys as sys;
use std::ffi::c_void;

type Release = unsafe extern "C" fn(*mut c_void);

impl Loader {
    /// Visits these samples only: in this order, or with the option `shuffle` in a new one each epoch.
    ///
    /// # Errors
    /// `Argument` if the data set has no such sample, `State` in the middle of an epoch.
    pub fn set_indices(&self, indices: &[usize]) -> Result<()> {
        let indices = numbers(indices)?;
        // SAFETY: the handle is alive, and there are as many numbers as is said.
        check(unsafe { sys::oar_loader_set_indices(self.as_raw(), indices.as_ptr(), indices.len()) })
    }

    /// Draws the `num_samples` samples of an epoch by weight: one number >= 0 for each sample of the data set.
    ///
    /// # Errors
    /// `Argument` for a weight that is negative, infinite or NaN, and for too few above 0.
    pub fn set_weights(&self, weights: &Tensor, num_samples: usize, replacement: bool) -> Result<()> {
        let count = i64::try_from(num_samples)
            .map_err(|_| Error::argument("set_weights", format!("no epoch has {num_samples} samples")))?;
        // SAFETY: the handles are alive.
        check(unsafe { sys::oar_loader_set_weights(self.as_raw(), weights.as_raw(), count, i32::from(replacement)) })
    }

    /// Lets a closure give the numbers of the samples of each epoch, from 0, in their order. All ranks' closures give the
    /// same, and the same again when they are asked again for an epoch.
    ///
    /// ```
    /// # use oarlock::{Dataset, Loader, Tensor, Result, json};
    /// # fn main() -> Result<()> {
    /// let numbers = Dataset::from_tensors([("number", &Tensor::from_vec(vec![1i64, 2, 3], &[3])?)])?;
    /// let loader = Loader::new(&numbers, json!({"batch_size": 2}))?;
    /// loader.set_sampler(|epoch| Ok::<_, String>(vec![2, epoch]))?;
    /// assert_eq!(loader.next_batch()?.unwrap().tensor("number")?.to_vec::<i64>()?, [3, 1]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Argument` with the option `shuffle`.
    pub fn set_sampler<E, F>(&self, function: F) -> Result<()>
    where
        E: Into<BoxedError>,
        F: Fn(usize) -> std::result::Result<Vec<usize>, E> + Send + Sync + 'static,
    {
        let (owned, release) = (Box::into_raw(Box::new(function)), Some(free::<F> as Release));
        // SAFETY: the handle is alive; the library frees the closure, once, also if this fails.
        check(unsafe { sys::oar_loader_set_sampler(self.as_raw(), Some(give_order::<E, F>), owned.cast(), release) })
    }

    /// Lets a closure make the batches of each epoch, from 0: for each batch the numbers of its samples. The loader has no
    /// `batch_size` then; each rank takes every `world_size`-th batch.
    ///
    /// # Errors
    /// `Argument` with the options `shuffle`, `batch_size` and `split_batches`.
    pub fn set_batch_sampler<E, F>(&self, function: F) -> Result<()>
    where
        E: Into<BoxedError>,
        F: Fn(usize) -> std::result::Result<Vec<Vec<usize>>, E> + Send + Sync + 'static,
    {
        let (owned, release) = (Box::into_raw(Box::new(function)), Some(free::<F> as Release));
        // SAFETY: as above.
        check(unsafe { sys::oar_loader_set_batch_sampler(self.as_raw(), Some(give_batches::<E, F>), owned.cast(), release) })
    }
}

fn row(indices: &[usize]) -> Result<Tensor> {
    Tensor::from_vec(numbers(indices)?, &[indices.len()])
}

fn tensor_tree(tensor: &Tensor) -> Result<Tree> {
    // SAFETY: the handle is alive, and the out pointer is a local's.
    create(|out| unsafe { sys::oar_tree_from_tensor(tensor.as_raw(), out) }).map(Tree)
}

unsafe extern "C" fn give_order<E, F>(epoch: i64, out_order: *mut *mut sys::oar_tree, user_data: *mut c_void) -> i32
where
    E: Into<BoxedError>,
    F: Fn(usize) -> std::result::Result<Vec<usize>, E>,
{
    // SAFETY: user_data is the closure, which lives as long as the loader's order, in whose call this is.
    let function = unsafe { &*user_data.cast::<F>() };
    run(|| -> std::result::Result<(), BoxedError> {
        let tree = tensor_tree(&row(&function(epoch as usize).map_err(Into::into)?)?)?;
        // SAFETY: C gives room for one handle.
        unsafe { give(&tree, out_order) }
    })
}

unsafe extern "C" fn give_batches<E, F>(epoch: i64, out_order: *mut *mut sys::oar_tree, user_data: *mut c_void) -> i32
where
    E: Into<BoxedError>,
    F: Fn(usize) -> std::result::Result<Vec<Vec<usize>>, E>,
{
    // SAFETY: as above.
    let function = unsafe { &*user_data.cast::<F>() };
    run(|| -> std::result::Result<(), BoxedError> {
        let tree = Tree::new_list()?;
        for batch in function(epoch as usize).map_err(Into::into)? {
            tree.push_tensor(&row(&batch)?)?;
        }
        // SAFETY: C gives room for one handle.
        unsafe { give(&tree, out_order) }
    })
}
