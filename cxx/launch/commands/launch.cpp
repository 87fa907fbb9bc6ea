// oarlock launch [options] PROGRAM [ARGUMENTS...]

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <type_traits>

#include "base/status.h"
#include "base/text.h"
#include "launch/commands/commands.h"
#include "launch/guardian.h"
#include "launch/hosts/local.h"
#include "launch/program.h"

namespace oarlock::launch {
namespace {

constexpr const char* kAbout =
    R"(Every rank finds its place in RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, NODE_RANK,
GROUP_RANK, MASTER_ADDR and MASTER_PORT, as under torchrun, so programs of either kind run.
OMP_NUM_THREADS becomes cores / ranks unless it is set. Spellings of torchrun and accelerate,
such as --nproc-per-node, --num_processes and --main_process_port, are understood as well.

Rank 0 reads the launcher's standard input unless that is a terminal; the others read nothing.
One rank alone (and without --log-dir) has the terminal as if it was started without a
launcher: it can be a debugger, and Ctrl-C and Ctrl-Z are its own.

With more ranks, Ctrl-C and other signals are passed on once; ranks that are left after the
grace time, or at a second Ctrl-C, are killed. Ctrl-Z stops all ranks and fg continues them.
When a rank fails it is reported with its last lines and the others are ended, unless
--keep-survivors is given. Nothing that the ranks started is left running.

Exit status: 0, or that of the first rank that failed (128 + the signal's number if a signal
ended it; with --keep-survivors 0 if any rank ends with 0); 2 for a wrong command line, 126 if
PROGRAM cannot be executed, 127 if there is none of that name, 1 if anything else keeps the
ranks from starting, such as a port in use.)";

constexpr const char* kShort = "Start PROGRAM [ARGUMENTS...] once per rank on this host and watch over the ranks.";

constexpr const char* kExamples = R"(Examples:
  oarlock launch -n 2 ./train --epochs 3
  oarlock launch -n 4 --log-dir logs python3 train.py)";

constexpr int kProcessesMax = 4096;

struct Typed {
  LocalLaunch launch;
  double grace_seconds = 30;
  bool no_prefix = false;
  bool release_port = false;
};

int fail(const Status& status, int exit_status, const char* way_out = "") {
  fmt::print(stderr, "oarlock launch: {}{}\n", status.message(), way_out);
  return exit_status;
}

int exit_status_of(const Status& status) {
  if (status.code() == OAR_E_NOT_FOUND) return 127;
  return status.code() == OAR_E_ARGUMENT ? 126 : 1;
}

// The command line behind the options: PROGRAM [ARGUMENTS...].
Status take_program(std::vector<std::string> words, const CLI::App& command, LocalLaunch& launch) {
  if (!words.empty() && words.front() == "--")
    words.erase(words.begin());
  else if (!words.empty() && words.front().starts_with("-")) {
    std::vector<std::string> known;
    for (const CLI::Option* option : command.get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
    const std::vector<std::string_view> candidates(known.begin(), known.end());
    const std::string given = words.front().substr(0, words.front().find('='));
    const auto nearest = nearest_text(given, candidates);
    return invalid_argument("unknown option '{}'{}; options of the program follow its name; try: oarlock launch --help",
                            given, nearest ? fmt::format(" (did you mean '{}'?)", *nearest) : "");
  }
  if (words.empty()) return invalid_argument("no program is given; try: oarlock launch --help");
  launch.arguments = std::move(words);
  return Status::ok();
}

int run_launch(Typed typed, const CLI::App& command) {
  LocalLaunch& launch = typed.launch;
  const Status taken = take_program(command.remaining(), command, launch);
  if (!taken.is_ok()) return fail(taken, 2);
  launch.grace = Milliseconds(static_cast<std::int64_t>(typed.grace_seconds * 1000));
  launch.prefix = !typed.no_prefix;
  launch.keep_port = !typed.release_port;
  Result<std::string> program = find_program(launch.arguments.front());
  if (!program.is_ok()) return fail(program.status(), exit_status_of(program.status()));
  launch.program = std::move(program).value();
  return run_under_guardian(rank_has_terminal(launch), [&](const Guardian& guardian) {
    const Result<int> status = run_local(launch, guardian);
    if (status.is_ok()) return status.value();
    const bool is_port = status.status().code() == OAR_E_IO && launch.master_port != 0 &&
                         status.status().message().find("listen on") != std::string::npos;
    return fail(status.status(), is_port ? 1 : exit_status_of(status.status()),
                is_port ? "; give another --master-port, or none for a free one" : "");
  });
}

// CLI11 does not know that something follows the options.
class LaunchFormatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App*, std::string) const override {
    return "Usage: oarlock launch [OPTIONS] PROGRAM [ARGUMENTS...]\n";
  }
};

// Another spelling, which the help does not list.
template <typename T>
CLI::Option* add_alias(CLI::App& command, const std::string& names, T& value) {
  return command.add_option(names, value)->group("");
}

template <typename T>
void add_number(CLI::App& command, const std::string& names, const std::string& aliases, T& value, T least, T most,
                const std::string& about) {
  const auto refuse = [least, most](const std::string& text) {
    T number{};
    const bool is_right = CLI::detail::lexical_cast(text, number) && number >= least && number <= most;
    return is_right ? ""
                    : fmt::format("'{}' is no {}number from {} to {}", text, std::is_integral_v<T> ? "whole " : "",
                                  least, most);
  };
  const CLI::Validator range(refuse, "", "");
  command.add_option(names, value, about)->type_name("N")->check(range);
  if (!aliases.empty()) add_alias(command, aliases, value)->check(range);
}

}  // namespace

void add_launch_command(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("launch", kShort);
  auto typed = std::make_shared<Typed>();
  LocalLaunch& launch = typed->launch;
  command->prefix_command();
  command->formatter(std::make_shared<LaunchFormatter>());
  command->footer(std::string(kAbout) + "\n\n" + kExamples);
  add_number(*command, "-n,--num-processes", "--num_processes,--nproc-per-node,--nproc_per_node", launch.num_processes,
             1, kProcessesMax, "How many ranks (1)");
  add_number(*command, "--master-port", "--main-process-port,--main_process_port,--master_port", launch.master_port, 0,
             65535, "Port on which the ranks meet (0: a free one)");
  command->add_flag("--release-port", typed->release_port,
                    "Leave MASTER_PORT unbound, for programs that bind it themselves, such as\n"
                    "Python with torch.distributed; else rank 0 inherits the listening socket");
  add_number(*command, "--num-threads", "--num-cpu-threads-per-process,--num_cpu_threads_per_process",
             launch.num_threads, 1, 65536, "OMP_NUM_THREADS of each rank (cores / ranks)");
  command->add_option("--log-dir", launch.log_dir, "Also write what each rank prints to DIR/rank_<n>.out and .err")
      ->type_name("DIR");
  add_alias(*command, "--log_dir", launch.log_dir);
  command->add_flag("--no-prefix", typed->no_prefix,
                    "Do not put \"[rank 0] \" before each line (one rank alone has none)");
  add_number(*command, "--grace-seconds", "", typed->grace_seconds, 0.0, 86400.0,
             "Time that ranks have to end when asked to, before they are killed (30)");
  command->add_flag("--keep-survivors", launch.keep_survivors,
                    "Let the others run on when a rank fails, for programs that make a smaller world\n"
                    "of those that are left (oar_state_shrink)");
  command->callback([command, typed, &run] { run = [command, typed] { return run_launch(*typed, *command); }; });
}

}  // namespace oarlock::launch
