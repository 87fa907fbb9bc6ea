// Low-rank gradients between ranks: PowerSGD (https://arxiv.org/abs/1905.13727) as torch's powerSGD_hook and
// batched_powerSGD_hook compute it, draw by draw.
//
// A gradient of n x m numbers is sent as P [n, r] and Q [m, r], so a step sends (n + m) r numbers in place of n m. What
// that leaves out is added to the next step's gradient.
//
// Differs: a column of zeros stays one where torch divides it by its norm, 0, and makes the gradient NaN.
#pragma once

#include <memory>

#include "parallel/ddp/comm_hook.h"

namespace oarlock {

struct PowerSgdOptions {
  std::int64_t rank = 1;
  std::int64_t start_iter = 1000;  // steps with plain averages before the first compressed one
  double min_compression_rate = 2;
  bool use_error_feedback = true;
  bool warm_start = true;  // Q of the step before instead of a random one
  double epsilon = 0;      // added to norms before they divide
  std::uint32_t seed = 0;
  bool batches_same_shapes = false;
  std::int64_t stats_every = 10000;  // steps between two lines of the log
};

// OAR_E_ARGUMENT: a value out of range; as in torch, error feedback and warm start need start_iter >= 2. options:
// section "ddp". batches: the whole bucket as one square matrix.
Result<std::unique_ptr<CommHook>> make_power_sgd_hook(const Options& options, bool batches,
                                                      std::shared_ptr<Group> group);

// Makes the columns of each of the matrices [count, n, r] orthonormal, in place.
void orthogonalize(const at::Tensor& matrices, double epsilon);

// Whether P and Q of a matrix are enough smaller than it is.
bool is_worth_compressing(std::int64_t num_rows, std::int64_t num_columns, std::int64_t rank, double min_rate);

}  // namespace oarlock
