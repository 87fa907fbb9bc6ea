#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>

#include <array>
#include <future>

#include "tensor/memory.h"
#include "thread_world.h"

namespace oarlock {
namespace {

constexpr Milliseconds kStandard{0};
constexpr Milliseconds kForEver = Milliseconds::max();

TEST(StarGroup, ATensorThatRequiresGradientsIsReducedInPlace) {
  for (const std::int64_t inline_bytes : {65536, 0}) {
    run_world(
        2,
        [](Group& group) {
          at::Tensor tensor = at::full({100}, group.rank() + 1.0f).requires_grad_(true);
          ASSERT_TRUE(group.all_reduce(tensor, ReduceOp::kAverage, kStandard).value()->wait(kStandard).is_ok());
          EXPECT_EQ(tensor.sum().item<float>(), 150.0f);
          EXPECT_TRUE(tensor.is_leaf());
        },
        inline_bytes);
  }
}

TEST(StarGroup, AWorkKeepsItsTensorAndGroup) {
  run_world(2, [](Group& group) {
    std::shared_ptr<Work> work = group.all_reduce(at::full({200000}, 1.0f), ReduceOp::kSum, kStandard).value();
    EXPECT_TRUE(work->wait(kStandard).is_ok());
    EXPECT_TRUE(work->is_done());
    EXPECT_TRUE(work->wait(kStandard).is_ok());  // as often as one likes
  });
}

TEST(StarGroup, AWaitThatTimesOutLeavesTheOperationRunning) {
  std::promise<void> timed_out;
  run_world(2, [&](Group& group) {
    at::Tensor tensor = at::full({4}, 1.0f);
    if (group.rank() == 0) {
      std::shared_ptr<Work> work = group.all_reduce(tensor, ReduceOp::kSum, kStandard).value();
      EXPECT_EQ(work->wait(Milliseconds(20)).code(), OAR_E_TIMEOUT);
      timed_out.set_value();
      EXPECT_TRUE(group.barrier(kStandard).is_ok());
      EXPECT_TRUE(work->wait(kStandard).is_ok());
    } else {
      // The fault: a rank that is late.
      ASSERT_EQ(timed_out.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
      EXPECT_TRUE(group.all_reduce(tensor, ReduceOp::kSum, kStandard).is_ok());
      EXPECT_TRUE(group.barrier(kStandard).is_ok());
    }
    EXPECT_EQ(tensor.sum().item<float>(), 8.0f);
  });
}

TEST(Groups, AClosedOneRefusesCallsAndAbortsRunningOnes) {
  const auto close_while_running = [](Group& group) {
    if (group.rank() == 1) return;
    std::shared_ptr<Work> work = group.all_reduce(at::full({4}, 1.0f), ReduceOp::kSum, kStandard).value();
    group.close();
    EXPECT_TRUE(work->is_done());
    EXPECT_NE(work->wait(kStandard).code(), OAR_OK);
    EXPECT_EQ(group.barrier(kStandard).code(), OAR_E_STATE);
  };
  for (const char* backend : {"gloo", "shm"}) run_world(2, close_while_running, 65536, backend);
}

TEST(StarGroup, TheLongestTimeOutMeansForEver) {
  run_world(2, [](Group& group) {
    EXPECT_TRUE(group.barrier(kForEver).is_ok());
    at::Tensor tensor = at::full({4}, 1.0f);
    std::shared_ptr<Work> work = group.all_reduce(tensor, ReduceOp::kSum, kForEver).value();
    EXPECT_TRUE(work->wait(kForEver).is_ok());
  });
}

TEST(StarGroup, ReadOnlyMemoryIsNeverWritten) {
  run_world(2, [](Group& group) {
    std::array<float, 4> memory{};
    const std::array<std::int64_t, 1> shape{4};
    const at::Tensor read_only =
        tensor_over_memory(memory.data(), {at::kFloat, shape, std::nullopt}, nullptr, MemoryAccess::kReadOnly).value();
    EXPECT_EQ(group.all_reduce(read_only, ReduceOp::kSum, kStandard).status().code(), OAR_E_ARGUMENT);
    EXPECT_EQ(group.broadcast(read_only, 0, kStandard).status().code(), OAR_E_ARGUMENT);
    EXPECT_EQ(group.all_gather(at::full({2}, 1.0f), read_only, kStandard).status().code(), OAR_E_ARGUMENT);
    EXPECT_TRUE(group.all_gather(read_only, at::empty({8}, at::kFloat), kStandard).is_ok());  // only read there
    EXPECT_TRUE(group.barrier(kStandard).is_ok());
  });
}

TEST(StarGroup, HistoryTellsWhatWasCalled) {
  run_world(2, [](Group& group) {
    ASSERT_TRUE(group.broadcast_bytes("x", 1, kStandard).is_ok());
    const JsonValue history = group.recorder()->to_json();
    ASSERT_EQ(history.items().size(), 1u);
    EXPECT_EQ(history.items()[0].find("call")->text(), "broadcast_bytes(from rank 1)");
    EXPECT_EQ(history.items()[0].find("state")->text(), "done");
  });
}

}  // namespace
}  // namespace oarlock
