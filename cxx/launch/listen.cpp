#include "launch/listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "base/port_holder.h"

namespace oarlock::launch {
namespace {

Status port_error(int error_number, int port) {
  const std::string holder = error_number == EADDRINUSE ? holder_of_port(port) : "";
  return os_error(error_number,
                  fmt::format("cannot listen on 127.0.0.1:{}{}", port, holder.empty() ? "" : ", held by " + holder));
}

}  // namespace

Result<Listener> listen_on_loopback(int port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return os_error(errno, "cannot make a socket");
  const int on = 1;  // else a port used a minute ago is refused
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.get(), generic, sizeof(address)) != 0) return port_error(errno, port);
  if (::listen(socket.get(), SOMAXCONN) != 0) return port_error(errno, port);
  socklen_t size = sizeof(address);
  if (::getsockname(socket.get(), generic, &size) != 0) return os_error(errno, "cannot read the port of a socket");
  return Listener{std::move(socket), ntohs(address.sin_port)};
}

}  // namespace oarlock::launch
