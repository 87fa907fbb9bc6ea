#include "comm/hierarchy/host_rounds.h"

#include <algorithm>
#include <cstring>

#include "comm/reduction_kernels.h"

namespace oarlock {

Status HostRounds::meet() {
  rounds_.post();
  const auto left = std::chrono::ceil<Milliseconds>(deadline_ - steady_clock().now());
  const Rounds::Outcome outcome = rounds_.wait(std::max(left, Milliseconds(1)));
  if (outcome == Rounds::Outcome::kAll) return Status::ok();
  if (outcome == Rounds::Outcome::kInterrupted) return aborted("the group ended while data moved inside the host");
  return timed_out("a rank of this host did not move its data in time");
}

// give(at, size) fills this rank's slot, take(at, size) reads those of all.
template <class Give, class Take>
Status HostRounds::for_each_piece(std::size_t bytes, Give give, Take take) {
  for (std::size_t at = 0; at < bytes; at += Rounds::kSlotBytes) {
    const std::size_t size = std::min(bytes - at, Rounds::kSlotBytes);
    give(at, size);
    OAR_TRY(meet());
    take(at, size);
  }
  return Status::ok();
}

Status HostRounds::reduce(const std::byte* mine, std::byte* sum, std::size_t bytes, c10::ScalarType dtype,
                          ReduceOp op) {
  if (size() == 1) {
    if (sum != mine) std::memcpy(sum, mine, bytes);
    return Status::ok();
  }
  return for_each_piece(
      bytes, [&](std::size_t at, std::size_t size) { std::memcpy(rounds_.slot(), mine + at, size); },
      [&](std::size_t at, std::size_t size) {
        if (!is_leader()) return;
        const std::size_t count = size / c10::elementSize(dtype);
        combine(sum + at, rounds_.slot_of(0), rounds_.slot_of(1), count, dtype, op);
        for (int rank = 2; rank < rounds_.size(); ++rank) {
          combine(sum + at, sum + at, rounds_.slot_of(rank), count, dtype, op);
        }
      });
}

Status HostRounds::move(std::byte* data, std::size_t bytes, int from, int to) {
  if (size() == 1 || from == to) return Status::ok();
  const bool gives = rounds_.rank() == from, takes = !gives && (to == kAll || rounds_.rank() == to);
  return for_each_piece(
      bytes,
      [&](std::size_t at, std::size_t size) {
        if (gives) std::memcpy(rounds_.slot(), data + at, size);
      },
      [&](std::size_t at, std::size_t size) {
        if (takes) std::memcpy(data + at, rounds_.slot_of(from), size);
      });
}

Status HostRounds::gather(const std::byte* mine, std::byte* all, std::size_t bytes) {
  return for_each_piece(
      bytes, [&](std::size_t at, std::size_t size) { std::memcpy(rounds_.slot(), mine + at, size); },
      [&](std::size_t at, std::size_t size) {
        for (int rank = 0; is_leader() && rank < rounds_.size(); ++rank) {
          std::memcpy(all + static_cast<std::size_t>(rank) * bytes + at, rounds_.slot_of(rank), size);
        }
      });
}

}  // namespace oarlock
