#include "graph/operator_library.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>
#include <vector>

#include "base/no_destructor.h"

extern char** environ;  // NOLINT: POSIX

namespace oarlock {
namespace {

constexpr const char* kLoaded = "oarlock: the library loads";
constexpr int kTrialMsMax = 60000;
constexpr int kFarewellMsMax = 2000;  // from the mark to the end of the process
constexpr int kLookMs = 5;
constexpr std::size_t kTrialTextMax = 64 << 10;
constexpr int kOutput = 1, kErrors = 2;  // descriptors of the other process

struct Libraries {
  std::mutex mutex;
  std::vector<std::string> paths;            // real ones, in the order of loading
  std::set<std::string, std::less<>> names;  // of the operators that they registered
};

Libraries& libraries() {
  static NoDestructor<Libraries> instance;
  return *instance;
}

std::set<std::string> operator_names() {
  std::set<std::string> names;
  for (const c10::OperatorName& name : c10::Dispatcher::singleton().getAllOpNames()) names.insert(name.name);
  return names;
}

Result<std::string> checked_path(const std::string& path) {
  std::array<char, PATH_MAX> real{};
  if (realpath(path.c_str(), real.data()) == nullptr) {
    if (errno == ENOENT || errno == ENOTDIR) return not_found("{}: there is no such library", path);
    return invalid_argument("{}: {}", path, std::strerror(errno));
  }
  struct stat info {};
  if (stat(real.data(), &info) != 0 || !S_ISREG(info.st_mode)) return invalid_argument("{} is no file", path);
  if ((info.st_mode & S_IWOTH) != 0)
    return invalid_argument("{}: anybody may write to this file, so it is not loaded; chmod o-w it", path);
  std::string result = real.data();
  if (result.find_first_of(": \t\n") != result.npos) {
    return invalid_argument(
        "{}: a path with a colon or white space cannot be tried before it is loaded; move the library", path);
  }
  return result;
}

// Where a function of libtorch lies.
std::string file_of(const void* address) {
  Dl_info info{};
  return dladdr(address, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : "";
}

// The environment with the libraries preloaded.
std::vector<std::string> trial_environment(const std::vector<std::string>& preloaded) {
  std::string list;
  if (const char* own = std::getenv("LD_PRELOAD"); own != nullptr && *own != '\0') list = std::string(own) + ":";
  const std::string torch = file_of(reinterpret_cast<const void*>(&c10::Dispatcher::realSingleton));
  std::string folder = torch.substr(0, torch.rfind('/') == torch.npos ? 0 : torch.rfind('/'));
  for (const std::string& library : preloaded) list += library + ":";
  list.pop_back();
  if (const char* own = std::getenv("LD_LIBRARY_PATH"); own != nullptr && *own != '\0')
    folder += std::string(":") + own;
  std::vector<std::string> result = {"LD_PRELOAD=" + list, "LD_LIBRARY_PATH=" + folder, "LD_BIND_NOW=1"};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto is = [&](std::string_view name) { return text.substr(0, name.size()) == name; };
    if (!is("LD_PRELOAD=") && !is("LD_LIBRARY_PATH=") && !is("LD_BIND_NOW=")) result.emplace_back(text);
  }
  return result;
}

struct Trial {
  bool was_started = false;
  bool has_ended = false;
  bool is_loaded = false;  // it came to say so
  int status = 0;          // of waitpid, if has_ended; -1: somebody else took it
  std::string text;        // its end
};

using Deadline = std::chrono::steady_clock::time_point;

int milliseconds_until(Deadline deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

enum class Output { kText, kNothing, kClosed };

// Waits at most `ms`. The end of the text is kept: that is where exceptions are told.
Output read_output(int end, int ms, std::string& text) {
  pollfd readable{end, POLLIN, 0};
  if (poll(&readable, 1, ms) <= 0) return Output::kNothing;
  std::array<char, 4096> buffer{};
  const ssize_t count = read(end, buffer.data(), buffer.size());
  if (count < 0) return Output::kNothing;
  if (count == 0) return Output::kClosed;
  text.append(buffer.data(), static_cast<std::size_t>(count));
  if (text.size() > kTrialTextMax) text.erase(0, text.size() - kTrialTextMax);
  return Output::kText;
}

enum class Child { kRuns, kEnded, kTaken };  // taken: a host that reaps all children itself was first

Child look_at(pid_t child) {
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) != 0)
    return errno == EINTR ? Child::kRuns : Child::kTaken;
  return info.si_pid == 0 ? Child::kRuns : Child::kEnded;
}

// Reads all the while: a full pipe would keep the child from its end, and one that the child's own children hold open
// does not end with it.
void await_end(pid_t child, int end, Trial& trial) {
  Deadline deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kTrialMsMax);
  Child state = Child::kRuns;
  Output output = Output::kNothing;
  while (state == Child::kRuns && milliseconds_until(deadline) > 0) {
    state = look_at(child);
    if (output != Output::kClosed) output = read_output(end, kLookMs, trial.text);
    if (output == Output::kClosed) poll(nullptr, 0, kLookMs);
    if (!trial.is_loaded && trial.text.find(kLoaded) != trial.text.npos) {
      trial.is_loaded = true;
      deadline = std::min(deadline, std::chrono::steady_clock::now() + std::chrono::milliseconds(kFarewellMsMax));
    }
  }
  for (std::size_t size = 0; output != Output::kClosed && size < kTrialTextMax; size += 1024) {
    if (read_output(end, 0, trial.text) != Output::kText) break;
  }
  trial.is_loaded = trial.is_loaded || trial.text.find(kLoaded) != trial.text.npos;
  trial.has_ended = state != Child::kRuns;
  trial.status = -1;
  if (state == Child::kTaken) return;
  kill(-child, SIGKILL);  // with what it has started, while its number is its own
  kill(child, SIGKILL);
  while (waitpid(child, &trial.status, 0) < 0 && errno == EINTR) {
  }
}

// In a process group of its own.
bool spawn(pid_t& child, int output, std::vector<std::string> environment) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, kOutput);
  posix_spawn_file_actions_adddup2(&actions, output, kErrors);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  std::vector<char*> variables;
  for (std::string& entry : environment) variables.push_back(entry.data());
  variables.push_back(nullptr);
  std::string program = "/bin/echo", mark = kLoaded;
  char* arguments[] = {program.data(), mark.data(), nullptr};
  const bool is_started = posix_spawn(&child, program.c_str(), &actions, &attributes, arguments, variables.data()) == 0;
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return is_started;
}

Trial run_trial(const std::vector<std::string>& preloaded) {
  Trial trial;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return trial;
  pid_t child = 0;
  trial.was_started = spawn(child, ends[1], trial_environment(preloaded));
  close(ends[1]);
  if (trial.was_started) await_end(child, ends[0], trial);
  close(ends[0]);
  return trial;
}

// What the loader itself refuses is left to dlopen, which finds more libraries than a new process does.
constexpr int kLoaderFailed = 127;

Status try_in_another_process(const std::string& path, const std::vector<std::string>& before) {
  std::vector<std::string> preloaded = {file_of(reinterpret_cast<const void*>(&c10::Dispatcher::realSingleton))};
  preloaded.insert(preloaded.end(), before.begin(), before.end());
  preloaded.push_back(path);
  const Trial trial = run_trial(preloaded);
  if (!trial.was_started || trial.is_loaded) return Status::ok();
  if (!trial.has_ended)
    return invalid_argument("{}: loading it does not come to an end ({} s)", path, kTrialMsMax / 1000);
  const bool is_refused = trial.status != -1 && WIFEXITED(trial.status) && WEXITSTATUS(trial.status) == kLoaderFailed;
  if (is_refused) return Status::ok();
  constexpr std::string_view kWhat = "what():  ";
  std::string said = trial.text;
  if (const std::size_t what = said.find(kWhat); what != said.npos) said = said.substr(what + kWhat.size());
  while (!said.empty() && said.back() == '\n') said.pop_back();
  const std::string signal = trial.status != -1 && WIFSIGNALED(trial.status)
                                 ? fmt::format(" by signal {}", WTERMSIG(trial.status))
                                 : std::string();
  return invalid_argument("{}: loading it ends the process{}{}{}", path, signal, said.empty() ? "" : ": ",
                          said.substr(0, 2000));
}

}  // namespace

Status load_operator_library(const std::string& path) {
  OAR_ASSIGN(const std::string real, checked_path(path));
  Libraries& known = libraries();
  const std::lock_guard lock(known.mutex);
  if (std::find(known.paths.begin(), known.paths.end(), real) != known.paths.end()) return Status::ok();
  void* loaded = dlopen(real.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
  if (loaded == nullptr) OAR_TRY(try_in_another_process(real, known.paths));
  if (loaded != nullptr) dlclose(loaded);
  const std::set<std::string> before = operator_names();
  if (dlopen(real.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) {  // never closed: operators stay registered
    const char* text = dlerror();
    return invalid_argument("{}: it cannot be loaded: {}", path, text != nullptr ? text : "no reason given");
  }
  for (const std::string& name : operator_names()) {
    if (!before.contains(name)) known.names.insert(name);
  }
  known.paths.push_back(real);
  return Status::ok();
}

bool is_of_libtorch(std::string_view name) { return name.substr(0, name.find("::")) == "aten"; }

void keep_operator(const c10::OperatorHandle& op) {
  if (is_of_libtorch(op.operator_name().name)) return;
  struct Kept {
    std::mutex mutex;
    std::set<std::string, std::less<>> names;
    std::vector<c10::RegistrationHandleRAII> registrations;  // of the names alone: no schema, no kernels
  };
  static NoDestructor<Kept> kept;
  const std::lock_guard lock(kept->mutex);
  if (!kept->names.insert(c10::toString(op.operator_name())).second) return;
  kept->registrations.push_back(c10::Dispatcher::singleton().registerName(op.operator_name()));
}

bool is_of_operator_library(std::string_view name) {
  Libraries& known = libraries();
  const std::lock_guard lock(known.mutex);
  return known.names.contains(name);
}

}  // namespace oarlock
