#include "optim/schedule.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>
#include <string>
#include <utility>

namespace oarlock {
namespace {

enum class ScheduleKind { kConstant, kLinear, kCosine, kStep };

struct Schedule {
  ScheduleKind kind = ScheduleKind::kConstant;
  std::int64_t warmup_steps = 0;
  std::int64_t total_steps = 0;
  std::int64_t step_size = 1;
  double num_cycles = 0.5;
  double gamma = 0.1;
  double min_lr_ratio = 0;
};

double factor_at(const Schedule& schedule, std::int64_t step) {
  const std::int64_t warmup = schedule.warmup_steps;
  if (step < warmup) return static_cast<double>(step) / static_cast<double>(std::max<std::int64_t>(1, warmup));
  if (schedule.kind == ScheduleKind::kConstant) return 1.0;
  if (schedule.kind == ScheduleKind::kStep) {
    return std::pow(schedule.gamma, static_cast<double>((step - warmup) / schedule.step_size));
  }
  const std::int64_t n = std::min(step, schedule.total_steps);
  const auto length = static_cast<double>(std::max<std::int64_t>(1, schedule.total_steps - warmup));
  double factor = 0;
  if (schedule.kind == ScheduleKind::kLinear) {
    factor = static_cast<double>(schedule.total_steps - n) / length;
  } else {
    const double progress = static_cast<double>(n - warmup) / length;
    factor = std::max(0.0, 0.5 * (1.0 + std::cos(std::numbers::pi * schedule.num_cycles * 2.0 * progress)));
  }
  return schedule.min_lr_ratio == 0 ? factor : factor * (1 - schedule.min_lr_ratio) + schedule.min_lr_ratio;
}

struct ScheduleName {
  const char* name;
  ScheduleKind kind;
};
constexpr std::array kNames = {
    ScheduleName{"constant", ScheduleKind::kConstant}, ScheduleName{"linear", ScheduleKind::kLinear},
    ScheduleName{"cosine", ScheduleKind::kCosine}, ScheduleName{"step", ScheduleKind::kStep}};

const char* name_of(ScheduleKind kind) {
  return std::find_if(kNames.begin(), kNames.end(), [kind](const ScheduleName& entry) { return entry.kind == kind; })
      ->name;
}

// Which schedules have which option; warmup_steps is everybody's.
Status refuse_foreign_options(ScheduleKind kind, const Options& options) {
  const bool is_step = kind == ScheduleKind::kStep;
  const bool is_cosine = kind == ScheduleKind::kCosine;
  const bool has_end = is_cosine || kind == ScheduleKind::kLinear;
  const std::array<std::pair<const char*, bool>, 5> rules = {{{"scheduler.total_steps", has_end},
                                                              {"scheduler.min_lr_ratio", has_end},
                                                              {"scheduler.num_cycles", is_cosine},
                                                              {"scheduler.step_size", is_step},
                                                              {"scheduler.gamma", is_step}}};
  for (const auto& [key, is_taken] : rules) {
    if (is_taken || !options.is_set(key)) continue;
    return invalid_argument("{} is not an option of this schedule: '{}'", key, name_of(kind));
  }
  return Status::ok();
}

Status check(const Schedule& schedule) {
  if (schedule.warmup_steps < 0)
    return invalid_argument("scheduler.warmup_steps must be >= 0, got {}", schedule.warmup_steps);
  if (schedule.kind == ScheduleKind::kStep) {
    if (schedule.step_size < 1) return invalid_argument("scheduler.step_size must be >= 1, got {}", schedule.step_size);
    if (std::isfinite(schedule.gamma) && schedule.gamma >= 0) return Status::ok();
    return invalid_argument("scheduler.gamma must be finite and >= 0, got {}", schedule.gamma);
  }
  if (schedule.kind == ScheduleKind::kConstant) return Status::ok();
  if (schedule.total_steps < 1)
    return invalid_argument("scheduler.total_steps must be >= 1, got {}", schedule.total_steps);
  if (schedule.total_steps < schedule.warmup_steps) {
    return invalid_argument("scheduler.total_steps must not be less than scheduler.warmup_steps; {} < {}",
                            schedule.total_steps, schedule.warmup_steps);
  }
  if (!(schedule.min_lr_ratio >= 0 && schedule.min_lr_ratio <= 1)) {
    return invalid_argument("scheduler.min_lr_ratio must lie in [0, 1], got {}", schedule.min_lr_ratio);
  }
  if (std::isfinite(schedule.num_cycles) && schedule.num_cycles > 0) return Status::ok();
  return invalid_argument("scheduler.num_cycles must be finite and > 0, got {}", schedule.num_cycles);
}

Result<Schedule> read_schedule(std::string_view name, const Options& options) {
  const auto known =
      std::find_if(kNames.begin(), kNames.end(), [name](const ScheduleName& entry) { return entry.name == name; });
  if (known == kNames.end()) {
    return invalid_argument("no schedule of this name; there are 'constant', 'linear', 'cosine' and 'step', got '{}'",
                            name);
  }
  Schedule schedule;
  schedule.kind = known->kind;
  OAR_TRY(refuse_foreign_options(schedule.kind, options));
  const auto require = [&](const char* key) -> Status {
    if (options.is_set(key)) return Status::ok();
    return invalid_argument("{} must be given for this schedule: '{}'", key, name);
  };
  schedule.warmup_steps = options.integer("scheduler.warmup_steps");
  if (schedule.kind == ScheduleKind::kStep) {
    OAR_TRY(require("scheduler.step_size"));
    schedule.step_size = options.integer("scheduler.step_size");
  } else if (schedule.kind != ScheduleKind::kConstant) {
    OAR_TRY(require("scheduler.total_steps"));
    schedule.total_steps = options.integer("scheduler.total_steps");
  }
  if (options.is_set("scheduler.num_cycles")) schedule.num_cycles = options.number("scheduler.num_cycles");
  if (options.is_set("scheduler.gamma")) schedule.gamma = options.number("scheduler.gamma");
  if (options.is_set("scheduler.min_lr_ratio")) schedule.min_lr_ratio = options.number("scheduler.min_lr_ratio");
  OAR_TRY(check(schedule));
  return schedule;
}

class FormulaScheduler : public Scheduler {
 public:
  FormulaScheduler(const Schedule& schedule, std::shared_ptr<Optimizer> optimizer)
      : schedule_(schedule), optimizer_(std::move(optimizer)), initial_lr_(optimizer_->fix_initial_learning_rate()) {
    apply();
  }

  Status step() override {
    ++num_steps_;
    apply();
    return Status::ok();
  }

  std::int64_t num_steps() const override { return num_steps_; }
  const std::shared_ptr<Optimizer>& optimizer() const override { return optimizer_; }

  JsonValue state() const override {
    JsonValue state = JsonValue::object();
    state.set("name", JsonValue::string(name_of(schedule_.kind)));
    state.set("num_steps", JsonValue::integer(num_steps_));
    state.set("initial_learning_rate", JsonValue::number(initial_lr_));
    state.set("learning_rate", JsonValue::number(optimizer_->learning_rate()));
    return state;
  }

  Status load_state(const JsonValue& state) override {
    Status status = take_state(state);
    return status.is_ok() ? Status::ok() : std::move(status).within("state of a scheduler");
  }

 private:
  void apply() { optimizer_->set_learning_rate(initial_lr_ * factor_at(schedule_, num_steps_)); }

  Status take_state(const JsonValue& state) {
    OAR_ASSIGN(const JsonValue* const name, state.at("name"));
    if (!name->is_string() || name->text() != name_of(schedule_.kind)) {
      return invalid_argument("it is of another schedule; saved '{}', here '{}'", name->text(),
                              name_of(schedule_.kind));
    }
    OAR_ASSIGN(const JsonValue* const num_steps_member, state.at("num_steps"));
    OAR_ASSIGN(const JsonValue* const initial_member, state.at("initial_learning_rate"));
    OAR_ASSIGN(const JsonValue* const current_member, state.at("learning_rate"));
    OAR_ASSIGN(const std::int64_t num_steps, num_steps_member->as_int64());
    OAR_ASSIGN(const double initial, initial_member->as_double());
    OAR_ASSIGN(const double current, current_member->as_double());
    if (num_steps < 0) return corrupt("num_steps must be >= 0, got {}", num_steps);
    OAR_TRY(check_learning_rate(initial));
    OAR_TRY(check_learning_rate(current));
    num_steps_ = num_steps;
    initial_lr_ = initial;
    optimizer_->set_learning_rate(current);
    return Status::ok();
  }

  Schedule schedule_;
  std::shared_ptr<Optimizer> optimizer_;
  double initial_lr_;
  std::int64_t num_steps_ = 0;
};

}  // namespace

Result<std::shared_ptr<Scheduler>> Scheduler::create(std::string_view name, std::shared_ptr<Optimizer> optimizer,
                                                     const Options& options) {
  OAR_ASSIGN(const Schedule schedule, read_schedule(name, options));
  return std::shared_ptr<Scheduler>(std::make_shared<FormulaScheduler>(schedule, std::move(optimizer)));
}

}  // namespace oarlock
