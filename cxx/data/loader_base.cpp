#include "data/loader_base.h"

#include <atomic>
#include <utility>

#include "data/cursor.h"
#include "tensor/rng.h"

namespace oarlock {
namespace {

std::atomic<std::uint64_t> num_batches_given{0};

}  // namespace

LoaderBase::LoaderBase(std::shared_ptr<Dataset> dataset, const LoaderOptions& options, const BatchShard& shard)
    : dataset_(std::move(dataset)), options_(options), shard_(shard) {}

Status LoaderBase::set_shard(int rank, int world_size) {
  OAR_TRY(check_between_epochs("sharded"));
  BatchShardOptions wanted = options_.shard;
  wanted.rank = rank;
  wanted.world_size = world_size;
  OAR_ASSIGN(shard_, make_loader_shard(wanted));
  options_.shard = wanted;
  is_sharded_ = true;
  cancel_workers();
  return Status::ok();
}

Status LoaderBase::set_padding(ColumnPadding padding) {
  OAR_TRY(check_between_epochs("told how to pad"));
  OAR_TRY(check_padding(padding));
  Collation changed = *collation_;
  std::erase_if(changed.paddings, [&](const ColumnPadding& old) { return old.column == padding.column; });
  changed.paddings.push_back(std::move(padding));
  cancel_workers();
  collation_ = std::make_shared<const Collation>(std::move(changed));
  return Status::ok();
}

Status LoaderBase::set_collate(HostCollate collate) {
  OAR_TRY(check_between_epochs("told how to join samples"));
  Collation changed = *collation_;
  changed.host = std::move(collate);
  cancel_workers();
  collation_ = std::make_shared<const Collation>(std::move(changed));
  return Status::ok();
}

Status LoaderBase::close() {
  closed_ = true;
  forget_epoch();
  return prefetcher_ ? prefetcher_->close(options_.timeout) : Status::ok();
}

Status LoaderBase::check_open() const { return closed_ ? invalid_state("the loader is closed") : Status::ok(); }

Status LoaderBase::check_between_epochs(std::string_view what) const {
  OAR_TRY(check_open());
  if (position_ == 0) return Status::ok();
  return invalid_state(
      "a loader can be {} only between epochs; {} batches of epoch {} have been given: do it before its first batch, "
      "or "
      "take an example from a loader of its own",
      what, position_, epoch_);
}

Status LoaderBase::check_epoch(std::int64_t epoch) const {
  if (epoch >= 0 && epoch <= kEpochMax) return Status::ok();
  return invalid_argument("epoch must lie in [0, {}], got {}", kEpochMax, epoch);
}

void LoaderBase::begin_epoch() {
  if (position_ != 0 || has_drawn_base_seed_) return;
  if (draws_base_seed_) (void)draw_from_default_generator();
  has_drawn_base_seed_ = true;
}

void LoaderBase::count_given() {
  ++position_;
  last_given_ = 1 + num_batches_given.fetch_add(1, std::memory_order_relaxed);
}

void LoaderBase::move_to(std::int64_t epoch, std::int64_t position) {
  epoch_ = epoch;
  position_ = position;
  has_drawn_base_seed_ = false;
}

void LoaderBase::cancel_workers() {
  if (prefetcher_) prefetcher_->cancel();
  forget_epoch();
}

Result<Tree> LoaderBase::take_prefetched(std::int64_t batch) {
  Result<Tree> taken = prefetcher_->take(options_.timeout);
  if (taken.is_ok() || taken.status().code() != OAR_E_TIMEOUT) return taken;
  return std::move(taken).status().within(fmt::format("loader: epoch {}, batch {}", epoch_, batch));
}

}  // namespace oarlock
