// Sends and receives of ranks as threads that share memory.
#include <ATen/ATen.h>

#include <algorithm>
#include <future>
#include <thread>

#include "comm/backends/shm/channel.h"
#include "comm/collectives.h"
#include "thread_world.h"

namespace oarlock {
namespace {

constexpr Milliseconds kStandard{0};

Status run(Group& group, Result<Call> call) { return group.run(call.value()); }

std::shared_ptr<Work> start(Group& group, Result<Call> call) { return group.start(std::move(call).value()).value(); }

// Element i is 1000 rank + number + i, in a dtype that holds it.
at::Tensor message(int rank, int number, std::int64_t numel) {
  return at::arange(numel, at::kDouble) + (1000.0 * rank + number);
}

class ShmTransfers : public testing::TestWithParam<std::int64_t> {};

// None, in the post, one line, about a piece, more than a ring of two ranks holds.
INSTANTIATE_TEST_SUITE_P(Elements, ShmTransfers, testing::Values(0, 1, 3, 4, 9, 8191, 8193, 200001));

TEST_P(ShmTransfers, EveryPairExchangesManyInOrder) {
  for (const int size : {2, 3, 5}) {
    run_shm_world(size, [size, numel = GetParam()](Group& group) {
      constexpr int kEach = 5;
      std::vector<std::shared_ptr<Work>> works;
      std::vector<at::Tensor> got;
      for (int number = 0; number < kEach; ++number) {
        for (int peer = 0; peer < size; ++peer) {
          if (peer == group.rank()) continue;
          works.push_back(start(group, make_send(group, message(group.rank(), number, numel), peer, kStandard)));
        }
      }
      for (int number = 0; number < kEach; ++number) {
        for (int peer = size - 1; peer >= 0; --peer) {
          got.push_back(at::zeros({numel}, at::kDouble));
          if (peer == group.rank()) continue;
          works.push_back(start(group, make_receive(group, got.back(), peer, kStandard)));
        }
      }
      for (const auto& work : works) ASSERT_TRUE(work->wait(kStandard).is_ok()) << work->error().message();
      for (int number = 0; number < kEach; ++number) {
        for (int peer = size - 1; peer >= 0; --peer) {
          const at::Tensor& tensor = got[static_cast<std::size_t>(number * size + size - 1 - peer)];
          if (peer == group.rank()) continue;
          EXPECT_TRUE(at::equal(tensor, message(peer, number, numel)));
        }
      }
      EXPECT_TRUE(group.barrier(kStandard).is_ok());
    });
  }
}

TEST_P(ShmTransfers, WhoWaitsAtOncePlaysPingPong) {
  run_shm_world(2, [numel = GetParam()](Group& group) {
    const at::Tensor ball = message(0, 0, numel).clone();
    for (int i = 0; i < 50; ++i) {
      const bool sends = (i + group.rank()) % 2 == 0;
      if (sends) ball.add_(1);
      ASSERT_TRUE(run(group, sends ? make_send(group, ball, 1 - group.rank(), kStandard)
                                   : make_receive(group, ball, 1 - group.rank(), kStandard))
                      .is_ok());
    }
    EXPECT_TRUE(at::equal(ball, message(0, 50, numel)));
    EXPECT_TRUE(group.barrier(kStandard).is_ok());
  });
}

TEST(ShmTransfer, AnyStridesGoAndCome) {
  run_shm_world(2, [](Group& group) {
    const at::Tensor whole = message(0, 0, 60000).view({200, 300});
    if (group.rank() == 0) {
      ASSERT_TRUE(run(group, make_send(group, whole.t(), 1, kStandard)).is_ok());
    } else {
      const at::Tensor place = at::zeros({300, 600}, at::kDouble);
      ASSERT_TRUE(run(group, make_receive(group, place.slice(1, 0, 600, 3), 0, kStandard)).is_ok());
      EXPECT_TRUE(at::equal(place.slice(1, 0, 600, 3), whole.t()));
      EXPECT_EQ(place.slice(1, 1, 600, 3).abs().max().item<double>(), 0.0);
    }
    EXPECT_TRUE(group.barrier(kStandard).is_ok());
  });
}

// With nobody waiting: a thread of the group moves what does not fit the ring.
TEST(ShmTransfer, WhatWasStartedGoesOnWhileNobodyWaits) {
  run_shm_world(2, [](Group& group) {
    const at::Tensor tensor = group.rank() == 0 ? message(0, 0, 300000) : at::zeros({300000}, at::kDouble);
    const auto work = start(
        group, group.rank() == 0 ? make_send(group, tensor, 1, kStandard) : make_receive(group, tensor, 0, kStandard));
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!work->is_done() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    ASSERT_TRUE(work->is_done());
    EXPECT_TRUE(work->error().is_ok());
    EXPECT_TRUE(at::equal(tensor, message(0, 0, 300000)));
    EXPECT_TRUE(group.barrier(kStandard).is_ok());
  });
}

TEST(ShmTransfer, RanksExchangeWhileRankZeroDoesNothing) {
  std::promise<void> exchanged;
  std::shared_future<void> is_exchanged = exchanged.get_future().share();
  std::atomic<int> num_done{0};
  run_shm_world(3, [&](Group& group) {
    if (group.rank() == 0) {
      EXPECT_EQ(is_exchanged.wait_for(std::chrono::seconds(20)), std::future_status::ready);
      EXPECT_TRUE(group.barrier(kStandard).is_ok());
      return;
    }
    const int peer = 3 - group.rank();
    const at::Tensor got = at::zeros({100000}, at::kDouble);
    const auto work = start(group, make_send(group, message(group.rank(), 0, 100000), peer, kStandard));
    EXPECT_TRUE(run(group, make_receive(group, got, peer, kStandard)).is_ok());
    EXPECT_TRUE(work->wait(kStandard).is_ok());
    EXPECT_TRUE(at::equal(got, message(peer, 0, 100000)));
    if (++num_done == 2) exchanged.set_value();
    EXPECT_TRUE(group.barrier(kStandard).is_ok());
  });
}

TEST(ShmTransfer, ASendThatNobodyReceivesNamesThePeerWhenItsTimeIsOver) {
  for (const bool is_started : {false, true}) {
    run_shm_world(3, [is_started](Group& group) {
      if (group.rank() != 0) {
        EXPECT_EQ(group.barrier(kStandard).code(), OAR_E_TIMEOUT);
        return;
      }
      Result<Call> call = make_send(group, at::zeros({4}), 2, Milliseconds(100));
      const Status status = is_started ? start(group, std::move(call))->wait(kStandard) : group.run(call.value());
      EXPECT_EQ(status.code(), OAR_E_TIMEOUT);
      EXPECT_EQ(status.info().rank, 2);
      EXPECT_NE(status.message().find("rank 2 did not receive it"), std::string::npos) << status.message();
    });
  }
}

TEST(ShmTransfer, WhatWasSentBeforeARankLeftStillComes) {
  std::promise<void> left;
  std::shared_future<void> has_left = left.get_future().share();
  run_shm_world(3, [&](Group& group) {
    const at::Tensor tensor = group.rank() == 2 ? message(2, 0, 1000) : at::zeros({1000}, at::kDouble);
    if (group.rank() == 2) {
      EXPECT_TRUE(run(group, make_send(group, tensor, 1, kStandard)).is_ok());
      group.close();
      return left.set_value();
    }
    if (group.rank() == 0) {
      EXPECT_EQ(has_left.wait_for(std::chrono::seconds(20)), std::future_status::ready);
      EXPECT_EQ(group.barrier(Milliseconds(20000)).code(), OAR_E_PEER_LOST);
      return;
    }
    EXPECT_TRUE(run(group, make_receive(group, tensor, 2, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(tensor, message(2, 0, 1000)));
    EXPECT_EQ(has_left.wait_for(std::chrono::seconds(20)), std::future_status::ready);
    const Status status = run(group, make_receive(group, tensor, 2, kStandard));
    EXPECT_EQ(status.code(), OAR_E_PEER_LOST);
    EXPECT_EQ(status.info().rank, 2);
  });
}

TEST(ShmTransfer, AnAbortEndsWhatWaitsAndWhatWasStarted) {
  std::promise<void> about_to_wait;
  run_shm_world(2, [&](Group& group) {
    if (group.rank() == 1) {
      ASSERT_EQ(about_to_wait.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
      EXPECT_TRUE(group.abort("enough").is_ok());
      return;
    }
    const auto work = start(group, make_send(group, at::zeros({4}), 1, kStandard));
    about_to_wait.set_value();
    EXPECT_EQ(run(group, make_receive(group, at::zeros({4}), 1, kStandard)).code(), OAR_E_ABORTED);
    EXPECT_EQ(work->wait(kStandard).code(), OAR_E_ABORTED);
  });
}

TEST(ShmTransfer, ClosingEndsWhatWasStarted) {
  run_shm_world(2, [](Group& group) {
    const auto work = start(group, make_receive(group, at::zeros({4}), 1 - group.rank(), kStandard));
    group.close();
    EXPECT_NE(work->wait(kStandard).code(), OAR_OK);  // or the peer had left before
    EXPECT_EQ(run(group, make_send(group, at::zeros({4}), 1 - group.rank(), kStandard)).code(), OAR_E_STATE);
  });
}

TEST(ShmTransfer, MemoryGrowsWithTheRanksAndNotWithTheirPairs) {
  EXPECT_LE(Channel::memory_bytes(2), std::size_t{520} << 10);
  EXPECT_LE(Channel::memory_bytes(256), std::size_t{96} << 20);
}

}  // namespace
}  // namespace oarlock
