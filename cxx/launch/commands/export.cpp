// oarlock export FILE:FUNCTION: becomes the user's Python, which runs the exporter that lies beside this command.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/env.h"
#include "base/status.h"
#include "launch/commands/commands.h"
#include "launch/program.h"

namespace oarlock::launch {
namespace {

constexpr const char* kShort = "Save a PyTorch model as a program (.pt2) that trains without Python.";

constexpr const char* kAbout =
    R"(FUNCTION of the Python file FILE takes nothing and returns what is exported: a dict with
"model" (a torch.nn.Module), "example_inputs" (a tensor, a tuple, or a dict by name) and, as
wanted, further arguments of oarlock.export.export_program such as "loss", "targets",
"dynamic"; or a tuple (model, example_inputs) or (model, example_inputs, dict of the rest).

The model is exported in training mode with its loss; the file is then run beside the model,
also at other sizes of what is dynamic, and is only kept if their outputs agree.

The Python is that of OARLOCK_PYTHON, else python3 or python of PATH. It needs torch, and
nothing of Oarlock.

Exit status: 0; 2 for a wrong command line, 127 or 126 if there is no Python or it cannot be
executed, 1 if the model cannot be exported; the text says how to change it.)";

constexpr const char* kExamples = R"(Examples:
  oarlock export net.py:program -o net.pt2
  oarlock export net.py:program -o net.pt2 --no-weights --weights net.safetensors)";

constexpr int kUsageError = 2;

struct Typed {
  std::string what, output, weights;
  bool no_weights = false;
  bool no_check = false;
  bool stack_traces = false;
};

int fail(const std::string& text, int exit_status) {
  fmt::print(stderr, "oarlock export: {}\n", text);
  return exit_status;
}

// The exporter's folder: share/oarlock of the tree, built or installed, in which this command lies.
std::string exporter_folder() {
  std::error_code error;
  const std::filesystem::path own = std::filesystem::read_symlink("/proc/self/exe", error);
  return own.parent_path().parent_path() / "share/oarlock/oarlock_export";
}

Result<std::string> find_python() {
  if (const auto named = env_text("OARLOCK_PYTHON")) {
    Result<std::string> found = find_program(*named);
    if (!found.is_ok()) return std::move(found).status().within("OARLOCK_PYTHON");
    return found;
  }
  for (const char* name : {"python3", "python"}) {
    Result<std::string> found = find_program(name);
    if (found.is_ok()) return found;
  }
  return not_found("there is no python3 or python in PATH; name one that has torch: OARLOCK_PYTHON=/path/to/python");
}

// FILE:FUNCTION, with a file that is there.
Status check_what(const std::string& what) {
  const std::size_t colon = what.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == what.size()) {
    return invalid_argument("'{}' is not FILE:FUNCTION, such as net.py:program", what);
  }
  const std::string file = what.substr(0, colon);
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return invalid_argument("there is no file '{}'", file);
  return Status::ok();
}

std::vector<std::string> command_line(const Typed& typed, const std::string& python, const std::string& folder) {
  std::vector<std::string> words = {python, folder, typed.what};
  if (!typed.output.empty()) words.insert(words.end(), {"--output", typed.output});
  if (!typed.weights.empty()) words.insert(words.end(), {"--weights", typed.weights});
  if (typed.no_weights) words.emplace_back("--no-weights");
  if (typed.no_check) words.emplace_back("--no-check");
  if (typed.stack_traces) words.emplace_back("--stack-traces");
  return words;
}

int run_export(const Typed& typed) {
  const Status what = check_what(typed.what);
  if (!what.is_ok()) return fail(what.message(), kUsageError);
  const Result<std::string> python = find_python();
  if (!python.is_ok()) {
    return fail(python.status().message(), python.status().code() == OAR_E_NOT_FOUND ? 127 : 126);
  }
  const std::string folder = exporter_folder();
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) {
    return fail(fmt::format("the exporter is not at {}; install Oarlock as a whole, or type: {} -m oarlock.export {}",
                            folder, python.value(), typed.what),
                1);
  }
  std::vector<std::string> words = command_line(typed, python.value(), folder);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(arguments[0], arguments.data());
  return fail(fmt::format("cannot execute {}: {}", python.value(), std::strerror(errno)), 126);
}

}  // namespace

void add_export_command(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("export", kShort);
  auto typed = std::make_shared<Typed>();
  command->footer(std::string(kAbout) + "\n\n" + kExamples);
  command->add_option("FILE:FUNCTION", typed->what, "A function of a Python file")->required();
  command->add_option("-o,--output", typed->output, "Where to save the program (FILE with the ending .pt2, here)")
      ->type_name("OUT");
  command->add_option("--weights", typed->weights, "Save the weights as safetensors, too")->type_name("FILE");
  command->add_flag("--no-weights", typed->no_weights, "Leave the weights out of the program");
  command->add_flag("--no-check", typed->no_check, "Keep the program without running it beside the model");
  command->add_flag("--stack-traces", typed->stack_traces,
                    "Keep the lines of Python behind each node, with the paths of this machine");
  command->callback([typed, &run] { run = [typed] { return run_export(*typed); }; });
}

}  // namespace oarlock::launch
