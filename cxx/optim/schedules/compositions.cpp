// Schedules made of schedules: torch.optim.lr_scheduler.SequentialLR and ChainedScheduler.
#include <algorithm>
#include <utility>

#include "optim/formula.h"

namespace oarlock {
namespace {

// Part i holds from milestone i - 1 on, counted from there.
Result<Formula> make_sequential(const HyperParameters& values, const ScheduleTarget&, std::vector<Formula> parts) {
  OAR_TRY(require_option(values, "milestones", "sequential"));
  OAR_ASSIGN(const std::vector<std::int64_t> milestones, ascending_steps(values, "milestones"));
  if (milestones.size() + 1 != parts.size()) {
    return invalid_argument("scheduler.milestones must be one fewer than scheduler.schedules, got {} for {}",
                            milestones.size(), parts.size());
  }
  const auto place_of = [milestones](std::int64_t step) {
    const auto index =
        static_cast<std::size_t>(std::upper_bound(milestones.begin(), milestones.end(), step) - milestones.begin());
    return std::pair(index, index == 0 ? step : step - milestones[index - 1]);
  };
  Formula formula;
  formula.is_factor = std::all_of(parts.begin(), parts.end(), [](const Formula& part) { return part.is_factor; });
  for (const Formula& part : parts) {
    if (part.momentum)
      return invalid_argument("a part of a sequential schedule cannot move momentum; set its cycle_momentum to false");
  }
  formula.rate = [parts = std::move(parts), place_of](std::size_t group, double initial, std::int64_t step) {
    const auto [index, local_step] = place_of(step);
    return parts[index].rate(group, initial, local_step);
  };
  return formula;
}

// The initial rate times every part's factor.
Result<Formula> make_chained(const HyperParameters& /*values*/, const ScheduleTarget&, std::vector<Formula> parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].is_factor) continue;
    return invalid_argument(
        "scheduler.schedules[{}] gives rates of its own, not factors of the initial one, so it cannot be chained", i);
  }
  Formula formula;
  formula.is_factor = true;
  formula.rate = [parts = std::move(parts)](std::size_t group, double initial, std::int64_t step) -> Result<double> {
    double rate = initial;
    for (const Formula& part : parts) {
      OAR_ASSIGN(rate, part.rate(group, rate, step));
    }
    return rate;
  };
  return formula;
}

}  // namespace

std::vector<ScheduleDefinition> composition_schedules() {
  return {{"sequential",
           {{"milestones", std::monostate(), HyperRange::kAtLeastOne, OptionType::kDoubles}},
           true,
           make_sequential},
          {"chained", {}, true, make_chained}};
}

}  // namespace oarlock
