// Who listens on a port of this host, for messages.
#pragma once

#include <string>

namespace oarlock {

// "process 1234 (python3)", or "" when nobody does or the kernel does not tell this user.
std::string holder_of_port(int port);

}  // namespace oarlock
