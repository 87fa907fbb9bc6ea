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
      : Scheduler(std::move(name), std::move(optimizer)), formula_(std::move(formula)) {
    for (std::size_t i = 0; i < formula_.notes.size(); ++i) optimizer_->set_notes(i, formula_.notes[i]);
  }

  Status step() override {
    OAR_TRY(apply(num_steps_ + 1));
    ++num_steps_;
    return Status::ok();
  }
  std::int64_t num_steps_max() const override { return formula_.num_steps_max; }
  Cycle cycle() const override { return formula_.cycle ? formula_.cycle(num_steps_) : Cycle(); }

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

Result<double> checked_rate(double before, double factor, std::int64_t step, std::size_t group) {
  const double rate = before * factor;
  if (std::isfinite(rate) && rate >= 0) return rate;
  return invalid_argument(
      "the factor of step {} for group {} makes the learning rate {} {}; it must be finite and >= 0, "
      "the factor is {}",
      step, group, before, rate, factor);
}

// Each rate is the one before times a factor.
class MultiplicativeScheduler : public Scheduler {
 public:
  MultiplicativeScheduler(std::shared_ptr<Optimizer> optimizer, Factor factor)
      : Scheduler("multiplicative", std::move(optimizer)), factor_(std::move(factor)) {
    for (std::size_t i = 0; i < initial_rates_.size(); ++i) optimizer_->set_learning_rate(i, initial_rates_[i]);
  }

  Status step() override {
    std::vector<double> rates = optimizer_->learning_rates();
    for (std::size_t i = 0; i < rates.size(); ++i) {
      OAR_ASSIGN(const double factor, factor_(num_steps_ + 1, i));
      OAR_ASSIGN(rates[i], checked_rate(rates[i], factor, num_steps_ + 1, i));
    }
    for (std::size_t i = 0; i < rates.size(); ++i) optimizer_->set_learning_rate(i, rates[i]);
    ++num_steps_;
    return Status::ok();
  }

 private:
  Factor factor_;
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

Result<std::shared_ptr<Scheduler>> Scheduler::create(std::string_view name, std::shared_ptr<Optimizer> optimizer,
                                                     Factor factor) {
  if (name == "multiplicative") {
    return std::shared_ptr<Scheduler>(
        std::make_shared<MultiplicativeScheduler>(std::move(optimizer), std::move(factor)));
  }
  if (name != "lambda")
    return invalid_argument("a schedule by a function is 'lambda' or 'multiplicative', got '{}'", name);
  Formula formula;
  formula.rate = [factor = std::move(factor)](std::size_t group, double initial, std::int64_t step) -> Result<double> {
    OAR_ASSIGN(const double value, factor(step, group));
    return checked_rate(initial, value, step, group);
  };
  return start("lambda", std::move(optimizer), std::move(formula));
}

Status Scheduler::step_with_metric(double /*metric*/) {
  return invalid_state("the schedule '{}' has no use for a metric; call oar_scheduler_step", name_);
}

std::int64_t Scheduler::num_steps_max() const { return std::numeric_limits<std::int64_t>::max(); }

JsonValue Scheduler::state() const {
  const std::vector<double> rates = optimizer_->learning_rates();
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
