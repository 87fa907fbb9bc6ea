#include "parallel/local/local_training.h"

#include <ATen/ops/cat.h>

#include <map>

#include "tensor/scopes.h"

namespace oarlock {
namespace {

// The mean over ranks of every tensor, in one message per dtype and device: the sum, then divided.
Result<std::vector<at::Tensor>> means_of(const std::vector<at::Tensor>& tensors, Group& group, Milliseconds timeout) {
  std::map<std::pair<at::ScalarType, std::string>, std::vector<std::size_t>> kinds;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    kinds[{tensors[i].scalar_type(), tensors[i].device().str()}].push_back(i);
  }
  std::vector<at::Tensor> means(tensors.size());
  for (const auto& [kind, members] : kinds) {
    std::vector<at::Tensor> parts;
    for (const std::size_t i : members) parts.push_back(tensors[i].detach().reshape({-1}));
    at::Tensor packed = at::cat(parts);
    if (group.size() > 1) {
      OAR_ASSIGN(const std::shared_ptr<Work> work, group.all_reduce(packed, ReduceOp::kSum, timeout));
      OAR_TRY(work->wait(Milliseconds(0)).within("the mean of parameters"));
      packed.div_(group.size());
    }
    std::int64_t begin = 0;
    for (const std::size_t i : members) {
      means[i] = packed.narrow(0, begin, tensors[i].numel()).view(tensors[i].sizes());
      begin += tensors[i].numel();
    }
  }
  return means;
}

}  // namespace

Result<std::unique_ptr<LocalTraining>> LocalTraining::create(std::shared_ptr<Model> model, std::shared_ptr<Group> group,
                                                             std::int64_t num_steps,
                                                             std::optional<OuterOptions> outer) {
  if (num_steps < 1)
    return invalid_argument("the number of steps between two averages must be >= 1, got {}", num_steps);
  if (outer && !(outer->learning_rate > 0)) {
    return invalid_argument("the outer learning rate must be > 0, got {}", outer->learning_rate);
  }
  if (outer && !(outer->momentum >= 0 && outer->momentum < 1)) {
    return invalid_argument("the outer momentum must lie in [0, 1), got {}", outer->momentum);
  }
  return std::unique_ptr<LocalTraining>(new LocalTraining(std::move(model), std::move(group), num_steps, outer));
}

LocalTraining::LocalTraining(std::shared_ptr<Model> model, std::shared_ptr<Group> group, std::int64_t num_steps,
                             std::optional<OuterOptions> outer)
    : model_(std::move(model)), group_(std::move(group)), num_steps_(num_steps), outer_(outer) {
  const GradModeScope no_grad(false);
  for (const NamedTensor& parameter : model_->parameters()) {
    parameters_.push_back(parameter.tensor.detach());
    if (outer_) origins_.push_back(parameter.tensor.detach().clone());
  }
}

Result<bool> LocalTraining::step(Milliseconds timeout) {
  ++num_done_;
  is_apart_ = true;
  if (num_done_ % num_steps_ != 0) return false;
  OAR_TRY(average(timeout));
  return true;
}

Status LocalTraining::average(Milliseconds timeout) {
  if (outer_ && !is_apart_) return Status::ok();
  const GradModeScope no_grad(false);
  OAR_ASSIGN(const std::vector<at::Tensor> means, means_of(parameters_, *group_, timeout));
  if (outer_) outer_step(means);
  const std::vector<at::Tensor>& meeting = outer_ ? origins_ : means;
  for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i].copy_(meeting[i]);
  is_apart_ = false;
  return Status::ok();
}

void LocalTraining::outer_step(const std::vector<at::Tensor>& means) {
  const bool is_first = momenta_.empty();
  for (std::size_t i = 0; i < origins_.size(); ++i) {
    at::Tensor gradient = origins_[i] - means[i];
    if (outer_->momentum > 0) {
      if (is_first) momenta_.push_back(gradient.clone());
      if (!is_first) momenta_[i].mul_(outer_->momentum).add_(gradient);
      gradient = outer_->nesterov ? gradient.add(momenta_[i], outer_->momentum) : momenta_[i];
    }
    origins_[i].add_(gradient, -outer_->learning_rate);
  }
}

NamedTensors LocalTraining::outer_state() const {
  NamedTensors tensors;
  const NamedTensors& parameters = model_->parameters();
  for (std::size_t i = 0; i < origins_.size(); ++i) tensors.push_back({"origin." + parameters[i].name, origins_[i]});
  for (std::size_t i = 0; i < momenta_.size(); ++i) tensors.push_back({"momentum." + parameters[i].name, momenta_[i]});
  return tensors;
}

Status LocalTraining::load_state(std::int64_t num_done, const NamedTensors& outer) {
  const GradModeScope no_grad(false);
  std::map<std::string, at::Tensor> by_name;
  for (const NamedTensor& item : outer) by_name[item.name] = item.tensor;
  std::vector<at::Tensor> origins, momenta;
  for (const NamedTensor& parameter : model_->parameters()) {
    for (const char* kind : {"origin.", "momentum."}) {
      const auto found = by_name.find(kind + parameter.name);
      if (found == by_name.end()) continue;
      if (found->second.sizes() != parameter.tensor.sizes()) return corrupt("{} has another shape", found->first);
      (*kind == 'o' ? origins : momenta).push_back(found->second.clone());
    }
  }
  const bool is_whole = origins.size() == origins_.size() && (momenta.empty() || momenta.size() == origins_.size());
  if (!is_whole) {
    return corrupt("the checkpoint has an outer state for {} of {} parameters", origins.size(), origins_.size());
  }
  origins_ = std::move(origins);
  momenta_ = std::move(momenta);
  num_done_ = num_done;
  is_apart_ = num_done % num_steps_ != 0;
  return Status::ok();
}

}  // namespace oarlock
