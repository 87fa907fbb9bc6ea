// Who has called the next operation, with what signature, and who has not. A pure state machine: no sockets, no
// threads, no clock of its own, so that a test or a simulator drives it. Rank 0 keeps the one of its group.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/signature.h"

namespace oarlock {

class RollCall {
 public:
  using TimePoint = Clock::TimePoint;
  RollCall(int world_size, Milliseconds late) : late_(late), arrivals_(world_size), left_after_(world_size) {}

  // Rank calls the operation that comes next. Fails with OAR_E_MISMATCH if an earlier arrival differs (both are named),
  // with OAR_E_PEER_LOST if a rank has left before it.
  // `site` is where it calls it from (CallSite::text()), for messages.
  Status arrive(int rank, const Signature& signature, Milliseconds timeout, TimePoint now, std::string site = {});
  // Rank closed its group on purpose after `sequence` operations. A failure only if others are waiting for it.
  Status leave(int rank, std::uint64_t sequence);

  bool is_complete() const { return num_arrived_ == static_cast<int>(arrivals_.size()); }
  void next();  // forgets this call's arrivals

  // OAR_E_TIMEOUT naming the late ranks once the shortest time-out of those that wait is over.
  Status check_deadline(TimePoint now) const;
  // Once per call, after `late`: the text of the warning.
  std::optional<std::string> late_warning(TimePoint now);
  // When one of the two above may have something to say; nullopt: nobody waits.
  std::optional<TimePoint> next_event() const;

  std::vector<int> missing() const;

 private:
  struct Arrival {
    Signature signature;
    TimePoint deadline;
    std::string site;
    std::string text() const { return describe(signature) + site; }
  };
  int first_arrived() const;
  Status check_left(const Arrival& wanted) const;
  bool someone_waits() const { return num_arrived_ > 0 && !is_complete(); }

  Milliseconds late_;
  std::vector<std::optional<Arrival>> arrivals_;
  std::vector<std::optional<std::uint64_t>> left_after_;
  int num_arrived_ = 0;
  bool warned_ = false;
  TimePoint first_arrival_{};
};

// "rank 3" or "ranks 0, 2, 3": at most eight are named.
std::string list_ranks(const std::vector<int>& ranks);

}  // namespace oarlock
