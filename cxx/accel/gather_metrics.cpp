#include <ATen/ops/full.h>

#include "accel/accelerator.h"
#include "comm/nested.h"

namespace oarlock {
// How many of the gathered rows are no duplicates. Duplicates lie at the end of the rank order (spec B 1.4). A tensor
// with k rows per sample keeps k rows of each; one whose rows are no multiple of the round's is not per sample and is
// kept whole. So is one of which the ranks gave different numbers: an even round has as many samples on every rank.
std::int64_t Accelerator::rows_kept(std::int64_t num_rows) const {
  const Loader* loader = active_loader();
  if (loader == nullptr) return num_rows;
  const std::int64_t in_round = loader->rows_in_round();
  const std::int64_t samples = loader->samples_in_round();
  if (samples >= in_round || num_rows == 0 || num_rows % in_round != 0) return num_rows;
  return num_rows / in_round * samples;
}

Result<Tree> Accelerator::gather_for_metrics(const Tree& tree, bool use_objects) {
  OAR_TRY(require_open());
  auto gathered = with_peers("gather_for_metrics", [&] {
    return gather_samples(
        *state_->group(), tree, use_objects, [this](std::int64_t num_rows) { return rows_kept(num_rows); },
        state_->timeout());
  });
  if (!gathered.is_ok()) return poison(std::move(gathered).status(), "gather_for_metrics");
  return gathered;
}

Result<at::Tensor> Accelerator::gather_for_metrics(const at::Tensor& tensor) {
  OAR_ASSIGN(const Tree gathered, gather_for_metrics(Tree(tensor), false));
  return *gathered.tensor();
}

Result<double> Accelerator::reduce_mean(double value) {
  OAR_TRY(require_open());
  if (state_->world_size() == 1) return value;
  at::Tensor sum = at::full({1}, value, at::kDouble);
  auto work = state_->group()->all_reduce(sum, ReduceOp::kSum, state_->timeout());
  Status status = work.is_ok() ? work.value()->wait(Milliseconds(0)) : std::move(work).status();
  if (!status.is_ok()) return poison(std::move(status), "reduce_mean");
  return sum.data_ptr<double>()[0] / state_->world_size();
}

}  // namespace oarlock
