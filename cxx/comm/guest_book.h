// Rank 0's side of the meeting: who has connected, who has said who he is, and who is missing. A pure state machine as
// the roll call: no sockets, no threads, no clock of its own. reception.cpp gives it what sockets and clock say.
//
// Anybody may connect: port scanners, other protocols, ranks of other launches, ranks that have given up meanwhile.
// They are sent away and cost little: a guest must say who he is in time, and there are only so many who have not.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/frame.h"
#include "comm/greeting.h"
#include "comm/rendezvous.h"

namespace oarlock {

class GuestBook {
 public:
  using TimePoint = Clock::TimePoint;
  using Guest = std::uint64_t;  // a connection; the caller numbers them

  // `meeting` outlives this; `host` is rank 0.
  GuestBook(const Meeting& meeting, Member host, TimePoint now);

  // A connection was taken, and nothing is heard on it yet. Gives the guest whose connection must be closed for it, if
  // any.
  std::optional<Guest> come(Guest guest, TimePoint now);

  // What becomes of a guest who has said something, or has gone. Admitted: his connection is that of `rank` from now
  // on. Else it is to be closed, after `farewell` where that is not empty.
  struct Answer {
    int rank = -1;
    std::string farewell;
    bool is_admitted() const { return rank > 0; }
  };
  // `is_at_end`: he sends nothing more. Fails where a rank of this launch contradicts what is known: that ends the
  // meeting, and he is to be told why as all ranks are.
  Result<Answer> hear(Guest guest, const Frame& frame, bool is_at_end, TimePoint now);
  // His connection ended by `why`. `foreign_version`: of the protocol that he speaks, if it is another one; else 0.
  Answer lose(Guest guest, const Status& why, std::uint16_t foreign_version);
  // The connection of a rank that had been admitted ended: it must stay until all have come, so this ends the meeting.
  Status lose_rank(int rank) const;

  bool is_complete() const { return missing().empty(); }
  std::vector<int> missing() const;
  const std::vector<Member>& members() const { return members_; }  // by rank; all of them once it is complete

  // OAR_E_TIMEOUT naming the ranks that are missing, once the first of those that wait gives up.
  Status check_deadline(TimePoint now) const;
  // The text of a warning, every so often.
  std::optional<std::string> late_warning(TimePoint now);
  // Guests who did not say in time who they are; their connections are to be closed.
  std::vector<Guest> take_silent(TimePoint now);
  TimePoint next_event() const;  // when one of these three may have something to say

 private:
  struct Waiting {
    Guest guest;
    TimePoint since;
  };
  void forget(Guest guest);
  Status admit(const Hello& hello, TimePoint now);
  static Answer turn_away(const Status& why, std::uint16_t version);

  const Meeting& meeting_;
  const TimePoint start_;
  TimePoint deadline_;  // of the rank that gives up first: it shall learn here who is missing
  TimePoint next_warning_;
  std::deque<Waiting> waiting_;  // who has not said who he is; oldest first
  std::vector<bool> came_;       // by rank
  std::vector<Member> members_;
};

}  // namespace oarlock
