// The options of L-BFGS; optim/lbfgs.cpp updates.
#include "optim/rules/rules.h"

namespace oarlock {

UpdateRule lbfgs_rule() {
  UpdateRule rule;
  rule.options = {{"lr", 1.0},
                  {"max_iter", std::int64_t{20}, HyperRange::kAtLeastOne, OptionType::kInt},
                  {"max_eval", std::monostate(), HyperRange::kAtLeastOne, OptionType::kInt},
                  {"tolerance_grad", 1e-7},
                  {"tolerance_change", 1e-9},
                  {"history_size", std::int64_t{100}, HyperRange::kAtLeastOne, OptionType::kInt},
                  {"line_search_fn", std::monostate(), HyperRange::kAny, OptionType::kString, {"strong_wolfe"}}};
  return rule;
}

}  // namespace oarlock
