#include "optim/schedule.h"

#include <cmath>
#include <limits>
#include <utility>

#include "optim/formula.h"
#include "optim/plateau.h"

namespace oarlock {
namespace {

JsonValue rates_to_json(const std::vector<double>& rates) {
  JsonValue list = JsonValue::array();
  for (const double rate : rates) list.append(JsonValue::number(rate));
  return list;
}

std::vector<double> current_rates(const Optimizer& optimizer) {
  std::vector<double> rates;
  for (const ParameterGroup& group : optimizer.groups()) rates.push_back(group.values.number("lr"));
  return rates;
}

// `one`: how a state of one group has it.
Result<std::vector<double>> rates_from_json(const JsonValue& state, std::string_view one, std::string_view several,
                                            std::size_t num_groups) {
  std::vector<double> rates;
  if (const JsonValue* list = state.find(several)) {
    for (const JsonValue& item : list->items()) {
      OAR_ASSIGN(const double rate, item.as_double());
      rates.push_back(rate);
    }
  } else {
    OAR_ASSIGN(const JsonValue* const member, state.at(one));
    OAR_ASSIGN(const double rate, member->as_double());
    rates.push_back(rate);
  }
  for (const double rate : rates) OAR_TRY(check_learning_rate(rate));
  if (rates.size() == num_groups) return rates;
  return invalid_argument("it is of an optimizer with another number of parameter groups; saved {}, here {}",
                          rates.size(), num_groups);
}

class FormulaScheduler : public Scheduler {
 public:
  FormulaScheduler(std::string name, std::shared_ptr<Optimizer> optimizer, Formula formula)
      : Scheduler(std::move(name), std::move(optimizer)), formula_(std::move(formula)) {}

  Status step() override {
    OAR_TRY(apply(num_steps_ + 1));
    ++num_steps_;
    return Status::ok();
  }
  std::int64_t num_steps_max() const override { return formula_.num_steps_max; }

  Status apply(std::int64_t step) {
    std::vector<double> rates;
    for (std::size_t i = 0; i < initial_rates_.size(); ++i) {
      OAR_ASSIGN(const double rate, formula_.rate(i, initial_rates_[i], step));
      rates.push_back(rate);
    }
    for (std::size_t i = 0; i < rates.size(); ++i) optimizer_->set_learning_rate(i, rates[i]);
    if (formula_.momentum) set_momentum(formula_.momentum(step));
    return Status::ok();
  }

 private:
  void set_momentum(double momentum) {
    for (std::size_t i = 0; i < initial_rates_.size(); ++i) {
      const HyperParameters& values = optimizer_->groups()[i].values;
      if (values.has("betas")) {
        std::vector<double> betas = values.numbers("betas");
        betas[0] = momentum;
        optimizer_->set_numbers(i, "betas", std::move(betas));
      } else {
        optimizer_->set_number(i, "momentum", momentum);
      }
    }
  }

  Formula formula_;
};

ScheduleTarget target_of(const Optimizer& optimizer) {
  ScheduleTarget target;
  for (const ParameterGroup& group : optimizer.groups()) target.initial_rates.push_back(group.initial_lr);
  const HyperParameters& values = optimizer.groups().front().values;
  target.has_momentum = values.has("betas") || values.has("momentum");
  return target;
}

JsonValue set_options(const Options& options) {
  JsonValue set = JsonValue::object();
  const JsonValue all = options.to_json();
  for (const auto& [name, value] : all.members()) {
    if (!value.is_null()) set.set(name, value);
  }
  return set;
}

Result<std::shared_ptr<Scheduler>> start(std::string name, std::shared_ptr<Optimizer> optimizer, Formula formula) {
  const auto scheduler = std::make_shared<FormulaScheduler>(std::move(name), std::move(optimizer), std::move(formula));
  OAR_TRY(scheduler->apply(0));
  return std::shared_ptr<Scheduler>(scheduler);
}

}  // namespace

Result<std::shared_ptr<Scheduler>> Scheduler::create(std::string_view name, std::shared_ptr<Optimizer> optimizer,
                                                     const Options& options) {
  if (name == "plateau") return create_plateau(std::move(optimizer), set_options(options));
  OAR_ASSIGN(Formula formula, make_formula(name, set_options(options), target_of(*optimizer)));
  return start(std::string(name), std::move(optimizer), std::move(formula));
}

Status Scheduler::step_with_metric(double /*metric*/) {
  return invalid_state("the schedule '{}' has no use for a metric; call oar_scheduler_step", name_);
}

std::int64_t Scheduler::num_steps_max() const { return std::numeric_limits<std::int64_t>::max(); }

JsonValue Scheduler::state() const {
  const std::vector<double> rates = current_rates(*optimizer_);
  JsonValue state = JsonValue::object();
  state.set("name", JsonValue::string(name_));
  state.set("num_steps", JsonValue::integer(num_steps_));
  state.set("initial_learning_rate", JsonValue::number(initial_rates_.front()));
  state.set("learning_rate", JsonValue::number(rates.front()));
  if (rates.size() == 1) return state;
  state.set("initial_learning_rates", rates_to_json(initial_rates_));
  state.set("learning_rates", rates_to_json(rates));
  return state;
}

Status Scheduler::load_state(const JsonValue& state) {
  const auto take = [&]() -> Status {
    OAR_ASSIGN(const JsonValue* const name, state.at("name"));
    if (!name->is_string() || name->text() != name_)
      return invalid_argument("it is of another schedule; saved '{}', here '{}'", name->text(), name_);
    OAR_ASSIGN(const JsonValue* const num_steps_member, state.at("num_steps"));
    OAR_ASSIGN(const std::int64_t num_steps, num_steps_member->as_int64());
    if (num_steps < 0) return corrupt("num_steps must be >= 0, got {}", num_steps);
    const std::size_t num_groups = initial_rates_.size();
    OAR_ASSIGN(std::vector<double> initial,
               rates_from_json(state, "initial_learning_rate", "initial_learning_rates", num_groups));
    OAR_ASSIGN(const std::vector<double> rates, rates_from_json(state, "learning_rate", "learning_rates", num_groups));
    num_steps_ = num_steps;
    initial_rates_ = std::move(initial);
    for (std::size_t i = 0; i < num_groups; ++i) optimizer_->set_learning_rate(i, rates[i]);
    return Status::ok();
  };
  Status status = take();
  return status.is_ok() ? Status::ok() : std::move(status).within("state of a scheduler");
}

}  // namespace oarlock
