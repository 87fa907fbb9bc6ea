// Batches of a data set for one rank: shuffled, sharded, prefetched in order by worker threads, resumed in O(1).
//
// 1. Which samples make a batch depends on (options, seed, epoch, position, rank, world_size) and on nothing else: not
//    on num_workers, prefetch, or what was read before. Ranks of a world use the same options, seed and data set.
// 2. position() counts the batches given in this epoch. A failed next() leaves it where it was: it may be repeated.
// 3. The order of an epoch is computed once, when its first batch is asked for; the host is asked for its orders on the
//    thread that calls.
// 4. A data set that is bound to the thread that calls is read on it, whatever num_workers says.
// 5. A stream is read one batch ahead, so that at_last_batch is known; it has no order but its own and no length.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/json.h"
#include "base/options.h"
#include "base/status.h"
#include "data/collation.h"
#include "data/dataset.h"
#include "data/wanted_order.h"

namespace oarlock {

class Loader {
 public:
  // options: section "loader". Without loader.seed the seed is that of the default generator at this moment.
  static Result<std::shared_ptr<Loader>> create(std::shared_ptr<Dataset> dataset, const Options& options);
  // Of one rank, whatever the options say of several: each batch has batch_size samples.
  static Result<std::shared_ptr<Loader>> create_of_rounds(std::shared_ptr<Dataset> dataset,
                                                          const LoaderOptions& options, std::int64_t batch_size);
  virtual ~Loader() = default;

  // Only between epochs. One rank alone never fills its last batch up, whatever even_batches says (spec B 1.2).
  virtual Status set_shard(int rank, int world_size) = 0;
  virtual bool is_sharded() const = 0;
  // Only between epochs. OAR_E_UNSUPPORTED: a stream has no order but its own. Unchanged on failure.
  virtual Status set_order(WantedOrder wanted) = 0;
  // How samples become batches (collation.h). Only between epochs; unchanged on failure.
  virtual Status set_padding(ColumnPadding padding) = 0;  // of one column, instead of what it had
  virtual Status set_collate(HostCollate collate) = 0;
  // The reference's habit: one int64 drawn from the default generator at each epoch's start (spec D). It belongs to the
  // epoch's first batch: a resume inside an epoch does not draw again.
  virtual void set_draws_base_seed(bool draws) = 0;

  virtual Result<std::optional<Tree>> next() = 0;  // nullopt once at the end of each epoch
  // Of this epoch. OAR_E_UNSUPPORTED: of a stream nobody knows. Where the host gives the orders it is asked for this
  // epoch's.
  virtual Result<std::int64_t> num_batches() const = 0;  // of this rank
  virtual Result<std::int64_t> num_samples() const = 0;  // of all ranks, duplicates not counted
  virtual std::int64_t epoch() const = 0;
  virtual std::int64_t position() const = 0;  // batches given in this epoch
  virtual bool at_last_batch() const = 0;     // the batch given last was the epoch's last
  // Real samples (all ranks) in the round of the batch given last; what gather_for_metrics keeps. 0 before the first.
  virtual std::int64_t samples_in_round() const = 0;
  virtual std::int64_t rows_in_round() const = 0;  // the same with duplicates counted: rows of all ranks' batches
  // Grows with every batch that any loader of the process gives (one static atomic counter); 0
  // before this loader's first one. Of several loaders in use, the accelerator takes the largest for the active one.
  virtual std::uint64_t last_given() const = 0;
  virtual bool splits_batches() const = 0;  // loader.split_batches
  virtual bool has_own_seed() const = 0;    // loader.seed was given

  // To the point where `position` batches of `epoch` have been given. OAR_E_ARGUMENT: there is no such point; epochs
  // end at kEpochMax (cursor.h).
  virtual Status seek(std::int64_t epoch, std::int64_t position) = 0;
  virtual JsonValue state() const = 0;                    // epoch, position, seed: all that a resume needs (cursor.h)
  virtual Status load_state(const JsonValue& state) = 0;  // exact or refused; unchanged on failure
  // Ends the workers; every later next() is OAR_E_STATE. OAR_E_TIMEOUT: a worker hangs in the data set and is left
  // behind.
  virtual Status close() = 0;
};

}  // namespace oarlock
