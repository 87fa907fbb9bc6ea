// The sub-commands. Each adds itself to the parser; the one that the user chose sets `run`, which gives the exit
// status.
#pragma once

#include <functional>
#include <memory>

namespace CLI {
class App;
}

namespace oarlock::launch {

using Run = std::function<int()>;

void add_launch_command(CLI::App& app, Run& run);
void add_env_command(CLI::App& app, Run& run);
void add_export_command(CLI::App& app, Run& run);
void add_dump_command(CLI::App& app, Run& run);

}  // namespace oarlock::launch
