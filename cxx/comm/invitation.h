// Where a rank waits for others that do not know it yet, as text that may travel any way: by another group, by a file.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "comm/rendezvous.h"

namespace oarlock {

struct Invitation {
  int port = 0;
  std::string address;  // as other hosts reach it
  std::string host_id;  // of Member: who is on this host takes the loopback address
  std::string token;    // of this invitation and no other
};

std::string pack_invitation(const Invitation& invitation);  // four lines
Result<Invitation> unpack_invitation(std::string_view text);

// Who invites: listens on a free port of all interfaces. `own_address` as in Meeting; empty takes the first that is
// reachable.
struct Host {
  Invitation invitation;
  Descriptor listener;
};
Result<Host> invite(const std::string& own_address);

// The meeting at that place, whose world_id becomes the token: who comes by another invitation is sent away.
void place_meeting(Meeting& meeting, const Invitation& invitation);

std::string random_token();  // 32 hexadecimal digits of the kernel's; not of a generator that anyone seeds

}  // namespace oarlock
