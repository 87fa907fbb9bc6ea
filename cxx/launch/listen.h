// The socket on which the ranks meet: bound before any rank exists, so that no one can take the port in between.
#pragma once

#include "base/status.h"
#include "launch/descriptor.h"

namespace oarlock::launch {

struct Listener {
  Descriptor socket;  // close-on-exec, listening on 127.0.0.1
  int port = 0;
};

// port 0: a free one. A port in use is OAR_E_IO; the text has the port, errno and, where /proc shows it, who holds it.
Result<Listener> listen_on_loopback(int port);

}  // namespace oarlock::launch
