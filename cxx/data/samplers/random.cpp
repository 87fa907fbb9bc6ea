#include "data/samplers/random.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/from_blob.h>

#include <utility>

#include "format/checksum.h"
#include "tensor/rng.h"

namespace oarlock {
namespace {

class RandomSampler : public Sampler {
 public:
  RandomSampler(std::int64_t num_choices, std::int64_t num_samples, bool replacement)
      : num_choices_(num_choices), num_samples_(num_samples), replacement_(replacement) {}
  std::optional<std::int64_t> num_samples() const override { return num_samples_; }
  bool depends_on_seed() const override { return true; }

  Result<EpochOrder> order(std::int64_t epoch, std::uint64_t seed) const override {
    const std::uint64_t of_epoch = seed + static_cast<std::uint64_t>(epoch);
    if (replacement_) return EpochOrder::of(seeded_integers(num_choices_, num_samples_, of_epoch));
    return EpochOrder::of(seeded_permutations(num_choices_, num_samples_, of_epoch));
  }

  std::string description() const override {
    if (!replacement_ && num_samples_ == num_choices_) return "";
    return fmt::format("random, {} of {}, {} replacement", num_samples_, num_choices_,
                       replacement_ ? "with" : "without");
  }

 private:
  const std::int64_t num_choices_;
  const std::int64_t num_samples_;
  const bool replacement_;
};

class ListSampler : public Sampler {
 public:
  // places: the order in which the list is visited.
  ListSampler(std::vector<std::int64_t> indices, std::shared_ptr<const Sampler> places)
      : indices_(std::move(indices)), places_(std::move(places)) {}
  std::optional<std::int64_t> num_samples() const override { return places_->num_samples(); }
  bool depends_on_seed() const override { return places_->depends_on_seed(); }

  Result<EpochOrder> order(std::int64_t epoch, std::uint64_t seed) const override {
    OAR_ASSIGN(const EpochOrder places, places_->order(epoch, seed));
    at::Tensor samples = at::arange(places.num_samples(), at::TensorOptions(at::kLong));
    auto* sample = samples.mutable_data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < places.num_samples(); ++i)
      sample[i] = indices_[static_cast<std::size_t>(places.sample_at(i))];
    return EpochOrder::of(std::move(samples));
  }

  std::string description() const override {
    Checksum checksum;
    checksum.update(std::as_bytes(std::span(indices_)));
    return fmt::format("list of {} samples {}{}{}", indices_.size(), checksum.hexadecimal(),
                       places_->description().empty() ? "" : ", ", places_->description());
  }

 private:
  const std::vector<std::int64_t> indices_;
  const std::shared_ptr<const Sampler> places_;
};

}  // namespace

Result<std::shared_ptr<const Sampler>> make_random_sampler(std::int64_t num_samples, const RandomDraws& draws) {
  const std::int64_t num_draws = draws.num_samples.value_or(num_samples);
  if (draws.num_samples && num_draws < 1) return invalid_argument("loader.num_samples must be >= 1, got {}", num_draws);
  if (num_draws > 0 && num_samples == 0)
    return invalid_argument("loader.num_samples is {}, and there are no samples to draw from", num_draws);
  return std::shared_ptr<const Sampler>(std::make_shared<RandomSampler>(num_samples, num_draws, draws.replacement));
}

Result<std::shared_ptr<const Sampler>> make_list_sampler(std::vector<std::int64_t> indices, std::int64_t num_samples,
                                                         const std::optional<RandomDraws>& draws) {
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] >= 0 && indices[i] < num_samples) continue;
    return invalid_argument("there is no sample {} at place {} of the list; the data set has {}, numbered from 0",
                            indices[i], i, num_samples);
  }
  const auto size = static_cast<std::int64_t>(indices.size());
  std::shared_ptr<const Sampler> places = make_sequential_sampler(size);
  if (draws) {
    OAR_ASSIGN(places, make_random_sampler(size, *draws));
  }
  return std::shared_ptr<const Sampler>(std::make_shared<ListSampler>(std::move(indices), std::move(places)));
}

}  // namespace oarlock
