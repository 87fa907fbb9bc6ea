// What a rank that gathers survivors does with those who are none; the rest is the simulator's.
#include "comm/muster.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "comm/muster_messages.h"

namespace oarlock {
namespace {

using TimePoint = Clock::TimePoint;
const TimePoint kNow{std::chrono::seconds(1000)};

Muster::Plan plan_of(int rank, int world_size) {
  Muster::Plan plan;
  plan.rank = rank;
  for (int other = 0; other < world_size; ++other) plan.members.push_back(Member{other, "host", "host", "", 1});
  plan.token = "ours";
  plan.timeout = Milliseconds(1000);
  plan.invitation = "here";
  return plan;
}

// Remembers what is asked of it.
struct Script : Muster::Shell {
  std::vector<int> dialled;
  std::vector<Muster::Line> closed;
  std::vector<FrameType> sent;
  void dial(int rank) override { dialled.push_back(rank); }
  void send(Muster::Line, std::string frame) override {
    FrameHeader header;
    std::memcpy(&header, frame.data(), sizeof(header));
    sent.push_back(header.type);
  }
  void close(Muster::Line line) override { closed.push_back(line); }
  void warn(const std::string&) override {}
};

Frame frame_of(const std::string& bytes) {
  FrameHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  return {header.type, bytes.substr(sizeof(header))};
}

Frame arrival(const std::string& token, int rank) {
  return frame_of(pack_muster_call(FrameType::kSurvivor, {token, rank, 1, Milliseconds(1000)}));
}

Status refused() { return Status(OAR_E_IO, "connect: refused").with_vendor_code(ECONNREFUSED); }

TEST(Muster, ARankWithoutAPortIsNotWaitedFor) {
  Script shell;
  Muster::Plan plan = plan_of(0, 3);
  plan.members[1].port = 0;
  Muster muster(plan, shell, kNow);
  muster.start(kNow);
  EXPECT_EQ(shell.dialled, std::vector<int>{2});
  muster.miss(2, refused(), kNow);
  muster.settle(kNow);
  ASSERT_TRUE(muster.is_over());
  EXPECT_EQ(muster.outcome().value().ranks, std::vector<int>{0});
}

struct Stranger {
  const char* why;
  Frame frame;
};

class StrangerIsTurnedAway : public testing::TestWithParam<Stranger> {};

TEST_P(StrangerIsTurnedAway, AndDoesNotCount) {
  Script shell;
  const Muster::Plan plan = plan_of(1, 3);
  Muster muster(plan, shell, kNow);
  muster.start(kNow);
  muster.hear(7, GetParam().frame, kNow);
  EXPECT_EQ(shell.closed, std::vector<Muster::Line>{7});
  muster.miss(0, refused(), kNow);
  muster.miss(2, refused(), kNow);
  muster.settle(kNow);
  ASSERT_TRUE(muster.is_over());
  EXPECT_EQ(muster.outcome().value().ranks, std::vector<int>{1});
}

INSTANTIATE_TEST_SUITE_P(
    Table, StrangerIsTurnedAway,
    testing::Values(Stranger{"of another world", arrival("theirs", 2)},
                    Stranger{"a lower rank does not come to a higher one", arrival("ours", 0)},
                    Stranger{"this rank itself", arrival("ours", 1)}, Stranger{"no such rank", arrival("ours", 3)},
                    Stranger{"a negative rank", arrival("ours", -1)},
                    Stranger{"cut short", {FrameType::kSurvivor, "ours"}},
                    Stranger{"a summons from nobody",
                             frame_of(pack_muster_call(FrameType::kSummons, {"ours", 9, 1, Milliseconds(1)}))},
                    Stranger{"a decision that was not asked for", frame_of(pack_decision({Status::ok(), {1, 2}, "x"}))},
                    Stranger{"another frame", {FrameType::kGoodbye, ""}}),
    [](const testing::TestParamInfo<Stranger>& row) { return fmt::format("Row{}", row.index); });

TEST(Muster, AnotherProgramAtARanksPortIsNoSurvivor) {
  Script shell;
  const Muster::Plan plan = plan_of(1, 2);
  Muster muster(plan, shell, kNow);
  muster.start(kNow);
  muster.reach(0, 5, kNow);
  muster.lose(5, Status(OAR_E_VERSION, "a peer does not speak Oarlock's protocol"), kNow);
  muster.settle(kNow);
  ASSERT_TRUE(muster.is_over());
  EXPECT_EQ(muster.outcome().value().ranks, std::vector<int>{1});
}

TEST(Muster, WhoHasNoDescriptorForAnAttemptDoesNotTakeThePeerForDead) {
  Script shell;
  const Muster::Plan plan = plan_of(1, 2);
  Muster muster(plan, shell, kNow);
  muster.start(kNow);
  muster.miss(0, Status(OAR_E_IO, "socket").with_vendor_code(EMFILE), kNow);
  muster.settle(kNow);
  EXPECT_FALSE(muster.is_over());
  muster.settle(kNow + Milliseconds(10));
  EXPECT_EQ(shell.dialled, (std::vector<int>{0, 0}));
}

TEST(Muster, TheLargestMinimumOfAllCounts) {
  Script shell;
  const Muster::Plan plan = plan_of(0, 3);
  Muster muster(plan, shell, kNow);
  muster.start(kNow);
  muster.hear(4, frame_of(pack_muster_call(FrameType::kSurvivor, {"ours", 2, 3, Milliseconds(1000)})), kNow);
  muster.miss(1, refused(), kNow);
  muster.settle(kNow);
  ASSERT_TRUE(muster.is_over());
  EXPECT_EQ(muster.outcome().status().code(), OAR_E_PEER_LOST);
  EXPECT_EQ(muster.outcome().status().info().rank, 1);
  EXPECT_NE(muster.outcome().status().message().find("at least 3"), std::string::npos);
  EXPECT_EQ(shell.sent, (std::vector<FrameType>{FrameType::kAwake, FrameType::kDecision}));
}

TEST(Muster, WhomTheGathererWaitsForIsSaidByAWarning) {
  struct Warned : Script {
    std::string text;
    void warn(const std::string& said) override { text = said; }
  } shell;
  Muster::Plan plan = plan_of(0, 3);
  plan.late = Milliseconds(100);
  Muster muster(plan, shell, kNow);
  muster.start(kNow);
  muster.settle(kNow + Milliseconds(200));
  EXPECT_NE(shell.text.find("ranks 1, 2"), std::string::npos) << shell.text;
}

}  // namespace
}  // namespace oarlock
