// The numbers that make an optimizer's rule, from options or from a saved state, with torch.optim's names and defaults.
#pragma once

#include <string_view>

#include "base/json.h"
#include "base/options.h"
#include "base/status.h"

namespace oarlock {

enum class OptimizerKind { kSgd, kAdamW };

Result<OptimizerKind> optimizer_kind(std::string_view name);  // OAR_E_ARGUMENT lists the known ones
const char* optimizer_name(OptimizerKind kind);

// Members of the other kind keep their defaults.
struct HyperParameters {
  double lr = 1e-3;
  double weight_decay = 0;
  bool maximize = false;
  // sgd
  double momentum = 0;
  double dampening = 0;
  bool nesterov = false;
  // adamw
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  bool amsgrad = false;
};

// options: section "optimizer". OAR_E_ARGUMENT: out of range, or an option that this kind does not have.
Result<HyperParameters> read_hyper_parameters(OptimizerKind kind, const Options& options);

// {"lr":..., "betas":[...], ...}: the kind's own, as they appear in the options.
JsonValue hyper_parameters_to_json(OptimizerKind kind, const HyperParameters& values);
Result<HyperParameters> hyper_parameters_from_json(OptimizerKind kind, const JsonValue& json);

}  // namespace oarlock
