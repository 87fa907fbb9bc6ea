#include "launch/hosts/local.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>

#include "base/env.h"
#include "base/fs.h"
#include "launch/listen.h"
#include "launch/supervise.h"

namespace oarlock::launch {
namespace {

std::string new_launch_id() {
  std::array<unsigned char, 16> bytes{};
  [[maybe_unused]] const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);  // up to 256 bytes never fall short
  std::string id;
  for (const unsigned char byte : bytes) id += fmt::format("{:02x}", byte);
  return id;
}

bool is_one_file(int a, int b) {
  struct stat of_a {
  }, of_b{};
  return ::fstat(a, &of_a) == 0 && ::fstat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

// Where output goes. One object when both are the same terminal, so that a bar and lines do not overwrite each other,
// or the same pipe, which takes pieces that end in the middle of a line.
class Screens {
 public:
  Screens() : output_(1), error_(2), is_one_(is_one_file(1, 2)) {}
  Screen& output() { return is_one_ ? error_ : output_; }
  Screen& error() { return error_; }
  std::vector<Screen*> list() { return is_one_ ? std::vector{&error_} : std::vector{&output_, &error_}; }

 private:
  Screen output_;
  Screen error_;
  const bool is_one_;
};

Result<Descriptor> open_log(const std::string& directory, int rank, const char* ending) {
  if (directory.empty()) return Descriptor();
  const std::string path = fmt::format("{}/rank_{}.{}", directory, rank, ending);
  Descriptor log(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!log.is_open()) return os_error(errno, fmt::format("cannot create '{}'", path));
  return log;
}

// A rank reads the launcher's input only if it is rank 0, and a terminal only if it has it: that would stop a process
// in the background.
Result<Descriptor> open_input(const LocalLaunch& launch, int rank) {
  const bool is_reader = rank == 0 && (::isatty(0) == 0 || rank_has_terminal(launch));
  Descriptor input(is_reader ? ::fcntl(0, F_DUPFD_CLOEXEC, 3) : -1);
  if (!input.is_open()) input = Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!input.is_open()) return os_error(errno, "cannot open '/dev/null'");
  return input;
}

struct RankPipes {
  std::unique_ptr<RankStream> stream;
  Descriptor theirs;
};

Result<RankPipes> make_stream(const LocalLaunch& launch, int rank, Screen& screen, const char* ending) {
  const std::string prefix = launch.prefix ? fmt::format("[rank {}] ", rank) : "";
  OAR_ASSIGN(Descriptor log, open_log(launch.log_dir, rank, ending));
  const int columns = screen.is_terminal() ? std::max(20, screen.columns() - static_cast<int>(prefix.size())) : 0;
  OAR_ASSIGN(StreamEnds ends, open_stream(columns));
  return RankPipes{std::make_unique<RankStream>(std::move(ends.ours), prefix, screen, std::move(log)),
                   std::move(ends.theirs)};
}

// One rank alone needs nobody between it and the terminal.
bool writes_directly(const LocalLaunch& launch) { return launch.num_processes == 1 && launch.log_dir.empty(); }

Status start_rank(const LocalLaunch& launch, int rank, const Listener& listener, const std::string& launch_id,
                  const Guardian& guardian, Screens& screens, Supervisor& supervisor) {
  SpawnRequest request;
  if (rank_has_terminal(launch)) request.group = guardian.group;
  request.path = launch.program;
  request.arguments = launch.arguments;
  request.inherit = rank == 0 ? listener.socket.get() : -1;
  request.variables = rank_variables(launch, rank, listener.port, request.inherit, launch_id);
  // torchrun around us: its ranks look for the store of its agent, which ours do not have.
  request.unset = {"TORCHELASTIC_USE_AGENT_STORE", "TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT"};
  if (request.inherit < 0) request.unset.emplace_back("OARLOCK_LISTEN_FD");
  OAR_ASSIGN(const Descriptor input, open_input(launch, rank));
  request.input = input.get();
  RankPipes output, error;
  if (!writes_directly(launch)) {
    OAR_ASSIGN(output, make_stream(launch, rank, screens.output(), "out"));
    OAR_ASSIGN(error, make_stream(launch, rank, screens.error(), "err"));
    request.output = output.theirs.get();
    request.error = error.theirs.get();
  }
  OAR_ASSIGN(const pid_t pid, spawn(request));
  RankProcess process;
  process.rank = rank;
  process.pid = pid;
  process.leads_group = request.group == 0;
  process.output = std::move(output.stream);
  process.error = std::move(error.stream);
  supervisor.add(std::move(process));
  return Status::ok();
}

}  // namespace

bool rank_has_terminal(const LocalLaunch& launch) {
  return writes_directly(launch) && (::isatty(0) != 0 || ::isatty(1) != 0 || ::isatty(2) != 0);
}

int usable_cores() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

Variables rank_variables(const LocalLaunch& launch, int rank, int port, int listen_fd, const std::string& launch_id) {
  const std::string rank_text = std::to_string(rank);
  const std::string size_text = std::to_string(launch.num_processes);
  Variables variables = {{"RANK", rank_text},
                         {"WORLD_SIZE", size_text},
                         {"LOCAL_RANK", rank_text},
                         {"LOCAL_WORLD_SIZE", size_text},
                         {"NODE_RANK", "0"},
                         {"GROUP_RANK", "0"},
                         {"MASTER_ADDR", "127.0.0.1"},
                         {"MASTER_PORT", std::to_string(port)},
                         {"OARLOCK_LAUNCH_ID", launch_id}};
  if (listen_fd >= 0) variables.emplace_back("OARLOCK_LISTEN_FD", std::to_string(listen_fd));
  const int num_threads =
      launch.num_threads > 0 ? launch.num_threads : std::max(1, usable_cores() / launch.num_processes);
  const bool is_chosen = launch.num_threads > 0 || !env_text("OMP_NUM_THREADS");
  if (is_chosen) variables.emplace_back("OMP_NUM_THREADS", std::to_string(num_threads));
  return variables;
}

Result<int> run_local(const LocalLaunch& launch, const Guardian& guardian) {
  if (!launch.log_dir.empty()) OAR_TRY(real_fs().make_directories(launch.log_dir));
  OAR_ASSIGN(Listener listener, listen_on_loopback(launch.master_port));
  if (!launch.keep_port) listener.socket.reset();
  const std::string launch_id = new_launch_id();
  Screens screens;
  Supervisor supervisor(screens.list(), launch.grace, guardian.lifeline, launch.keep_survivors);
  for (int rank = 0; rank < launch.num_processes; ++rank) {
    Status started = start_rank(launch, rank, listener, launch_id, guardian, screens, supervisor);
    if (started.is_ok()) continue;
    supervisor.kill_all();
    return std::move(started).within(fmt::format("rank {} could not be started", rank));
  }
  listener.socket.reset();  // rank 0 alone holds it now: when that ends, its peers are refused at once
  return supervisor.run();
}

}  // namespace oarlock::launch
