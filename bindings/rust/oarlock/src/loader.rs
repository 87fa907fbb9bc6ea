//! Batches of a data set: shuffled, sharded over ranks, prefetched, resumable.

use crate::dataset::Dataset;
use crate::error::{Error, Result, check};
use crate::group::Group;
use crate::handle::{Handle, create, create_nullable, value};
use crate::options::{Options, checked};
use crate::text::{c_text, read_text};
use crate::tree::Tree;
use oarlock_sys as sys;

/// Gives the batches of a data set, epoch after epoch.
///
/// `for batch in &loader` runs over what is left of the current epoch; the next such loop is the next epoch.
///
/// ```
/// # use oarlock::{Dataset, Loader, Tensor, Result, json};
/// # fn main() -> Result<()> {
/// let numbers = Dataset::from_tensors([("number", &Tensor::from_vec(vec![1i64, 2, 3, 4, 5], &[5])?)])?;
/// let loader = Loader::new(&numbers, json!({"batch_size": 2}))?;
/// let mut seen = Vec::new();
/// for batch in &loader {
///     seen.push(batch?.tensor("number")?.to_vec::<i64>()?);
/// }
/// assert_eq!(seen, [vec![1, 2], vec![3, 4], vec![5]]);
/// # Ok(())
/// # }
/// ```
pub struct Loader(Handle<sys::oar_loader>);

impl Loader {
    /// A loader with options of the section `loader`: `batch_size`, `shuffle`, `seed`, `num_workers` ... A seed beyond
    /// 2^53 is given as a text.
    ///
    /// # Errors
    /// `Argument` for an unknown option (the text names the nearest), or a value out of range.
    pub fn new(dataset: &Dataset, options: impl Options) -> Result<Self> {
        let options = checked(options)?;
        // SAFETY: handles are alive, texts end with NUL and out pointers are locals'; so in all calls of this file.
        create(|out| unsafe { sys::oar_loader_create(dataset.as_raw(), options.as_ptr(), out) }).map(Loader)
    }

    /// A loader of which rank 0 of the group reads, and every rank takes its part of each round. All ranks call together;
    /// what fails on rank 0 fails on all. The other ranks' data sets are asked for their size only.
    ///
    /// # Errors
    /// As for [`new`](Loader::new).
    pub fn dispatched(dataset: &Dataset, group: &Group, options: impl Options) -> Result<Self> {
        let options = checked(options)?;
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_loader_create_dispatched(dataset.as_raw(), options.as_ptr(), group.as_raw(), out) })
            .map(Loader)
    }

    /// Gives the loader one rank's part of each epoch; [`Accelerator::prepare`](crate::Accelerator::prepare) does it for
    /// the ranks of a state.
    ///
    /// # Errors
    /// `Argument` for a rank outside the world, `State` in the middle of an epoch.
    pub fn set_shard(&self, rank: usize, world_size: usize) -> Result<()> {
        let number =
            |value| i32::try_from(value).map_err(|_| Error::argument("set_shard", format!("no world has {value} ranks")));
        let (rank, world_size) = (number(rank)?, number(world_size)?);
        // SAFETY: as above.
        check(unsafe { sys::oar_loader_set_shard(self.as_raw(), rank, world_size) })
    }

    /// The next batch, or `None`, once, at the end of an epoch. After an error the loader is where it was.
    ///
    /// # Errors
    /// `State` if the loader is closed, `Timeout` if no worker was done within `loader.timeout_ms`; what the data set
    /// reports, with epoch, batch and sample.
    pub fn next_batch(&self) -> Result<Option<Tree>> {
        // SAFETY: as above.
        Ok(create_nullable(|out| unsafe { sys::oar_loader_next(self.as_raw(), out) })?.map(Tree))
    }

    /// What is left of the current epoch. The iterator ends with the epoch, or after an error.
    pub fn batches(&self) -> Batches<'_> {
        Batches { loader: self, epoch: None, is_over: false }
    }

    /// Batches of this rank in an epoch.
    pub fn num_batches(&self) -> Result<usize> {
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_loader_num_batches(self.as_raw(), out) }).map(|number: i64| number as usize)
    }

    /// Samples that all ranks together are given in an epoch, each counted once.
    pub fn num_samples(&self) -> Result<usize> {
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_loader_num_samples(self.as_raw(), out) }).map(|number: i64| number as usize)
    }

    /// The epoch that the next batch belongs to, from 0.
    pub fn epoch(&self) -> Result<usize> {
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_loader_epoch(self.as_raw(), out) }).map(|number: i64| number as usize)
    }

    /// Batches already given in this epoch.
    pub fn position(&self) -> Result<usize> {
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_loader_position(self.as_raw(), out) }).map(|number: i64| number as usize)
    }

    /// Samples that all ranks together have in the round of the batch given last: what a progress bar advances by.
    pub fn samples_in_round(&self) -> Result<usize> {
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_loader_samples_in_round(self.as_raw(), out) }).map(|number: i64| number as usize)
    }

    /// Goes to the point where `batches_done` batches of `epoch` have been given. Nothing is read or replayed.
    ///
    /// # Errors
    /// `Argument` if there is no such point; the loader stays where it was.
    pub fn seek(&self, epoch: usize, batches_done: usize) -> Result<()> {
        let number = |value| i64::try_from(value).map_err(|_| Error::argument("seek", format!("there is no place {value}")));
        let (epoch, batches_done) = (number(epoch)?, number(batches_done)?);
        // SAFETY: as above.
        check(unsafe { sys::oar_loader_seek(self.as_raw(), epoch, batches_done) })
    }

    /// Where the loader is, as JSON text. Checkpoints of an accelerator have it.
    pub fn state(&self) -> Result<String> {
        // SAFETY: as above.
        read_text(|buf, len| unsafe { sys::oar_loader_state(self.as_raw(), buf, len) })
    }

    /// Goes to where the loader was that gave `state`: the batches that follow are those that would have followed there.
    ///
    /// # Errors
    /// `Argument` for another order or number of samples, or a place inside a round of this loader; `Corrupt`.
    pub fn load_state(&self, state: &str) -> Result<()> {
        let state = c_text("the state", state)?;
        // SAFETY: as above.
        check(unsafe { sys::oar_loader_load_state(self.as_raw(), state.as_ptr()) })
    }

    /// Ends the worker threads; later calls that give batches fail with `State`. May be called twice.
    ///
    /// # Errors
    /// `Timeout` if a worker was still reading after `loader.timeout_ms`.
    pub fn close(&self) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_loader_close(self.as_raw()) })
    }

    /// The handle, for calls of [`sys`]; it stays this object's, and the rules of the C interface hold.
    pub fn as_raw(&self) -> *mut sys::oar_loader {
        self.0.as_ptr()
    }
}

/// The batches that are left of a loader's epoch.
pub struct Batches<'a> {
    loader: &'a Loader,
    /// Known from the first batch on. Another iterator of the loader may be told of its end, so this one looks itself.
    epoch: Option<usize>,
    is_over: bool,
}

impl Batches<'_> {
    fn next_of_epoch(&mut self) -> Result<Option<Tree>> {
        let epoch = self.loader.epoch()?;
        if *self.epoch.get_or_insert(epoch) != epoch {
            return Ok(None);
        }
        self.loader.next_batch()
    }
}

impl Iterator for Batches<'_> {
    type Item = Result<Tree>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let batch = self.next_of_epoch().transpose();
        self.is_over = !matches!(batch, Some(Ok(_)));
        batch
    }
}

impl std::iter::FusedIterator for Batches<'_> {}

impl<'a> IntoIterator for &'a Loader {
    type Item = Result<Tree>;
    type IntoIter = Batches<'a>;

    fn into_iter(self) -> Batches<'a> {
        self.batches()
    }
}
