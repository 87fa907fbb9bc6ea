// The `oarlock` command. Parses, then runs one sub-command; never loads libtorch by itself.

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "launch/commands/commands.h"
#include "oarlock/version.h"

namespace {

constexpr int kUsageError = 2;

std::string version_text() {
  return fmt::format("oarlock {}.{}.{}", OAR_VERSION_MAJOR, OAR_VERSION_MINOR, OAR_VERSION_PATCH);
}

// Descriptors made later must never become standard input, output or error.
void open_standard_streams() {
  for (int fd = ::open("/dev/null", O_RDWR); fd >= 0; fd = ::open("/dev/null", O_RDWR)) {
    if (fd <= 2) continue;
    ::close(fd);
    return;
  }
}

// The sub-commands' names, in the order in which they were added.
std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

int unknown_command(const std::vector<std::string>& names, const std::string& given) {
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const auto nearest = oarlock::nearest_text(given, candidates);
  fmt::print(stderr, "oarlock: unknown command '{}' ({}); try: oarlock --help\n", given,
             nearest ? fmt::format("did you mean '{}'?", *nearest) : "known are: " + oarlock::join_text(names, ", "));
  return kUsageError;
}

int unknown_option(const std::string& given) {
  fmt::print(stderr, "oarlock: unknown option '{}'; a command comes first, as in: oarlock launch -n 2 PROGRAM\n",
             given);
  return kUsageError;
}

// CLI11's own words for a missing value name its type only.
std::string describe(const CLI::ParseError& error) {
  const std::string text = error.what();
  return error.get_name() == "ArgumentMismatch" ? text.substr(0, text.find(':')) + " needs a value" : text;
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_streams();
  CLI::App app("Train and run models on one process or many.", "oarlock");
  app.set_version_flag("--version", version_text());
  app.require_subcommand(0, 1);
  app.footer("oarlock SUBCOMMAND --help tells more.");
  oarlock::launch::Run run;
  oarlock::launch::add_launch_command(app, run);
  oarlock::launch::add_env_command(app, run);
  oarlock::launch::add_export_command(app, run);
  oarlock::launch::add_dump_command(app, run);
  const std::vector<std::string> names = command_names(app);
  const std::string first = argc > 1 ? argv[1] : "";
  const bool is_command = std::find(names.begin(), names.end(), first) != names.end();
  if (!first.empty() && first[0] != '-' && !is_command) return unknown_command(names, first);
  if (!first.empty() && first[0] == '-' && app.get_option_no_throw(first) == nullptr) return unknown_option(first);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wish) {  // --help, --version
    return app.exit(wish);
  } catch (const CLI::ParseError& error) {
    const std::string name = is_command ? "oarlock " + first : "oarlock";
    fmt::print(stderr, "{0}: {1}; try: {0} --help\n", name, describe(error));
    return kUsageError;
  }
  if (run) return run();
  fmt::print(stderr, "{}", app.help());
  return kUsageError;
}
