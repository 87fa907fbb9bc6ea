// A loader of empty batches: only its place in the epoch matters.
#pragma once

#include <atomic>

#include "data/loader.h"

namespace oarlock::doubles {

class CountingLoader : public Loader {
 public:
  explicit CountingLoader(std::int64_t num_batches) : num_batches_(num_batches) {}

  Status set_shard(int, int) override { return Status::ok(); }
  bool is_sharded() const override { return true; }
  void set_draws_base_seed(bool) override {}
  Result<std::optional<Tree>> next() override {
    if (position_ == num_batches_) {
      position_ = 0;
      ++epoch_;
      return std::optional<Tree>();
    }
    ++position_;
    static std::atomic<std::uint64_t> stamps{0};
    last_given_ = ++stamps;
    return std::optional<Tree>(Tree(Tree::Map{}));
  }
  Status set_order(WantedOrder) override { return unsupported("the batches are only counted"); }
  Status set_padding(ColumnPadding) override { return unsupported("the batches are only counted"); }
  Status set_collate(HostCollate) override { return unsupported("the batches are only counted"); }
  Result<std::int64_t> num_batches() const override { return num_batches_; }
  Result<std::int64_t> num_samples() const override { return num_batches_; }
  std::int64_t epoch() const override { return epoch_; }
  std::int64_t position() const override { return position_; }
  bool at_last_batch() const override { return position_ == num_batches_; }
  std::int64_t samples_in_round() const override { return samples; }
  std::int64_t rows_in_round() const override { return rows; }
  std::uint64_t last_given() const override { return last_given_; }
  bool splits_batches() const override { return splits; }
  bool has_own_seed() const override { return true; }
  Status seek(std::int64_t epoch, std::int64_t position) override {
    epoch_ = epoch;
    position_ = position;
    return Status::ok();
  }
  JsonValue state() const override { return JsonValue::object(); }
  Status load_state(const JsonValue&) override { return Status::ok(); }
  Status close() override { return Status::ok(); }

  std::int64_t samples = 1, rows = 1;
  bool splits = false;

 private:
  const std::int64_t num_batches_;
  std::int64_t epoch_ = 0, position_ = 0;
  std::uint64_t last_given_ = 0;
};

}  // namespace oarlock::doubles
