//! Sends and receives between two ranks.

use crate::error::Result;
use crate::group::{Group, rank_number};
use crate::handle::create;
use crate::tensor::Tensor;
use crate::text::milliseconds;
use crate::work::Work;
use oarlock_sys as sys;
use std::time::Duration;

impl Group {
    /// Sends a tensor to one rank, which receives it; done when it has. The n-th send meets that rank's n-th receive.
    ///
    /// # Errors
    /// `Argument` if the peer is no other rank; `Mismatch`, `Timeout`, `PeerLost`, `Aborted`.
    pub fn send(&self, tensor: &Tensor, peer: usize, timeout: impl Into<Option<Duration>>) -> Result<()> {
        // SAFETY: nothing touches the tensors before it is done, since this thread waits.
        unsafe { self.start_send(tensor, peer, timeout) }?.finish()
    }

    /// Starts [`send`](Group::send), which runs in the background.
    ///
    /// # Errors
    /// `Argument` if the peer is no other rank; `Aborted`; the others come with the work.
    ///
    /// # Safety
    /// Until the work is done nothing reads or writes the memory of the tensors, through whatever shares it.
    pub unsafe fn start_send(&self, tensor: &Tensor, peer: usize, timeout: impl Into<Option<Duration>>) -> Result<Work> {
        let timeout_ms = milliseconds(timeout.into())?;
        let peer = rank_number(peer)?;
        // SAFETY: the handles are alive and the arrays as long as said; the library retains the tensors.
        create(|out| unsafe { sys::oar_group_send(self.as_raw(), tensor.as_raw(), peer, timeout_ms, out) }).map(Work)
    }

    /// Receives from one rank into a tensor of the element type and number of elements that it sends.
    ///
    /// # Errors
    /// `Argument` if the peer is no other rank; `Mismatch`, `Timeout`, `PeerLost`, `Aborted`.
    pub fn receive(&self, tensor: &Tensor, peer: usize, timeout: impl Into<Option<Duration>>) -> Result<()> {
        // SAFETY: nothing touches the tensors before it is done, since this thread waits.
        unsafe { self.start_receive(tensor, peer, timeout) }?.finish()
    }

    /// Starts [`receive`](Group::receive), which runs in the background.
    ///
    /// # Errors
    /// `Argument` if the peer is no other rank; `Aborted`; the others come with the work.
    ///
    /// # Safety
    /// Until the work is done nothing reads or writes the memory of the tensors, through whatever shares it.
    pub unsafe fn start_receive(&self, tensor: &Tensor, peer: usize, timeout: impl Into<Option<Duration>>) -> Result<Work> {
        let timeout_ms = milliseconds(timeout.into())?;
        let peer = rank_number(peer)?;
        // SAFETY: the handles are alive and the arrays as long as said; the library retains the tensors.
        create(|out| unsafe { sys::oar_group_receive(self.as_raw(), tensor.as_raw(), peer, timeout_ms, out) }).map(Work)
    }
}
