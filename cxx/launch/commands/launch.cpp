// oarlock launch [options] PROGRAM [ARGUMENTS...]

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

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
OMP_NUM_THREADS becomes cores / ranks unless it is set. Rank 0 reads the launcher's standard
input when that is no terminal; the others read nothing.

Ctrl-C and other signals are passed on once; ranks that are left after the grace time, or at
a second Ctrl-C, are killed. When a rank fails it is reported, the others are ended, and the
exit status is that of the first rank that failed (128 + the signal's number for a signal).
Nothing that the ranks started is left running. Usage errors give 2, a program that cannot
be executed 126, one that does not exist 127.)";

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
    return invalid_argument("unknown option '{}'{}; options of the program follow its name", given,
                            nearest ? fmt::format(" (did you mean '{}'?)", *nearest) : "");
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

}  // namespace

void add_launch_command(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("launch", kShort);
  auto typed = std::make_shared<Typed>();
  command->prefix_command();
  command->footer(std::string(kAbout) + "\n\n" + kExamples);
  command
      ->add_option("-n,--num-processes,--num_processes,--nproc-per-node", typed->launch.num_processes,
                   "How many ranks (1)")
      ->check(CLI::Range(1, kProcessesMax));
  command
      ->add_option("--master-port,--main-process-port,--main_process_port", typed->launch.master_port,
                   "Port on which the ranks meet (0: a free one)")
      ->check(CLI::Range(0, 65535));
  command->add_flag("--release-port", typed->release_port,
                    "Leave MASTER_PORT unbound, for programs that bind it themselves, such as\n"
                    "Python with torch.distributed; else rank 0 inherits the listening socket");
  command
      ->add_option("--num-threads,--num-cpu-threads-per-process,--num_cpu_threads_per_process",
                   typed->launch.num_threads, "OMP_NUM_THREADS of each rank")
      ->check(CLI::Range(1, 65536));
  command->add_option("--log-dir,--log_dir", typed->launch.log_dir, "Also write DIR/rank_<n>.out and .err")
      ->type_name("DIR");
  command->add_flag("--no-prefix", typed->no_prefix,
                    "Do not put \"[rank 0] \" before each line (one rank alone has none)");
  command
      ->add_option("--grace-seconds", typed->grace_seconds, "Time for ranks to end when asked to, before SIGKILL (30)")
      ->check(CLI::Range(0.0, 86400.0));
  command->callback([command, typed, &run] { run = [command, typed] { return run_launch(*typed, *command); }; });
}

}  // namespace oarlock::launch
