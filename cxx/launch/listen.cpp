#include "launch/listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace oarlock::launch {
namespace {

// The inode of the socket that listens on `port`, from the kernel's table (proc(5): local_address is hex
// "address:port", state 0A).
std::optional<std::string> listening_inode(const char* table, int port) {
  std::ifstream lines(table);
  std::string line;
  while (std::getline(lines, line)) {
    unsigned local_port = 0, state = 0;
    unsigned long inode = 0;
    const int fields = std::sscanf(line.c_str(), " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*u %*u %lu",
                                   &local_port, &state, &inode);
    if (fields == 3 && static_cast<int>(local_port) == port && state == 0x0A) return std::to_string(inode);
  }
  return std::nullopt;
}

bool holds_socket(const std::filesystem::path& process, const std::string& link) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(process / "fd", error)) {
    std::error_code unreadable;
    if (std::filesystem::read_symlink(entry.path(), unreadable) == link) return true;
  }
  return false;
}

// "process 1234 (python3)", or "" when the kernel does not tell this user.
std::string holder_of_port(int port) {
  std::optional<std::string> inode = listening_inode("/proc/net/tcp", port);
  if (!inode) inode = listening_inode("/proc/net/tcp6", port);
  if (!inode) return "";
  const std::string link = "socket:[" + *inode + "]";
  std::error_code error;
  for (const auto& process : std::filesystem::directory_iterator("/proc", error)) {
    const std::string pid = process.path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos || !holds_socket(process.path(), link)) continue;
    std::string name;
    std::getline(std::ifstream(process.path() / "comm"), name);
    return fmt::format("process {} ({})", pid, name);
  }
  return "";
}

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
