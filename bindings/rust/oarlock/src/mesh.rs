//! Named axes over the ranks of a group.

use crate::error::{Error, Result, check};
use crate::group::{Group, rank_number};
use crate::handle::{Handle, create, value};
use crate::text::{c_text, milliseconds};
use oarlock_sys as sys;
use std::ffi::{CString, c_char};
use std::time::Duration;

/// Named axes over the ranks of a group, the last one fastest, with a group along each.
pub struct Mesh(Handle<sys::oar_mesh>);

// SAFETY: as of Group.
unsafe impl Send for Mesh {}

impl Mesh {
    /// Divides the ranks of `group`: the sizes multiply to its size. Collective, with the same axes on all ranks.
    ///
    /// # Errors
    /// On all ranks alike: `Argument` for wrong names or sizes, `Mismatch` for different axes; `Timeout`, `PeerLost`,
    /// `Aborted`.
    pub fn new(group: &Group, axes: &[(&str, usize)], timeout: impl Into<Option<Duration>>) -> Result<Mesh> {
        let timeout_ms = milliseconds(timeout.into())?;
        let names = c_names(axes.iter().map(|&(name, _)| name))?;
        let pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
        let sizes = axes
            .iter()
            .map(|&(_, size)| i32::try_from(size).map_err(|_| Error::argument("", format!("no axis has a size of {size}"))))
            .collect::<Result<Vec<i32>>>()?;
        // SAFETY: the handle is alive, and names and sizes are as many as is said; so in all calls of this file.
        create(|out| unsafe {
            sys::oar_mesh_create(group.as_raw(), pointers.as_ptr(), sizes.as_ptr(), axes.len(), timeout_ms, out)
        })
        .map(Mesh)
    }

    /// Takes several axes for one, under a new name. Collective.
    ///
    /// # Errors
    /// `NotFound` for no axis, `Exists` for a name that is taken; `Mismatch`, `Timeout`, `PeerLost`, `Aborted`.
    pub fn flatten(&self, axes: &[&str], name: &str, timeout: impl Into<Option<Duration>>) -> Result<()> {
        let (name, timeout_ms) = (c_text("the name", name)?, milliseconds(timeout.into())?);
        let names = c_names(axes.iter().copied())?;
        let pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
        // SAFETY: as above.
        check(unsafe { sys::oar_mesh_flatten(self.0.as_ptr(), pointers.as_ptr(), pointers.len(), name.as_ptr(), timeout_ms) })
    }

    /// The group of this rank and those that differ from it in this axis alone.
    ///
    /// # Errors
    /// `NotFound`: the mesh has no such axis.
    pub fn group(&self, axis: &str) -> Result<Group> {
        let axis = c_text("the axis", axis)?;
        // SAFETY: as above.
        create(|out| unsafe { sys::oar_mesh_group(self.0.as_ptr(), axis.as_ptr(), out) }).map(Group)
    }

    /// How many ranks an axis has.
    ///
    /// # Errors
    /// `NotFound`: the mesh has no such axis.
    pub fn size(&self, axis: &str) -> Result<usize> {
        let axis = c_text("the axis", axis)?;
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_mesh_size(self.0.as_ptr(), axis.as_ptr(), out) }).map(|size: i32| size as usize)
    }

    /// Where this rank stands on an axis.
    ///
    /// # Errors
    /// `NotFound`: the mesh has no such axis.
    pub fn coordinate(&self, axis: &str) -> Result<usize> {
        let axis = c_text("the axis", axis)?;
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_mesh_coordinate(self.0.as_ptr(), axis.as_ptr(), out) }).map(|place: i32| place as usize)
    }

    /// The rank of the group that stands at these coordinates, one per axis.
    ///
    /// # Errors
    /// `Argument` for another number of coordinates, or one out of range.
    pub fn rank_at(&self, coordinates: &[usize]) -> Result<usize> {
        let places = coordinates.iter().map(|&place| rank_number(place)).collect::<Result<Vec<i32>>>()?;
        // SAFETY: as above.
        value(|out| unsafe { sys::oar_mesh_rank_at(self.0.as_ptr(), places.as_ptr(), places.len(), out) })
            .map(|rank: i32| rank as usize)
    }
}

fn c_names<'a>(names: impl Iterator<Item = &'a str>) -> Result<Vec<CString>> {
    names.map(|name| c_text("an axis", name)).collect()
}
