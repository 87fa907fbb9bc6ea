//! Whole trees between ranks: every tensor of a batch by one call, and objects.

use crate::accelerator::Accelerator;
use crate::error::{Result, check};
use crate::group::{Group, Reduce, rank_number};
use crate::handle::{create, truth};
use crate::text::milliseconds;
use crate::tree::Tree;
use oarlock_sys as sys;
use std::time::Duration;

/// What [`Group::pad_tree`] adds, and where.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Padding {
    /// The dimension; negative counts from each tensor's last.
    pub dim: i64,
    /// What the new elements are.
    pub value: f64,
    /// Whether they come before the old ones.
    pub first: bool,
}

/// Operations on whole trees. Ranks compare the structures first: what differs is an error on every rank that names the
/// operation, the path of the first leaf that differs and what each rank has there, after which the group goes on.
impl Group {
    /// Concatenates every tensor of all ranks along dim 0. Tensors without dimensions give one element per rank. With
    /// one rank the result is the tree as it is.
    ///
    /// # Errors
    /// `Mismatch` for other structures, types or shapes; `Argument` if some rank's leaf is no tensor.
    pub fn gather_tree(&self, tree: &Tree, timeout: impl Into<Option<Duration>>) -> Result<Tree> {
        let timeout_ms = milliseconds(timeout.into())?;
        // SAFETY: handles are alive and the out pointer is a local's; so in all calls of this file.
        create(|out| unsafe { sys::oar_group_gather_tree(self.as_raw(), tree.as_raw(), timeout_ms, out) }).map(Tree)
    }

    /// Combines every tensor of all ranks, element by element, into a new tree.
    ///
    /// # Errors
    /// As for [`gather_tree`](Group::gather_tree); `Argument` for the average of integers.
    pub fn reduce_tree(&self, tree: &Tree, reduce: Reduce, timeout: impl Into<Option<Duration>>) -> Result<Tree> {
        let timeout_ms = milliseconds(timeout.into())?;
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_group_reduce_tree(self.as_raw(), tree.as_raw(), reduce.code(), timeout_ms, out) })
            .map(Tree)
    }

    /// Gives every rank the values of the root's tensors, in place.
    ///
    /// # Errors
    /// As for [`gather_tree`](Group::gather_tree); `Argument` if a tensor that would be written is read-only.
    pub fn broadcast_tree(&self, tree: &Tree, root: usize, timeout: impl Into<Option<Duration>>) -> Result<()> {
        let (timeout_ms, root) = (milliseconds(timeout.into())?, rank_number(root)?);
        // SAFETY: as above.
        check(unsafe { sys::oar_group_broadcast_tree(self.as_raw(), tree.as_raw(), root, timeout_ms) })
    }

    /// Makes every tensor as long in one dimension as the longest of all ranks, so that it can be gathered.
    ///
    /// # Errors
    /// `Mismatch` for other structures, types or numbers of dimensions; `Argument` for a value that a type cannot hold.
    pub fn pad_tree(&self, tree: &Tree, padding: Padding, timeout: impl Into<Option<Duration>>) -> Result<Tree> {
        let (timeout_ms, Padding { dim, value, first }) = (milliseconds(timeout.into())?, padding);
        let group = self.as_raw();
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_group_pad_tree(group, tree.as_raw(), dim, value, first.into(), timeout_ms, out) })
            .map(Tree)
    }

    /// Gives every rank the tree of the only one that passes `Some`.
    ///
    /// # Errors
    /// `Mismatch` if no rank has one, or several.
    pub fn copy_tree(&self, tree: Option<&Tree>, timeout: impl Into<Option<Duration>>) -> Result<Tree> {
        let (timeout_ms, tree) = (milliseconds(timeout.into())?, tree.map_or(std::ptr::null_mut(), Tree::as_raw));
        // SAFETY: as above; NULL is allowed.
        create(|out| unsafe { sys::oar_group_copy_tree(self.as_raw(), tree, timeout_ms, out) }).map(Tree)
    }

    /// Joins the ranks' lists in rank order. Items may be anything that a tree can hold.
    ///
    /// # Errors
    /// `Argument` on every rank if one rank's tree is no list.
    pub fn gather_objects(&self, list: &Tree, timeout: impl Into<Option<Duration>>) -> Result<Tree> {
        let timeout_ms = milliseconds(timeout.into())?;
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_group_gather_objects(self.as_raw(), list.as_raw(), timeout_ms, out) }).map(Tree)
    }

    /// Gives every rank the root's object; what other ranks pass is not looked at.
    ///
    /// # Errors
    /// `Argument` on every rank if the root passes `None`.
    pub fn broadcast_object(&self, object: Option<&Tree>, root: usize, timeout: impl Into<Option<Duration>>) -> Result<Tree> {
        let (timeout_ms, root) = (milliseconds(timeout.into())?, rank_number(root)?);
        let object = object.map_or(std::ptr::null_mut(), Tree::as_raw);
        // SAFETY: as above; NULL is allowed.
        create(|out| unsafe { sys::oar_group_broadcast_object(self.as_raw(), object, root, timeout_ms, out) }).map(Tree)
    }
}

impl Accelerator {
    /// [`gather_for_metrics`](Accelerator::gather_for_metrics) for every leaf of a tree. If leaves are no tensors, or
    /// with `use_objects`, lists are joined instead, maps key by key, lone values to lists of one per rank.
    ///
    /// # Errors
    /// `Mismatch` if ranks' trees differ; the text has the path.
    pub fn gather_tree_for_metrics(&self, tree: &Tree, use_objects: bool) -> Result<Tree> {
        let (accelerator, use_objects) = (self.as_raw(), use_objects.into());
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_accelerator_gather_tree_for_metrics(accelerator, tree.as_raw(), use_objects, out) })
            .map(Tree)
    }

    /// Sets this rank's flag, which [`check_trigger`](Accelerator::check_trigger) of all ranks will see.
    pub fn set_trigger(&self) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_accelerator_set_trigger(self.as_raw()) })
    }

    /// Whether any rank has set its flag; all flags are down afterwards. All ranks make this call.
    ///
    /// # Errors
    /// `Timeout` naming the rank that did not come.
    pub fn check_trigger(&self) -> Result<bool> {
        // SAFETY: as above.
        truth(|out| unsafe { sys::oar_accelerator_check_trigger(self.as_raw(), out) })
    }
}
