#include "launch/descendants.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace oarlock::launch {
namespace {

// The parent of a process by /proc/<pid>/stat: "pid (name) state parent ...", where the name may hold spaces and
// brackets.
pid_t parent_of(const std::filesystem::path& process) {
  std::string line;
  std::getline(std::ifstream(process / "stat"), line);
  const std::size_t name_end = line.rfind(')');
  pid_t parent = -1;
  if (name_end == std::string::npos || std::sscanf(line.c_str() + name_end + 1, " %*c %d", &parent) != 1) return -1;
  return parent;
}

// True when a child is left.
bool reap() {
  while (true) {
    const pid_t pid = ::waitpid(-1, nullptr, WNOHANG);
    if (pid == 0) return true;
    if (pid < 0) return false;
  }
}

}  // namespace

std::vector<pid_t> children() {
  std::vector<pid_t> found;
  siginfo_t ended{};
  if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0) return found;  // usual at a start: no look at /proc
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (parent_of(entry.path()) == ::getpid()) found.push_back(std::stoi(name));
  }
  return found;
}

bool kill_descendants(Milliseconds bound, const std::vector<pid_t>& spared) {
  const Clock::TimePoint end = steady_clock().now() + bound;
  while (reap()) {
    std::vector<pid_t> left = children();
    std::erase_if(left, [&](pid_t pid) { return std::find(spared.begin(), spared.end(), pid) != spared.end(); });
    if (left.empty()) return true;
    if (steady_clock().now() >= end) return false;
    for (const pid_t pid : left) ::kill(pid, SIGKILL);
    ::poll(nullptr, 0, 1);  // the kernel's turn; SIGCHLD may be someone else's to read
  }
  return true;
}

}  // namespace oarlock::launch
