// oarlock env: what matters for a run on this host, to be pasted into a report.

#include "base/env.h"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/options.h"
#include "base/text.h"
#include "launch/commands/commands.h"
#include "launch/hosts/local.h"
#include "oarlock/version.h"

namespace oarlock::launch {
namespace {

void print_row(std::string_view name, std::string_view value) { fmt::print("{:<22} {}\n", name, value); }

// A line of /proc/meminfo in GiB, "unknown" when it is not there.
std::string memory_line(std::string_view name) {
  std::ifstream lines("/proc/meminfo");
  std::string line;
  while (std::getline(lines, line)) {
    if (!line.starts_with(name)) continue;
    const std::size_t digit = line.find_first_of("0123456789");
    if (digit != std::string::npos)
      return fmt::format("{:.1f} GiB", std::strtod(line.c_str() + digit, nullptr) / (1 << 20));
  }
  return "unknown";
}

// The library that a program linked to it would load: LD_LIBRARY_PATH first, then where this command lies.
std::string find_library() {
  std::vector<std::filesystem::path> folders;
  for (const std::string& folder : split_text(env_text("LD_LIBRARY_PATH").value_or(""), ':')) {
    if (!folder.empty()) folders.emplace_back(folder);
  }
  std::error_code error;
  const std::filesystem::path own = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  for (const char* folder : {"lib", "lib64", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu"}) {
    folders.push_back(own.parent_path() / folder);
  }
  for (const std::filesystem::path& folder : folders) {
    const std::filesystem::path library = folder / fmt::format("liboarlock.so.{}", OAR_VERSION_MAJOR);
    if (std::filesystem::exists(library, error)) return std::filesystem::canonical(library, error).string();
  }
  return "not in LD_LIBRARY_PATH, nor beside this command";
}

bool is_relevant(std::string_view variable) {
  static constexpr std::array<std::string_view, 10> kBeginnings = {
      "OARLOCK_", "ACCELERATE_", "MASTER_", "OMP_", "MKL_", "CUDA_", "SLURM_", "PMI_", "OMPI_COMM_WORLD_", "GLOO_"};
  static constexpr std::array<std::string_view, 7> kNames = {
      "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "NODE_RANK", "GROUP_RANK", "LD_LIBRARY_PATH"};
  const std::string_view name = variable.substr(0, variable.find('='));
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
         std::any_of(kBeginnings.begin(), kBeginnings.end(),
                     [&](std::string_view start) { return name.starts_with(start); });
}

void print_variables() {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (is_relevant(*entry)) variables.emplace_back(*entry);
  }
  std::sort(variables.begin(), variables.end());
  fmt::print("\nVariables{}\n", variables.empty() ? ": none that matter are set" : "");
  for (const std::string& variable : variables) fmt::print("  {}\n", variable);
}

// What the environment changes about the options; false when it holds something wrong.
bool print_options() {
  const Result<Options> options = Options::from_environment();
  if (!options.is_ok()) {
    fmt::print("\nOptions: {}\n", options.status().message());
    return false;
  }
  fmt::print("\nOptions set by variables\n");
  for (const OptionKey& row : option_keys()) {
    const bool is_set =
        env_text(row.variable) || (row.reference_variable != nullptr && env_text(row.reference_variable));
    if (is_set) fmt::print("  {} = {}\n", row.key, options.value().as_text(row.key).value());
  }
  return true;
}

int run_env() {
  utsname system{};
  ::uname(&system);
  print_row("oarlock", fmt::format("{}.{}.{}", OAR_VERSION_MAJOR, OAR_VERSION_MINOR, OAR_VERSION_PATCH));
  print_row("liboarlock", find_library());
  print_row("system", fmt::format("{} {} {}", system.sysname, system.release, system.machine));
  print_row("host", system.nodename);
  print_row("cores (usable)", fmt::format("{} ({})", ::sysconf(_SC_NPROCESSORS_ONLN), usable_cores()));
  print_row("memory (available)", fmt::format("{} ({})", memory_line("MemTotal"), memory_line("MemAvailable")));
  print_variables();
  return print_options() ? 0 : 1;
}

}  // namespace

void add_env_command(CLI::App& app, Run& run) {
  CLI::App* command =
      app.add_subcommand("env", "Show versions, cores, memory and the variables that matter; for reports.");
  command->callback([&run] { run = run_env; });
}

}  // namespace oarlock::launch
