// What goes wrong with a send or a receive, in the words of every backend that matches them.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "comm/signature.h"

namespace oarlock {

// Of the n-th send from one rank to another and the n-th receive there: OAR_E_MISMATCH if they differ in elements or
// dtype, with both sides; OAR_E_VERSION if they are not the same n-th.
Status compare_sides(int sender, const Signature& send, int receiver, const Signature& receive);
// The peer has closed its group after `last` operations, so that what `rank` wants of it cannot be.
Status peer_has_left(int rank, const Signature& signature, std::uint64_t last);
// The peer has not called the other side: at the time-out, and as a warning before.
Status transfer_timed_out(int rank, const Signature& signature, Clock::TimePoint::duration waited);
std::string transfer_is_late(int rank, const Signature& signature, Clock::TimePoint::duration waited);

}  // namespace oarlock
