#include "comm/address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <cstring>

namespace oarlock {
namespace {

bool is_link_local(const in6_addr& address) { return IN6_IS_ADDR_LINKLOCAL(&address) != 0; }

// Empty for an interface that other hosts cannot reach, or of another family.
std::string interface_address(const ifaddrs& entry, int family) {
  if (entry.ifa_addr == nullptr || entry.ifa_addr->sa_family != family) return "";
  if ((entry.ifa_flags & IFF_UP) == 0 || (entry.ifa_flags & IFF_LOOPBACK) != 0) return "";
  sockaddr_storage address{};
  std::memcpy(&address, entry.ifa_addr, family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
  if (family == AF_INET6 && is_link_local(reinterpret_cast<const sockaddr_in6&>(address).sin6_addr)) return "";
  return address_text(address);
}

}  // namespace

std::string address_text(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof(text));
  } else if (address.ss_family == AF_INET6) {
    const in6_addr& number = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&number)) {
      ::inet_ntop(AF_INET, number.s6_addr + 12, text, sizeof(text));
    } else {
      ::inet_ntop(AF_INET6, &number, text, sizeof(text));
    }
  }
  return text;
}

bool is_numeric_address(const std::string& address) {
  in6_addr ignored;
  return ::inet_pton(AF_INET, address.c_str(), &ignored) == 1 || ::inet_pton(AF_INET6, address.c_str(), &ignored) == 1;
}

bool is_loopback(const std::string& address) {
  return address == "localhost" || address == "::1" || address.starts_with("127.");
}

Status check_reach(const std::string& address) {
  in6_addr number;
  const std::string without_interface = address.substr(0, address.find('%'));
  if (::inet_pton(AF_INET6, without_interface.c_str(), &number) != 1 || !is_link_local(number)) return Status::ok();
  return bad_environment(
      "'{}' is an address of one link (fe80::/10), which other hosts do not understand; give rank 0's global IPv6 or "
      "IPv4 address, or its name",
      address);
}

std::string reachable_address() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return "127.0.0.1";
  std::string found;
  for (const int family : {AF_INET, AF_INET6}) {
    for (const ifaddrs* entry = list; entry != nullptr && found.empty(); entry = entry->ifa_next) {
      found = interface_address(*entry, family);
    }
  }
  ::freeifaddrs(list);
  return found.empty() ? "127.0.0.1" : found;
}

}  // namespace oarlock
