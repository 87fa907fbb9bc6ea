#include "launch/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace oarlock::launch {
namespace {

std::vector<std::string> environment_of(const SpawnRequest& request) {
  const auto is_replaced = [&](std::string_view entry) {
    const std::string_view name = entry.substr(0, entry.find('='));
    const auto same = [&](const auto& variable) { return variable.first == name; };
    return std::any_of(request.variables.begin(), request.variables.end(), same) ||
           std::find(request.unset.begin(), request.unset.end(), name) != request.unset.end();
  };
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!is_replaced(*entry)) environment.emplace_back(*entry);
  }
  for (const auto& [name, value] : request.variables) environment.push_back(name + "=" + value);
  return environment;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Handlers go by exec; what stays is the mask and the two signals that the guardian ignores.
void restore_signals() {
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGTTOU, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// In the child; calls only what is allowed between fork and exec. Writes errno to `failure` when it cannot go on.
[[noreturn]] void become(const SpawnRequest& request, char* const* arguments, char* const* environment, pid_t parent,
                         int failure) {
  ::setpgid(0, request.group);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it ended before the line above
  const bool is_wired = ::dup2(request.input, 0) >= 0 && ::dup2(request.output, 1) >= 0 &&
                        ::dup2(request.error, 2) >= 0 &&
                        (request.inherit < 0 || ::fcntl(request.inherit, F_SETFD, 0) == 0);
  if (is_wired) {
    restore_signals();
    ::execve(request.path.c_str(), arguments, environment);
  }
  const int error_number = errno;
  [[maybe_unused]] const ssize_t written = ::write(failure, &error_number, sizeof(error_number));
  ::_exit(127);
}

Status exec_error(int error_number, const std::string& path) {
  if (error_number == ENOEXEC) {
    return invalid_argument("'{}' is no program that this system can run: neither a binary nor a script with a #! line",
                            path);
  }
  return os_error(error_number, fmt::format("cannot run '{}'", path));
}

}  // namespace

Result<pid_t> spawn(const SpawnRequest& request) {
  std::vector<std::string> argument_texts = request.arguments;
  std::vector<std::string> environment_texts = environment_of(request);
  const std::vector<char*> arguments = pointers_to(argument_texts);
  const std::vector<char*> environment = pointers_to(environment_texts);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return os_error(errno, "cannot make a pipe");
  Descriptor failure(ends[0]), failure_in(ends[1]);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return os_error(errno, "cannot start a process");
  if (pid == 0) become(request, arguments.data(), environment.data(), parent, failure_in.get());
  ::setpgid(pid, request.group);  // here too, so that the group exists whoever runs first
  failure_in.reset();
  int error_number = 0;
  ssize_t got = 0;
  while ((got = ::read(failure.get(), &error_number, sizeof(error_number))) < 0 && errno == EINTR) continue;
  if (got != sizeof(error_number)) return pid;  // closed by exec
  ::waitpid(pid, nullptr, 0);
  return exec_error(error_number, request.path);
}

}  // namespace oarlock::launch
