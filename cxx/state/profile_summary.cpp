#include "state/profile_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace oarlock {

std::vector<OperatorCost> operator_costs(std::vector<TraceSpan> spans) {
  std::stable_sort(spans.begin(), spans.end(), [](const TraceSpan& a, const TraceSpan& b) {
    return std::tuple(a.thread, a.start_ns, b.end_ns) < std::tuple(b.thread, b.start_ns, a.end_ns);
  });
  std::map<std::string, OperatorCost> by_name;
  std::vector<const TraceSpan*> around;  // those that are not over where the next one starts, the innermost last
  for (const TraceSpan& span : spans) {
    while (!around.empty() && (around.back()->thread != span.thread || around.back()->end_ns <= span.start_ns))
      around.pop_back();
    const double us = static_cast<double>(span.end_ns - span.start_ns) / 1000;
    OperatorCost& cost = by_name[span.name];
    ++cost.calls;
    cost.total_us += us;
    cost.self_us += us;
    if (!around.empty()) by_name[around.back()->name].self_us -= us;
    around.push_back(&span);
  }
  std::vector<OperatorCost> costs;
  for (auto& [name, cost] : by_name) {
    cost.name = name;
    costs.push_back(std::move(cost));
  }
  std::stable_sort(costs.begin(), costs.end(), [](const auto& a, const auto& b) { return a.self_us > b.self_us; });
  return costs;
}

std::string cost_table(const std::vector<OperatorCost>& costs, std::size_t num_rows_max) {
  double self_us = 0;
  std::size_t width = 8;
  const std::size_t num_rows = std::min(costs.size(), num_rows_max);
  for (const OperatorCost& cost : costs) self_us += cost.self_us;
  for (std::size_t i = 0; i < num_rows; ++i) width = std::max(width, costs[i].name.size());
  std::string table = fmt::format("{:<{}}  {:>8}  {:>12}  {:>6}  {:>12}  {:>12}\n", "operator", width, "calls",
                                  "self CPU us", "self %", "CPU total us", "us per call");
  for (std::size_t i = 0; i < num_rows; ++i) {
    const OperatorCost& cost = costs[i];
    table += fmt::format("{:<{}}  {:>8}  {:>12.1f}  {:>6.2f}  {:>12.1f}  {:>12.2f}\n", cost.name, width, cost.calls,
                         cost.self_us, self_us > 0 ? 100 * cost.self_us / self_us : 0, cost.total_us,
                         cost.total_us / static_cast<double>(cost.calls));
  }
  if (costs.size() > num_rows) table += fmt::format("and {} more\n", costs.size() - num_rows);
  return table + fmt::format("Self CPU time total: {:.1f} us\n", self_us);
}

}  // namespace oarlock
