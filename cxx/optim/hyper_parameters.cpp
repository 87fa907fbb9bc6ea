#include "optim/hyper_parameters.h"

#include <array>
#include <cmath>
#include <string>

#include "optim/optimizer.h"

namespace oarlock {
namespace {

constexpr std::array kOfSgd = {"momentum", "dampening", "nesterov"};
constexpr std::array kOfAdamW = {"betas", "eps", "amsgrad"};

Status check_at_least_zero(const char* key, double value) {
  if (std::isfinite(value) && value >= 0) return Status::ok();
  return invalid_argument("optimizer.{} must be finite and >= 0, got {}", key, value);
}

Status check_beta(int index, double beta) {
  if (beta >= 0 && beta < 1) return Status::ok();
  return invalid_argument("optimizer.betas[{}] must lie in [0, 1), got {}", index, beta);
}

// The rules of torch.optim's constructors.
Status check(const HyperParameters& values) {
  OAR_TRY(check_learning_rate(values.lr));
  OAR_TRY(check_at_least_zero("weight_decay", values.weight_decay));
  OAR_TRY(check_at_least_zero("momentum", values.momentum));
  OAR_TRY(check_at_least_zero("eps", values.eps));
  OAR_TRY(check_beta(0, values.beta1));
  OAR_TRY(check_beta(1, values.beta2));
  if (!std::isfinite(values.dampening))
    return invalid_argument("optimizer.dampening must be finite, got {}", values.dampening);
  if (values.nesterov && (values.momentum <= 0 || values.dampening != 0)) {
    return invalid_argument("optimizer.nesterov needs momentum > 0 and dampening 0; momentum is {}, dampening {}",
                            values.momentum, values.dampening);
  }
  return Status::ok();
}

template <std::size_t n>
Status refuse_options_of(const std::array<const char*, n>& keys, const Options& options, OptimizerKind kind) {
  for (const char* key : keys) {
    if (options.is_set(fmt::format("optimizer.{}", key))) {
      return invalid_argument("optimizer.{} is not an option of this optimizer: '{}'", key, optimizer_name(kind));
    }
  }
  return Status::ok();
}

Result<double> number_at(const JsonValue& json, std::string_view key) {
  OAR_ASSIGN(const JsonValue* const member, json.at(key));
  Result<double> value = member->as_double();
  if (!value.is_ok()) return std::move(value).status().within(key);
  return value;
}

Result<bool> flag_at(const JsonValue& json, std::string_view key) {
  OAR_ASSIGN(const JsonValue* const member, json.at(key));
  Result<bool> value = member->as_bool();
  if (!value.is_ok()) return std::move(value).status().within(key);
  return value;
}

}  // namespace

Status check_learning_rate(double learning_rate) {
  if (std::isfinite(learning_rate) && learning_rate >= 0) return Status::ok();
  return invalid_argument("the learning rate must be finite and >= 0, got {}", learning_rate);
}

Result<OptimizerKind> optimizer_kind(std::string_view name) {
  if (name == "sgd") return OptimizerKind::kSgd;
  if (name == "adamw") return OptimizerKind::kAdamW;
  return invalid_argument("no optimizer of this name; there are 'sgd' and 'adamw', got '{}'", name);
}

const char* optimizer_name(OptimizerKind kind) { return kind == OptimizerKind::kSgd ? "sgd" : "adamw"; }

Result<HyperParameters> read_hyper_parameters(OptimizerKind kind, const Options& options) {
  const bool is_adamw = kind == OptimizerKind::kAdamW;
  OAR_TRY(is_adamw ? refuse_options_of(kOfSgd, options, kind) : refuse_options_of(kOfAdamW, options, kind));
  HyperParameters values;
  values.weight_decay = is_adamw ? 0.01 : 0.0;
  const auto read = [&options](const char* key, double& value) {
    if (options.is_set(key)) value = options.number(key);
  };
  const auto read_flag = [&options](const char* key, bool& value) {
    if (options.is_set(key)) value = options.flag(key);
  };
  read("optimizer.lr", values.lr);
  read("optimizer.weight_decay", values.weight_decay);
  read("optimizer.momentum", values.momentum);
  read("optimizer.dampening", values.dampening);
  read("optimizer.eps", values.eps);
  read_flag("optimizer.maximize", values.maximize);
  read_flag("optimizer.nesterov", values.nesterov);
  read_flag("optimizer.amsgrad", values.amsgrad);
  if (options.is_set("optimizer.betas")) {
    const std::vector<double> betas = options.numbers("optimizer.betas");
    if (betas.size() != 2) return invalid_argument("optimizer.betas must be two numbers, got {} of them", betas.size());
    values.beta1 = betas[0];
    values.beta2 = betas[1];
  }
  OAR_TRY(check(values));
  return values;
}

JsonValue hyper_parameters_to_json(OptimizerKind kind, const HyperParameters& values) {
  JsonValue json = JsonValue::object();
  json.set("lr", JsonValue::number(values.lr));
  json.set("weight_decay", JsonValue::number(values.weight_decay));
  json.set("maximize", JsonValue::boolean(values.maximize));
  if (kind == OptimizerKind::kSgd) {
    json.set("momentum", JsonValue::number(values.momentum));
    json.set("dampening", JsonValue::number(values.dampening));
    json.set("nesterov", JsonValue::boolean(values.nesterov));
  } else {
    json.set("betas", JsonValue::array({JsonValue::number(values.beta1), JsonValue::number(values.beta2)}));
    json.set("eps", JsonValue::number(values.eps));
    json.set("amsgrad", JsonValue::boolean(values.amsgrad));
  }
  return json;
}

Result<HyperParameters> hyper_parameters_from_json(OptimizerKind kind, const JsonValue& json) {
  HyperParameters values;
  OAR_ASSIGN(values.lr, number_at(json, "lr"));
  OAR_ASSIGN(values.weight_decay, number_at(json, "weight_decay"));
  OAR_ASSIGN(values.maximize, flag_at(json, "maximize"));
  if (kind == OptimizerKind::kSgd) {
    OAR_ASSIGN(values.momentum, number_at(json, "momentum"));
    OAR_ASSIGN(values.dampening, number_at(json, "dampening"));
    OAR_ASSIGN(values.nesterov, flag_at(json, "nesterov"));
  } else {
    OAR_ASSIGN(const JsonValue* const betas, json.at("betas"));
    if (betas->items().size() != 2) return corrupt("betas must be two numbers, got {}", betas->items().size());
    OAR_ASSIGN(values.beta1, betas->items()[0].as_double());
    OAR_ASSIGN(values.beta2, betas->items()[1].as_double());
    OAR_ASSIGN(values.eps, number_at(json, "eps"));
    OAR_ASSIGN(values.amsgrad, flag_at(json, "amsgrad"));
  }
  OAR_TRY(check(values));
  return values;
}

}  // namespace oarlock
