// Addresses of hosts as text, and which of them reach whom.
#pragma once

#include <sys/socket.h>

#include <string>

#include "base/status.h"

namespace oarlock {

// Numeric, without the port; an IPv4 address that came through an IPv6 socket is given as the IPv4 address. Empty for
// other families.
std::string address_text(const sockaddr_storage& address);
// Whether it is a number of either family, and no name.
bool is_numeric_address(const std::string& address);
// A name or number that never leaves this host.
bool is_loopback(const std::string& address);
// OAR_E_ENVIRONMENT for an IPv6 address of one link (fe80::...): it means something else on every host.
Status check_reach(const std::string& address);
// The address under which other hosts reach this one: the first of an interface that is up and not loopback, of IPv4 if
// there is one. 127.0.0.1 if there is none.
std::string reachable_address();

}  // namespace oarlock
