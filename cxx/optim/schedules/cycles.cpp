// Smith 2017, "Cyclical learning rates" (cyclic), Smith and Topin 2018, "Super-convergence" (one_cycle), as
// torch.optim.lr_scheduler.CyclicLR and OneCycleLR have them: momentum, or the first beta, moves against the rate.
//
// Differs: after total_steps one_cycle stays where it is (torch raises).
#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "optim/formula.h"

namespace oarlock {
namespace {

using Parts = std::vector<Formula>;

Status check_momentum(const HyperParameters& values, const ScheduleTarget& target) {
  if (!values.flag("cycle_momentum") || target.has_momentum) return Status::ok();
  return invalid_argument(
      "scheduler.cycle_momentum is true, and the optimizer has neither momentum nor betas; set it to false");
}

double anneal(bool is_linear, double start, double end, double progress) {
  if (is_linear) return (end - start) * progress + start;
  return end + (start - end) / 2.0 * (std::cos(std::numbers::pi * progress) + 1);
}

// Which levels a phase joins: 0 the first, 1 the highest, 2 the lowest.
struct Phase {
  double end_step;
  int from;
  int to;
};

struct OneCycle {
  std::vector<Phase> phases;
  bool is_linear = false;
  std::int64_t total = 0;

  template <class Levels>
  double at(std::int64_t step, const Levels& levels) const {
    const auto place = static_cast<double>(std::min(step, total));
    double start = 0;
    for (std::size_t i = 0; i < phases.size(); ++i) {
      const Phase& phase = phases[i];
      if (place <= phase.end_step || i + 1 == phases.size()) {
        return anneal(is_linear, levels[phase.from], levels[phase.to], (place - start) / (phase.end_step - start));
      }
      start = phase.end_step;
    }
    return levels[0];
  }
};

Result<Formula> make_one_cycle(const HyperParameters& values, const ScheduleTarget& target, Parts) {
  OAR_TRY(require_option(values, "max_lr", "one_cycle"));
  OAR_TRY(require_option(values, "total_steps", "one_cycle"));
  OAR_TRY(check_momentum(values, target));
  OAR_ASSIGN(const std::vector<double> highest, per_group(values, "max_lr", target.initial_rates.size()));
  OneCycle cycle;
  cycle.total = values.integer("total_steps");
  cycle.is_linear = values.text("anneal_strategy") == "linear";
  const auto total = static_cast<double>(cycle.total);
  const double part = values.number("pct_start");
  cycle.phases = {{part * total - 1, 0, 1}, {total - 1, 1, 2}};
  if (values.flag("three_phase"))
    cycle.phases = {{part * total - 1, 0, 1}, {2 * part * total - 2, 1, 0}, {total - 1, 0, 2}};
  Formula formula;
  formula.num_steps_max = cycle.total;
  formula.rate = [=, first = values.number("div_factor"), last = values.number("final_div_factor")](
                     std::size_t group, double, std::int64_t step) -> Result<double> {
    const double initial = highest[group] / first;
    return cycle.at(step, std::vector{initial, highest[group], initial / last});
  };
  const double base = values.number("base_momentum"), peak = values.number("max_momentum");
  for (const double rate : highest) {
    const double initial = rate / values.number("div_factor");
    formula.notes.push_back(
        {{"initial_lr", initial}, {"max_lr", rate}, {"min_lr", initial / values.number("final_div_factor")}});
    if (!values.flag("cycle_momentum")) continue;
    formula.notes.back().emplace_back("max_momentum", peak);
    formula.notes.back().emplace_back("base_momentum", base);
  }
  if (!values.flag("cycle_momentum")) return formula;
  // At the highest rate the lowest momentum; it stays high where the rate goes to its end.
  const double low = values.number("base_momentum"), high = values.number("max_momentum");
  formula.momentum = [=](std::int64_t step) { return cycle.at(step, std::vector{high, low, high}); };
  return formula;
}

struct Triangle {
  double up = 0;
  double total = 0;
  std::string mode;
  double gamma = 1;

  // How far from the base, 1 at the top of the first triangle.
  double height(std::int64_t step) const {
    const double place = static_cast<double>(step) / total;
    const double cycle = std::floor(1 + place);
    const double x = 1.0 + place - cycle, peak = up / total;
    const double scale = x <= peak ? x / peak : (x - 1) / (peak - 1);
    if (mode == "triangular2") return scale * (1 / std::pow(2.0, cycle - 1));
    if (mode == "exp_range") return scale * std::pow(gamma, static_cast<double>(step));
    return scale;
  }
};

Result<Formula> make_cyclic(const HyperParameters& values, const ScheduleTarget& target, Parts) {
  OAR_TRY(require_option(values, "base_lr", "cyclic"));
  OAR_TRY(require_option(values, "max_lr", "cyclic"));
  OAR_TRY(check_momentum(values, target));
  OAR_ASSIGN(const std::vector<double> lowest, per_group(values, "base_lr", target.initial_rates.size()));
  OAR_ASSIGN(const std::vector<double> highest, per_group(values, "max_lr", target.initial_rates.size()));
  const auto up = static_cast<double>(values.integer("step_size_up"));
  const double down = values.is_set("step_size_down") ? static_cast<double>(values.integer("step_size_down")) : up;
  const Triangle triangle{up, up + down, values.text("mode"), values.number("gamma")};
  Formula formula;
  formula.rate = [=](std::size_t group, double, std::int64_t step) -> Result<double> {
    return lowest[group] + (highest[group] - lowest[group]) * triangle.height(step);
  };
  if (!values.flag("cycle_momentum")) return formula;
  const double low = values.number("base_momentum"), high = values.number("max_momentum");
  formula.momentum = [=](std::int64_t step) { return high - (high - low) * triangle.height(step); };
  return formula;
}

HyperParameterRule steps(const char* name, HyperValue initial) {
  return {name, std::move(initial), HyperRange::kAtLeastOne, OptionType::kInt};
}

HyperParameterRule flag(const char* name, bool initial) { return {name, initial, HyperRange::kAny, OptionType::kFlag}; }

}  // namespace

std::vector<ScheduleDefinition> cycle_schedules() {
  const auto rates = [](const char* name) {
    return HyperParameterRule{name, std::monostate(), HyperRange::kAtLeastZero, OptionType::kDoubles};
  };
  return {
      {"one_cycle",
       {rates("max_lr"),
        steps("total_steps", std::monostate()),
        {"pct_start", 0.3, HyperRange::kUpToOne},
        {"anneal_strategy", std::string("cos"), HyperRange::kAny, OptionType::kString, {"cos", "linear"}},
        flag("cycle_momentum", true),
        {"base_momentum", 0.85, HyperRange::kBelowOne},
        {"max_momentum", 0.95, HyperRange::kBelowOne},
        {"div_factor", 25.0, HyperRange::kPositive},
        {"final_div_factor", 1e4, HyperRange::kPositive},
        flag("three_phase", false)},
       false,
       make_one_cycle},
      {"cyclic",
       {rates("base_lr"),
        rates("max_lr"),
        steps("step_size_up", std::int64_t{2000}),
        steps("step_size_down", std::monostate()),
        {"mode",
         std::string("triangular"),
         HyperRange::kAny,
         OptionType::kString,
         {"triangular", "triangular2", "exp_range"}},
        {"gamma", 1.0},
        flag("cycle_momentum", true),
        {"base_momentum", 0.8, HyperRange::kBelowOne},
        {"max_momentum", 0.9, HyperRange::kBelowOne}},
       false,
       make_cyclic},
  };
}

}  // namespace oarlock
