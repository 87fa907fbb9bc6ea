// A group of ranks of one host, whose data moves through memory that they share.
//
// An operation that its caller waits for at once runs on the caller's thread; one that was started runs on the group's
// own thread, or on that of who waits for it, whichever is there first. Operations run one at a time in the order of
// the calls; sends and receives apart from them (point_to_point.h). Liveness, failures and their telling are the star
// engine's, whose connections stay open behind this.
#pragma once

#include <memory>

#include "comm/backends/shm/memory.h"
#include "comm/group.h"
#include "comm/star_engine.h"

namespace oarlock {

// What the ranks share.
std::size_t shm_group_bytes(int size);
// `memory`: of shm_group_bytes(), shared by all ranks of the engine. `timeout` is what a time-out of zero means.
std::shared_ptr<Group> make_shm_group(std::unique_ptr<StarEngine> engine, SharedMemory memory, Milliseconds timeout);

}  // namespace oarlock
