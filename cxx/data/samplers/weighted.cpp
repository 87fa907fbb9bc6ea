#include "data/samplers/weighted.h"

#include <cmath>
#include <utility>

#include "format/checksum.h"
#include "tensor/describe.h"
#include "tensor/rng.h"

namespace oarlock {
namespace {

constexpr std::int64_t kChoicesMax = std::int64_t{1} << 24;  // at::multinomial

class WeightedSampler : public Sampler {
 public:
  WeightedSampler(at::Tensor weights, const WeightedDraws& draws) : weights_(std::move(weights)), draws_(draws) {}
  std::optional<std::int64_t> num_samples() const override { return draws_.num_samples; }
  bool depends_on_seed() const override { return true; }

  Result<EpochOrder> order(std::int64_t epoch, std::uint64_t seed) const override {
    return EpochOrder::of(
        seeded_multinomial(weights_, draws_.num_samples, draws_.replacement, seed + static_cast<std::uint64_t>(epoch)));
  }

  std::string description() const override {
    Checksum checksum;
    checksum.update({static_cast<const std::byte*>(weights_.const_data_ptr()), weights_.nbytes()});
    return fmt::format("{} draws by {} weights {}, {} replacement", draws_.num_samples, weights_.numel(),
                       checksum.hexadecimal(), draws_.replacement ? "with" : "without");
  }

 private:
  const at::Tensor weights_;  // float64 [n], contiguous
  const WeightedDraws draws_;
};

// How many are above 0.
Result<std::int64_t> check_weights(const at::Tensor& weights) {
  std::int64_t num_positive = 0;
  double sum = 0;
  const auto* weight = weights.const_data_ptr<double>();
  for (std::int64_t i = 0; i < weights.numel(); ++i) {
    if (!(weight[i] >= 0) || std::isinf(weight[i]))
      return invalid_argument("weights are finite and not negative; weight {} is {}", i, weight[i]);
    num_positive += weight[i] > 0 ? 1 : 0;
    sum += weight[i];
  }
  if (num_positive == 0) return invalid_argument("no weight is above 0, so nothing can be drawn");
  if (std::isinf(sum)) return invalid_argument("the weights' sum is beyond float64; scale them down");
  return num_positive;
}

}  // namespace

Result<std::shared_ptr<const Sampler>> make_weighted_sampler(const at::Tensor& weights, std::int64_t num_choices,
                                                             const WeightedDraws& draws) {
  if (weights.dim() != 1 || weights.layout() != at::kStrided || weights.is_complex())
    return invalid_argument("weights are a row of real numbers, one for each sample, not {}", describe_tensor(weights));
  if (weights.numel() != num_choices)
    return invalid_argument("there are {} weights for {} samples", weights.numel(), num_choices);
  if (num_choices > kChoicesMax)
    return invalid_argument("there are {} weights; no more than {} can be drawn from", num_choices, kChoicesMax);
  if (draws.num_samples < 1) return invalid_argument("num_samples must be >= 1, got {}", draws.num_samples);
  const at::Tensor row =
      weights.detach().to(at::TensorOptions(at::kDouble).device(at::kCPU), false, /*copy=*/true).contiguous();
  OAR_ASSIGN(const std::int64_t num_positive, check_weights(row));
  if (!draws.replacement && draws.num_samples > num_positive) {
    return invalid_argument("{} samples cannot be drawn without replacement: {} of {} weights are above 0",
                            draws.num_samples, num_positive, num_choices);
  }
  return std::shared_ptr<const Sampler>(std::make_shared<WeightedSampler>(row, draws));
}

}  // namespace oarlock
