// Gradients of a real group move while the backward pass goes on.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>

#include "comm/star_group.h"
#include "doubles/slow_transport.h"
#include "parallel/ddp/reducer.h"
#include "unit/comm/thread_world.h"

namespace oarlock {
namespace {

constexpr Milliseconds kTimeout{30000};

// What happens in a step of one rank, in order; who has to wait for something of it does.
class Events {
 public:
  void add(const std::string& event) {
    std::lock_guard lock(mutex_);
    events_.push_back(event);
    changed_.notify_all();
  }
  void wait_for(const std::string& event) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kTimeout, [&] { return std::count(events_.begin(), events_.end(), event) > 0; });
  }
  std::vector<std::string> all() {
    std::lock_guard lock(mutex_);
    return events_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> events_;
};

// Each way waits for the other: a backward pass that waited for its first bucket would never reach its end.
TEST(Overlap, TheFirstBucketMovesWhileTheBackwardGoesOn) {
  constexpr std::int64_t kNumel = 4096;
  std::array<Events, 2> events;
  const auto make = [&events](Star star) -> Result<std::shared_ptr<Group>> {
    Events& own = events[static_cast<std::size_t>(star.rank)];
    auto engine = std::make_unique<StarEngine>(std::move(star), StarEngine::Limits());
    engine->set_transport(doubles::slow_gloo([&own](const TransferJob&) {
      own.add("a bucket moves");
      own.wait_for("the backward pass is at the first layer");
    }));
    return make_star_group(std::move(engine), kTimeout);
  };
  const auto train = [&events](Result<std::shared_ptr<Group>> made_group) {
    ASSERT_TRUE(made_group.is_ok()) << made_group.status().message();
    const std::shared_ptr<Group> group = std::move(made_group).value();
    Events& own = events[static_cast<std::size_t>(group->rank())];
    const NamedTensors layers{{"first", at::ones({kNumel}).requires_grad_()},
                              {"last", at::ones({kNumel}).requires_grad_()}};
    auto reducer = Reducer::create(layers, group, {1, 1, false});
    ASSERT_TRUE(reducer.is_ok());
    const at::Tensor between = layers[0].tensor * 2;
    between.register_hook([&own](at::Tensor gradient) {
      own.wait_for("a bucket moves");
      own.add("the backward pass is at the first layer");
      return gradient;
    });
    const at::Tensor loss = (between * layers[1].tensor).sum();
    ASSERT_TRUE(reducer.value()->prepare(kTimeout).is_ok());
    torch::autograd::backward({loss}, {});
    ASSERT_TRUE(reducer.value()->finish(kTimeout).is_ok());
    reducer.value().reset();
    group->close();
  };
  run_world_of(2, make, train, /*inline_bytes=*/0);
  for (Events& of_a_rank : events) {
    EXPECT_EQ(of_a_rank.all(), (std::vector<std::string>{"a bucket moves", "the backward pass is at the first layer",
                                                         "a bucket moves"}));
  }
}

}  // namespace
}  // namespace oarlock
