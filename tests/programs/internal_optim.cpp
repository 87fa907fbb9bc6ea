// Runs optimizers on gradients from files, for tests/parity/test_optim.py and its neighbours.
//   internal_optim <jobs.json>: a list of {"input", "output", "specification"}, each run whatever became of the others.
// Input: "param.<i>" and "grad.<step>.<i>"; a gradient that is not there is undefined in that step.
// Specification, JSON: {"num_steps", "optimizer": {"name", "options"}, "scheduler": null or {"name", "options"},
//   "clip": null or {"max_norm", "norm_type"}, "rate": null or what is set before the scheduler is made,
//   "metrics": null or one per step for the scheduler, "resume_at": null or the step before which optimizer and
//   scheduler are made anew from their states, "loss": true: gradients are those of mean(sqrt(1 + (A x - b)^2)) by a
//   closure, where x is all parameters as a vector and A, b are in the input}.
// Output: the parameters, "state.<i>.<name>", per step "learning_rates" (before the step; [steps, groups] with several
// groups), "momenta" (the first group's, or its first beta), "norms" and "losses".
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

struct Training {
  NamedTensors parameters;
  std::shared_ptr<Optimizer> optimizer;
  std::shared_ptr<Scheduler> scheduler;
};

Status make_training(const JsonValue& specification, Training& training) {
  const JsonValue& wanted = *specification.find("optimizer");
  OAR_ASSIGN(const Options options, Options::parse_section("optimizer", wanted.find("options")->dump().c_str()));
  OAR_ASSIGN(training.optimizer, Optimizer::create(wanted.find("name")->text(), training.parameters, options));
  if (!specification.find("rate")->is_null()) {
    OAR_ASSIGN(const double rate, specification.find("rate")->as_double());
    training.optimizer->set_learning_rate(rate);
  }
  OAR_ASSIGN(training.scheduler, make_scheduler(*specification.find("scheduler"), training.optimizer));
  return Status::ok();
}

Status make_anew(const JsonValue& specification, Training& training) {
  OptimizerState state = training.optimizer->state();
  for (NamedTensor& tensor : state.tensors) tensor.tensor = tensor.tensor.clone();
  OAR_ASSIGN(state.values, parse_json(state.values.dump()));
  const JsonValue schedule = training.scheduler == nullptr ? JsonValue() : training.scheduler->state();
  OAR_TRY(make_training(specification, training));
  OAR_TRY(training.optimizer->load_state(state));
  if (training.scheduler == nullptr) return Status::ok();
  OAR_ASSIGN(const JsonValue parsed, parse_json(schedule.dump()));
  return training.scheduler->load_state(parsed);
}

double momentum_of(const Optimizer& optimizer) {
  const HyperParameters& values = optimizer.groups().front().values;
  return values.has("betas") ? values.numbers("betas")[0] : values.number_or("momentum", 0);
}

Result<double> evaluate_loss(const SafetensorsFile& input, const Training& training) {
  std::vector<at::Tensor> flat;
  for (const NamedTensor& parameter : training.parameters) flat.push_back(parameter.tensor.reshape({-1}));
  OAR_ASSIGN(const at::Tensor matrix, input.tensor("A"));
  OAR_ASSIGN(const at::Tensor target, input.tensor("b"));
  // Copies: kernels sum otherwise where memory is not aligned.
  const at::Tensor rest = at::mv(matrix.clone(), at::cat(flat)) - target.clone();
  const at::Tensor loss = at::sqrt(at::pow(rest, 2) + 1).mean();
  loss.backward();
  return loss.item<double>();
}

struct Record {
  std::vector<double> norms, rates, momenta, losses;
};

Status take_step(const SafetensorsFile& input, const JsonValue& specification, std::int64_t step, Training& training,
                 Record& record) {
  OAR_TRY(set_gradients(input, training.parameters, step));
  const JsonValue& clip = *specification.find("clip");
  if (!clip.is_null()) {
    OAR_ASSIGN(const double max_norm, clip.find("max_norm")->as_double());
    OAR_ASSIGN(const double norm_type, clip.find("norm_type")->as_double());
    OAR_ASSIGN(const double norm, clip_grad_norm(training.parameters, max_norm, norm_type));
    record.norms.push_back(norm);
  }
  for (const ParameterGroup& group : training.optimizer->groups()) record.rates.push_back(group.values.number("lr"));
  record.momenta.push_back(momentum_of(*training.optimizer));
  if (specification.find("loss") != nullptr) {
    OAR_ASSIGN(const double loss, training.optimizer->step_with([&] { return evaluate_loss(input, training); }));
    record.losses.push_back(loss);
  } else {
    OAR_TRY(training.optimizer->step());
  }
  training.optimizer->zero_grad();
  if (training.scheduler == nullptr) return Status::ok();
  const JsonValue* metrics = specification.find("metrics");
  if (metrics == nullptr || metrics->is_null()) return training.scheduler->step();
  OAR_ASSIGN(const double metric, metrics->items()[static_cast<std::size_t>(step)].as_double());
  return training.scheduler->step_with_metric(metric);
}

Status run(const std::string& input_path, const std::string& output_path, const JsonValue& specification) {
  OAR_ASSIGN(const std::shared_ptr<SafetensorsFile> input, SafetensorsFile::open(input_path));
  Training training;
  OAR_ASSIGN(training.parameters, read_parameters(*input));
  OAR_TRY(make_training(specification, training));
  OAR_ASSIGN(const std::int64_t num_steps, specification.find("num_steps")->as_int64());
  std::int64_t resume_at = -1;
  if (const JsonValue* step = specification.find("resume_at"); step != nullptr && !step->is_null()) {
    OAR_ASSIGN(resume_at, step->as_int64());
  }
  Record record;
  for (std::int64_t step = 0; step < num_steps; ++step) {
    if (step == resume_at) OAR_TRY(make_anew(specification, training));
    OAR_TRY(take_step(*input, specification, step, training, record));
  }

  NamedTensors output;
  for (const NamedTensor& parameter : training.parameters)
    output.push_back({"param." + parameter.name, parameter.tensor.detach()});
  for (const NamedTensor& tensor : training.optimizer->state().tensors)
    output.push_back({"state." + tensor.name, tensor.tensor});
  at::Tensor rates = at::tensor(record.rates, at::kDouble);
  const auto num_groups = static_cast<std::int64_t>(training.optimizer->groups().size());
  output.push_back({"learning_rates", num_groups == 1 ? rates : rates.view({num_steps, num_groups})});
  output.push_back({"norms", at::tensor(record.norms, at::kDouble)});
  output.push_back({"losses", at::tensor(record.losses, at::kDouble)});
  output.push_back({"momenta", at::tensor(record.momenta, at::kDouble)});
  Result<WrittenFile> written = write_safetensors(real_fs(), output_path, output, {});
  return written.is_ok() ? Status::ok() : std::move(written).status();
}

}  // namespace
}  // namespace oarlock

int main(int argc, char** argv) {
  using namespace oarlock;
  if (argc != 2) return 2;
  const Result<std::string> text = read_file(argv[1], 1 << 24);
  if (!text.is_ok()) return 2;
  const Result<JsonValue> jobs = parse_json(text.value());
  if (!jobs.is_ok()) return 2;
  int result = 0;
  for (const JsonValue& job : jobs.value().items()) {
    const std::string& output = job.find("output")->text();
    const Status status = run(job.find("input")->text(), output, *job.find("specification"));
    if (status.is_ok()) continue;
    std::fprintf(stderr, "%s: %s\n", output.c_str(), status.message().c_str());
    result = 1;
  }
  return result;
}
