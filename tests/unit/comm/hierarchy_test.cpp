// Ranks on several hosts, of which some share one. Data goes in segments of 4 MiB; what is moved here has several.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "comm/collectives.h"
#include "comm/hosts.h"
#include "thread_world.h"

namespace oarlock {
namespace {

constexpr Milliseconds kStandard{0};
constexpr std::int64_t kNumel = 1'300'017;  // whole numbers, so that sums are exact in any order

const std::vector<std::vector<int>> kWorlds{{0, 0, 1, 1}, {0, 1, 0, 1}, {0, 1, 1}, {0, 0, 1, 2, 2}};

Status run(Group& group, Result<Call> made) {
  OAR_ASSIGN(Call call, std::move(made));
  return group.run(call);
}

at::Tensor numbers_of(int rank, std::int64_t numel = kNumel) {
  return at::arange(numel, at::kInt).remainder(1000).to(at::kFloat) * (rank + 1);
}

class Hierarchy : public testing::TestWithParam<std::vector<int>> {
 public:
  void in_world(const std::function<void(Group&)>& fn) const {
    run_world(static_cast<int>(GetParam().size()), fn, 65536, "auto", GetParam());
  }
};

TEST_P(Hierarchy, AllReduceIsTheSumAndTheMeanOfAllRanks) {
  in_world([](Group& group) {
    const int sum = group.size() * (group.size() + 1) / 2;
    at::Tensor tensor = numbers_of(group.rank());
    ASSERT_TRUE(run(group, make_all_reduce(group, tensor, ReduceOp::kSum, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(tensor, numbers_of(0) * sum));
    tensor = numbers_of(group.rank()).to(at::kDouble);
    ASSERT_TRUE(run(group, make_all_reduce(group, tensor, ReduceOp::kAverage, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(tensor, numbers_of(0).to(at::kDouble) * sum / group.size()));
    tensor = numbers_of(group.rank());
    ASSERT_TRUE(run(group, make_all_reduce(group, tensor, ReduceOp::kMax, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(tensor, numbers_of(group.size() - 1)));
  });
}

TEST_P(Hierarchy, EveryRankGetsTheSameBits) {
  in_world([](Group& group) {
    at::Tensor tensor = (numbers_of(group.rank()) * 0.1).to(at::kBFloat16);
    ASSERT_TRUE(run(group, make_all_reduce(group, tensor, ReduceOp::kSum, kStandard)).is_ok());
    const at::Tensor all = at::empty({group.size(), kNumel}, at::kBFloat16);
    ASSERT_TRUE(run(group, make_all_gather(group, tensor.view({1, -1}), all, kStandard)).is_ok());
    for (int rank = 0; rank < group.size(); ++rank) EXPECT_TRUE(at::equal(all[rank], tensor));
  });
}

TEST_P(Hierarchy, ReduceReachesAnyRootAndLeavesTheOthers) {
  in_world([](Group& group) {
    for (int root = 0; root < group.size(); ++root) {
      at::Tensor tensor = numbers_of(group.rank());
      ASSERT_TRUE(run(group, make_reduce(group, tensor, root, ReduceOp::kAverage, kStandard)).is_ok());
      const at::Tensor mean = numbers_of(0) * (group.size() * (group.size() + 1) / 2) / group.size();
      EXPECT_TRUE(at::equal(tensor, group.rank() == root ? mean : numbers_of(group.rank()))) << root;
    }
  });
}

TEST_P(Hierarchy, BroadcastComesFromAnyRoot) {
  in_world([](Group& group) {
    for (int root = 0; root < group.size(); ++root) {
      at::Tensor tensor = numbers_of(group.rank() + 10 * root);
      ASSERT_TRUE(run(group, make_broadcast(group, tensor, root, kStandard)).is_ok());
      EXPECT_TRUE(at::equal(tensor, numbers_of(11 * root))) << root;
    }
  });
}

TEST_P(Hierarchy, PartsStandInTheOrderOfTheRanks) {
  in_world([](Group& group) {
    const int size = group.size();
    const at::Tensor all = at::empty({size, kNumel});
    ASSERT_TRUE(run(group, make_all_gather(group, numbers_of(group.rank()).view({1, -1}), all, kStandard)).is_ok());
    for (int rank = 0; rank < size; ++rank) EXPECT_TRUE(at::equal(all[rank], numbers_of(rank))) << rank;
    const at::Tensor own = at::empty({1, kNumel});
    ASSERT_TRUE(run(group, make_reduce_scatter(group, all, own, ReduceOp::kSum, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(own[0], numbers_of(group.rank()) * size));
    ASSERT_TRUE(run(group, make_reduce_scatter(group, all, own, ReduceOp::kAverage, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(own[0], numbers_of(group.rank())));
  });
}

TEST_P(Hierarchy, WhatGoesBetweenEveryTwoRanksAndWhatGoesOverHostsMayFollowEachOther) {
  in_world([](Group& group) {
    const int size = group.size();
    for (int i = 0; i < 3; ++i) {
      const at::Tensor input = at::full({size, 100'000}, group.rank() + i, at::kFloat),
                       output = at::empty({size, 100'000});
      ASSERT_TRUE(run(group, make_all_to_all(group, input, output, kStandard)).is_ok());
      EXPECT_TRUE(at::equal(output, (at::arange(size) + i).to(at::kFloat).view({-1, 1}).expand({size, 100'000})));
      at::Tensor tensor = numbers_of(group.rank());
      ASSERT_TRUE(run(group, make_all_reduce(group, tensor, ReduceOp::kSum, kStandard)).is_ok());
      EXPECT_TRUE(at::equal(tensor, numbers_of(0) * (size * (size + 1) / 2)));
    }
  });
}

TEST_P(Hierarchy, AnAbortEndsATransferOnEveryRank) {
  in_world([](Group& group) {
    at::Tensor tensor = at::ones({32 << 20});
    Status status = Status::ok();
    // Rank 0 aborts while its peers reduce and reduce; it never calls the tenth itself.
    for (int i = 0; i < 10 && status.is_ok(); ++i) {
      if (group.rank() == 0 && i == 3) status = group.abort("enough");
      if (status.is_ok()) status = run(group, make_all_reduce(group, tensor, ReduceOp::kSum, kStandard));
    }
    EXPECT_EQ(status.code(), OAR_E_ABORTED) << status.message();
    EXPECT_NE(status.message().find("enough"), std::string::npos) << status.message();
  });
}

INSTANTIATE_TEST_SUITE_P(Worlds, Hierarchy, testing::ValuesIn(kWorlds));

TEST(Hosts, AreOrderedByTheirLowestRank) {
  std::vector<Member> members(5);
  const char* const names[] = {"b", "a", "b", "c", "a"};
  for (std::size_t rank = 0; rank < members.size(); ++rank) members[rank].host_id = names[rank];
  const Hosts hosts(members);
  ASSERT_EQ(hosts.size(), 3);
  EXPECT_EQ(hosts.ranks_of(0), (std::vector{0, 2}));
  EXPECT_EQ(hosts.ranks_of(1), (std::vector{1, 4}));
  EXPECT_EQ(hosts.ranks_of(2), (std::vector{3}));
  EXPECT_EQ(hosts.host_of(4), 1);
  EXPECT_EQ(hosts.local_rank_of(4), 1);
  EXPECT_EQ(hosts.leader_of(4), 1);
}

}  // namespace
}  // namespace oarlock
