// Who wants to send to whom and has not been answered yet. A pure state machine as the roll call: no sockets, no
// threads, no clock of its own. Rank 0 keeps the one of its group.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/signature.h"

namespace oarlock {

class TransferBook {
 public:
  using TimePoint = Clock::TimePoint;
  TransferBook(int world_size, Milliseconds late) : late_(late), left_after_(world_size) {}

  // The two sides of one transfer. `payload` is what the sender posted with it.
  struct Match {
    int sender = 0;
    int receiver = 0;
    Signature send;
    Signature receive;
    std::string payload;
  };
  // The rank calls a send or receive, the n-th to its peer. Matched by order for each pair of ranks. Fails with
  // OAR_E_MISMATCH if the two sides differ in elements or dtype (both are named), with OAR_E_PEER_LOST if the peer has
  // left, with OAR_E_VERSION if the signature names no other rank or is out of turn.
  Result<std::optional<Match>> post(int rank, const Signature& signature, Milliseconds timeout, std::string payload,
                                    TimePoint now);
  // Rank closed its group on purpose. A failure only if others wait for it here.
  Status leave(int rank, std::uint64_t sequence);

  // OAR_E_TIMEOUT naming the peer that did not come, once the time-out of one that waits is over.
  Status check_deadline(TimePoint now) const;
  // Once per post, after `late`: the text of the warning.
  std::optional<std::string> late_warning(TimePoint now);
  // When one of the two above may have something to say; nullopt: nobody waits.
  std::optional<TimePoint> next_event() const;

 private:
  struct Post {
    Signature signature;
    TimePoint since;
    TimePoint deadline;
    std::string payload;
    bool warned = false;
  };
  // Of one sender and one receiver; one of the two is empty.
  struct Pair {
    std::deque<Post> sends;
    std::deque<Post> receives;
  };
  static Result<Match> match(const std::pair<int, int>& ranks, Post send, Post receive);
  Status check_left(int rank, const Signature& signature) const;
  // fn(rank that waits, its post) for each that waits, until it gives true.
  template <class Fn>
  void for_each_post(Fn fn) const;

  Milliseconds late_;
  std::vector<std::optional<std::uint64_t>> left_after_;
  std::map<std::pair<int, int>, Pair> pairs_;  // by sender and receiver; only those that wait
};

}  // namespace oarlock
