#include "data/loader.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "data/batch_shard.h"
#include "data/collate.h"
#include "data/cursor.h"
#include "data/loader_options.h"
#include "data/prefetch.h"
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

class ShardedLoader : public Loader {
 public:
  ShardedLoader(std::shared_ptr<Dataset> dataset, const LoaderOptions& options, const BatchShard& shard)
      : dataset_(std::move(dataset)),
        options_(options),
        shard_(shard),
        sampler_(dataset_->size(), options.shuffle, options.seed ? *options.seed : default_generator_seed()) {
    if (options.num_workers > 0 && dataset_->runs_on_any_thread())
      prefetcher_.emplace(options.num_workers, options.prefetch);
  }

  Status set_shard(int rank, int world_size) override {
    if (closed_) return closed_failure();
    if (position_ != 0) {
      return invalid_state(
          "a loader can be sharded only between epochs; {} of {} batches of epoch {} have been given: "
          "prepare it before its first batch, or take an example from a loader of its own",
          position_, shard_.num_batches(), epoch_);
    }
    BatchShardOptions wanted = options_.shard;
    wanted.rank = rank;
    wanted.world_size = world_size;
    OAR_ASSIGN(shard_, make_loader_shard(wanted));
    options_.shard = wanted;
    is_sharded_ = true;
    forget_plan();
    return Status::ok();
  }

  bool is_sharded() const override { return is_sharded_; }
  void set_draws_base_seed(bool draws) override { draws_base_seed_ = draws; }

  Result<std::optional<Tree>> next() override {
    if (closed_) return closed_failure();
    if (position_ == 0 && !has_drawn_base_seed_) {
      if (draws_base_seed_) (void)draw_from_default_generator();
      has_drawn_base_seed_ = true;
    }
    if (position_ == shard_.num_batches()) {
      move_to(epoch_ + 1, 0);
      return std::optional<Tree>();
    }
    if (plan_ == nullptr)
      plan_ = std::make_shared<const EpochPlan>(EpochPlan{dataset_, shard_, sampler_.order(epoch_), epoch_});
    OAR_ASSIGN(Tree batch, prefetcher_ ? take_prefetched() : fetch_batch(*plan_, position_));
    ++position_;
    last_given_ = stamp_batch();
    return std::optional<Tree>(std::move(batch));
  }

  std::optional<std::int64_t> num_batches() const override { return shard_.num_batches(); }
  std::optional<std::int64_t> num_samples() const override { return shard_.num_samples(); }
  std::int64_t epoch() const override { return epoch_; }
  std::int64_t position() const override { return position_; }
  bool at_last_batch() const override { return position_ > 0 && position_ == shard_.num_batches(); }
  std::int64_t samples_in_round() const override { return position_ > 0 ? shard_.samples_in_round(position_ - 1) : 0; }
  std::int64_t rows_in_round() const override { return position_ > 0 ? shard_.rows_in_round(position_ - 1) : 0; }
  std::uint64_t last_given() const override { return last_given_; }
  bool splits_batches() const override { return options_.shard.split_batches; }
  bool has_own_seed() const override { return options_.seed.has_value(); }

  Status seek(std::int64_t epoch, std::int64_t position) override {
    if (closed_) return closed_failure();
    if (epoch < 0 || epoch > kEpochMax) {
      return invalid_argument("epoch must lie in [0, {}], got {}", kEpochMax, epoch);
    }
    if (position < 0 || position > shard_.num_batches()) {
      return invalid_argument("batches_done must lie in [0, {}], the batches of this rank in an epoch; got {}",
                              shard_.num_batches(), position);
    }
    move_to(epoch, position);
    return Status::ok();
  }

  JsonValue state() const override {
    return cursor_to_json({epoch_, position_, sampler_.seed()}, sampler_.shuffle(), shard_.options());
  }

  Status load_state(const JsonValue& state) override {
    if (closed_) return closed_failure();
    Result<Cursor> cursor = cursor_from_json(state, sampler_, options_.seed.has_value(), shard_);
    if (!cursor.is_ok()) return std::move(cursor).status().within("state of a loader");
    const Cursor& target = cursor.value();
    sampler_ = Sampler(sampler_.num_samples(), sampler_.shuffle(), target.seed);
    forget_plan();
    move_to(target.epoch, std::min(target.position, shard_.num_batches()));
    return Status::ok();
  }

  Status close() override {
    closed_ = true;
    plan_.reset();
    return prefetcher_ ? prefetcher_->close(options_.timeout) : Status::ok();
  }

 private:
  static Status closed_failure() { return invalid_state("the loader is closed"); }

  Result<Tree> take_prefetched() {
    if (!prefetcher_->is_running()) {
      prefetcher_->start(position_, shard_.num_batches(),
                         [plan = plan_](std::int64_t batch) { return fetch_batch(*plan, batch); });
    }
    Result<Tree> batch = prefetcher_->take(options_.timeout);
    if (!batch.is_ok() && batch.status().code() == OAR_E_TIMEOUT) {
      return std::move(batch).status().within(fmt::format("loader: epoch {}, batch {}", epoch_, position_));
    }
    return batch;
  }

  void move_to(std::int64_t epoch, std::int64_t position) {
    if (epoch != epoch_) forget_plan();
    if (prefetcher_) prefetcher_->cancel();
    epoch_ = epoch;
    position_ = position;
    has_drawn_base_seed_ = false;
  }

  void forget_plan() {
    if (prefetcher_) prefetcher_->cancel();
    plan_.reset();
  }

  std::shared_ptr<Dataset> dataset_;
  LoaderOptions options_;  // .shard as it was asked for
  BatchShard shard_;       // as it is used
  Sampler sampler_;
  std::optional<Prefetcher> prefetcher_;   // none: num_workers 0
  std::shared_ptr<const EpochPlan> plan_;  // of epoch_; null: not begun
  std::int64_t epoch_ = 0;
  std::int64_t position_ = 0;
  std::uint64_t last_given_ = 0;
  bool is_sharded_ = false;
  bool draws_base_seed_ = false;
  bool has_drawn_base_seed_ = false;  // for this epoch, as long as its position is 0
  bool closed_ = false;
};

std::atomic<std::uint64_t> num_batches_given{0};

}  // namespace

std::uint64_t Loader::stamp_batch() { return 1 + num_batches_given.fetch_add(1, std::memory_order_relaxed); }

Result<std::shared_ptr<Loader>> Loader::create(std::shared_ptr<Dataset> dataset, const Options& options) {
  OAR_ASSIGN(const LoaderOptions read, read_loader_options(options, dataset->size()));
  if (dataset->stream() != nullptr) return make_stream_loader(std::move(dataset), read);
  OAR_ASSIGN(const BatchShard shard, make_loader_shard(read.shard));
  return std::shared_ptr<Loader>(std::make_shared<ShardedLoader>(std::move(dataset), read, shard));
}

}  // namespace oarlock
