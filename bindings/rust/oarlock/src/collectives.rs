//! Collective operations besides all_reduce, broadcast and all_gather: parts by rank, and rows.

use crate::error::Result;
use crate::group::{Group, Reduce, rank_number};
use crate::handle::create;
use crate::tensor::Tensor;
use crate::text::milliseconds;
use crate::work::Work;
use oarlock_sys as sys;
use std::time::Duration;

/// Of no tensor, NULL.
fn raw_or_null(tensor: Option<&Tensor>) -> *mut sys::oar_tensor {
    tensor.map_or(std::ptr::null_mut(), Tensor::as_raw)
}

impl Group {
    /// Combines the ranks' tensors and gives the root the result, in place; elsewhere the tensor is only read.
    ///
    /// # Errors
    /// `Argument` if the root is no rank or the reduction does not fit the element type; `Mismatch`, `Timeout`,
    /// `PeerLost`, `Aborted`.
    pub fn reduce(&self, tensor: &Tensor, root: usize, reduce: Reduce, timeout: impl Into<Option<Duration>>) -> Result<()> {
        // SAFETY: nothing touches the tensors before it is done, since this thread waits.
        unsafe { self.start_reduce(tensor, root, reduce, timeout) }?.finish()
    }

    /// Starts [`reduce`](Group::reduce), which runs in the background.
    ///
    /// # Errors
    /// `Argument` if the root is no rank or the reduction does not fit the element type; `Aborted`; the others come
    /// with the work.
    ///
    /// # Safety
    /// Until the work is done nothing reads or writes the memory of the tensors, through whatever shares it.
    pub unsafe fn start_reduce(
        &self,
        tensor: &Tensor,
        root: usize,
        reduce: Reduce,
        timeout: impl Into<Option<Duration>>,
    ) -> Result<Work> {
        let timeout_ms = milliseconds(timeout.into())?;
        let root = rank_number(root)?;
        // SAFETY: the handles are alive and the arrays as long as said; the library retains the tensors.
        create(|out| unsafe { sys::oar_group_reduce(self.as_raw(), tensor.as_raw(), root, reduce.code(), timeout_ms, out) })
            .map(Work)
    }

    /// Writes every rank's `input` into `output`, along dim 0 in rank order; rank r gives `rows[r]` rows, the same
    /// numbers on all ranks.
    ///
    /// # Errors
    /// `Argument` if rows, shapes or types do not fit; `Mismatch`, `Timeout`, `PeerLost`, `Aborted`.
    pub fn all_gather_rows(
        &self,
        input: &Tensor,
        output: &Tensor,
        rows: &[i64],
        timeout: impl Into<Option<Duration>>,
    ) -> Result<()> {
        // SAFETY: nothing touches the tensors before it is done, since this thread waits.
        unsafe { self.start_all_gather_rows(input, output, rows, timeout) }?.finish()
    }

    /// Starts [`all_gather_rows`](Group::all_gather_rows), which runs in the background.
    ///
    /// # Errors
    /// `Argument` if rows, shapes or types do not fit; `Aborted`; the others come with the work.
    ///
    /// # Safety
    /// Until the work is done nothing reads or writes the memory of the tensors, through whatever shares it.
    pub unsafe fn start_all_gather_rows(
        &self,
        input: &Tensor,
        output: &Tensor,
        rows: &[i64],
        timeout: impl Into<Option<Duration>>,
    ) -> Result<Work> {
        let timeout_ms = milliseconds(timeout.into())?;
        // SAFETY: the handles are alive and the arrays as long as said; the library retains the tensors.
        create(|out| unsafe {
            sys::oar_group_all_gather_rows(
                self.as_raw(),
                input.as_raw(),
                output.as_raw(),
                rows.as_ptr(),
                rows.len(),
                timeout_ms,
                out,
            )
        })
        .map(Work)
    }

    /// Combines the ranks' inputs and gives each rank its part of the result: rank r gets rows `r * n` to `(r + 1) *
    /// n`.
    ///
    /// # Errors
    /// `Argument` if shapes or types do not fit; `Mismatch`, `Timeout`, `PeerLost`, `Aborted`.
    pub fn reduce_scatter(
        &self,
        input: &Tensor,
        output: &Tensor,
        reduce: Reduce,
        timeout: impl Into<Option<Duration>>,
    ) -> Result<()> {
        // SAFETY: nothing touches the tensors before it is done, since this thread waits.
        unsafe { self.start_reduce_scatter(input, output, reduce, timeout) }?.finish()
    }

    /// Starts [`reduce_scatter`](Group::reduce_scatter), which runs in the background.
    ///
    /// # Errors
    /// `Argument` if shapes or types do not fit; `Aborted`; the others come with the work.
    ///
    /// # Safety
    /// Until the work is done nothing reads or writes the memory of the tensors, through whatever shares it.
    pub unsafe fn start_reduce_scatter(
        &self,
        input: &Tensor,
        output: &Tensor,
        reduce: Reduce,
        timeout: impl Into<Option<Duration>>,
    ) -> Result<Work> {
        let timeout_ms = milliseconds(timeout.into())?;
        // SAFETY: the handles are alive and the arrays as long as said; the library retains the tensors.
        create(|out| unsafe {
            sys::oar_group_reduce_scatter(self.as_raw(), input.as_raw(), output.as_raw(), reduce.code(), timeout_ms, out)
        })
        .map(Work)
    }

    /// Writes every rank's `input` into the root's `output`, along dim 0 in rank order. Other ranks give no output.
    ///
    /// # Errors
    /// `Argument` if shapes or types do not fit, or the root gives no output; `Mismatch`, `Timeout`, `PeerLost`,
    /// `Aborted`.
    pub fn gather(
        &self,
        input: &Tensor,
        output: Option<&Tensor>,
        root: usize,
        timeout: impl Into<Option<Duration>>,
    ) -> Result<()> {
        // SAFETY: nothing touches the tensors before it is done, since this thread waits.
        unsafe { self.start_gather(input, output, root, timeout) }?.finish()
    }

    /// Starts [`gather`](Group::gather), which runs in the background.
    ///
    /// # Errors
    /// `Argument` if shapes or types do not fit, or the root gives no output; `Aborted`; the others come with the
    /// work.
    ///
    /// # Safety
    /// Until the work is done nothing reads or writes the memory of the tensors, through whatever shares it.
    pub unsafe fn start_gather(
        &self,
        input: &Tensor,
        output: Option<&Tensor>,
        root: usize,
        timeout: impl Into<Option<Duration>>,
    ) -> Result<Work> {
        let timeout_ms = milliseconds(timeout.into())?;
        let root = rank_number(root)?;
        // SAFETY: the handles are alive and the arrays as long as said; the library retains the tensors.
        create(|out| unsafe {
            sys::oar_group_gather(self.as_raw(), input.as_raw(), raw_or_null(output), root, timeout_ms, out)
        })
        .map(Work)
    }

    /// Gives every rank its part of the root's `input`: rank r gets rows `r * n` to `(r + 1) * n`. Other ranks give
    /// no input.
    ///
    /// # Errors
    /// `Argument` if shapes or types do not fit, or the root gives no input; `Mismatch`, `Timeout`, `PeerLost`,
    /// `Aborted`.
    pub fn scatter(
        &self,
        input: Option<&Tensor>,
        output: &Tensor,
        root: usize,
        timeout: impl Into<Option<Duration>>,
    ) -> Result<()> {
        // SAFETY: nothing touches the tensors before it is done, since this thread waits.
        unsafe { self.start_scatter(input, output, root, timeout) }?.finish()
    }

    /// Starts [`scatter`](Group::scatter), which runs in the background.
    ///
    /// # Errors
    /// `Argument` if shapes or types do not fit, or the root gives no input; `Aborted`; the others come with the
    /// work.
    ///
    /// # Safety
    /// Until the work is done nothing reads or writes the memory of the tensors, through whatever shares it.
    pub unsafe fn start_scatter(
        &self,
        input: Option<&Tensor>,
        output: &Tensor,
        root: usize,
        timeout: impl Into<Option<Duration>>,
    ) -> Result<Work> {
        let timeout_ms = milliseconds(timeout.into())?;
        let root = rank_number(root)?;
        // SAFETY: the handles are alive and the arrays as long as said; the library retains the tensors.
        create(|out| unsafe {
            sys::oar_group_scatter(self.as_raw(), raw_or_null(input), output.as_raw(), root, timeout_ms, out)
        })
        .map(Work)
    }

    /// Exchanges parts between all ranks: part p of the input goes to rank p, and what comes from there is part p of
    /// the output.
    ///
    /// # Errors
    /// `Argument` if shapes or types do not fit; `Mismatch`, `Timeout`, `PeerLost`, `Aborted`.
    pub fn all_to_all(&self, input: &Tensor, output: &Tensor, timeout: impl Into<Option<Duration>>) -> Result<()> {
        // SAFETY: nothing touches the tensors before it is done, since this thread waits.
        unsafe { self.start_all_to_all(input, output, timeout) }?.finish()
    }

    /// Starts [`all_to_all`](Group::all_to_all), which runs in the background.
    ///
    /// # Errors
    /// `Argument` if shapes or types do not fit; `Aborted`; the others come with the work.
    ///
    /// # Safety
    /// Until the work is done nothing reads or writes the memory of the tensors, through whatever shares it.
    pub unsafe fn start_all_to_all(
        &self,
        input: &Tensor,
        output: &Tensor,
        timeout: impl Into<Option<Duration>>,
    ) -> Result<Work> {
        let timeout_ms = milliseconds(timeout.into())?;
        // SAFETY: the handles are alive and the arrays as long as said; the library retains the tensors.
        create(|out| unsafe { sys::oar_group_all_to_all(self.as_raw(), input.as_raw(), output.as_raw(), timeout_ms, out) })
            .map(Work)
    }

    /// Exchanges rows between all ranks: `rows[p]` go to rank p, `received_rows[p]` come from there, which is what
    /// that rank says.
    ///
    /// # Errors
    /// `Argument` if rows, shapes or types do not fit; `Mismatch`, `Timeout`, `PeerLost`, `Aborted`.
    pub fn all_to_all_rows(
        &self,
        input: &Tensor,
        output: &Tensor,
        rows: &[i64],
        received_rows: &[i64],
        timeout: impl Into<Option<Duration>>,
    ) -> Result<()> {
        // SAFETY: nothing touches the tensors before it is done, since this thread waits.
        unsafe { self.start_all_to_all_rows(input, output, rows, received_rows, timeout) }?.finish()
    }

    /// Starts [`all_to_all_rows`](Group::all_to_all_rows), which runs in the background.
    ///
    /// # Errors
    /// `Argument` if rows, shapes or types do not fit; `Aborted`; the others come with the work.
    ///
    /// # Safety
    /// Until the work is done nothing reads or writes the memory of the tensors, through whatever shares it.
    pub unsafe fn start_all_to_all_rows(
        &self,
        input: &Tensor,
        output: &Tensor,
        rows: &[i64],
        received_rows: &[i64],
        timeout: impl Into<Option<Duration>>,
    ) -> Result<Work> {
        let timeout_ms = milliseconds(timeout.into())?;
        // SAFETY: the handles are alive and the arrays as long as said; the library retains the tensors.
        create(|out| unsafe {
            sys::oar_group_all_to_all_rows(
                self.as_raw(),
                input.as_raw(),
                output.as_raw(),
                rows.as_ptr(),
                rows.len(),
                received_rows.as_ptr(),
                received_rows.len(),
                timeout_ms,
                out,
            )
        })
        .map(Work)
    }
}
