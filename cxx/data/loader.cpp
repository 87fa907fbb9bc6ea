#include "data/loader.h"

#include <algorithm>
#include <utility>

#include "data/cursor.h"
#include "data/epoch_plan.h"
#include "data/loader_base.h"
#include "data/sampler.h"
#include "data/stream_loader.h"
#include "data/wanted_order.h"
#include "tensor/rng.h"

namespace oarlock {
namespace {

// Invariant: where the host gives the orders, nothing is known of an epoch before its plan is made; so it is made
// before the position leaves 0.
class ShardedLoader : public LoaderBase {
 public:
  ShardedLoader(std::shared_ptr<Dataset> dataset, const LoaderOptions& options, const BatchShard& shard,
                std::shared_ptr<const Sampler> sampler)
      : LoaderBase(std::move(dataset), options, shard),
        sampler_(std::move(sampler)),
        seed_(options.seed ? *options.seed : default_generator_seed()) {
    if (options.num_workers > 0 && dataset_->runs_on_any_thread())
      prefetcher_.emplace(options.num_workers, options.prefetch);
  }

  Status set_order(WantedOrder wanted) override {
    OAR_TRY(check_between_epochs("given another order"));
    OAR_ASSIGN(std::shared_ptr<const Sampler> sampler, make_sampler(std::move(wanted), options_, dataset_->size()));
    BatchShardOptions cut = options_.shard;
    cut.num_samples = sampler->num_samples().value_or(0);
    OAR_ASSIGN(shard_, make_loader_shard(cut));
    options_.shard = cut;
    cancel_workers();
    sampler_ = std::move(sampler);
    return Status::ok();
  }

  Result<std::optional<Tree>> next() override {
    OAR_TRY(check_open());
    begin_epoch();
    if (!is_length_known()) OAR_TRY(make_plan());
    if (position() == cut().num_batches()) {
      go_to(epoch() + 1, 0, nullptr);
      return std::optional<Tree>();
    }
    OAR_TRY(make_plan());
    OAR_ASSIGN(Tree batch, uses_workers() ? take_from_workers() : fetch_batch(*plan_, position()));
    count_given();
    return std::optional<Tree>(std::move(batch));
  }

  Result<std::int64_t> num_batches() const override {
    if (!is_length_known()) OAR_TRY(make_plan());
    return cut().num_batches();
  }
  Result<std::int64_t> num_samples() const override {
    if (is_length_known()) return cut().num_samples();
    OAR_TRY(make_plan());
    return plan_->num_samples();
  }
  bool at_last_batch() const override { return position() > 0 && position() == cut().num_batches(); }
  std::int64_t samples_in_round() const override {
    if (position() == 0) return 0;
    return is_length_known() ? cut().samples_in_round(position() - 1) : plan_->samples_in_round(position() - 1);
  }
  std::int64_t rows_in_round() const override {
    if (position() == 0) return 0;
    return is_length_known() ? cut().rows_in_round(position() - 1) : plan_->rows_in_round(position() - 1);
  }

  Status seek(std::int64_t epoch, std::int64_t position) override {
    OAR_TRY(check_open());
    OAR_TRY(check_epoch(epoch));
    OAR_ASSIGN(Plan plan, plan_of(epoch));
    const std::int64_t num_batches = plan != nullptr ? plan->shard.num_batches() : shard_.num_batches();
    if (position < 0 || position > num_batches) {
      return invalid_argument("batches_done must lie in [0, {}], the batches of this rank in an epoch; got {}",
                              num_batches, position);
    }
    go_to(epoch, position, std::move(plan));
    return Status::ok();
  }

  JsonValue state() const override { return cursor_to_json({epoch(), position(), seed_}, identity(), cut().options()); }

  Status load_state(const JsonValue& state) override {
    OAR_TRY(check_open());
    Status status = go_to_state(state);
    return status.is_ok() ? std::move(status) : std::move(status).within("state of a loader");
  }

 private:
  using Plan = std::shared_ptr<const EpochPlan>;

  void forget_epoch() override {
    if (is_length_known() || position() == 0) plan_.reset();
  }

  bool is_length_known() const { return sampler_->num_samples().has_value(); }
  const BatchShard& cut() const { return plan_ != nullptr ? plan_->shard : shard_; }
  OrderIdentity identity() const {
    return {options_.shuffle, sampler_->description(), is_length_known(), sampler_->depends_on_seed(), seed_};
  }

  Result<Plan> new_plan(std::int64_t epoch) const {
    OAR_ASSIGN(EpochOrder order, sampler_->order(epoch, seed_));
    BatchShardOptions cut = shard_.options();
    cut.num_samples = order.num_units();
    OAR_ASSIGN(const BatchShard shard, BatchShard::create(cut));
    return Plan(std::make_shared<const EpochPlan>(EpochPlan{dataset_, collation_, shard, std::move(order), epoch}));
  }
  Status make_plan() const {
    if (plan_ != nullptr) return Status::ok();
    OAR_ASSIGN(plan_, new_plan(epoch()));
    return Status::ok();
  }
  // Of an epoch to go to: what is there, or what must be known beforehand, or null.
  Result<Plan> plan_of(std::int64_t epoch) const {
    if (plan_ != nullptr && plan_->epoch == epoch) return plan_;
    return is_length_known() ? Result<Plan>(Plan()) : new_plan(epoch);
  }

  Status go_to_state(const JsonValue& state) {
    Plan plan;
    if (!is_length_known()) {
      OAR_ASSIGN(const std::int64_t epoch, epoch_of_state(state));
      OAR_ASSIGN(plan, plan_of(epoch));
    }
    const BatchShard& shard = plan != nullptr ? plan->shard : shard_;
    OAR_ASSIGN(const Cursor target, cursor_from_json(state, identity(), options_.seed.has_value(), shard));
    const std::int64_t position = std::min(target.position, shard.num_batches());
    seed_ = target.seed;
    plan_.reset();
    go_to(target.epoch, position, std::move(plan));
    return Status::ok();
  }

  Result<Tree> take_from_workers() {
    if (!prefetcher_->is_running()) {
      prefetcher_->start(position(), cut().num_batches(),
                         [plan = plan_](std::int64_t batch) { return fetch_batch(*plan, batch); });
    }
    return take_prefetched(position());
  }

  void go_to(std::int64_t target, std::int64_t position, Plan plan) {
    plan_ = std::move(plan);
    if (prefetcher_) prefetcher_->cancel();
    move_to(target, position);
  }

  std::shared_ptr<const Sampler> sampler_;
  std::uint64_t seed_;
  mutable Plan plan_;  // of the epoch; null: not begun. What it holds follows from the rest
};

Result<std::shared_ptr<Loader>> make_loader(std::shared_ptr<Dataset> dataset, LoaderOptions read) {
  if (dataset->stream() != nullptr) return make_stream_loader(std::move(dataset), read);
  OAR_ASSIGN(std::shared_ptr<const Sampler> sampler, make_sampler(read, dataset->size()));
  read.shard.num_samples = *sampler->num_samples();
  OAR_ASSIGN(const BatchShard shard, make_loader_shard(read.shard));
  return std::shared_ptr<Loader>(std::make_shared<ShardedLoader>(std::move(dataset), read, shard, std::move(sampler)));
}

}  // namespace

Result<std::shared_ptr<Loader>> Loader::create(std::shared_ptr<Dataset> dataset, const Options& options) {
  OAR_ASSIGN(const LoaderOptions read, read_loader_options(options, dataset->size()));
  return make_loader(std::move(dataset), read);
}

Result<std::shared_ptr<Loader>> Loader::create_of_rounds(std::shared_ptr<Dataset> dataset, const LoaderOptions& options,
                                                         std::int64_t batch_size) {
  LoaderOptions whole = options;
  whole.shard.batch_size = batch_size;
  whole.shard.split_batches = false;
  return make_loader(std::move(dataset), whole);
}

}  // namespace oarlock
