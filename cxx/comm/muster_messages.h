// What the survivors of a dead world say to each other (muster.h).
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/frame.h"

namespace oarlock {

// "I have come", or the summons of the rank that gathers.
struct MusterCall {
  std::string token;  // of the old world
  int rank = -1;      // in it
  int min_size = 1;
  Milliseconds left{0};  // how long it goes on waiting; never negative
};
std::string pack_muster_call(FrameType type, const MusterCall& call);
Result<MusterCall> unpack_muster_call(const Frame& frame);

// The ranks that go on, in their order, and their invitation; or why nobody does.
struct MusterDecision {
  Status status = Status::ok();
  std::vector<int> ranks;
  std::string invitation;
};
std::string pack_decision(const MusterDecision& decision);
Result<MusterDecision> unpack_decision(const Frame& frame);

}  // namespace oarlock
