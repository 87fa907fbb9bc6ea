#include "comm/flight_recorder.h"

#include <gtest/gtest.h>

namespace oarlock {
namespace {

using Phase = FlightRecorder::Phase;

TEST(FlightRecorder, TellsHowAnOperationEnded) {
  FlightRecorder recorder;
  const auto ticket = recorder.begin({.numel = 3, .op = Operator::kAllReduce, .dtype = 6, .reduce_op = 3});
  recorder.advance(ticket, Phase::kAwaitingRanks, 12);
  recorder.advance(ticket, Phase::kFailed, 12, "rank 1 is gone");
  const JsonValue json = recorder.to_json();
  ASSERT_EQ(json.items().size(), 1u);
  const JsonValue& entry = json.items()[0];
  EXPECT_EQ(entry.find("call")->text(), "all_reduce(max of 3 float32)");
  EXPECT_EQ(entry.find("sequence")->text(), "12");
  EXPECT_EQ(entry.find("state")->text(), "failed");
  EXPECT_EQ(entry.find("failed_in")->text(), "awaiting ranks");
  EXPECT_EQ(entry.find("error")->text(), "rank 1 is gone");
  EXPECT_TRUE(entry.find("ended_at_us")->is_number());
}

TEST(FlightRecorder, KeepsTheNewest1024OldestFirst) {
  FlightRecorder recorder;
  for (std::uint64_t i = 1; i <= 1030; ++i) {
    const auto ticket = recorder.begin({.op = Operator::kBarrier});
    recorder.advance(ticket, Phase::kDone, i);
  }
  const JsonValue json = recorder.to_json();
  ASSERT_EQ(json.items().size(), 1024u);
  EXPECT_EQ(json.items().front().find("sequence")->text(), "7");
  EXPECT_EQ(json.items().back().find("sequence")->text(), "1030");
}

TEST(FlightRecorder, ALateAdvanceOfAnOverwrittenEntryChangesNothing) {
  FlightRecorder recorder;
  const auto first = recorder.begin({.op = Operator::kBarrier});
  for (std::size_t i = 0; i < FlightRecorder::kCapacity; ++i) recorder.begin({.op = Operator::kAllGatherBytes});
  recorder.advance(first, Phase::kFailed, 1, "late");
  const JsonValue json = recorder.to_json();
  for (const JsonValue& entry : json.items()) EXPECT_EQ(entry.find("state")->text(), "queued");
}

TEST(FlightRecorder, TheFirstReasonOfTheEndStaysAndIsToldOnce) {
  FlightRecorder recorder;
  int num_told = 0;
  recorder.on_end([&] {
    ++num_told;
    EXPECT_EQ(recorder.report().find("failure")->text(), "rank 1 is gone");
  });
  EXPECT_EQ(recorder.report().find("failure"), nullptr);
  recorder.end("rank 1 is gone");
  recorder.end("rank 2 is gone");
  EXPECT_EQ(recorder.report().find("failure")->text(), "rank 1 is gone");
  EXPECT_EQ(num_told, 1);
  recorder.on_end([&] { ++num_told; });  // asked for too late
  EXPECT_EQ(num_told, 2);
}

}  // namespace
}  // namespace oarlock
