// The MPI that a host lends, as its table of calls (oarlock/mpi_calls.h) gives it: one communicator, whose ranks are
// those of the world, shared by all groups that are made of it.
//
// Each group sends with a tag of its own, so that groups may work at once and never see each other's messages. Its rank
// 0 draws the tag from a range that no other rank of the world draws from; no tag is drawn twice, for a group that died
// may have left messages behind.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

struct oar_mpi_calls;

namespace oarlock {

// Any thread.
class MpiLink {
 public:
  // `calls` are complete. Calls `release` when it ends.
  MpiLink(const oar_mpi_calls& calls, int rank, int world_size);  // of the world
  ~MpiLink();
  MpiLink(const MpiLink&) = delete;
  MpiLink& operator=(const MpiLink&) = delete;

  // Why no data may go by it; empty: it may. The same on all ranks once they have met.
  std::string refusal() const;
  // A tag that no other group of this world has; -1: all are used.
  int draw_tag();

  using Request = std::uint64_t;
  std::size_t bytes_max() const { return bytes_max_; }
  // At most bytes_max(). `rank` is one of the world.
  Status send(const std::byte* data, std::size_t bytes, int rank, int tag, Request& request) const;
  Status receive(std::byte* data, std::size_t bytes, int rank, int tag, Request& request) const;
  // Sets `is_done`, with which the request is gone, also by a failure.
  Status test(Request& request, bool& is_done) const;
  void cancel(Request& request) const;  // a receive; it still ends by test()
  // Requests will never be done: their communicator is left to MPI.
  void leave_requests() { is_clean_ = false; }

 private:
  Status told(std::int32_t error, const char* what) const;

  const std::unique_ptr<const oar_mpi_calls> calls_;
  const std::size_t bytes_max_;
  std::atomic<std::int64_t> next_tag_;
  const std::int64_t tags_end_;
  std::atomic<bool> is_clean_{true};
};

// Where the ranks of a group stand in MPI. The link is the state's, which ends it when it is closed, and of transports
// as long as they live; who only holds a group does not keep MPI's communicator.
struct MpiPlace {
  std::weak_ptr<MpiLink> link;
  std::vector<int> world_ranks;  // by rank of the group
};

}  // namespace oarlock
