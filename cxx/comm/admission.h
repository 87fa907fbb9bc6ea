// Who may begin an operation in a group, under which number, and what those are told who may not. Pure; who shares one
// among threads guards it.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "base/status.h"
#include "comm/signature.h"

namespace oarlock {

class Admission {
 public:
  // Ok, or why no operation can begin: the group is closed or dead. The first to hear of a failure gets its own code,
  // later calls OAR_E_ABORTED.
  Status admit(Operator op);
  // Numbers an operation that was admitted: collectives by one count, sends and receives by one for each peer.
  void number(Signature& signature);
  void close() { closed_ = true; }

  // The group is dead by `status`; an earlier failure stays. Gives the one that holds. `reported`: an operation ends by
  // it, so that somebody hears of it.
  const Status& fail(Status status, bool reported);
  // Why the group is dead, for an operation that ends by it; ok: it is not.
  Status take_failure();
  bool is_dead() const { return !failure_.is_ok(); }
  bool is_closed() const { return closed_; }

 private:
  std::uint64_t num_submitted_ = 0;
  std::map<std::pair<Operator, int>, std::uint64_t> num_posted_;  // by what, and to or from whom
  bool closed_ = false;
  Status failure_ = Status::ok();
  bool reported_ = false;
};

}  // namespace oarlock
