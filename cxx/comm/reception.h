// Rank 0's side of the meeting with its sockets: it takes connections, lets the guest book say who comes, and welcomes
// all or refuses all.
//
// Anybody may connect: port scanners, other protocols, ranks of other launches, ranks that have given up meanwhile.
// They are sent away and cost little: a guest may say no more than a hello, must say it in time, and there are only so
// many.
#pragma once

#include "base/status.h"
#include "comm/rendezvous.h"

namespace oarlock {

// The meeting's listener is open. `self`: what is told of this rank.
Result<Star> receive_ranks(Meeting& meeting, const Member& self);

}  // namespace oarlock
