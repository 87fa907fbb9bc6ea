//! Groups of some ranks of another group.

use crate::error::{Result, check};
use crate::group::{Group, rank_number};
use crate::handle::{create_nullable, value};
use crate::text::milliseconds;
use oarlock_sys as sys;
use std::time::Duration;

impl Group {
    /// Makes a group of some of this one's ranks: `ranks[i]` becomes rank i. Every rank of this group calls it with the
    /// same list; `None` on those that are not in it. `group_timeout` is what `None` as a time-out means in the new
    /// group; `None` takes this one's.
    ///
    /// # Errors
    /// On all ranks alike: `Argument` for an empty list, a rank out of range or twice; `Mismatch` for different lists;
    /// `Timeout`, `PeerLost`, `Aborted`.
    pub fn subgroup(
        &self,
        ranks: &[usize],
        group_timeout: impl Into<Option<Duration>>,
        timeout: impl Into<Option<Duration>>,
    ) -> Result<Option<Group>> {
        let (own_ms, timeout_ms) = (milliseconds(group_timeout.into())?, milliseconds(timeout.into())?);
        let ranks = ranks.iter().map(|&rank| rank_number(rank)).collect::<Result<Vec<i32>>>()?;
        // SAFETY: the handle is alive, and `ranks` has as many numbers as is said; so in all calls of this file.
        create_nullable(|out| unsafe {
            sys::oar_group_create_subgroup(self.as_raw(), ranks.as_ptr(), ranks.len(), own_ms, timeout_ms, out)
        })
        .map(|made| made.map(Group))
    }

    /// Divides this group: ranks of equal color make a group, in the order of their keys. `None` as a color, and as the
    /// result: no group.
    ///
    /// # Errors
    /// `Mismatch`, `Timeout`, `PeerLost`, `Aborted`, on all ranks alike.
    pub fn split(
        &self,
        color: Option<u16>,
        key: i32,
        group_timeout: impl Into<Option<Duration>>,
        timeout: impl Into<Option<Duration>>,
    ) -> Result<Option<Group>> {
        let (own_ms, timeout_ms) = (milliseconds(group_timeout.into())?, milliseconds(timeout.into())?);
        let color = color.map_or(sys::OAR_GROUP_NO_COLOR, i32::from);
        // SAFETY: as above.
        create_nullable(|out| unsafe { sys::oar_group_split(self.as_raw(), color, key, own_ms, timeout_ms, out) })
            .map(|made| made.map(Group))
    }

    /// Which ranks of the world, the group of the state, this group's ranks are.
    pub fn world_ranks(&self) -> Result<Vec<usize>> {
        let mut count = self.size()?;
        let mut ranks = vec![0i32; count];
        // SAFETY: as above; `ranks` has room for `count` numbers.
        check(unsafe { sys::oar_group_world_ranks(self.as_raw(), ranks.as_mut_ptr(), &mut count) })?;
        Ok(ranks.into_iter().map(|rank| rank as usize).collect())
    }

    /// The number that this group's `rank` has in another group.
    ///
    /// # Errors
    /// `NotFound` if it is not in that group; `Argument` for no rank, or a group of another state.
    pub fn translate_rank(&self, rank: usize, other: &Group) -> Result<usize> {
        let rank = rank_number(rank)?;
        // SAFETY: as above; the other handle is alive too.
        value(|out| unsafe { sys::oar_group_translate_rank(self.as_raw(), rank, other.as_raw(), out) })
            .map(|found: i32| found as usize)
    }

    /// Leaves a group that was made of another one, which goes on. Dropping it does so too, later.
    ///
    /// # Errors
    /// `Argument` for the group of all ranks, which ends with its state.
    pub fn close(&self) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::oar_group_close(self.as_raw()) })
    }
}
