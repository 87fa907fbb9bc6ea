//! Ranks that communicate: collective operations on tensors and bytes.

use crate::element::Dtype;
use crate::error::{Error, Result, check};
use crate::handle::{Handle, create, value};
use crate::op::read_text_bytes;
use crate::state::bytes;
use crate::tensor::{Tensor, sizes};
use crate::text::{c_text, milliseconds};
use crate::work::Work;
use oarlock_sys as sys;
use std::ffi::c_void;
use std::time::Duration;

/// How [`Group::all_reduce`] and its kin combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reduce {
    /// The sum.
    Sum,
    /// The sum divided by the number of ranks; floating-point tensors only.
    Average,
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// The product.
    Product,
    /// The and of the bits; of integers and bool only.
    BitwiseAnd,
    /// The or of the bits; of integers and bool only.
    BitwiseOr,
    /// The exclusive or of the bits; of integers and bool only.
    BitwiseXor,
}

impl Reduce {
    pub(crate) fn code(self) -> i32 {
        match self {
            Reduce::Sum => sys::OAR_REDUCE_SUM,
            Reduce::Average => sys::OAR_REDUCE_AVERAGE,
            Reduce::Max => sys::OAR_REDUCE_MAX,
            Reduce::Min => sys::OAR_REDUCE_MIN,
            Reduce::Product => sys::OAR_REDUCE_PRODUCT,
            Reduce::BitwiseAnd => sys::OAR_REDUCE_BITWISE_AND,
            Reduce::BitwiseOr => sys::OAR_REDUCE_BITWISE_OR,
            Reduce::BitwiseXor => sys::OAR_REDUCE_BITWISE_XOR,
        }
    }
}

/// Ranks that communicate, had from [`State::group`](crate::State::group), or made of some ranks of another group.
///
/// All ranks make the same calls in the same order; different calls are a `Mismatch` on every rank and never wrong data.
/// Time-outs are those of the waiting for peers; `None` takes the group's own (`comm.timeout_ms`). After a failure that
/// peers are part of (`Timeout`, `PeerLost`, `Mismatch`, `Aborted`) the group is dead, and what tensors that were being
/// written hold is undefined: do not look at it before the state is closed.
pub struct Group(pub(crate) Handle<sys::oar_group>);

// SAFETY: a group holds no memory of tensors but during a call, and may be called from any one thread at a time.
unsafe impl Send for Group {}

impl Group {
    /// This process's number in the group, from 0.
    pub fn rank(&self) -> Result<usize> {
        // SAFETY: the handle is alive and the out pointer a local's; so in all calls of this file.
        value(|out| unsafe { sys::oar_group_rank(self.as_raw(), out) }).map(|rank: i32| rank as usize)
    }

    /// How many ranks the group has.
    pub fn size(&self) -> Result<usize> {
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_group_size(self.as_raw(), out) }).map(|size: i32| size as usize)
    }

    /// Combines the ranks' tensors element by element and gives every rank the result, in place.
    ///
    /// # Errors
    /// `Argument` if the reduction does not fit the element type, `Unsupported` for a type without arithmetic;
    /// `Mismatch`, `Timeout`, `PeerLost`, `Aborted`.
    pub fn all_reduce(&self, tensor: &Tensor, reduce: Reduce, timeout: impl Into<Option<Duration>>) -> Result<()> {
        // SAFETY: nothing touches the tensor before it is done, since this thread waits.
        unsafe { self.start_all_reduce(tensor, reduce, timeout) }?.finish()
    }

    /// Gives every rank the root's tensor, in place.
    ///
    /// # Errors
    /// `Argument` if the root is no rank; `Mismatch`, `Timeout`, `PeerLost`, `Aborted`.
    pub fn broadcast(&self, tensor: &Tensor, root: usize, timeout: impl Into<Option<Duration>>) -> Result<()> {
        // SAFETY: as above.
        unsafe { self.start_broadcast(tensor, root, timeout) }?.finish()
    }

    /// Writes every rank's `input` into `output`, along dim 0 in rank order.
    ///
    /// # Errors
    /// `Argument` if shapes or types do not fit, or the tensors share memory; `Mismatch`, `Timeout`, `PeerLost`,
    /// `Aborted`.
    pub fn all_gather(&self, input: &Tensor, output: &Tensor, timeout: impl Into<Option<Duration>>) -> Result<()> {
        // SAFETY: as above.
        unsafe { self.start_all_gather(input, output, timeout) }?.finish()
    }

    /// Starts an [`all_reduce`](Group::all_reduce) that runs in the background, in the order of the calls.
    ///
    /// # Errors
    /// `Argument`, `Unsupported`, `Aborted`; the others come with the work.
    ///
    /// # Safety
    /// Until the work is done nothing reads or writes the tensor's memory, through whatever shares it.
    pub unsafe fn start_all_reduce(
        &self,
        tensor: &Tensor,
        reduce: Reduce,
        timeout: impl Into<Option<Duration>>,
    ) -> Result<Work> {
        let timeout_ms = milliseconds(timeout.into())?;
        // SAFETY: as above; the library retains the tensor.
        create(|out| unsafe { sys::oar_group_all_reduce(self.as_raw(), tensor.as_raw(), reduce.code(), timeout_ms, out) })
            .map(Work)
    }

    /// Starts a [`broadcast`](Group::broadcast) that runs in the background.
    ///
    /// # Errors
    /// `Argument`, `Aborted`; the others come with the work.
    ///
    /// # Safety
    /// Until the work is done nothing reads or writes the tensor's memory, through whatever shares it.
    pub unsafe fn start_broadcast(&self, tensor: &Tensor, root: usize, timeout: impl Into<Option<Duration>>) -> Result<Work> {
        let (timeout_ms, root) = (milliseconds(timeout.into())?, rank_number(root)?);
        // SAFETY: as above; the library retains the tensor.
        create(|out| unsafe { sys::oar_group_broadcast(self.as_raw(), tensor.as_raw(), root, timeout_ms, out) }).map(Work)
    }

    /// Starts an [`all_gather`](Group::all_gather) that runs in the background.
    ///
    /// # Errors
    /// `Argument`, `Aborted`; the others come with the work.
    ///
    /// # Safety
    /// Until the work is done nothing writes the memory of `input`, and nothing reads or writes that of `output`.
    pub unsafe fn start_all_gather(
        &self,
        input: &Tensor,
        output: &Tensor,
        timeout: impl Into<Option<Duration>>,
    ) -> Result<Work> {
        let timeout_ms = milliseconds(timeout.into())?;
        // SAFETY: as above; the library retains the tensors.
        create(|out| unsafe { sys::oar_group_all_gather(self.as_raw(), input.as_raw(), output.as_raw(), timeout_ms, out) })
            .map(Work)
    }

    /// Waits until every rank has called this.
    ///
    /// # Errors
    /// `Mismatch`, `Timeout`, `PeerLost`, `Aborted`.
    pub fn barrier(&self, timeout: impl Into<Option<Duration>>) -> Result<()> {
        let timeout_ms = milliseconds(timeout.into())?;
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_group_barrier(self.as_raw(), timeout_ms, out) }).map(Work)?.finish()
    }

    /// Gives every rank the bytes of all ranks, in rank order. Lengths may differ.
    ///
    /// # Errors
    /// `Mismatch`, `Timeout`, `PeerLost`, `Aborted`.
    pub fn all_gather_bytes(&self, mine: &[u8], timeout: impl Into<Option<Duration>>) -> Result<Vec<Vec<u8>>> {
        let timeout_ms = milliseconds(timeout.into())?;
        let mut sizes = vec![0u64; self.size()?];
        let mut count = sizes.len();
        let data: *const c_void = mine.as_ptr().cast();
        // SAFETY: as above; `sizes` has room for `count` numbers, and `mine` its length in bytes.
        let all = create(|out| unsafe {
            sys::oar_group_all_gather_bytes(self.as_raw(), data, mine.len(), timeout_ms, sizes.as_mut_ptr(), &mut count, out)
        })?;
        let all = copied(&all)?;
        let mut rest = all.as_slice();
        Ok(sizes
            .into_iter()
            .map(|size| {
                let (part, behind) = rest.split_at(size as usize);
                rest = behind;
                part.to_vec()
            })
            .collect())
    }

    /// Gives every rank the root's bytes; what other ranks pass is not looked at.
    ///
    /// # Errors
    /// `Argument` if the root is no rank; `Mismatch`, `Timeout`, `PeerLost`, `Aborted`.
    pub fn broadcast_bytes(&self, mine: &[u8], root: usize, timeout: impl Into<Option<Duration>>) -> Result<Vec<u8>> {
        let (timeout_ms, root) = (milliseconds(timeout.into())?, rank_number(root)?);
        // SAFETY: as above; `mine` has its length in bytes.
        let given = create(|out| unsafe {
            sys::oar_group_broadcast_bytes(self.as_raw(), mine.as_ptr().cast(), mine.len(), root, timeout_ms, out)
        })?;
        copied(&given)
    }

    /// How late each rank came to the last operations, as JSON: "straggler" and figures by rank, in microseconds. The state
    /// needs the option `comm.arrival_skew`, on all ranks. Collective.
    ///
    /// # Errors
    /// `State` if arrivals are not measured, and what waiting for peers gives.
    pub fn arrival_skew(&self, timeout: impl Into<Option<Duration>>) -> Result<String> {
        let timeout_ms = milliseconds(timeout.into())?;
        // SAFETY: as above.
        read_text_bytes(|out| unsafe { sys::oar_group_arrival_skew(self.as_raw(), timeout_ms, out) })
    }

    /// A new tensor of zeros, row-major, in memory that the ranks of one host share: operations of this group read and
    /// write it where it lies. Collective, with equal sizes; ordinary memory where none can be shared.
    ///
    /// # Errors
    /// `Mismatch` if the ranks ask for different sizes; `OutOfMemory`, `NoSpace`, and what waiting for peers gives.
    pub fn alloc_shared(&self, dtype: Dtype, shape: &[usize], timeout: impl Into<Option<Duration>>) -> Result<Tensor> {
        let (shape, timeout_ms) = (sizes(shape)?, milliseconds(timeout.into())?);
        // SAFETY: as above; `shape` has as many sizes as is said.
        create(|out| unsafe {
            sys::oar_group_alloc_shared(self.as_raw(), dtype.code(), shape.as_ptr(), shape.len(), timeout_ms, out)
        })
        .map(Tensor)
    }

    /// Names the collectives that this rank calls from now on; ranks compare the name. Empty: none any more.
    ///
    /// # Errors
    /// `Argument` if it has more than 63 bytes.
    pub fn set_tag(&self, tag: &str) -> Result<()> {
        let tag = c_text("the tag", tag)?;
        // SAFETY: as above; the text ends with NUL.
        check(unsafe { sys::oar_group_set_tag(self.as_raw(), tag.as_ptr()) })
    }

    /// Makes the group dead on every rank: calls that wait give `Aborted` with the reason.
    pub fn abort(&self, reason: &str) -> Result<()> {
        let reason = c_text("the reason", reason)?;
        // SAFETY: as above; the text ends with NUL.
        check(unsafe { sys::oar_group_abort(self.as_raw(), reason.as_ptr()) })
    }

    /// The handle, for calls of [`sys`]; it stays this object's, and the rules of the C interface hold.
    pub fn as_raw(&self) -> *mut sys::oar_group {
        self.0.as_ptr()
    }
}

pub(crate) fn rank_number(rank: usize) -> Result<i32> {
    i32::try_from(rank).map_err(|_| Error::argument("", format!("{rank} is no rank of any group")))
}

/// The bytes of an object, as a vector.
fn copied(object: &Handle<sys::oar_bytes>) -> Result<Vec<u8>> {
    let (mut data, mut size) = (std::ptr::null(), 0);
    // SAFETY: as above; the bytes live as long as their object.
    unsafe {
        check(sys::oar_bytes_view(object.as_ptr(), &mut data, &mut size))?;
        Ok(bytes(data, size).to_vec())
    }
}
