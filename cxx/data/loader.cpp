#include "data/loader.h"

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

#include "data/batch_shard.h"
#include "data/cursor.h"
#include "data/prefetch.h"
#include "data/sampler.h"
#include "tensor/rng.h"

namespace oarlock {
namespace {

constexpr std::int64_t kMaxWorkers = 256;
constexpr std::int64_t kMaxPrefetch = 1024;

std::atomic<std::uint64_t> num_batches_given{0};

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

Result<Tree> fetch_batch(const EpochPlan& plan, std::int64_t batch) {
  std::vector<std::int64_t> samples = plan.shard.positions(batch);
  for (std::int64_t& sample : samples) sample = plan.order.sample_at(sample);
  Result<Tree> tree = plan.dataset->fetch(samples);
  if (tree.is_ok()) return tree;
  return name_sample(plan, batch, samples, std::move(tree).status());
}

struct LoaderOptions {
  BatchShardOptions shard;
  bool shuffle = false;
  std::optional<std::uint64_t> seed;
  int num_workers = 0;
  int prefetch = 2;
  Milliseconds timeout{0};
};

Result<std::int64_t> read_range(const Options& options, std::string_view key, std::int64_t least, std::int64_t most) {
  const std::int64_t value = options.integer(key);
  if (value >= least && value <= most) return value;
  return invalid_argument("{} must lie in [{}, {}], got {}", key, least, most, value);
}

Result<LoaderOptions> read_options(const Options& options, std::int64_t num_samples) {
  LoaderOptions result;
  result.shard.num_samples = num_samples;
  result.shard.batch_size = options.integer("loader.batch_size");
  result.shard.drop_last = options.flag("loader.drop_last");
  result.shard.even_batches = options.flag("loader.even_batches");
  result.shard.split_batches = options.flag("loader.split_batches");
  result.shuffle = options.flag("loader.shuffle");
  if (options.is_set("loader.seed")) {
    const std::int64_t seed = options.integer("loader.seed");
    if (seed < 0) return invalid_argument("loader.seed must be >= 0, got {}", seed);
    result.seed = static_cast<std::uint64_t>(seed);
  }
  OAR_ASSIGN(const std::int64_t num_workers, read_range(options, "loader.num_workers", 0, kMaxWorkers));
  OAR_ASSIGN(const std::int64_t prefetch, read_range(options, "loader.prefetch", 1, kMaxPrefetch));
  constexpr std::int64_t kDayMs = 24 * 3600 * 1000;
  OAR_ASSIGN(const std::int64_t timeout_ms, read_range(options, "loader.timeout_ms", 1, 365 * kDayMs));
  result.num_workers = static_cast<int>(num_workers);
  result.prefetch = static_cast<int>(prefetch);
  result.timeout = Milliseconds(timeout_ms);
  return result;
}

std::uint64_t default_seed() {
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  const std::lock_guard lock(generator.mutex());
  return generator.current_seed();
}

// The shard that a loader really uses: one rank alone never fills up.
Result<BatchShard> make_shard(const BatchShardOptions& wanted) {
  BatchShardOptions options = wanted;
  if (options.world_size == 1) options.even_batches = false;
  return BatchShard::create(options);
}

class ShardedLoader : public Loader {
 public:
  ShardedLoader(std::shared_ptr<Dataset> dataset, const LoaderOptions& options, const BatchShard& shard)
      : dataset_(std::move(dataset)),
        options_(options),
        shard_(shard),
        sampler_(dataset_->size(), options.shuffle, options.seed ? *options.seed : default_seed()) {
    if (options.num_workers > 0) prefetcher_.emplace(options.num_workers, options.prefetch);
  }

  Status set_shard(int rank, int world_size) override {
    if (closed_) return closed_failure();
    if (position_ != 0) {
      return invalid_state(
          "a loader can be sharded only between epochs; {} of {} batches of epoch {} have been given: "
          "prepare it before its first batch, or take an example from a loader of its own",
          position_, num_batches(), epoch_);
    }
    BatchShardOptions wanted = options_.shard;
    wanted.rank = rank;
    wanted.world_size = world_size;
    OAR_ASSIGN(shard_, make_shard(wanted));
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
    if (position_ == num_batches()) {
      move_to(epoch_ + 1, 0);
      return std::optional<Tree>();
    }
    if (plan_ == nullptr)
      plan_ = std::make_shared<const EpochPlan>(EpochPlan{dataset_, shard_, sampler_.order(epoch_), epoch_});
    OAR_ASSIGN(Tree batch, prefetcher_ ? take_prefetched() : fetch_batch(*plan_, position_));
    ++position_;
    last_given_ = 1 + num_batches_given.fetch_add(1, std::memory_order_relaxed);
    return std::optional<Tree>(std::move(batch));
  }

  std::int64_t num_batches() const override { return shard_.num_batches(); }
  std::int64_t num_samples() const override { return shard_.num_samples(); }
  std::int64_t epoch() const override { return epoch_; }
  std::int64_t position() const override { return position_; }
  bool at_last_batch() const override { return position_ > 0 && position_ == num_batches(); }
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
    if (position < 0 || position > num_batches()) {
      return invalid_argument("batches_done must lie in [0, {}], the batches of this rank in an epoch; got {}",
                              num_batches(), position);
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
    move_to(target.epoch, std::min(target.position, num_batches()));
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
      prefetcher_->start(position_, num_batches(),
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

}  // namespace

Result<std::shared_ptr<Loader>> Loader::create(std::shared_ptr<Dataset> dataset, const Options& options) {
  OAR_ASSIGN(const LoaderOptions read, read_options(options, dataset->size()));
  OAR_ASSIGN(const BatchShard shard, make_shard(read.shard));
  return std::shared_ptr<Loader>(std::make_shared<ShardedLoader>(std::move(dataset), read, shard));
}

}  // namespace oarlock
