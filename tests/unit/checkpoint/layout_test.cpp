#include "checkpoint/layout.h"

#include <gtest/gtest.h>

#include "checkpoint/retention.h"

namespace oarlock {
namespace {

struct SplitCase {
  const char* directory;
  const char* parent;
  const char* name;
};

class SplitPath : public ::testing::TestWithParam<SplitCase> {};

TEST_P(SplitPath, GivesParentAndName) {
  const auto split = split_checkpoint_path(GetParam().directory);
  ASSERT_TRUE(split.is_ok()) << split.status().message();
  EXPECT_EQ(split.value().parent, GetParam().parent);
  EXPECT_EQ(split.value().name, GetParam().name);
}

INSTANTIATE_TEST_SUITE_P(Table, SplitPath,
                         ::testing::Values(SplitCase{"a/b/c", "a/b", "c"}, SplitCase{"/a", "/", "a"},
                                           SplitCase{"a", ".", "a"}, SplitCase{"a/b//", "a", "b"},
                                           SplitCase{"/x/checkpoint_3/", "/x", "checkpoint_3"}));

TEST(SplitPath, RefusesPathsWithoutAName) {
  for (const char* directory : {"", "/", "//", ".", "..", "a/.", "a/..", "a/.x.incomplete-0123456789abcdef"}) {
    const auto split = split_checkpoint_path(directory);
    EXPECT_EQ(split.status().code(), OAR_E_ARGUMENT) << directory;
  }
}

TEST(TemporaryName, IsHiddenAndKnownAgain) {
  const std::string name = temporary_name("checkpoint_3", 0xabc);
  EXPECT_EQ(name, ".checkpoint_3.incomplete-0000000000000abc");
  EXPECT_TRUE(is_temporary_name(name));
  EXPECT_TRUE(is_temporary_name_of(name, "checkpoint_3"));
  EXPECT_FALSE(is_temporary_name_of(name, "checkpoint_30"));
  EXPECT_FALSE(checkpoint_number(name).has_value());
}

TEST(TemporaryName, LeavesOtherPeoplesNamesAlone) {
  for (const char* name :
       {"checkpoint_3", ".bashrc", "x.incomplete-0123456789abcdef", ".x.incomplete-0123456789abcdeg",
        ".x.incomplete-0123456789abcde", "..incomplete-0123456789abcdef", ".x.partial-0123456789abcdef"}) {
    EXPECT_FALSE(is_temporary_name(name)) << name;
  }
}

TEST(CheckpointNumber, ReadsOnlyWhatNumberedNameWrites) {
  EXPECT_EQ(checkpoint_number("checkpoint_0"), 0);
  EXPECT_EQ(checkpoint_number("checkpoint_10"), 10);
  EXPECT_EQ(checkpoint_number("checkpoint_9223372036854775807"), INT64_MAX);
  for (const char* name :
       {"checkpoint_", "checkpoint_01", "checkpoint_-1", "checkpoint_1x", "checkpoint_9223372036854775808",
        "checkpoint_ 1", "Checkpoint_1", "checkpoint_+1", "mycheckpoint_1"}) {
    EXPECT_FALSE(checkpoint_number(name).has_value()) << name;
  }
}

TEST(PlainName, StaysInItsDirectory) {
  EXPECT_TRUE(is_plain_name("model.safetensors"));
  EXPECT_TRUE(is_plain_name("random_state-0"));
  for (const char* name :
       {"", ".", "..", "../model", "/etc/passwd", "a/b", ".hidden", "a b", "a\nb", "caf\xc3\xa9", "a\\b"}) {
    EXPECT_FALSE(is_plain_name(name)) << name;
  }
  EXPECT_FALSE(is_plain_name(std::string("a\0b", 3)));
  EXPECT_FALSE(is_plain_name(std::string(201, 'a')));
}

struct RetentionCase {
  std::vector<std::int64_t> numbers;
  std::int64_t current;
  int limit;
  std::vector<std::int64_t> removed;
};

class PlanRetention : public ::testing::TestWithParam<RetentionCase> {};

TEST_P(PlanRetention, KeepsTheNewestAndTheCurrent) {
  EXPECT_EQ(plan_retention(GetParam().numbers, GetParam().current, GetParam().limit), GetParam().removed);
}

INSTANTIATE_TEST_SUITE_P(Table, PlanRetention,
                         ::testing::Values(RetentionCase{{0, 1, 2}, 2, 0, {}},      // 0: no limit
                                           RetentionCase{{0, 1, 2}, 2, 3, {}},      // exactly full
                                           RetentionCase{{0, 1, 2}, 2, 2, {0}},     //
                                           RetentionCase{{0, 1, 2}, 2, 1, {0, 1}},  // only the current one
                                           RetentionCase{{10, 9, 11}, 11, 2, {9}},  // by number, not by text
                                           RetentionCase{
                                               {5, 6, 1}, 1, 2, {5}},  // the current is kept although it is oldest
                                           RetentionCase{{3}, 3, 1, {}}));

}  // namespace
}  // namespace oarlock
