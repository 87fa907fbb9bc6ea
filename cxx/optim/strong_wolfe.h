// A line search for the strong Wolfe conditions: Nocedal and Wright 2006, algorithms 3.5 and 3.6, with the cubic
// interpolation and the safeguards of torch.optim.lbfgs._strong_wolfe (after minFunc's polyinterp).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

#include "base/status.h"

namespace oarlock {

struct Evaluation {
  double loss = 0;
  at::Tensor gradient;  // flat
};

struct LinePoint {
  double step = 0;
  double loss = 0;
  at::Tensor gradient;
  double slope = 0;  // gradient times direction
};

struct LineSearchResult {
  LinePoint point;
  std::int64_t num_evaluations = 0;
};

// The function along the direction, at a distance; leaves the parameters where they were.
using EvaluateAt = std::function<Result<Evaluation>(double step)>;

// start: at distance 0; first_step: the first guess, is_from_tensor: a number of the parameters' dtype. Stops after
// num_evaluations_max.
Result<LineSearchResult> search_strong_wolfe(const EvaluateAt& evaluate, const at::Tensor& direction,
                                             const LinePoint& start, double first_step, bool is_from_tensor,
                                             double tolerance_change, std::int64_t num_evaluations_max);

}  // namespace oarlock
