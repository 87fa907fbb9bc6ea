#include "comm/split.h"

#include <gtest/gtest.h>

#include "comm/backends/self.h"
#include "comm/invitation.h"
#include "comm/subgroup.h"

namespace oarlock {
namespace {

using Ranks = std::vector<int>;

TEST(SplitPlan, OrdersByKeyThenByRankAsMpiDoes) {
  const std::vector<SplitEntry> entries{{0, 5}, {7, 0}, {0, 5}, {-1, 0}, {0, -2}};
  EXPECT_EQ(plan_split(entries, 0), (Ranks{4, 0, 2}));
  EXPECT_EQ(plan_split(entries, 2), (Ranks{4, 0, 2}));
  EXPECT_EQ(plan_split(entries, 1), Ranks{1});
}

TEST(SplitPlan, ANegativeColorIsInNoGroup) {
  EXPECT_TRUE(plan_split({{-1, 0}, {-2, 0}}, 0).empty());
  EXPECT_TRUE(plan_split({{-1, 0}, {-2, 0}}, 1).empty());
}

TEST(SplitPlan, GroupsOfAllColorsCoverEveryRankOnce) {
  std::vector<SplitEntry> entries;
  for (int rank = 0; rank < 24; ++rank) entries.push_back({rank % 5, -rank});
  std::vector<int> seen(24, 0);
  for (int rank = 0; rank < 24; ++rank) {
    const Ranks members = plan_split(entries, rank);
    EXPECT_TRUE(std::is_sorted(members.rbegin(), members.rend()));  // by falling key
    if (members.front() == rank) {
      for (const int member : members) ++seen[member];
    }
  }
  EXPECT_EQ(seen, std::vector<int>(24, 1));
}

struct ListCase {
  Ranks ranks;
  const char* part;  // of the error; nullptr: good
};
class SubgroupList : public testing::TestWithParam<ListCase> {};
TEST_P(SubgroupList, IsCheckedBeforeAnythingIsMade) {
  const Status status = check_subgroup(GetParam().ranks, 3);
  if (GetParam().part == nullptr) {
    EXPECT_TRUE(status.is_ok());
    return;
  }
  ASSERT_EQ(status.code(), OAR_E_ARGUMENT);
  EXPECT_NE(status.message().find(GetParam().part), std::string::npos) << status.message();
}
INSTANTIATE_TEST_SUITE_P(Table, SubgroupList,
                         testing::Values(ListCase{{0}, nullptr}, ListCase{{2, 0, 1}, nullptr},
                                         ListCase{{}, "at least one"}, ListCase{{3}, "got 3"},
                                         ListCase{{0, -1}, "ranks[1] must lie in [0, 3), got -1"},
                                         ListCase{{1, 2, 1}, "ranks[0] and ranks[2] are both 1"}));

TEST(SubgroupFailure, NamesTheRanksOfTheWorld) {
  const Status of_two = name_world_ranks(timed_out("rank 1 is late").with_rank(1), {4, 9});
  EXPECT_EQ(of_two.message(), "rank 1 is late (in a group of 2: its ranks 0, 1 are ranks 4, 9 of the world)");
  EXPECT_EQ(of_two.info().rank, 1);
  Ranks many(100);
  for (int rank = 0; rank < 100; ++rank) many[rank] = 1000 + rank;
  const Status of_many = name_world_ranks(timed_out("rank 42 is late").with_rank(42), many);
  EXPECT_EQ(of_many.message(), "rank 42 is late (in a group of 100: its rank 42 is rank 1042 of the world)");
}

TEST(SubgroupFailure, LeavesOutWhatIsNoMatterOfPeers) {
  EXPECT_TRUE(name_world_ranks(Status::ok(), {1}).is_ok());
  EXPECT_EQ(name_world_ranks(invalid_argument("no"), {1}).message(), "no");
}

TEST(Subgroup, OfTheOnlyRankIsAGroup) {
  const std::shared_ptr<Group> world = make_self_group();
  Result<std::shared_ptr<Group>> group = create_subgroup(world, {0}, {Milliseconds(70), Milliseconds(0)});
  ASSERT_TRUE(group.is_ok()) << group.status().message();
  EXPECT_EQ(group.value()->timeout(), Milliseconds(70));
  EXPECT_EQ(group.value()->world(), world.get());
  EXPECT_TRUE(group.value()->barrier(Milliseconds(0)).is_ok());
  Result<std::shared_ptr<Group>> none = split_group(world, -1, 0, {});
  ASSERT_TRUE(none.is_ok());
  EXPECT_EQ(none.value(), nullptr);
}

TEST(Subgroup, OfAnotherWorldSharesNoRanks) {
  const std::shared_ptr<Group> one = make_self_group(), other = make_self_group();
  EXPECT_EQ(translate_rank(*one, 0, *other).status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(translate_rank(*one, 1, *one).status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(translate_rank(*one, 0, *one).value(), 0);
}

TEST(Invitation, SurvivesItsText) {
  const Invitation given{4711, "2001:db8::7", "boot/host", "0123"};
  const Result<Invitation> read = unpack_invitation(pack_invitation(given));
  ASSERT_TRUE(read.is_ok());
  EXPECT_EQ(read.value().port, 4711);
  EXPECT_EQ(read.value().address, given.address);
  EXPECT_EQ(read.value().host_id, given.host_id);
  EXPECT_EQ(read.value().token, given.token);
}

TEST(Invitation, IsRefusedWhereAnythingIsMissing) {
  for (const char* text : {"", "4711\n", "4711\na\nh\n", "4711\na\nh\nt", "0\na\nh\nt\n", "70000\na\nh\nt\n",
                           "x\na\nh\nt\n", "4711\na\nh\n\n", "4711\na\nh\nt\nmore\n"}) {
    EXPECT_EQ(unpack_invitation(text).status().code(), OAR_E_VERSION) << text;
  }
}

}  // namespace
}  // namespace oarlock
