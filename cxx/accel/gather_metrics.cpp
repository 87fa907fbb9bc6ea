#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "accel/accelerator.h"
#include "base/text.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

// Collective: every rank's leading size.
Result<std::vector<std::int64_t>> gather_sizes(Group& group, std::int64_t mine, Milliseconds timeout) {
  OAR_ASSIGN(const std::vector<std::string> texts, group.all_gather_bytes(std::to_string(mine), timeout));
  std::vector<std::int64_t> sizes(texts.size(), 0);
  for (std::size_t rank = 0; rank < texts.size(); ++rank) {
    const std::string& text = texts[rank];
    sizes[rank] = parse_number<std::int64_t>(text).value_or(-1);
    if (sizes[rank] < 0) {
      return mismatch(
          "rank {} sent \"{}\" where ranks tell how many rows they gather; the ranks' calls are out of step", rank,
          text);
    }
  }
  return sizes;
}

struct GatheredRows {
  at::Tensor rows;           // of all ranks, in rank order
  bool equally_many = true;  // every rank gave the same number
};

// Collective. Ranks may have different numbers of rows; all other sizes must agree.
Result<GatheredRows> gather_rows(Group& group, const at::Tensor& rows, Milliseconds timeout) {
  if (group.size() == 1) return GatheredRows{rows};
  OAR_ASSIGN(const std::vector<std::int64_t> sizes, gather_sizes(group, rows.size(0), timeout));
  const std::int64_t size_max = *std::max_element(sizes.begin(), sizes.end());
  at::Tensor padded = rows.contiguous();
  if (rows.size(0) < size_max) {
    std::vector<std::int64_t> shape = rows.sizes().vec();
    shape[0] = size_max;
    padded = at::zeros(shape, rows.options());
    padded.narrow(0, 0, rows.size(0)).copy_(rows);
  }
  std::vector<std::int64_t> shape = padded.sizes().vec();
  shape[0] = size_max * group.size();
  at::Tensor all = at::zeros(shape, rows.options());
  OAR_ASSIGN(const std::shared_ptr<Work> work, group.all_gather(padded, all, timeout));
  OAR_TRY(work->wait(Milliseconds(0)));
  if (std::all_of(sizes.begin(), sizes.end(), [size_max](std::int64_t size) { return size == size_max; })) {
    return GatheredRows{all};
  }
  std::vector<at::Tensor> parts;
  for (std::size_t rank = 0; rank < sizes.size(); ++rank) {
    parts.push_back(all.narrow(0, static_cast<std::int64_t>(rank) * size_max, sizes[rank]));
  }
  return GatheredRows{at::cat(parts), false};
}

}  // namespace

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

Result<at::Tensor> Accelerator::gather_for_metrics(const at::Tensor& tensor) {
  OAR_TRY(require_open());
  const GradModeScope no_grad(false);
  const bool is_one_value = tensor.dim() == 0;
  const at::Tensor rows = is_one_value ? tensor.detach().view({1}) : tensor.detach();
  auto gathered =
      with_peers("gather_for_metrics", [&] { return gather_rows(*state_->group(), rows, state_->timeout()); });
  if (!gathered.is_ok()) return poison(std::move(gathered).status(), "gather_for_metrics");
  const GatheredRows all = std::move(gathered).value();
  if (is_one_value || !all.equally_many) return all.rows;
  return all.rows.narrow(0, 0, rows_kept(all.rows.size(0)));
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
