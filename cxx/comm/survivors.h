// The ranks that are left of a world meet anew without those that are lost. Needs nothing of the old world's group,
// only the port at which each rank listens since they met.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "comm/rendezvous.h"

namespace oarlock {

// How the ranks of a world reach each other when its group is dead. What a meeting with wants_contacts leaves.
struct Contacts {
  Descriptor listener;  // this rank's; closed: it had none, or has gone on to another world
  std::string token;
  std::vector<Member> members;  // by rank
};
Contacts take_contacts(Star& star);

struct SurvivorTerms {
  int rank = 0;      // in the old world
  int min_size = 1;  // fewer do not go on: 1 to the size of the old world
  Milliseconds timeout{0};
  Milliseconds late{5000};
  std::string own_address;  // as in Meeting
  std::int64_t inline_bytes = 0;
};

// Collective among those who are left, whoever that is. `form` is called when they have met, with their ranks in the
// old world, ascending, this one among them, and the star of the new one (without connections if this rank is alone);
// its failure is that of the call. A failure leaves the contacts as they are, for another attempt. After success
// whoever comes later is told that it is too late, and the listener is closed. `is_cancelled` may be set by another
// thread.
using FormWorld = std::function<Status(const std::vector<int>& ranks, Star star)>;
Status with_survivors(Contacts& contacts, const SurvivorTerms& terms, const std::atomic<bool>& is_cancelled,
                      const FormWorld& form);

}  // namespace oarlock
