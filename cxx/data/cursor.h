// What a loader writes into a checkpoint, and what another one makes of it: (epoch, position, seed), never a replay.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "base/status.h"
#include "data/batch_shard.h"

namespace oarlock {

// So that the epoch after it is still a number, and one that every reader of JSON keeps (2^53 - 1).
inline constexpr std::int64_t kEpochMax = (std::int64_t{1} << 53) - 2;

// `position` counts rounds, so it means the same on every rank.
struct Cursor {
  std::int64_t epoch = 0;
  std::int64_t position = 0;
  std::uint64_t seed = 0;
};

// What fixes the order of the samples, besides how many there are.
struct OrderIdentity {
  bool shuffle = false;
  std::string description;      // Sampler::description
  bool is_length_known = true;  // else the host tells, epoch by epoch, how many samples or batches there are
  bool depends_on_seed = false;
  std::uint64_t seed = 0;
};

// Members: epoch, position, seed (as text: it has 64 bits), shuffle, order (the description, unless it is empty),
// num_samples, batch_size, world_size, split_batches, drop_last, even_batches. For batches that the host makes they
// count batches.
JsonValue cursor_to_json(const Cursor& cursor, const OrderIdentity& order, const BatchShardOptions& shard);

// Where a loader over `shard` goes on after `state`. Exact or refused:
// - Another world size, batch size or split_batches: allowed where the samples that were done make whole rounds of the
//   new size, at the start and at the end of an epoch; else OAR_E_ARGUMENT with both round sizes.
// - Another number of samples, shuffle switched, other weights or another list: OAR_E_ARGUMENT, because the order is
//   another one.
// - Another seed: OAR_E_ARGUMENT when the loader's own was asked for (has_own_seed), else the state's is taken.
// OAR_E_CORRUPT or OAR_E_ARGUMENT: not a state that cursor_to_json wrote.
Result<Cursor> cursor_from_json(const JsonValue& state, const OrderIdentity& order, bool has_own_seed,
                                const BatchShard& shard);
// OAR_E_CORRUPT: it has none, or one out of range.
Result<std::int64_t> epoch_of_state(const JsonValue& state);

// The same for a loader over a stream, whose number of samples is unknown: `at_end` says that the last batch of the
// epoch has been given. Members: stream (true), at_end, and those above without shuffle and num_samples.
struct StreamCursor {
  Cursor cursor;
  bool at_end = false;
};
JsonValue stream_cursor_to_json(const StreamCursor& cursor, const BatchShardOptions& shard);
// Another world size or batch size as above. OAR_E_ARGUMENT also for the state of a loader over numbered samples.
Result<StreamCursor> stream_cursor_from_json(const JsonValue& state, const BatchShard& shard);

}  // namespace oarlock
