// The synchronisation of a round with all that can go wrong in it: ranks that call something else, come late, do not
// come, have left, or are dead. What happens quickly is Rounds' alone.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "comm/backends/shm/rounds.h"
#include "comm/call.h"
#include "comm/roll_call.h"
#include "comm/star_engine.h"

namespace oarlock {

class Attendance {
 public:
  // Both outlive this.
  Attendance(Rounds& rounds, StarEngine& engine) : rounds_(rounds), engine_(engine), skew_(engine.skew().get()) {}

  // Posts the coming round and waits until all ranks have. A failure is the group's: it is dead on every rank then.
  // The first round of an operation compares the signatures: when it gives ok, all ranks make the same call, and before
  // that nothing but slots has been written.
  Status post_first(const Call& call);
  Status post(const Call& call);
  // Makes the group dead on every rank, from the operation of that number on; gives the failure that holds.
  Status fail(Status status, std::uint64_t sequence);
  // Ok, or why no operation can begin.
  Status require_alive(Operator op) const {
    return rounds_.is_dead() || rounds_.is_interrupted() ? why_none_begins(op) : Status::ok();
  }
  // Of a group that some rank has declared dead, that has lost one, or that is being closed here; the first collective
  // that this rank cannot complete for that has the number.
  Status why_it_ended(std::uint64_t sequence);

 private:
  Status why_none_begins(Operator op) const;
  Status wait_slowly(const Call& call, bool is_first);
  // The posted signatures, in the order of the ranks; a failure: one differs.
  Result<RollCall> take_roll(const Call& call, Clock::TimePoint start) const;
  Status check_left(const Call& call) const;
  Status missing_data(const Call& call) const;
  std::vector<int> missing() const;
  void record_arrivals();

  Rounds& rounds_;
  StarEngine& engine_;
  ArrivalSkew* const skew_;  // of the engine; nullptr: not measured
  std::vector<std::uint32_t> arrivals_us_;
};

}  // namespace oarlock
