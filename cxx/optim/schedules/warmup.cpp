// The schedules of transformers.optimization: a warm-up from zero, then constant or falling.
//
// Differs: after total_steps the rate stays what it was there (transformers' cosine rises again).
#include <algorithm>
#include <cmath>
#include <numbers>

#include "optim/formula.h"

namespace oarlock {
namespace {

using Parts = std::vector<Formula>;

const HyperParameterRule kWarmup = {"warmup_steps", std::int64_t{0}, HyperRange::kAtLeastZero, OptionType::kInt};
const HyperParameterRule kTotal = {"total_steps", std::monostate(), HyperRange::kAtLeastOne, OptionType::kInt};
const HyperParameterRule kMinRatio = {"min_lr_ratio", 0.0, HyperRange::kUpToOne};

double ratio(std::int64_t part, std::int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(std::max<std::int64_t>(1, whole));
}

double half_wave(double progress, double num_cycles) {
  return 0.5 * (1.0 + std::cos(std::numbers::pi * num_cycles * 2.0 * progress));
}

double between(double factor, double lowest) { return lowest == 0 ? factor : factor * (1 - lowest) + lowest; }

struct Span {
  std::int64_t warmup = 0;
  std::int64_t total = 0;

  std::int64_t length() const { return total - warmup; }
  // From 0 at the end of the warm-up to 1 at total_steps.
  double progress(std::int64_t step) const { return ratio(std::min(step, total) - warmup, length()); }
};

Result<Span> read_span(const HyperParameters& values, const char* name) {
  OAR_TRY(require_option(values, "total_steps", name));
  const Span span{values.integer("warmup_steps"), values.integer("total_steps")};
  if (span.total >= span.warmup) return span;
  return invalid_argument("scheduler.total_steps must not be less than scheduler.warmup_steps; {} < {}", span.total,
                          span.warmup);
}

// The warm-up, and `after` from its end on.
Formula with_warmup(std::int64_t warmup, std::function<double(std::int64_t)> after) {
  return factor_formula([warmup, after = std::move(after)](std::int64_t step) {
    return step < warmup ? ratio(step, warmup) : after(step);
  });
}

Result<Formula> make_constant(const HyperParameters& values, const ScheduleTarget&, Parts) {
  return with_warmup(values.integer("warmup_steps"), [](std::int64_t) { return 1.0; });
}

Result<Formula> make_linear(const HyperParameters& values, const ScheduleTarget&, Parts) {
  OAR_ASSIGN(const Span span, read_span(values, "linear"));
  return with_warmup(span.warmup, [span, lowest = values.number("min_lr_ratio")](std::int64_t step) {
    return between(ratio(span.total - std::min(step, span.total), span.length()), lowest);
  });
}

Result<Formula> make_cosine(const HyperParameters& values, const ScheduleTarget&, Parts) {
  OAR_ASSIGN(const Span span, read_span(values, "cosine"));
  const double cycles = values.number("num_cycles"), lowest = values.number("min_lr_ratio");
  return with_warmup(span.warmup, [=](std::int64_t step) {
    return between(std::max(0.0, half_wave(span.progress(step), cycles)), lowest);
  });
}

Result<Formula> make_cosine_warmup_with_min_lr(const HyperParameters& values, const ScheduleTarget&, Parts) {
  OAR_ASSIGN(const Span span, read_span(values, "cosine_warmup_with_min_lr"));
  const double cycles = values.number("num_cycles"), lowest = values.number("min_lr_ratio");
  const bool has_first = values.is_set("warmup_lr_ratio");
  const double first = has_first ? values.number("warmup_lr_ratio") : 0;
  return factor_formula([=](std::int64_t step) {
    if (step < span.warmup && !has_first) return ratio(step + 1, span.warmup);
    if (step < span.warmup) return first + (1.0 - first) * ratio(step, span.warmup - 1);
    const double progress = ratio(std::min(step + 1, span.total) - span.warmup, span.length());
    return std::max(0.0, between(half_wave(progress, cycles), lowest));
  });
}

Result<Formula> make_cosine_with_restarts(const HyperParameters& values, const ScheduleTarget&, Parts) {
  OAR_ASSIGN(const Span span, read_span(values, "cosine_with_restarts"));
  return with_warmup(span.warmup, [span, cycles = values.number("num_cycles")](std::int64_t step) {
    const double progress = span.progress(step);
    if (progress >= 1.0) return 0.0;
    return std::max(0.0, 0.5 * (1.0 + std::cos(std::numbers::pi * std::fmod(cycles * progress, 1.0))));
  });
}

// Differs: lr_end is every group's (transformers scales it by the group's rate over the optimizer's default).
Result<Formula> make_polynomial(const HyperParameters& values, const ScheduleTarget& target, Parts) {
  OAR_ASSIGN(const Span span, read_span(values, "polynomial"));
  const double end = values.number("lr_end"), power = values.number("power");
  for (const double initial : target.initial_rates) {
    if (initial > end) continue;
    return invalid_argument("scheduler.lr_end must be less than the initial learning rate; {} >= {}", end, initial);
  }
  Formula formula;
  formula.rate = [=](std::size_t, double initial, std::int64_t step) -> Result<double> {
    if (step < span.warmup) return initial * ratio(step, span.warmup);
    if (step >= span.total) return end;
    return (initial - end) * std::pow(1 - span.progress(step), power) + end;
  };
  return formula;
}

Result<Formula> make_inverse_sqrt(const HyperParameters& values, const ScheduleTarget&, Parts) {
  const std::int64_t warmup = values.integer("warmup_steps");
  const std::int64_t otherwise = warmup > 0 ? warmup : 10'000;
  const std::int64_t timescale = values.is_set("timescale") ? values.integer("timescale") : otherwise;
  return with_warmup(warmup, [=](std::int64_t step) {
    return 1.0 / std::sqrt(static_cast<double>(step + timescale - warmup) / static_cast<double>(timescale));
  });
}

double shaped(std::string_view type, double progress) {  // from 0 to 1
  if (type == "linear") return progress;
  if (type == "cosine") return 0.5 * (1.0 - std::cos(std::numbers::pi * progress));
  return 1.0 - std::sqrt(1.0 - progress);
}

Result<Formula> make_warmup_stable_decay(const HyperParameters& values, const ScheduleTarget&, Parts) {
  OAR_TRY(require_option(values, "decay_steps", "warmup_stable_decay"));
  const std::int64_t warmup = values.integer("warmup_steps"), decay = values.integer("decay_steps");
  if (!values.is_set("stable_steps") && !values.is_set("total_steps"))
    return invalid_argument("warmup_stable_decay needs scheduler.total_steps or scheduler.stable_steps");
  const std::int64_t stable =
      values.is_set("stable_steps") ? values.integer("stable_steps") : values.integer("total_steps") - warmup - decay;
  if (stable < 0) {
    return invalid_argument(
        "scheduler.total_steps must not be less than warmup_steps and decay_steps together; {} < {}",
        values.integer("total_steps"), warmup + decay);
  }
  const double lowest = values.number("min_lr_ratio"), cycles = values.number("num_cycles");
  const std::string warmup_type = values.text("warmup_type"), decay_type = values.text("decay_type");
  return factor_formula([=](std::int64_t step) {
    const auto scaled = [lowest](double factor) { return std::max(0.0, factor * (1.0 - lowest) + lowest); };
    if (step < warmup) return scaled(shaped(warmup_type, ratio(step, warmup)));
    if (step < warmup + stable) return 1.0;
    if (step >= warmup + stable + decay) return lowest;
    const double progress = ratio(step - warmup - stable, decay);
    if (decay_type == "linear") return scaled(1.0 - progress);
    return scaled(decay_type == "cosine" ? half_wave(progress, cycles) : 1.0 - std::sqrt(progress));
  });
}

}  // namespace

std::vector<ScheduleDefinition> warmup_schedules() {
  const HyperParameterRule half = {"num_cycles", 0.5, HyperRange::kPositive};
  const HyperParameterRule one = {"num_cycles", 1.0, HyperRange::kPositive};
  const auto type = [](const char* name, const char* initial) {
    return HyperParameterRule{
        name, std::string(initial), HyperRange::kAny, OptionType::kString, {"linear", "cosine", "1-sqrt"}};
  };
  const auto steps = [](const char* name) {
    return HyperParameterRule{name, std::monostate(), HyperRange::kAtLeastZero, OptionType::kInt};
  };
  return {
      {"constant", {kWarmup}, false, make_constant},
      {"linear", {kWarmup, kTotal, kMinRatio}, false, make_linear},
      {"cosine", {kWarmup, kTotal, kMinRatio, half}, false, make_cosine},
      {"cosine_warmup_with_min_lr",
       {kWarmup, kTotal, kMinRatio, half, {"warmup_lr_ratio", std::monostate(), HyperRange::kUpToOne}},
       false,
       make_cosine_warmup_with_min_lr},
      {"cosine_with_restarts", {kWarmup, kTotal, one}, false, make_cosine_with_restarts},
      {"polynomial", {kWarmup, kTotal, {"lr_end", 1e-7}, {"power", 1.0}}, false, make_polynomial},
      {"inverse_sqrt",
       {kWarmup, {"timescale", std::monostate(), HyperRange::kAtLeastOne, OptionType::kInt}},
       false,
       make_inverse_sqrt},
      {"warmup_stable_decay",
       {kWarmup, kTotal, kMinRatio, half, steps("stable_steps"), steps("decay_steps"), type("warmup_type", "linear"),
        type("decay_type", "cosine")},
       false,
       make_warmup_stable_decay},
  };
}

}  // namespace oarlock
