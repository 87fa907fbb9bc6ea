#include "data/cursor.h"

#include <gtest/gtest.h>

namespace oarlock {
namespace {

BatchShard shard_of(std::int64_t num_samples, std::int64_t batch_size, int world_size, bool split = false) {
  BatchShardOptions options;
  options.num_samples = num_samples;
  options.batch_size = batch_size;
  options.world_size = world_size;
  options.split_batches = split;
  return BatchShard::create(options).value();
}

const OrderIdentity kShuffled{true, "", true, true, 7};

OrderIdentity shuffled_by(std::uint64_t seed) { return {true, "", true, true, seed}; }

JsonValue state_at(std::int64_t epoch, std::int64_t position) {
  return cursor_to_json({epoch, position, 7}, kShuffled, shard_of(100, 8, 2).options());
}

TEST(Cursor, ComesBackFromItsJson) {
  const Cursor saved{3, 5, 0xffffffffffffffffULL};
  const JsonValue state = parse_json(cursor_to_json(saved, kShuffled, shard_of(100, 8, 2).options()).dump()).value();
  const Cursor read = cursor_from_json(state, shuffled_by(1), false, shard_of(100, 8, 2)).value();
  EXPECT_EQ(read.epoch, 3);
  EXPECT_EQ(read.position, 5);
  EXPECT_EQ(read.seed, 0xffffffffffffffffULL);
}

struct ResumeCase {
  std::int64_t position;  // of 7 rounds of 16 samples: batch 8 on 2 ranks, 100 samples
  std::int64_t batch_size;
  int world_size;
  bool split;
  std::int64_t expected;  // -1: refused
};

class CursorResume : public testing::TestWithParam<ResumeCase> {};

TEST_P(CursorResume, KeepsTheSamplesDoneOrRefuses) {
  const ResumeCase& row = GetParam();
  const Result<Cursor> cursor = cursor_from_json(state_at(1, row.position), kShuffled, true,
                                                 shard_of(100, row.batch_size, row.world_size, row.split));
  if (row.expected < 0) {
    ASSERT_FALSE(cursor.is_ok());
    EXPECT_EQ(cursor.status().code(), OAR_E_ARGUMENT);
    EXPECT_NE(cursor.status().message().find(fmt::format("{} samples are done", row.position * 16)), std::string::npos);
  } else {
    ASSERT_TRUE(cursor.is_ok()) << cursor.status().message();
    EXPECT_EQ(cursor.value().position, row.expected);
    EXPECT_EQ(cursor.value().epoch, 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Table, CursorResume,
                         testing::Values(ResumeCase{3, 8, 2, false, 3},   // as it was
                                         ResumeCase{3, 8, 1, false, 6},   // half the ranks: twice the rounds
                                         ResumeCase{4, 8, 4, false, 2},   // twice the ranks
                                         ResumeCase{3, 8, 4, false, -1},  // 48 samples are no rounds of 32
                                         ResumeCase{3, 16, 4, true, 3},   // 16 split over 4
                                         ResumeCase{0, 5, 3, false, 0},   // an epoch's start fits everything
                                         ResumeCase{7, 5, 3, false, 7},   // and so does its end: 7 rounds of 15
                                         ResumeCase{7, 50, 1, false, 2}));

struct BadState {
  const char* key;
  JsonValue value;
  oar_status code;
};

class CursorRefuses : public testing::TestWithParam<BadState> {};

TEST_P(CursorRefuses, AStateThatIsNotOfThisOrder) {
  JsonValue state = state_at(1, 3);
  state.set(GetParam().key, GetParam().value);
  const Result<Cursor> cursor = cursor_from_json(state, kShuffled, true, shard_of(100, 8, 2));
  ASSERT_FALSE(cursor.is_ok());
  EXPECT_EQ(cursor.status().code(), GetParam().code) << cursor.status().message();
}

INSTANTIATE_TEST_SUITE_P(Table, CursorRefuses,
                         testing::Values(BadState{"num_samples", JsonValue::integer(99), OAR_E_ARGUMENT},
                                         BadState{"shuffle", JsonValue::boolean(false), OAR_E_ARGUMENT},
                                         BadState{"order", JsonValue::string("other weights"), OAR_E_ARGUMENT},
                                         BadState{"order", JsonValue::integer(1), OAR_E_ARGUMENT},
                                         BadState{"seed", JsonValue::string("8"), OAR_E_ARGUMENT},
                                         BadState{"seed", JsonValue::string("7x"), OAR_E_CORRUPT},
                                         BadState{"seed", JsonValue::string("18446744073709551616"), OAR_E_CORRUPT},
                                         BadState{"position", JsonValue::integer(8), OAR_E_CORRUPT},
                                         BadState{"position", JsonValue::integer(-1), OAR_E_CORRUPT},
                                         BadState{"epoch", JsonValue::integer(-1), OAR_E_CORRUPT},
                                         BadState{"epoch", JsonValue::integer(std::int64_t{1} << 53), OAR_E_CORRUPT},
                                         BadState{"epoch", JsonValue::string("one"), OAR_E_ARGUMENT},
                                         BadState{"batch_size", JsonValue::integer(0), OAR_E_CORRUPT},
                                         BadState{"world_size", JsonValue::integer(std::int64_t{1} << 40),
                                                  OAR_E_CORRUPT}));

TEST(Cursor, RefusesAStateThatLacksAKey) {
  for (const char* key : {"epoch", "position", "seed", "shuffle", "num_samples", "batch_size", "world_size",
                          "split_batches", "drop_last", "even_batches"}) {
    JsonValue partial = JsonValue::object();
    const JsonValue whole = state_at(1, 3);
    for (const auto& [name, value] : whole.members()) {
      if (name != key) partial.set(name, value);
    }
    const Result<Cursor> cursor = cursor_from_json(partial, kShuffled, true, shard_of(100, 8, 2));
    ASSERT_FALSE(cursor.is_ok()) << key;
    EXPECT_EQ(cursor.status().code(), OAR_E_CORRUPT);
    EXPECT_NE(cursor.status().message().find(key), std::string::npos) << cursor.status().message();
  }
}

TEST(Cursor, TakesTheSavedSeedWhenNoneWasAskedFor) {
  const Result<Cursor> cursor = cursor_from_json(state_at(0, 1), shuffled_by(99), false, shard_of(100, 8, 2));
  ASSERT_TRUE(cursor.is_ok());
  EXPECT_EQ(cursor.value().seed, 7U);
}

// Where the host gives the orders, a state from an epoch's start says nothing of how much it has.
TEST(Cursor, ComparesTheHostsLengthOnlyInsideAnEpoch) {
  const OrderIdentity hosts{false, "the host's order", false, false, 7};
  const auto resume = [&](std::int64_t position) {
    const JsonValue state = cursor_to_json({2, position, 7}, hosts, shard_of(position == 0 ? 0 : 64, 8, 2).options());
    return cursor_from_json(state, hosts, false, shard_of(100, 8, 2)).status().code();
  };
  EXPECT_EQ(resume(0), OAR_OK);
  EXPECT_EQ(resume(1), OAR_E_ARGUMENT);
}

}  // namespace
}  // namespace oarlock
