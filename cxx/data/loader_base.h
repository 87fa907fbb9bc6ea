// What loaders of numbered samples and of streams share: which rank's part, how far it is, the workers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "data/batch_shard.h"
#include "data/loader.h"
#include "data/loader_options.h"
#include "data/prefetch.h"

namespace oarlock {

class LoaderBase : public Loader {
 public:
  LoaderBase(std::shared_ptr<Dataset> dataset, const LoaderOptions& options, const BatchShard& shard);

  Status set_shard(int rank, int world_size) override;
  Status set_padding(ColumnPadding padding) override;
  Status set_collate(HostCollate collate) override;
  bool is_sharded() const override { return is_sharded_; }
  void set_draws_base_seed(bool draws) override { draws_base_seed_ = draws; }
  std::int64_t epoch() const override { return epoch_; }
  std::int64_t position() const override { return position_; }
  std::uint64_t last_given() const override { return last_given_; }
  bool splits_batches() const override { return options_.shard.split_batches; }
  bool has_own_seed() const override { return options_.seed.has_value(); }
  Status close() override;

 protected:
  // Drops what was made for the epoch as it is cut now; the workers have been told to stop.
  virtual void forget_epoch() = 0;

  Status check_open() const;
  // Open, and no batch of this epoch given; `what` completes "a loader can be ... only between epochs".
  Status check_between_epochs(std::string_view what) const;
  Status check_epoch(std::int64_t epoch) const;
  // The first thing that next() does in an epoch.
  void begin_epoch();
  void count_given();  // one more batch of this epoch
  void move_to(std::int64_t epoch, std::int64_t position);
  void cancel_workers();  // and forget_epoch()
  // The workers' next batch; `batch` is its number, for the text of a time-out.
  Result<Tree> take_prefetched(std::int64_t batch);

  // Whether batches are made by workers: not where the host's function is bound to the thread that calls.
  bool uses_workers() const { return prefetcher_ && collation_->runs_on_any_thread(); }

  const std::shared_ptr<Dataset> dataset_;
  std::shared_ptr<const Collation> collation_ = std::make_shared<const Collation>();
  LoaderOptions options_;                 // .shard as it was asked for
  BatchShard shard_;                      // as it is used
  std::optional<Prefetcher> prefetcher_;  // none: no workers

 private:
  std::int64_t epoch_ = 0;
  std::int64_t position_ = 0;
  std::uint64_t last_given_ = 0;
  bool is_sharded_ = false;
  bool draws_base_seed_ = false;
  bool has_drawn_base_seed_ = false;  // for this epoch, as long as its position is 0
  bool closed_ = false;
};

}  // namespace oarlock
