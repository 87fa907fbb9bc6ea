#include "optim/lbfgs.h"

#include <ATen/ops/abs.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/dot.h>
#include <ATen/ops/max.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/neg.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace oarlock {

Result<std::shared_ptr<Optimizer>> Lbfgs::create(std::shared_ptr<const UpdateRule> rule, GroupedParameters grouped) {
  if (grouped.groups.size() != 1) {
    return invalid_argument("lbfgs sees all parameters as one vector and takes no groups, got {}",
                            grouped.groups.size());
  }
  const at::Tensor& first = grouped.parameters.front().tensor;
  for (const NamedTensor& parameter : grouped.parameters) {
    if (parameter.tensor.scalar_type() == first.scalar_type() && parameter.tensor.device() == first.device()) continue;
    return unsupported("lbfgs needs parameters of one dtype and device; '{}' differs from '{}'", parameter.name,
                       grouped.parameters.front().name);
  }
  return std::shared_ptr<Optimizer>(std::make_shared<Lbfgs>(std::move(rule), std::move(grouped)));
}

Status Lbfgs::step() {
  return invalid_state(
      "lbfgs evaluates the loss several times in a step, so it needs a closure; call "
      "oar_optimizer_step_closure, with an accelerator oar_accelerator_step_closure");
}

at::Tensor Lbfgs::flat_gradient() const {
  std::vector<at::Tensor> parts;
  for (const NamedTensor& parameter : parameters_) {
    const at::Tensor& gradient = parameter.tensor.grad();
    parts.push_back(gradient.defined() ? gradient.detach().to_dense().reshape({-1})
                                       : at::zeros({parameter.tensor.numel()}, parameter.tensor.options()));
  }
  return at::cat(parts);
}

void Lbfgs::move_along(const at::Tensor& direction, double step) {
  std::int64_t offset = 0;
  for (const NamedTensor& parameter : parameters_) {
    at::Tensor tensor = parameter.tensor.detach();
    tensor.add_(direction.narrow(0, offset, tensor.numel()).view(tensor.sizes()), step);
    offset += tensor.numel();
  }
}

std::vector<at::Tensor> Lbfgs::copy_parameters() const {
  std::vector<at::Tensor> copies;
  for (const NamedTensor& parameter : parameters_) copies.push_back(parameter.tensor.detach().clone());
  return copies;
}

void Lbfgs::set_parameters(const std::vector<at::Tensor>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) parameters_[i].tensor.detach().copy_(values[i]);
}

Result<Evaluation> Lbfgs::evaluate(const Closure& closure) const {
  OAR_ASSIGN(const double loss, closure());
  return Evaluation{loss, flat_gradient()};
}

std::int64_t Lbfgs::evaluations_max() const {
  const HyperParameters& values = groups_.front().values;
  return values.is_set("max_eval") ? values.integer("max_eval") : values.integer("max_iter") * 5 / 4;
}

void Lbfgs::remember(Memory& memory, const at::Tensor& gradient) const {
  const at::Tensor y = gradient.sub(memory.prev_flat_grad);
  const at::Tensor s = memory.direction.mul(memory.step);
  const at::Tensor ys = y.dot(s);
  if (!(ys.item<double>() > 1e-10)) return;
  if (static_cast<std::int64_t>(memory.old_dirs.size()) == groups_.front().values.integer("history_size")) {
    memory.old_dirs.erase(memory.old_dirs.begin());
    memory.old_stps.erase(memory.old_stps.begin());
    memory.ro.erase(memory.ro.begin());
  }
  memory.old_dirs.push_back(y);
  memory.old_stps.push_back(s);
  memory.ro.push_back(ys.reciprocal());
  memory.h_diag = ys / y.dot(y);
}

// The two-loop recursion.
at::Tensor Lbfgs::direction_of(const Memory& memory, const at::Tensor& gradient) const {
  const std::size_t count = memory.old_dirs.size();
  std::vector<at::Tensor> alphas(count);
  at::Tensor q = gradient.neg();
  for (std::size_t i = count; i-- > 0;) {
    alphas[i] = memory.old_stps[i].dot(q) * memory.ro[i];
    q.add_(memory.old_dirs[i], -alphas[i].item<double>());
  }
  at::Tensor direction = at::mul(q, memory.h_diag);
  for (std::size_t i = 0; i < count; ++i) {
    const at::Tensor beta = memory.old_dirs[i].dot(direction) * memory.ro[i];
    direction.add_(memory.old_stps[i], (alphas[i] - beta).item<double>());
  }
  return direction;
}

Result<Lbfgs::Move> Lbfgs::search(const Closure& closure, const Memory& memory, const Evaluation& here, double slope,
                                  std::int64_t evaluations_left) {
  const std::vector<at::Tensor> start = copy_parameters();
  const EvaluateAt evaluate_at = [&](double step) -> Result<Evaluation> {
    move_along(memory.direction, step);
    Result<Evaluation> evaluation = evaluate(closure);
    set_parameters(start);
    return evaluation;
  };
  const LinePoint origin{0, here.loss, here.gradient, slope};
  // 1e-9 is torch's: its line search does not look at tolerance_change.
  OAR_ASSIGN(LineSearchResult found, search_strong_wolfe(evaluate_at, memory.direction, origin, memory.step,
                                                         memory.step_is_from_tensor, 1e-9, evaluations_left));
  move_along(memory.direction, found.point.step);
  return Move{{found.point.loss, found.point.gradient}, found.point.step, found.num_evaluations};
}

// One move. True: go on.
Result<bool> Lbfgs::iterate(const Closure& closure, Memory& memory, Evaluation& here, std::int64_t iteration,
                            std::int64_t& num_evaluations) {
  const HyperParameters& values = groups_.front().values;
  const double tolerance_change = values.number("tolerance_change"), lr = values.number("lr");
  const bool is_first = ++memory.num_iterations == 1;
  if (is_first) {
    memory.direction = here.gradient.neg();
    memory.h_diag = at::ones({}, here.gradient.options());
    const at::Tensor inverse = here.gradient.abs().sum().reciprocal();
    const double first = inverse.item<double>();
    memory.step_is_from_tensor = first < 1;
    memory.step = first < 1 ? (inverse * lr).item<double>() : lr;
  } else {
    remember(memory, here.gradient);
    memory.direction = direction_of(memory, here.gradient);
    memory.step = lr;
    memory.step_is_from_tensor = false;
  }
  memory.prev_flat_grad = here.gradient.clone();
  memory.prev_loss = here.loss;
  const double slope = here.gradient.dot(memory.direction).item<double>();
  if (slope > -tolerance_change) return false;

  const bool is_last = iteration == values.integer("max_iter");
  if (values.is_set("line_search_fn")) {
    OAR_ASSIGN(Move move, search(closure, memory, here, slope, evaluations_max() - num_evaluations));
    memory.step = move.step;
    here = std::move(move.evaluation);
    num_evaluations += move.num_evaluations;
    memory.num_evaluations += move.num_evaluations;
  } else {
    move_along(memory.direction, memory.step);
    if (!is_last) {  // a last evaluation would serve nobody
      OAR_ASSIGN(here, evaluate(closure));
      ++num_evaluations;
      ++memory.num_evaluations;
    }
  }
  const bool is_optimal = here.gradient.abs().max().item<double>() <= values.number("tolerance_grad");
  if (is_last || num_evaluations >= evaluations_max() || is_optimal) return false;
  if (memory.direction.mul(memory.step).abs().max().item<double>() <= tolerance_change) return false;
  return !(std::abs(here.loss - memory.prev_loss) < tolerance_change);
}

Result<double> Lbfgs::minimise(const Closure& closure, Memory& memory) {
  OAR_ASSIGN(Evaluation here, evaluate(closure));
  const double first_loss = here.loss;
  ++memory.num_evaluations;
  std::int64_t num_evaluations = 1;
  const HyperParameters& values = groups_.front().values;
  bool goes_on = !(here.gradient.abs().max().item<double>() <= values.number("tolerance_grad"));
  for (std::int64_t iteration = 1; goes_on && iteration <= values.integer("max_iter"); ++iteration) {
    OAR_ASSIGN(goes_on, iterate(closure, memory, here, iteration, num_evaluations));
  }
  return first_loss;
}

Result<double> Lbfgs::step_by(const Closure& closure) {
  const std::vector<at::Tensor> before = copy_parameters();
  Memory memory = memory_;
  Result<double> loss = minimise(closure, memory);
  if (!loss.is_ok()) {
    set_parameters(before);
    return loss;
  }
  memory_ = std::move(memory);
  ++num_steps_;
  return loss;
}

}  // namespace oarlock
