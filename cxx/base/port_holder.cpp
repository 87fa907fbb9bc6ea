#include "base/port_holder.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>

namespace oarlock {
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

}  // namespace

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

}  // namespace oarlock
