// Single turns of the protocol that the simulation found wrong once. Rank 0 of three, told what happens.
#include "comm/star_protocol.h"

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

namespace oarlock {
namespace {

using TimePoint = StarProtocol::TimePoint;
const TimePoint kStart{std::chrono::seconds(1000)};
constexpr Milliseconds kTimeout{10000};
constexpr std::int64_t kInlineBytes = 8;

class NoShell : public StarProtocol::Shell {
 public:
  void send(int rank, std::shared_ptr<const std::string> frame) override {
    FrameHeader header;
    std::memcpy(&header, frame->data(), sizeof(header));
    sent.emplace_back(rank, header.type);
  }
  void close_connection(int) override {}
  void move_data(const std::shared_ptr<Operation>&) override {}
  void advance(const Operation&, FlightRecorder::Phase) override {}
  void finish(const std::shared_ptr<Operation>& operation, Status status) override {
    operation->finish(std::move(status));
  }
  Status declare_dead(Status status, bool) override { return failure = std::move(status); }
  void stop_moving_data() override {}
  void warn(const std::string&) override {}
  std::optional<Activity> activity_elsewhere() override { return std::nullopt; }

  std::vector<std::pair<int, FrameType>> sent;
  Status failure = Status::ok();
};

Star star_of(int rank) {
  Star star;
  star.rank = rank;
  star.world_size = 3;
  star.members = {{100, "host", "host"}, {101, "host", "host"}, {102, "host", "host"}};
  star.inline_bytes = kInlineBytes;
  return star;
}

std::shared_ptr<Operation> operation_of(Signature signature) {
  auto operation = std::make_shared<Operation>();
  signature.sequence = 1;
  signature.dtype = static_cast<std::int8_t>(c10::kFloat);
  operation->signature = signature;
  operation->timeout = kTimeout;
  operation->tensor = at::zeros({signature.numel});
  return operation;
}
std::shared_ptr<Operation> large_sum() {
  return operation_of({.numel = 100, .op = Operator::kAllReduce, .reduce_op = 1});
}

Frame frame_of(const std::string& bytes) {
  FrameHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  return Frame{header.type, bytes.substr(sizeof(header))};
}
Frame arrival_of_rank(int rank, const Operation& operation, bool with_payload = false) {
  return frame_of(pack_arrival(operation, rank, with_payload));
}
Frame goodbye_after(std::uint64_t sequence) {
  return frame_of(std::move(FrameWriter(FrameType::kGoodbye).put(sequence)).finish());
}

// All three move the data of operation 1.
class MovingData : public testing::Test {
 protected:
  MovingData() : hub_(star_of(0), Milliseconds(2000), shell_), operation_(large_sum()) {
    hub_.submit(operation_, kStart);
    for (int rank : {1, 2}) hub_.receive(rank, arrival_of_rank(rank, *operation_), kStart);
  }
  NoShell shell_;
  StarProtocol hub_;
  std::shared_ptr<Operation> operation_;
};

TEST_F(MovingData, WhoLeavesInTheMiddleIsNamedAtOnce) {
  hub_.receive(2, goodbye_after(0), kStart);
  ASSERT_EQ(operation_->status().code(), OAR_E_PEER_LOST);
  EXPECT_EQ(operation_->status().info().rank, 2);
}

TEST_F(MovingData, WhoLeavesAfterItsOwnPartIsNoFailure) {
  hub_.receive(2, goodbye_after(1), kStart);
  hub_.end_transfer(Status::ok(), kStart);
  EXPECT_TRUE(operation_->is_done());
  EXPECT_TRUE(operation_->status().is_ok());
}

TEST_F(MovingData, RankZeroAsksWhoIsSilentForARankWhoseDataDoesNotCome) {
  hub_.end_transfer(Status::ok(), kStart);  // its own has come
  const TimePoint late = kStart + kTimeout;
  FrameWriter stalled(FrameType::kStalled);
  hub_.receive(1, frame_of(std::move(stalled.put(operation_->signature).put(kTimeout.count())).finish()), late);
  hub_.receive(1, Frame{FrameType::kPresent, ""}, late);
  hub_.check_timers(late + StarProtocol::kProbeMax);
  ASSERT_EQ(shell_.failure.code(), OAR_E_TIMEOUT);
  EXPECT_EQ(shell_.failure.info().rank, 2);
  EXPECT_NE(shell_.failure.message().find("during operation 1, all_reduce(sum of 100 float32) within 10.0 s"),
            std::string::npos)
      << shell_.failure.message();
}

TEST_F(MovingData, WhoWaitsForDataIsNotLateForTheNextOperation) {
  const auto next = operation_of({.op = Operator::kBarrier});
  next->signature.sequence = 2;
  hub_.receive(1, arrival_of_rank(1, *next), kStart);  // its data came early
  hub_.check_timers(kStart + kTimeout);
  hub_.receive(1, Frame{FrameType::kPresent, ""}, kStart + kTimeout);
  hub_.check_timers(kStart + kTimeout + StarProtocol::kProbeMax);
  EXPECT_NE(operation_->status().message().find("rank 2 gave no sign of life"), std::string::npos)
      << operation_->status().message();
}

TEST(MovingDataElsewhere, ARankWhoseDataDoesNotComeAsksRankZeroBeforeItBlamesIt) {
  NoShell shell;
  StarProtocol protocol(star_of(1), Milliseconds(2000), shell);
  const auto operation = large_sum();
  protocol.submit(operation, kStart);
  FrameWriter verdict(FrameType::kVerdict);
  protocol.receive(0, frame_of(std::move(verdict.put<std::uint64_t>(1).put<std::uint8_t>(0)).finish()), kStart);
  protocol.check_timers(kStart + kTimeout);
  EXPECT_EQ(shell.sent.back(), std::pair(0, FrameType::kStalled));
  EXPECT_FALSE(operation->is_done());
  protocol.check_timers(kStart + kTimeout + StarProtocol::kHubGrace);
  ASSERT_EQ(operation->status().code(), OAR_E_TIMEOUT);
  EXPECT_EQ(operation->status().info().rank, 0);
}

TEST(LargeSend, WhoLeavesBeforeItsDataIsFetchedIsNamedAtOnce) {
  NoShell shell;
  StarProtocol hub(star_of(0), Milliseconds(2000), shell);
  const auto receive = operation_of({.numel = 100, .root = 1, .op = Operator::kReceive});
  hub.submit(receive, kStart);
  hub.receive(1, arrival_of_rank(1, *operation_of({.numel = 100, .root = 0, .op = Operator::kSend})), kStart);
  ASSERT_EQ(shell.sent.back(), std::pair(1, FrameType::kPull));
  hub.receive(1, goodbye_after(0), kStart);
  ASSERT_EQ(receive->status().code(), OAR_E_PEER_LOST);
  EXPECT_EQ(receive->status().info().rank, 1);
}

TEST(Repeated, AnArrivalIsNotTakenForTheNextOperation) {
  NoShell shell;
  StarProtocol hub(star_of(0), Milliseconds(2000), shell);
  const auto barrier = operation_of({.op = Operator::kBarrier});
  hub.submit(barrier, kStart);
  for (int rank : {1, 2}) hub.receive(rank, arrival_of_rank(rank, *barrier), kStart);
  ASSERT_TRUE(barrier->is_done());
  hub.receive(1, arrival_of_rank(1, *barrier), kStart);
  EXPECT_EQ(shell.failure.code(), OAR_E_VERSION);
}

TEST(Repeated, ASendIsNotTakenForTheNext) {
  NoShell shell;
  StarProtocol hub(star_of(0), Milliseconds(2000), shell);
  const auto receive = operation_of({.numel = 1, .root = 1, .op = Operator::kReceive});
  const Frame send = arrival_of_rank(1, *operation_of({.numel = 1, .root = 0, .op = Operator::kSend}), true);
  hub.submit(receive, kStart);
  hub.receive(1, send, kStart);
  ASSERT_TRUE(receive->status().is_ok() && receive->is_done());
  hub.receive(1, send, kStart);
  const auto next = operation_of({.numel = 1, .root = 1, .op = Operator::kReceive});
  next->signature.sequence = 2;
  hub.submit(next, kStart);
  EXPECT_EQ(next->status().code(), OAR_E_VERSION);
}

}  // namespace
}  // namespace oarlock
