// What a trace says in figures: per operator, as torch.profiler's key_averages.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace oarlock {

struct TraceSpan {  // of one operator, on one thread
  std::string name;
  std::uint64_t thread;
  std::uint64_t start_ns, end_ns;
};

struct OperatorCost {
  std::string name;
  std::int64_t calls = 0;
  double self_us = 0;  // without the operators that it calls: the spans on its thread that lie inside
  double total_us = 0;
};

// The one with the most self time first.
std::vector<OperatorCost> operator_costs(std::vector<TraceSpan> spans);

// A table of the costliest operators, to print.
std::string cost_table(const std::vector<OperatorCost>& costs, std::size_t num_rows_max);

}  // namespace oarlock
