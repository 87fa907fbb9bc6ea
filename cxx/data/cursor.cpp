#include "data/cursor.h"

#include <limits>
#include <string>
#include <string_view>

#include "base/text.h"

namespace oarlock {
namespace {

// What a state says of the loader that wrote it.
struct SavedLoader {
  Cursor cursor;
  bool shuffle = false;
  std::string order;
  BatchShardOptions shard;
};

Result<std::int64_t> read_count(const JsonValue& state, std::string_view key, std::int64_t least) {
  OAR_ASSIGN(const JsonValue* const member, state.at(key));
  Result<std::int64_t> value = member->as_int64();
  if (!value.is_ok()) return std::move(value).status().within(key);
  if (value.value() < least) return corrupt("{} must be >= {}, got {}", key, least, value.value());
  return value;
}

Result<bool> read_flag(const JsonValue& state, std::string_view key) {
  OAR_ASSIGN(const JsonValue* const member, state.at(key));
  Result<bool> value = member->as_bool();
  if (!value.is_ok()) return std::move(value).status().within(key);
  return value;
}

Result<std::uint64_t> read_seed(const JsonValue& state) {
  OAR_ASSIGN(const JsonValue* const member, state.at("seed"));
  OAR_ASSIGN(const std::string text, member->as_string());
  if (const std::optional<std::uint64_t> seed = parse_number<std::uint64_t>(text)) return *seed;
  return corrupt("seed is not a number of 64 bits: '{}'", text);
}

// What both kinds of state have.
Result<SavedLoader> parse_common(const JsonValue& state) {
  SavedLoader saved;
  OAR_ASSIGN(saved.cursor.epoch, epoch_of_state(state));
  OAR_ASSIGN(saved.cursor.position, read_count(state, "position", 0));
  OAR_ASSIGN(saved.cursor.seed, read_seed(state));
  OAR_ASSIGN(saved.shard.batch_size, read_count(state, "batch_size", 1));
  OAR_ASSIGN(const std::int64_t world_size, read_count(state, "world_size", 1));
  if (world_size > std::numeric_limits<int>::max()) return corrupt("world_size is too large: {}", world_size);
  saved.shard.world_size = static_cast<int>(world_size);
  OAR_ASSIGN(saved.shard.split_batches, read_flag(state, "split_batches"));
  OAR_ASSIGN(saved.shard.drop_last, read_flag(state, "drop_last"));
  OAR_ASSIGN(saved.shard.even_batches, read_flag(state, "even_batches"));
  return saved;
}

Result<SavedLoader> parse_state(const JsonValue& state) {
  if (state.find("stream") != nullptr)
    return invalid_argument("the state is that of a loader over a stream; this one's samples have numbers");
  OAR_ASSIGN(SavedLoader saved, parse_common(state));
  OAR_ASSIGN(saved.shuffle, read_flag(state, "shuffle"));
  if (const JsonValue* order = state.find("order"); order != nullptr) {
    OAR_ASSIGN(saved.order, order->as_string());
  }
  OAR_ASSIGN(saved.shard.num_samples, read_count(state, "num_samples", 0));
  return saved;
}

std::string_view named(const std::string& order) {
  return order.empty() ? "every sample once" : std::string_view(order);
}

Status check_same_order(const SavedLoader& saved, const OrderIdentity& order, bool has_own_seed,
                        const BatchShard& shard) {
  if (saved.order != order.description) {
    return invalid_argument("the state was saved with another order; saved: {}; now: {}", named(saved.order),
                            named(order.description));
  }
  const std::int64_t num_samples = shard.options().num_samples;
  const bool is_begun = order.is_length_known || saved.cursor.position > 0;
  if (is_begun && saved.shard.num_samples != num_samples) {
    return invalid_argument(
        "the state was saved over a data set of another size, so its order is another one; "
        "saved {} samples, now {}",
        saved.shard.num_samples, num_samples);
  }
  if (saved.shuffle != order.shuffle) {
    return invalid_argument("the state was saved with another order; saved with shuffle {}, now {}", saved.shuffle,
                            order.shuffle);
  }
  if (order.depends_on_seed && has_own_seed && saved.cursor.seed != order.seed) {
    return invalid_argument(
        "the state was saved with another seed; saved {}, now {}; create the loader with the saved seed "
        "or with none",
        saved.cursor.seed, order.seed);
  }
  return Status::ok();
}

void set_common(JsonValue& state, const Cursor& cursor, const BatchShardOptions& shard) {
  state.set("epoch", JsonValue::integer(cursor.epoch));
  state.set("position", JsonValue::integer(cursor.position));
  state.set("seed", JsonValue::string(std::to_string(cursor.seed)));
  state.set("batch_size", JsonValue::integer(shard.batch_size));
  state.set("world_size", JsonValue::integer(shard.world_size));
  state.set("split_batches", JsonValue::boolean(shard.split_batches));
  state.set("drop_last", JsonValue::boolean(shard.drop_last));
  state.set("even_batches", JsonValue::boolean(shard.even_batches));
}

// The rounds of `shard` that the saved ones make.
Result<std::int64_t> rounds_done(const SavedLoader& saved, const BatchShard& saved_shard, const BatchShard& shard) {
  std::int64_t samples_done = 0;
  if (__builtin_mul_overflow(saved.cursor.position, saved_shard.samples_per_round(), &samples_done)) {
    return corrupt("the state contradicts itself: {} rounds of {} samples", saved.cursor.position,
                   saved_shard.samples_per_round());
  }
  if (samples_done % shard.samples_per_round() != 0) {
    return invalid_argument(
        "the state lies inside a round of this loader: {} samples are done of rounds of {} (batch_size {}, world_size "
        "{}), "
        "here a round has {} (batch_size {}, world_size {}); resume with a round that divides {}, or from an epoch's "
        "end",
        samples_done, saved_shard.samples_per_round(), saved.shard.batch_size, saved.shard.world_size,
        shard.samples_per_round(), shard.options().batch_size, shard.options().world_size, samples_done);
  }
  return samples_done / shard.samples_per_round();
}

Result<BatchShard> shard_of(const SavedLoader& saved) {
  Result<BatchShard> shard = BatchShard::create(saved.shard);
  if (!shard.is_ok()) return corrupt("the state contradicts itself: {}", shard.status().message());
  return shard;
}

}  // namespace

Result<std::int64_t> epoch_of_state(const JsonValue& state) {
  OAR_ASSIGN(const std::int64_t epoch, read_count(state, "epoch", 0));
  if (epoch > kEpochMax) return corrupt("epoch must be <= {}, got {}", kEpochMax, epoch);
  return epoch;
}

JsonValue cursor_to_json(const Cursor& cursor, const OrderIdentity& order, const BatchShardOptions& shard) {
  JsonValue state = JsonValue::object();
  set_common(state, cursor, shard);
  state.set("shuffle", JsonValue::boolean(order.shuffle));
  if (!order.description.empty()) state.set("order", JsonValue::string(order.description));
  state.set("num_samples", JsonValue::integer(shard.num_samples));
  return state;
}

Result<Cursor> cursor_from_json(const JsonValue& state, const OrderIdentity& order, bool has_own_seed,
                                const BatchShard& shard) {
  OAR_ASSIGN(const SavedLoader saved, parse_state(state));
  OAR_TRY(check_same_order(saved, order, has_own_seed, shard));
  OAR_ASSIGN(const BatchShard saved_shard, shard_of(saved));
  const std::int64_t num_saved_rounds = saved_shard.num_rounds();
  if (saved.cursor.position > num_saved_rounds) {
    return corrupt("the state contradicts itself: position {} of {} rounds", saved.cursor.position, num_saved_rounds);
  }
  Cursor cursor = saved.cursor;
  if (!order.depends_on_seed) cursor.seed = order.seed;
  if (num_saved_rounds > 0 && saved.cursor.position == num_saved_rounds) {
    cursor.position = shard.num_rounds();
    return cursor;
  }
  OAR_ASSIGN(cursor.position, rounds_done(saved, saved_shard, shard));
  return cursor;
}

JsonValue stream_cursor_to_json(const StreamCursor& cursor, const BatchShardOptions& shard) {
  JsonValue state = JsonValue::object();
  set_common(state, cursor.cursor, shard);
  state.set("stream", JsonValue::boolean(true));
  state.set("at_end", JsonValue::boolean(cursor.at_end));
  return state;
}

Result<StreamCursor> stream_cursor_from_json(const JsonValue& state, const BatchShard& shard) {
  if (state.find("stream") == nullptr) {
    return invalid_argument(
        "the state is that of a loader over numbered samples, or none at all; this one reads a "
        "stream");
  }
  OAR_ASSIGN(const SavedLoader saved, parse_common(state));
  OAR_ASSIGN(const bool at_end, read_flag(state, "at_end"));
  OAR_ASSIGN(const BatchShard saved_shard, shard_of(saved));
  StreamCursor cursor{saved.cursor, at_end};
  if (!at_end) {
    OAR_ASSIGN(cursor.cursor.position, rounds_done(saved, saved_shard, shard));
  }
  return cursor;
}

}  // namespace oarlock
