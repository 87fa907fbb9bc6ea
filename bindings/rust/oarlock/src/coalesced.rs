//! Collective operations on lists of tensors of one element type, as one operation.

use crate::error::Result;
use crate::group::{Group, Reduce, rank_number};
use crate::handle::create;
use crate::tensor::Tensor;
use crate::text::milliseconds;
use crate::work::Work;
use oarlock_sys as sys;
use std::time::Duration;

fn raw(tensors: &[&Tensor]) -> Vec<*mut sys::oar_tensor> {
    tensors.iter().map(|tensor| tensor.as_raw()).collect()
}

impl Group {
    /// [`Group::all_reduce`] of a list of tensors of one element type, as one operation.
    ///
    /// # Errors
    /// `Argument` if the list is empty or of several types; `Mismatch`, `Timeout`, `PeerLost`, `Aborted`.
    pub fn all_reduce_coalesced(
        &self,
        tensors: &[&Tensor],
        reduce: Reduce,
        timeout: impl Into<Option<Duration>>,
    ) -> Result<()> {
        // SAFETY: nothing touches the tensors before it is done, since this thread waits.
        unsafe { self.start_all_reduce_coalesced(tensors, reduce, timeout) }?.finish()
    }

    /// Starts [`all_reduce_coalesced`](Group::all_reduce_coalesced), which runs in the background.
    ///
    /// # Errors
    /// `Argument` if the list is empty or of several types; `Aborted`; the others come with the work.
    ///
    /// # Safety
    /// Until the work is done nothing reads or writes the memory of the tensors, through whatever shares it.
    pub unsafe fn start_all_reduce_coalesced(
        &self,
        tensors: &[&Tensor],
        reduce: Reduce,
        timeout: impl Into<Option<Duration>>,
    ) -> Result<Work> {
        let timeout_ms = milliseconds(timeout.into())?;
        let tensors = raw(tensors);
        // SAFETY: the handles are alive and the arrays as long as said; the library retains the tensors.
        create(|out| unsafe {
            sys::oar_group_all_reduce_coalesced(self.as_raw(), tensors.as_ptr(), tensors.len(), reduce.code(), timeout_ms, out)
        })
        .map(Work)
    }

    /// [`Group::broadcast`] of a list of tensors of one element type, as one operation.
    ///
    /// # Errors
    /// `Argument` if the list is empty or of several types; `Mismatch`, `Timeout`, `PeerLost`, `Aborted`.
    pub fn broadcast_coalesced(&self, tensors: &[&Tensor], root: usize, timeout: impl Into<Option<Duration>>) -> Result<()> {
        // SAFETY: nothing touches the tensors before it is done, since this thread waits.
        unsafe { self.start_broadcast_coalesced(tensors, root, timeout) }?.finish()
    }

    /// Starts [`broadcast_coalesced`](Group::broadcast_coalesced), which runs in the background.
    ///
    /// # Errors
    /// `Argument` if the list is empty or of several types; `Aborted`; the others come with the work.
    ///
    /// # Safety
    /// Until the work is done nothing reads or writes the memory of the tensors, through whatever shares it.
    pub unsafe fn start_broadcast_coalesced(
        &self,
        tensors: &[&Tensor],
        root: usize,
        timeout: impl Into<Option<Duration>>,
    ) -> Result<Work> {
        let timeout_ms = milliseconds(timeout.into())?;
        let tensors = raw(tensors);
        let root = rank_number(root)?;
        // SAFETY: the handles are alive and the arrays as long as said; the library retains the tensors.
        create(|out| unsafe {
            sys::oar_group_broadcast_coalesced(self.as_raw(), tensors.as_ptr(), tensors.len(), root, timeout_ms, out)
        })
        .map(Work)
    }

    /// [`Group::all_gather`] of a list of tensors of one element type, as one operation.
    ///
    /// # Errors
    /// `Argument` if the lists are empty, of several types or of shapes that do not fit; `Mismatch`, `Timeout`,
    /// `PeerLost`, `Aborted`.
    pub fn all_gather_coalesced(
        &self,
        inputs: &[&Tensor],
        outputs: &[&Tensor],
        timeout: impl Into<Option<Duration>>,
    ) -> Result<()> {
        // SAFETY: nothing touches the tensors before it is done, since this thread waits.
        unsafe { self.start_all_gather_coalesced(inputs, outputs, timeout) }?.finish()
    }

    /// Starts [`all_gather_coalesced`](Group::all_gather_coalesced), which runs in the background.
    ///
    /// # Errors
    /// `Argument` if the lists are empty, of several types or of shapes that do not fit; `Aborted`; the others come
    /// with the work.
    ///
    /// # Safety
    /// Until the work is done nothing reads or writes the memory of the tensors, through whatever shares it.
    pub unsafe fn start_all_gather_coalesced(
        &self,
        inputs: &[&Tensor],
        outputs: &[&Tensor],
        timeout: impl Into<Option<Duration>>,
    ) -> Result<Work> {
        let timeout_ms = milliseconds(timeout.into())?;
        let inputs = raw(inputs);
        let outputs = raw(outputs);
        // SAFETY: the handles are alive and the arrays as long as said; the library retains the tensors.
        create(|out| unsafe {
            sys::oar_group_all_gather_coalesced(
                self.as_raw(),
                inputs.as_ptr(),
                inputs.len(),
                outputs.as_ptr(),
                outputs.len(),
                timeout_ms,
                out,
            )
        })
        .map(Work)
    }

    /// [`Group::reduce_scatter`] of a list of tensors of one element type, as one operation.
    ///
    /// # Errors
    /// `Argument` if the lists are empty, of several types or of shapes that do not fit; `Mismatch`, `Timeout`,
    /// `PeerLost`, `Aborted`.
    pub fn reduce_scatter_coalesced(
        &self,
        inputs: &[&Tensor],
        outputs: &[&Tensor],
        reduce: Reduce,
        timeout: impl Into<Option<Duration>>,
    ) -> Result<()> {
        // SAFETY: nothing touches the tensors before it is done, since this thread waits.
        unsafe { self.start_reduce_scatter_coalesced(inputs, outputs, reduce, timeout) }?.finish()
    }

    /// Starts [`reduce_scatter_coalesced`](Group::reduce_scatter_coalesced), which runs in the background.
    ///
    /// # Errors
    /// `Argument` if the lists are empty, of several types or of shapes that do not fit; `Aborted`; the others come
    /// with the work.
    ///
    /// # Safety
    /// Until the work is done nothing reads or writes the memory of the tensors, through whatever shares it.
    pub unsafe fn start_reduce_scatter_coalesced(
        &self,
        inputs: &[&Tensor],
        outputs: &[&Tensor],
        reduce: Reduce,
        timeout: impl Into<Option<Duration>>,
    ) -> Result<Work> {
        let timeout_ms = milliseconds(timeout.into())?;
        let inputs = raw(inputs);
        let outputs = raw(outputs);
        // SAFETY: the handles are alive and the arrays as long as said; the library retains the tensors.
        create(|out| unsafe {
            sys::oar_group_reduce_scatter_coalesced(
                self.as_raw(),
                inputs.as_ptr(),
                inputs.len(),
                outputs.as_ptr(),
                outputs.len(),
                reduce.code(),
                timeout_ms,
                out,
            )
        })
        .map(Work)
    }
}
