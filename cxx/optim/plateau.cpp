#include "optim/plateau.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "optim/formula.h"

namespace oarlock {
namespace {

class Plateau : public Scheduler {
 public:
  // The options have been checked.
  Plateau(std::shared_ptr<Optimizer> optimizer, std::shared_ptr<const std::vector<HyperParameterRule>> rules,
          HyperParameters values, std::vector<double> lowest)
      : Scheduler("plateau", std::move(optimizer)),
        rules_(std::move(rules)),
        values_(std::move(values)),
        lowest_(std::move(lowest)),
        best_(wants_low() ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity()) {}

  Status step() override {
    return invalid_state("the schedule 'plateau' follows a metric; call oar_scheduler_step_metric after an evaluation");
  }

  Status step_with_metric(double metric) override {
    if (std::isnan(metric)) return invalid_argument("the metric of 'plateau' must be a number, got nan");
    ++num_steps_;
    if (is_better(metric)) {
      best_ = metric;
      num_bad_ = 0;
    } else {
      ++num_bad_;
    }
    if (cooldown_left_ > 0) {
      --cooldown_left_;
      num_bad_ = 0;
    }
    if (num_bad_ <= values_.integer("patience")) return Status::ok();
    reduce();
    cooldown_left_ = values_.integer("cooldown");
    num_bad_ = 0;
    return Status::ok();
  }

  JsonValue state() const override {
    JsonValue state = Scheduler::state();
    state.set("best", JsonValue::number(best_));
    state.set("num_bad", JsonValue::integer(num_bad_));
    state.set("cooldown_left", JsonValue::integer(cooldown_left_));
    return state;
  }

  Status load_state(const JsonValue& state) override {
    const auto number = [&state](const char* key) -> Result<double> {
      OAR_ASSIGN(const JsonValue* const member, state.at(key));
      return member->as_double();
    };
    Result<double> best = 0.0, num_bad = 0.0, cooldown_left = 0.0;
    const JsonValue* name = state.find("name");
    if (name != nullptr && name->text() == name_) {  // another schedule's: the base says so
      best = number("best");
      num_bad = number("num_bad");
      cooldown_left = number("cooldown_left");
      for (const Result<double>* value : {&best, &num_bad, &cooldown_left}) {
        if (!value->is_ok()) return Status(value->status()).within("state of a scheduler");
      }
    }
    OAR_TRY(Scheduler::load_state(state));
    best_ = best.value();
    num_bad_ = static_cast<std::int64_t>(num_bad.value());
    cooldown_left_ = static_cast<std::int64_t>(cooldown_left.value());
    return Status::ok();
  }

 private:
  bool wants_low() const { return values_.text("mode") == "min"; }

  bool is_better(double metric) const {
    const double threshold = values_.number("threshold");
    if (values_.text("threshold_mode") == "rel")
      return wants_low() ? metric < best_ * (1.0 - threshold) : metric > best_ * (threshold + 1.0);
    return wants_low() ? metric < best_ - threshold : metric > best_ + threshold;
  }

  void reduce() {
    for (std::size_t i = 0; i < lowest_.size(); ++i) {
      const double rate = optimizer_->groups()[i].values.number("lr");
      const double lower = std::max(rate * values_.number("factor"), lowest_[i]);
      if (rate - lower > values_.number("eps")) optimizer_->set_learning_rate(i, lower);
    }
  }

  std::shared_ptr<const std::vector<HyperParameterRule>> rules_;  // what values_ points to
  HyperParameters values_;
  std::vector<double> lowest_;  // by group
  double best_;
  std::int64_t num_bad_ = 0;
  std::int64_t cooldown_left_ = 0;
};

std::vector<HyperParameterRule> plateau_options() {
  return {{"mode", std::string("min"), HyperRange::kAny, OptionType::kString, {"min", "max"}},
          {"factor", 0.1},
          {"patience", std::int64_t{10}, HyperRange::kAtLeastZero, OptionType::kInt},
          {"threshold", 1e-4},
          {"threshold_mode", std::string("rel"), HyperRange::kAny, OptionType::kString, {"rel", "abs"}},
          {"cooldown", std::int64_t{0}, HyperRange::kAtLeastZero, OptionType::kInt},
          {"min_lr", std::monostate(), HyperRange::kAtLeastZero, OptionType::kDoubles},
          {"eps", 1e-8}};
}

}  // namespace

Result<std::shared_ptr<Scheduler>> create_plateau(std::shared_ptr<Optimizer> optimizer, const JsonValue& options) {
  const auto rules = std::make_shared<const std::vector<HyperParameterRule>>(plateau_options());
  HyperParameters values(*rules, "scheduler");
  for (const auto& [name, value] : options.members()) OAR_TRY(values.set(name, value, "plateau"));
  if (values.number("factor") >= 1)
    return invalid_argument("scheduler.factor must be less than 1 for plateau, got {}", values.number("factor"));
  std::vector<double> lowest(optimizer->groups().size(), 0.0);
  if (values.is_set("min_lr")) {
    OAR_ASSIGN(lowest, per_group(values, "min_lr", lowest.size()));
  }
  return std::shared_ptr<Scheduler>(
      std::make_shared<Plateau>(std::move(optimizer), rules, std::move(values), std::move(lowest)));
}

}  // namespace oarlock
