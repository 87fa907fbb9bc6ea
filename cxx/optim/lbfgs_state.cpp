// The state of L-BFGS as named tensors: torch keeps all of it with the first parameter.
#include <ATen/ops/full.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/stack.h>

#include <map>
#include <string>

#include "optim/lbfgs.h"
#include "tensor/dtype.h"

namespace oarlock {
namespace {

at::Tensor number_tensor(double value) { return at::full({}, value, at::kDouble); }

std::vector<at::Tensor> rows_of(const at::Tensor& stacked) {
  std::vector<at::Tensor> rows;
  for (std::int64_t i = 0; i < stacked.size(0); ++i) rows.push_back(stacked.select(0, i).clone());
  return rows;
}

}  // namespace

OptimizerState Lbfgs::state() const {
  OptimizerState state;
  state.values = values_to_json();
  if (memory_.num_evaluations == 0) return state;
  const auto add = [&](const char* name, at::Tensor tensor) {
    state.tensors.push_back({fmt::format("{}.{}", parameters_.front().name, name), std::move(tensor)});
  };
  add("func_evals", number_tensor(static_cast<double>(memory_.num_evaluations)));
  add("n_iter", number_tensor(static_cast<double>(memory_.num_iterations)));
  if (memory_.num_iterations == 0) return state;
  add("d", memory_.direction);
  add("t", number_tensor(memory_.step));
  add("H_diag", memory_.h_diag);
  add("prev_flat_grad", memory_.prev_flat_grad);
  add("prev_loss", number_tensor(memory_.prev_loss));
  if (memory_.old_dirs.empty()) return state;
  add("old_dirs", at::stack(memory_.old_dirs));
  add("old_stps", at::stack(memory_.old_stps));
  add("ro", at::stack(memory_.ro));
  return state;
}

Result<Lbfgs::Memory> Lbfgs::read_memory(const NamedTensors& tensors) const {
  Memory memory;
  if (tensors.empty()) return memory;
  std::map<std::string, at::Tensor, std::less<>> saved;
  const std::string prefix = parameters_.front().name + ".";
  for (const NamedTensor& tensor : tensors) {
    if (!tensor.name.starts_with(prefix)) {
      return invalid_argument("'{}' is not of the first parameter, '{}', where lbfgs keeps all of its state",
                              tensor.name, parameters_.front().name);
    }
    saved.emplace(tensor.name.substr(prefix.size()), tensor.tensor);
  }
  const at::Tensor like = flat_gradient();
  // dims -1: a number; else rows of the vector.
  const auto read = [&](const char* name, int dims) -> Result<at::Tensor> {
    const auto found = saved.find(name);
    if (found == saved.end()) return invalid_argument("the state is incomplete; missing: {}{}", prefix, name);
    at::Tensor tensor = found->second;
    saved.erase(found);
    const bool fits = dims < 0 ? tensor.numel() == 1 : tensor.dim() == dims && tensor.size(dims - 1) == like.numel();
    if (fits && (dims < 0 || tensor.scalar_type() == like.scalar_type())) return tensor.clone();
    return invalid_argument("'{}{}' does not fit; the parameters are {} values of {}", prefix, name, like.numel(),
                            dtype_name(like.scalar_type()));
  };
  const auto read_number = [&](const char* name) -> Result<double> {
    OAR_ASSIGN(const at::Tensor tensor, read(name, -1));
    return tensor.item<double>();
  };
  OAR_ASSIGN(const double num_evaluations, read_number("func_evals"));
  OAR_ASSIGN(const double num_iterations, read_number("n_iter"));
  memory.num_evaluations = static_cast<std::int64_t>(num_evaluations);
  memory.num_iterations = static_cast<std::int64_t>(num_iterations);
  if (memory.num_iterations > 0) {
    OAR_ASSIGN(memory.direction, read("d", 1));
    OAR_ASSIGN(memory.step, read_number("t"));
    OAR_ASSIGN(const at::Tensor h_diag, read("H_diag", -1));
    memory.h_diag = h_diag.to(like.options()).reshape({});
    OAR_ASSIGN(memory.prev_flat_grad, read("prev_flat_grad", 1));
    OAR_ASSIGN(memory.prev_loss, read_number("prev_loss"));
  }
  if (saved.count("old_dirs") > 0) {
    OAR_ASSIGN(const at::Tensor directions, read("old_dirs", 2));
    OAR_ASSIGN(const at::Tensor steps, read("old_stps", 2));
    const auto ro = saved.find("ro");
    if (ro == saved.end() || ro->second.numel() != directions.size(0) || steps.size(0) != directions.size(0))
      return invalid_argument("'{0}old_dirs', '{0}old_stps' and '{0}ro' must have equally many rows", prefix);
    memory.old_dirs = rows_of(directions);
    memory.old_stps = rows_of(steps);
    memory.ro = rows_of(ro->second.reshape({-1}).to(like.options()));
    saved.erase(ro);
  }
  if (saved.empty()) return memory;
  return invalid_argument("'{}{}' is not state of lbfgs", prefix, saved.begin()->first);
}

Status Lbfgs::load_state(const OptimizerState& state) {
  Result<SavedValues> values = read_values(state.values);
  if (!values.is_ok()) return std::move(values).status().within("state of an optimizer");
  Result<Memory> memory = read_memory(state.tensors);
  if (!memory.is_ok()) return std::move(memory).status().within("state of an optimizer");
  memory_ = std::move(memory).value();
  take_values(std::move(values).value());
  return Status::ok();
}

}  // namespace oarlock
