#include "data/sampler.h"

#include <numeric>
#include <utility>

#include "base/check.h"

namespace oarlock {
namespace {

class SequentialSampler : public Sampler {
 public:
  explicit SequentialSampler(std::int64_t num_samples) : num_samples_(num_samples) {}
  std::optional<std::int64_t> num_samples() const override { return num_samples_; }
  Result<EpochOrder> order(std::int64_t, std::uint64_t) const override { return EpochOrder::sequential(num_samples_); }
  bool depends_on_seed() const override { return false; }

 private:
  const std::int64_t num_samples_;
};

}  // namespace

EpochOrder EpochOrder::sequential(std::int64_t num_samples) { return EpochOrder(num_samples); }

EpochOrder EpochOrder::of(at::Tensor indices) {
  OAR_CHECK(indices.dim() == 1 && indices.scalar_type() == at::kLong && indices.is_contiguous());
  EpochOrder order(indices.numel());
  order.tensor_ = std::move(indices);
  order.indices_ = order.tensor_.const_data_ptr<std::int64_t>();
  return order;
}

EpochOrder EpochOrder::of_batches(at::Tensor indices, const std::vector<std::int64_t>& sizes) {
  EpochOrder order = of(std::move(indices));
  order.batch_begins_.assign(sizes.size() + 1, 0);
  std::partial_sum(sizes.begin(), sizes.end(), order.batch_begins_.begin() + 1);
  OAR_CHECK(order.batch_begins_.back() == order.num_samples_);
  return order;
}

std::span<const std::int64_t> EpochOrder::batch(std::int64_t batch) const {
  const auto index = static_cast<std::size_t>(batch);
  return {indices_ + batch_begins_[index], static_cast<std::size_t>(batch_size(batch))};
}

std::int64_t EpochOrder::batch_size(std::int64_t batch) const {
  const auto index = static_cast<std::size_t>(batch);
  OAR_CHECK(batch >= 0 && index + 1 < batch_begins_.size());
  return batch_begins_[index + 1] - batch_begins_[index];
}

std::shared_ptr<const Sampler> make_sequential_sampler(std::int64_t num_samples) {
  return std::make_shared<SequentialSampler>(num_samples);
}

}  // namespace oarlock
