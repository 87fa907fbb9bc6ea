// Schedules of torch.optim.lr_scheduler as their closed forms: StepLR, MultiStepLR, ExponentialLR, ConstantLR,
// LinearLR, PolynomialLR, CosineAnnealingLR, CosineAnnealingWarmRestarts.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "optim/formula.h"

namespace oarlock {
namespace {

using Parts = std::vector<Formula>;

// The warm-up is ours: torch's StepLR has none.
Result<Formula> make_step(const HyperParameters& values, const ScheduleTarget&, Parts) {
  OAR_TRY(require_option(values, "step_size", "step"));
  const std::int64_t warmup = values.integer("warmup_steps"), size = values.integer("step_size");
  return factor_formula([=, gamma = values.number("gamma")](std::int64_t step) {
    if (step < warmup) return static_cast<double>(step) / static_cast<double>(warmup);
    return std::pow(gamma, static_cast<double>((step - warmup) / size));
  });
}

Result<Formula> make_multistep(const HyperParameters& values, const ScheduleTarget&, Parts) {
  OAR_TRY(require_option(values, "milestones", "multistep"));
  OAR_ASSIGN(const std::vector<std::int64_t> milestones, ascending_steps(values, "milestones"));
  return factor_formula([=, gamma = values.number("gamma")](std::int64_t step) {
    const auto passed = std::upper_bound(milestones.begin(), milestones.end(), step) - milestones.begin();
    return std::pow(gamma, static_cast<double>(passed));
  });
}

Result<Formula> make_exponential(const HyperParameters& values, const ScheduleTarget&, Parts) {
  OAR_TRY(require_option(values, "gamma", "exponential"));
  return factor_formula(
      [gamma = values.number("gamma")](std::int64_t step) { return std::pow(gamma, static_cast<double>(step)); });
}

Result<Formula> make_constant_lr(const HyperParameters& values, const ScheduleTarget&, Parts) {
  return factor_formula([factor = values.number("factor"), iters = values.integer("total_iters")](std::int64_t step) {
    return step >= iters ? 1.0 : factor;
  });
}

Result<Formula> make_linear_lr(const HyperParameters& values, const ScheduleTarget&, Parts) {
  const double start = values.number("start_factor"), end = values.number("end_factor");
  return factor_formula([=, iters = values.integer("total_iters")](std::int64_t step) {
    return start + (end - start) * static_cast<double>(std::min(iters, step)) / static_cast<double>(iters);
  });
}

Result<Formula> make_polynomial_lr(const HyperParameters& values, const ScheduleTarget&, Parts) {
  return factor_formula([power = values.number("power"), iters = values.integer("total_iters")](std::int64_t step) {
    return std::pow(1.0 - static_cast<double>(std::min(iters, step)) / static_cast<double>(iters), power);
  });
}

double anneal(double lowest, double highest, double progress) {
  return lowest + (highest - lowest) * (1 + std::cos(std::numbers::pi * progress)) / 2;
}

Result<Formula> make_cosine_annealing(const HyperParameters& values, const ScheduleTarget&, Parts) {
  OAR_TRY(require_option(values, "t_max", "cosine_annealing"));
  Formula formula;
  formula.is_factor = values.number("eta_min") == 0;
  formula.rate = [lowest = values.number("eta_min"), length = values.integer("t_max")](
                     std::size_t, double initial, std::int64_t step) -> Result<double> {
    return anneal(lowest, initial, static_cast<double>(step) / static_cast<double>(length));
  };
  return formula;
}

// Loshchilov and Hutter 2017, equation 5. Restart i comes t_0 * t_mult^(i-1) steps after the one before.
Result<Formula> make_warm_restarts(const HyperParameters& values, const ScheduleTarget&, Parts) {
  OAR_TRY(require_option(values, "t_0", "cosine_annealing_warm_restarts"));
  Formula formula;
  formula.is_factor = values.number("eta_min") == 0;
  formula.cycle = [first = values.integer("t_0"), growth = values.integer("t_mult")](std::int64_t step) {
    Cycle cycle{step, first};
    if (growth == 1) cycle.place %= first;
    for (; growth > 1 && cycle.place >= cycle.length; cycle.length *= growth) cycle.place -= cycle.length;
    return cycle;
  };
  formula.rate = [lowest = values.number("eta_min"), cycle = formula.cycle](std::size_t, double initial,
                                                                            std::int64_t step) -> Result<double> {
    const Cycle now = cycle(step);
    return anneal(lowest, initial, static_cast<double>(now.place) / static_cast<double>(now.length));
  };
  return formula;
}

}  // namespace

std::vector<ScheduleDefinition> decay_schedules() {
  const HyperParameterRule gamma = {"gamma", 0.1}, eta_min = {"eta_min", 0.0};
  const HyperParameterRule iters = {"total_iters", std::int64_t{5}, HyperRange::kAtLeastOne, OptionType::kInt};
  const auto steps = [](const char* name) {
    return HyperParameterRule{name, std::monostate(), HyperRange::kAtLeastOne, OptionType::kInt};
  };
  return {
      {"step",
       {steps("step_size"), gamma, {"warmup_steps", std::int64_t{0}, HyperRange::kAtLeastZero, OptionType::kInt}},
       false,
       make_step},
      {"multistep",
       {{"milestones", std::monostate(), HyperRange::kAtLeastOne, OptionType::kDoubles}, gamma},
       false,
       make_multistep},
      {"exponential", {{"gamma", std::monostate()}}, false, make_exponential},
      {"constant_lr", {{"factor", 1.0 / 3, HyperRange::kUpToOne}, iters}, false, make_constant_lr},
      {"linear_lr",
       {{"start_factor", 1.0 / 3, HyperRange::kPositive}, {"end_factor", 1.0, HyperRange::kUpToOne}, iters},
       false,
       make_linear_lr},
      {"polynomial_lr", {{"power", 1.0}, iters}, false, make_polynomial_lr},
      {"cosine_annealing", {steps("t_max"), eta_min}, false, make_cosine_annealing},
      {"cosine_annealing_warm_restarts",
       {steps("t_0"), {"t_mult", std::int64_t{1}, HyperRange::kAtLeastOne, OptionType::kInt}, eta_min},
       false,
       make_warm_restarts},
  };
}

}  // namespace oarlock
