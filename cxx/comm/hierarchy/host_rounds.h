// Data between the ranks of one host by rounds of shared memory, for a transport that goes on between hosts. All ranks
// of the host call the same, with the same sizes: what they do has been compared before. Local rank 0 is the leader.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstddef>

#include "base/clock.h"
#include "base/status.h"
#include "comm/backends/shm/rounds.h"
#include "comm/group.h"

namespace oarlock {

class HostRounds {
 public:
  // `memory`: of Rounds::memory_bytes(size).
  HostRounds(SharedMemory memory, int local_rank, int size) : rounds_(std::move(memory), local_rank, size) {}

  bool is_leader() const { return rounds_.rank() == 0; }
  int size() const { return rounds_.size(); }

  // Waits from here on end by this time.
  void set_deadline(Clock::TimePoint deadline) { deadline_ = deadline; }
  // Any thread: waits end with OAR_E_ABORTED, now and later.
  void interrupt() { rounds_.interrupt(); }

  // Leader: sum = what the ranks give, reduced in the order of the ranks, an average still a sum. `sum` may be `mine`.
  Status reduce(const std::byte* mine, std::byte* sum, std::size_t bytes, c10::ScalarType dtype, ReduceOp op);
  // From local rank `from` to `to`, or to all (kAll).
  static constexpr int kAll = -1;
  Status move(std::byte* data, std::size_t bytes, int from, int to = kAll);
  // Leader: all = the ranks' bytes, one behind the other.
  Status gather(const std::byte* mine, std::byte* all, std::size_t bytes);

 private:
  Status meet();  // one round
  template <class Give, class Take>
  Status for_each_piece(std::size_t bytes, Give give, Take take);

  Rounds rounds_;
  Clock::TimePoint deadline_{};
};

}  // namespace oarlock
