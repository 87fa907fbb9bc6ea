// The other ranks' side of the meeting: reach rank 0, say hello, and learn who the others are. A pure state machine as
// the guest book: no sockets, no threads, no clock of its own. rendezvous.cpp gives it what sockets and clock say.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "comm/frame.h"
#include "comm/rendezvous.h"

namespace oarlock {

class Joining {
 public:
  using TimePoint = Clock::TimePoint;
  // `meeting` outlives this.
  Joining(const Meeting& meeting, TimePoint now);

  // For how long one attempt to reach rank 0 may last that begins now.
  Milliseconds attempt_bound(TimePoint now) const;
  // It failed. Gives the pause until the next, as rank 0 may not listen yet; OAR_E_TIMEOUT if the time is over.
  Result<Milliseconds> miss(const Status& why, TimePoint now);

  // Rank 0 was reached: what to say to it, as `self`.
  std::string hello(const Member& self, TimePoint now) const;

  // Rank 0's answer: what the meeting leaves, but for connections and the addresses of rank 0 and this one; or why the
  // meeting failed. Star::own_address is where other hosts reach rank 0.
  Result<Star> hear(const Frame& answer) const;
  // The connection ended, and no answer had come.
  Status lose(Status why) const;
  // OAR_E_TIMEOUT if no answer has come in time. Rank 0 decides first, so that its better text arrives.
  Status check_deadline(TimePoint now) const;
  TimePoint answer_deadline() const;

 private:
  const Meeting& meeting_;
  const TimePoint start_;
  Milliseconds pause_;
};

}  // namespace oarlock
