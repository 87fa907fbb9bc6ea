#include "data/epoch_plan.h"

#include <fmt/ranges.h>

#include <utility>

namespace oarlock {
namespace {

// Puts the batch, and the sample where one alone fails too, in front of a failure of the data set.
Status name_sample(const EpochPlan& plan, std::int64_t batch, const std::vector<std::int64_t>& samples,
                   Status failure) {
  for (const std::int64_t& sample : samples) {
    Result<Tree> alone = plan.dataset->fetch({&sample, 1});
    if (alone.is_ok()) continue;
    return std::move(alone).status().within(
        fmt::format("loader: epoch {}, batch {}, sample {}", plan.epoch, batch, sample));
  }
  return std::move(failure).within(
      fmt::format("loader: epoch {}, batch {} of samples {}", plan.epoch, batch, fmt::join(samples, " ")));
}

Result<Tree> collate_samples(const EpochPlan& plan, std::int64_t batch, const std::vector<std::int64_t>& indices) {
  std::vector<Tree> samples;
  samples.reserve(indices.size());
  for (const std::int64_t index : indices) {
    Result<Tree> sample = plan.dataset->sample(index);
    if (!sample.is_ok()) {
      return std::move(sample).status().within(
          fmt::format("loader: epoch {}, batch {}, sample {}", plan.epoch, batch, index));
    }
    samples.push_back(std::move(sample).value());
  }
  Result<Tree> tree = join_samples(*plan.collation, std::move(samples));
  if (tree.is_ok()) return tree;
  return std::move(tree).status().within(
      fmt::format("loader: epoch {}, batch {} of samples {}", plan.epoch, batch, fmt::join(indices, " ")));
}

// Of the first `num_units` units of a round.
std::int64_t rows_of(const EpochPlan& plan, std::int64_t round, std::int64_t num_units) {
  if (!plan.order.has_batches()) return num_units;
  std::int64_t sum = 0;
  for (std::int64_t place = 0; place < num_units; ++place)
    sum += plan.order.batch_size(plan.shard.position_at(round, place));
  return sum;
}

}  // namespace

std::vector<std::int64_t> EpochPlan::samples_of(std::int64_t batch) const {
  std::vector<std::int64_t> units = shard.positions(batch);
  if (order.has_batches()) {
    const std::span<const std::int64_t> samples = order.batch(units.front());
    return {samples.begin(), samples.end()};
  }
  for (std::int64_t& unit : units) unit = order.sample_at(unit);
  return units;
}

std::int64_t EpochPlan::num_samples() const {
  if (!order.has_batches()) return shard.num_samples();
  std::int64_t sum = 0;
  for (std::int64_t batch = 0; batch < shard.num_samples(); ++batch) sum += order.batch_size(batch);
  return sum;
}

std::int64_t EpochPlan::samples_in_round(std::int64_t round) const {
  return rows_of(*this, round, shard.samples_in_round(round));
}

std::int64_t EpochPlan::rows_in_round(std::int64_t round) const {
  return rows_of(*this, round, shard.rows_in_round(round));
}

Result<Tree> fetch_batch(const EpochPlan& plan, std::int64_t batch) {
  const std::vector<std::int64_t> samples = plan.samples_of(batch);
  if (plan.dataset->gives_samples() || !plan.collation->is_plain()) return collate_samples(plan, batch, samples);
  Result<Tree> tree = plan.dataset->fetch(samples);
  if (tree.is_ok()) return tree;
  return name_sample(plan, batch, samples, std::move(tree).status());
}

}  // namespace oarlock
