// Runs an optimizer on gradients from a file, for tests/parity/test_optim.py.
//   internal_optim <input.safetensors> <output.safetensors> <specification>
// Input: "param.<i>" and "grad.<step>.<i>"; a gradient that is not there is undefined in that step.
// Specification, JSON: {"num_steps", "optimizer": {"name", "options"}, "scheduler": null or {"name", "options"},
//   "clip": null or {"max_norm", "norm_type"}, "rate": null or what is set before the scheduler is made}.
// Output: the parameters, "state.<i>.<name>", and per step "learning_rates" (before the step) and "norms".
#include <ATen/ATen.h>

#include <cstdio>
#include <string>

#include "base/fs.h"
#include "base/json.h"
#include "format/safetensors.h"
#include "optim/grad_norm.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"

namespace oarlock {
namespace {

Result<NamedTensors> read_parameters(const SafetensorsFile& input) {
  NamedTensors parameters;
  for (int i = 0; input.find(fmt::format("param.{}", i)) != nullptr; ++i) {
    OAR_ASSIGN(const at::Tensor tensor, input.tensor(fmt::format("param.{}", i)));
    parameters.push_back({std::to_string(i), tensor.clone().requires_grad_(true)});
  }
  return parameters;
}

Status set_gradients(const SafetensorsFile& input, const NamedTensors& parameters, std::int64_t step) {
  for (const NamedTensor& parameter : parameters) {
    const std::string name = fmt::format("grad.{}.{}", step, parameter.name);
    if (input.find(name) == nullptr) continue;
    OAR_ASSIGN(const at::Tensor gradient, input.tensor(name));
    parameter.tensor.mutable_grad() = gradient.clone();
  }
  return Status::ok();
}

Result<std::shared_ptr<Scheduler>> make_scheduler(const JsonValue& specification,
                                                  const std::shared_ptr<Optimizer>& optimizer) {
  if (specification.is_null()) return std::shared_ptr<Scheduler>();
  OAR_ASSIGN(const Options options, Options::parse_section("scheduler", specification.find("options")->dump().c_str()));
  return Scheduler::create(specification.find("name")->text(), optimizer, options);
}

Status run(const char* input_path, const char* output_path, const char* text) {
  OAR_ASSIGN(const JsonValue specification, parse_json(text));
  OAR_ASSIGN(const std::shared_ptr<SafetensorsFile> input, SafetensorsFile::open(input_path));
  OAR_ASSIGN(const NamedTensors parameters, read_parameters(*input));
  const JsonValue& wanted = *specification.find("optimizer");
  OAR_ASSIGN(const Options options, Options::parse_section("optimizer", wanted.find("options")->dump().c_str()));
  OAR_ASSIGN(const std::shared_ptr<Optimizer> optimizer,
             Optimizer::create(wanted.find("name")->text(), parameters, options));
  if (!specification.find("rate")->is_null()) {
    OAR_ASSIGN(const double rate, specification.find("rate")->as_double());
    optimizer->set_learning_rate(rate);
  }
  OAR_ASSIGN(const std::shared_ptr<Scheduler> scheduler, make_scheduler(*specification.find("scheduler"), optimizer));
  OAR_ASSIGN(const std::int64_t num_steps, specification.find("num_steps")->as_int64());
  const JsonValue& clip = *specification.find("clip");

  std::vector<double> norms;
  std::vector<double> learning_rates;
  for (std::int64_t step = 0; step < num_steps; ++step) {
    OAR_TRY(set_gradients(*input, parameters, step));
    if (!clip.is_null()) {
      OAR_ASSIGN(const double max_norm, clip.find("max_norm")->as_double());
      OAR_ASSIGN(const double norm_type, clip.find("norm_type")->as_double());
      OAR_ASSIGN(const double norm, clip_grad_norm(parameters, max_norm, norm_type));
      norms.push_back(norm);
    }
    learning_rates.push_back(optimizer->learning_rate());
    OAR_TRY(optimizer->step());
    if (scheduler != nullptr) OAR_TRY(scheduler->step());
    optimizer->zero_grad();
  }

  NamedTensors output;
  for (const NamedTensor& parameter : parameters)
    output.push_back({"param." + parameter.name, parameter.tensor.detach()});
  for (const NamedTensor& tensor : optimizer->state().tensors)
    output.push_back({"state." + tensor.name, tensor.tensor});
  output.push_back({"learning_rates", at::tensor(learning_rates, at::kDouble)});
  output.push_back({"norms", at::tensor(norms, at::kDouble)});
  Result<WrittenFile> written = write_safetensors(real_fs(), output_path, output, {});
  return written.is_ok() ? Status::ok() : std::move(written).status();
}

}  // namespace
}  // namespace oarlock

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const oarlock::Status status = oarlock::run(argv[1], argv[2], argv[3]);
  if (status.is_ok()) return 0;
  std::fprintf(stderr, "%s\n", status.message().c_str());
  return 1;
}
