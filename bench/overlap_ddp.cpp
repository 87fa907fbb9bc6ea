// Does the communication of data-parallel training go on while the backward pass computes? A rank of a world over gloo
// with an injected latency: before each bucket of gradients moves, its transport sleeps.
//
//   overlap_ddp STEPS
//
// The ranks find each other by the launcher's environment. The model is a chain of square layers, one bucket each. The
// latency of a bucket is such that all of them take 0.45 of a step's computing. Rank 0 prints microseconds, medians
// over STEPS: of a step without communication, of its communication alone, of both.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "comm/star_group.h"
#include "doubles/slow_transport.h"
#include "parallel/ddp/reducer.h"

namespace oarlock {
namespace {

using Microseconds = std::chrono::duration<double, std::micro>;

constexpr int kNumLayers = 16, kWidth = 256, kBatch = 2048;
constexpr double kCommunicationShare = 0.45;
constexpr Milliseconds kTimeout{60000};

std::atomic<double> bucket_latency_us = 0;

void require(const Status& status) {
  if (status.is_ok()) return;
  std::fprintf(stderr, "overlap_ddp: %s\n", status.message().c_str());
  std::exit(1);
}

int number_of(const char* variable) {
  const char* const text = std::getenv(variable);
  if (text == nullptr) std::exit(2);
  return std::atoi(text);
}

std::shared_ptr<Group> meet_over_slow_gloo() {
  Meeting meeting;
  meeting.rank = number_of("RANK");
  meeting.world_size = number_of("WORLD_SIZE");
  meeting.address = "127.0.0.1";
  meeting.port = number_of("MASTER_PORT");
  meeting.timeout = kTimeout;
  meeting.inline_bytes = 65536;
  if (meeting.rank == 0) meeting.listener = Descriptor(number_of("OARLOCK_LISTEN_FD"));
  Result<Star> star = meet(std::move(meeting));
  require(star.status());
  auto engine = std::make_unique<StarEngine>(std::move(star).value(), StarEngine::Limits());
  engine->set_transport(doubles::slow_gloo(
      [](const TransferJob&) { std::this_thread::sleep_for(Microseconds(bucket_latency_us.load())); }));
  return make_star_group(std::move(engine), kTimeout);
}

struct Chain {
  Chain() {
    for (int i = 0; i < kNumLayers; ++i) {
      const at::Tensor weight = at::full({kWidth, kWidth}, 1.0 / kWidth).requires_grad_();
      parameters.push_back({"layer" + std::to_string(i), weight});
    }
  }
  at::Tensor loss() const {
    at::Tensor x = input;
    for (const NamedTensor& layer : parameters) x = at::matmul(x, layer.tensor);
    return x.mean();
  }
  NamedTensors parameters;
  at::Tensor input = at::ones({kBatch, kWidth});
};

// Of each of `parts`, which are taken in turns: the machine may change meanwhile.
std::vector<double> medians_us(Group& group, int steps, const std::vector<std::function<void()>>& parts) {
  std::vector<std::vector<double>> times(parts.size());
  for (int i = 0; i <= steps; ++i) {
    for (std::size_t part = 0; part < parts.size(); ++part) {
      require(group.barrier(kTimeout));
      const auto begin = std::chrono::steady_clock::now();
      parts[part]();
      if (i > 0)
        times[part].push_back(Microseconds(std::chrono::steady_clock::now() - begin).count());  // else a warm-up
    }
  }
  std::vector<double> medians;
  for (std::vector<double>& of_part : times) {
    std::sort(of_part.begin(), of_part.end());
    medians.push_back(of_part[of_part.size() / 2]);
  }
  return medians;
}

void run(int steps) {
  const std::shared_ptr<Group> group = meet_over_slow_gloo();
  Chain chain;
  constexpr std::int64_t kLayerBytes = std::int64_t{kWidth} * kWidth * 4;
  auto made = Reducer::create(chain.parameters, group, {kLayerBytes, kLayerBytes, false});
  require(made.status());
  Reducer& reducer = *made.value();
  const auto compute = [&] { torch::autograd::backward({chain.loss()}, {}); };
  const double computing = medians_us(*group, steps, {compute}).front();
  at::Tensor same = at::full({1}, kCommunicationShare * computing / kNumLayers, at::kDouble);
  require(group->broadcast(same, 0, kTimeout).value()->wait(kTimeout));
  bucket_latency_us = same.item<double>();
  std::vector<at::Tensor> buckets;
  for (int i = 0; i < kNumLayers; ++i) buckets.push_back(at::zeros({kWidth, kWidth}));
  const auto communicate = [&] {
    std::vector<std::shared_ptr<Work>> works;
    for (const at::Tensor& bucket : buckets) {
      works.push_back(group->all_reduce(bucket, ReduceOp::kSum, kTimeout).value());
    }
    for (const auto& work : works) require(work->wait(kTimeout));
  };
  const auto do_both = [&] {
    const at::Tensor loss = chain.loss();
    require(reducer.prepare(kTimeout));
    torch::autograd::backward({loss}, {});
    require(reducer.finish(kTimeout));
  };
  const std::vector<double> us = medians_us(*group, steps, {compute, communicate, do_both});
  if (group->rank() == 0) std::printf("%.1f %.1f %.1f\n", us[0], us[1], us[2]);
  made.value().reset();
  group->close();
}

}  // namespace
}  // namespace oarlock

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  oarlock::run(std::atoi(argv[1]));
  return 0;
}
