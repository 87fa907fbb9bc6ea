#include "parallel/ddp/bucket.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace oarlock {
namespace {

using Table = std::vector<std::vector<std::size_t>>;

constexpr at::ScalarType f = at::kFloat;
constexpr at::ScalarType h = at::kHalf;

struct PlanCase {
  const char* why;
  std::vector<std::pair<std::int64_t, at::ScalarType>> parameters;
  std::int64_t first_bytes_max, bytes_max;
  Table table;
};

Table table_of(const std::vector<Bucket>& plan) {
  Table table;
  for (const Bucket& bucket : plan) {
    table.emplace_back();
    for (const BucketSlot& slot : bucket.slots) table.back().push_back(slot.parameter);
  }
  return table;
}

std::vector<BucketItem> items_of(const PlanCase& c) {
  std::vector<BucketItem> items;
  for (const auto& [numel, dtype] : c.parameters) items.push_back({numel, dtype, at::kCPU});
  return items;
}

class PlanBuckets : public testing::TestWithParam<PlanCase> {};

TEST_P(PlanBuckets, EqualsTorchOverTheReversedList) {
  const auto plan = plan_buckets(items_of(GetParam()), GetParam().first_bytes_max, GetParam().bytes_max);
  ASSERT_TRUE(plan.is_ok());
  EXPECT_EQ(table_of(plan.value()), GetParam().table) << GetParam().why;
}

// The tables were printed by torch.distributed._compute_bucket_assignment_by_size of torch 2.11.0.
INSTANTIATE_TEST_SUITE_P(
    Table, PlanBuckets,
    testing::Values(
        PlanCase{"a small first bucket",
                 {{10, f}, {10, f}, {10, f}, {10, f}, {10, f}, {10, f}},
                 40,
                 100,
                 {{5}, {4, 3, 2}, {1, 0}}},
        PlanCase{"one byte: each alone", {{10, f}, {10, f}, {10, f}}, 1, 1, {{2}, {1}, {0}}},
        PlanCase{"all fit one", {{10, f}, {10, f}, {10, f}}, 10000, 10000, {{2, 1, 0}}},
        PlanCase{"dtypes apart", {{10, f}, {10, h}, {10, f}, {10, h}, {10, f}}, 80, 80, {{4, 2}, {3, 1}, {0}}},
        PlanCase{
            "a first limit per dtype", {{10, f}, {10, h}, {10, f}, {10, h}, {10, f}}, 40, 10000, {{4}, {3, 1}, {2, 0}}},
        PlanCase{"larger than a bucket", {{1, f}, {1000, f}, {1, f}}, 100, 200, {{2, 1}, {0}}},
        PlanCase{"a parameter without elements", {{0, f}, {5, f}}, 20, 200, {{1}, {0}}},
        PlanCase{"no parameter", {}, 20, 200, {}}));

TEST(PlanBuckets, SlotsLieOneAfterAnother) {
  const std::vector<BucketItem> items = {{3, f, at::kCPU}, {4, f, at::kCPU}, {5, f, at::kCPU}};
  const auto plan = plan_buckets(items, 1000, 1000);
  ASSERT_TRUE(plan.is_ok());
  const Bucket& bucket = plan.value().front();
  EXPECT_EQ(bucket.numel, 12);
  EXPECT_EQ(bucket.slots[0].offset, 0);  // parameter 2
  EXPECT_EQ(bucket.slots[1].offset, 5);  // parameter 1
  EXPECT_EQ(bucket.slots[2].offset, 9);  // parameter 0
}

TEST(PlanBuckets, RefusesALimitOfZero) {
  EXPECT_EQ(plan_buckets({}, 0, 100).status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(plan_buckets({}, 100, 0).status().code(), OAR_E_ARGUMENT);
}

}  // namespace
}  // namespace oarlock
