#include "data/loader.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "data/collate.h"
#include "data/cursor.h"
#include "data/loader_base.h"
#include "data/sampler.h"
#include "data/stream_loader.h"
#include "tensor/rng.h"

namespace oarlock {
namespace {

// Everything that a batch of one epoch depends on. Immutable, shared with the workers.
struct EpochPlan {
  std::shared_ptr<const Dataset> dataset;
  BatchShard shard;
  EpochOrder order;
  std::int64_t epoch;
};

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
  Result<Tree> tree = collate(samples);
  if (tree.is_ok()) return tree;
  return std::move(tree).status().within(
      fmt::format("loader: epoch {}, batch {} of samples {}", plan.epoch, batch, fmt::join(indices, " ")));
}

Result<Tree> fetch_batch(const EpochPlan& plan, std::int64_t batch) {
  std::vector<std::int64_t> samples = plan.shard.positions(batch);
  for (std::int64_t& sample : samples) sample = plan.order.sample_at(sample);
  if (plan.dataset->gives_samples()) return collate_samples(plan, batch, samples);
  Result<Tree> tree = plan.dataset->fetch(samples);
  if (tree.is_ok()) return tree;
  return name_sample(plan, batch, samples, std::move(tree).status());
}

class ShardedLoader : public LoaderBase {
 public:
  ShardedLoader(std::shared_ptr<Dataset> dataset, const LoaderOptions& options, const BatchShard& shard)
      : LoaderBase(std::move(dataset), options, shard),
        sampler_(dataset_->size(), options.shuffle, options.seed ? *options.seed : default_generator_seed()) {
    if (options.num_workers > 0 && dataset_->runs_on_any_thread())
      prefetcher_.emplace(options.num_workers, options.prefetch);
  }

  Result<std::optional<Tree>> next() override {
    OAR_TRY(check_open());
    begin_epoch();
    if (position() == shard_.num_batches()) {
      go_to(epoch() + 1, 0);
      return std::optional<Tree>();
    }
    if (plan_ == nullptr)
      plan_ = std::make_shared<const EpochPlan>(EpochPlan{dataset_, shard_, sampler_.order(epoch()), epoch()});
    OAR_ASSIGN(Tree batch, prefetcher_ ? take_from_workers() : fetch_batch(*plan_, position()));
    count_given();
    return std::optional<Tree>(std::move(batch));
  }

  std::optional<std::int64_t> num_batches() const override { return shard_.num_batches(); }
  std::optional<std::int64_t> num_samples() const override { return shard_.num_samples(); }
  bool at_last_batch() const override { return position() > 0 && position() == shard_.num_batches(); }
  std::int64_t samples_in_round() const override {
    return position() > 0 ? shard_.samples_in_round(position() - 1) : 0;
  }
  std::int64_t rows_in_round() const override { return position() > 0 ? shard_.rows_in_round(position() - 1) : 0; }

  Status seek(std::int64_t epoch, std::int64_t position) override {
    OAR_TRY(check_open());
    OAR_TRY(check_epoch(epoch));
    if (position < 0 || position > shard_.num_batches()) {
      return invalid_argument("batches_done must lie in [0, {}], the batches of this rank in an epoch; got {}",
                              shard_.num_batches(), position);
    }
    go_to(epoch, position);
    return Status::ok();
  }

  JsonValue state() const override {
    return cursor_to_json({epoch(), position(), sampler_.seed()}, sampler_.shuffle(), shard_.options());
  }

  Status load_state(const JsonValue& state) override {
    OAR_TRY(check_open());
    Result<Cursor> cursor = cursor_from_json(state, sampler_, options_.seed.has_value(), shard_);
    if (!cursor.is_ok()) return std::move(cursor).status().within("state of a loader");
    const Cursor& target = cursor.value();
    sampler_ = Sampler(sampler_.num_samples(), sampler_.shuffle(), target.seed);
    cancel_workers();
    move_to(target.epoch, std::min(target.position, shard_.num_batches()));
    return Status::ok();
  }

 private:
  void forget_epoch() override { plan_.reset(); }

  Result<Tree> take_from_workers() {
    if (!prefetcher_->is_running()) {
      prefetcher_->start(position(), shard_.num_batches(),
                         [plan = plan_](std::int64_t batch) { return fetch_batch(*plan, batch); });
    }
    return take_prefetched(position());
  }

  // Within an epoch its order is kept.
  void go_to(std::int64_t target, std::int64_t position) {
    if (target != epoch()) plan_.reset();
    if (prefetcher_) prefetcher_->cancel();
    move_to(target, position);
  }

  Sampler sampler_;
  std::shared_ptr<const EpochPlan> plan_;  // of the epoch; null: not begun
};

}  // namespace

Result<std::shared_ptr<Loader>> Loader::create(std::shared_ptr<Dataset> dataset, const Options& options) {
  OAR_ASSIGN(const LoaderOptions read, read_loader_options(options, dataset->size()));
  if (dataset->stream() != nullptr) return make_stream_loader(std::move(dataset), read);
  OAR_ASSIGN(const BatchShard shard, make_loader_shard(read.shard));
  return std::shared_ptr<Loader>(std::make_shared<ShardedLoader>(std::move(dataset), read, shard));
}

}  // namespace oarlock
