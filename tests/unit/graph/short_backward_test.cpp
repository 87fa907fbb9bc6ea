#include "graph/short_backward.h"

#include <ATen/ATen.h>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/anomaly_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/function_hook.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "graph/operator_index.h"
#include "graph/short_call.h"

namespace oarlock {
namespace {

using Tensors = std::vector<at::Tensor>;

at::Tensor leaf(at::IntArrayRef sizes) { return at::randn(sizes).set_requires_grad(true); }

struct BackwardCase {
  const char* name;
  std::function<Tensors()> leaves;
  std::function<at::Tensor(const Tensors&)> loss;
};

at::Tensor short_linear(const at::Tensor& input, const at::Tensor& weight) {
  torch::jit::Stack stack{input, weight, c10::IValue()};
  EXPECT_TRUE(short_call(find_operator("aten::linear").value().schema())(stack));
  return stack[0].toTensor();
}

class ShortBackward : public testing::TestWithParam<BackwardCase> {};

Tensors gradients_of(const BackwardCase& given, bool is_short) {
  at::manual_seed(4);
  const Tensors leaves = given.leaves();
  for (int i = 0; i < 2; ++i) {  // the second is added to the first
    const at::Tensor loss = given.loss(leaves);
    const bool went = is_short && short_backward(loss);
    EXPECT_EQ(went, is_short);
    if (!is_short) torch::autograd::backward({loss}, {});
  }
  Tensors gradients;
  for (const at::Tensor& one : leaves) gradients.push_back(one.grad());
  return gradients;
}

TEST_P(ShortBackward, HasTheBitsOfTheEngine) {
  const Tensors mine = gradients_of(GetParam(), true), theirs = gradients_of(GetParam(), false);
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    ASSERT_EQ(mine[i].defined(), theirs[i].defined()) << "gradient " << i;
    if (!mine[i].defined()) continue;
    EXPECT_EQ(mine[i].layout(), theirs[i].layout()) << "gradient " << i;
    EXPECT_TRUE(at::equal(mine[i].to_dense(), theirs[i].to_dense())) << "gradient " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, ShortBackward,
    testing::Values(BackwardCase{"a residual chain",
                                 [] {
                                   return Tensors{leaf({6, 8}), leaf({8, 8}), leaf({8})};
                                 },
                                 [](const Tensors& of) {
                                   at::Tensor x = of[0];
                                   for (int i = 0; i < 4; ++i)
                                     x = x + at::linear(at::layer_norm(x, {8}, of[2]), of[1], of[2]).relu();
                                   return x.pow(2).mean();
                                 }},
                    BackwardCase{
                        "a value that many use: the order of the sum", [] { return Tensors{leaf({50})}; },
                        [](const Tensors& of) {
                          const at::Tensor x = of[0] * 3;
                          return (x.sin() * 1e3 + x.cos() * 1e-3 + x.exp() + x.tanh() * 7 + x * x + x.sigmoid()).sum();
                        }},
                    BackwardCase{"outputs of which some go nowhere",
                                 [] {
                                   return Tensors{leaf({4, 12})};
                                 },
                                 [](const Tensors& of) {
                                   const Tensors parts = of[0].split(4, 1);
                                   return parts[0].sum() + std::get<0>(parts[2].topk(2)).mean();
                                 }},
                    BackwardCase{"our own nodes",
                                 [] {
                                   return Tensors{leaf({2, 3, 8}), leaf({8, 8})};
                                 },
                                 [](const Tensors& of) {
                                   return short_linear(short_linear(of[0], of[1]).tanh(), of[1]).pow(2).sum();
                                 }},
                    BackwardCase{"a sparse and a dense gradient of one weight",
                                 [] {
                                   return Tensors{leaf({9, 4})};
                                 },
                                 [](const Tensors& of) {
                                   const at::Tensor indices = at::tensor({1, 3, 3, 8});
                                   return at::embedding(of[0], indices, -1, false, /*sparse=*/true).pow(2).sum() +
                                          of[0].exp().sum();
                                 }},
                    BackwardCase{"a sparse gradient alone",
                                 [] {
                                   return Tensors{leaf({9, 4})};
                                 },
                                 [](const Tensors& of) {
                                   return at::embedding(of[0], at::tensor({1, 3}), -1, false, /*sparse=*/true).sum();
                                 }},
                    BackwardCase{"a leaf that no gradient reaches",
                                 [] {
                                   return Tensors{leaf({3}), leaf({3})};
                                 },
                                 [](const Tensors& of) { return of[0].sum() + (of[1].detach() * of[0]).sum(); }},
                    BackwardCase{"gradients that are broadcast",
                                 [] {
                                   return Tensors{leaf({5, 1}), leaf({7})};
                                 },
                                 [](const Tensors& of) { return (of[0] * of[1]).sin().sum(); }},
                    BackwardCase{"a gradient of another type", [] { return Tensors{leaf({5})}; },
                                 [](const Tensors& of) { return (of[0].to(at::kDouble) * 3.5).sum(); }},
                    BackwardCase{"a convolution and its statistics",
                                 [] {
                                   return Tensors{leaf({2, 3, 8, 8}), leaf({4, 3, 3, 3}), leaf({4}), leaf({4})};
                                 },
                                 [](const Tensors& of) {
                                   const at::Tensor x = at::conv2d(of[0], of[1]);
                                   return at::batch_norm(x, of[2], of[3], {}, {}, true, 0.1, 1e-5, false).relu().mean();
                                 }},
                    BackwardCase{"the loss is the leaf", [] { return Tensors{leaf({})}; },
                                 [](const Tensors& of) { return of[0]; }}),
    [](const auto& info) { return "Case" + std::to_string(info.index); });

// Numbers of nodes begin anew in each thread, and a sum of three has another rounding in another order.
at::Tensor gradient_of_tied_nodes(bool is_short) {
  at::manual_seed(6);
  const at::Tensor x = leaf({64}), y = x * 3;
  std::vector<at::Tensor> parts;
  for (int i = 0; i < 6; ++i) {
    std::thread([&] { parts.push_back(y * at::full({64}, std::pow(7.0, i))); }).join();
  }
  at::Tensor sum = parts[0];
  for (std::size_t i = 1; i < parts.size(); ++i) sum = sum + parts[i].sin();
  const at::Tensor loss = sum.sum();
  if (is_short) {
    EXPECT_TRUE(short_backward(loss));
  } else {
    torch::autograd::backward({loss}, {});
  }
  return x.grad();
}

TEST(ShortBackwardTies, HaveTheBitsOfTheEngine) {
  std::vector<at::Tensor> kept;  // so that nodes lie elsewhere each time
  for (int i = 0; i < 20; ++i) {
    kept.push_back(at::rand({i + 1}).set_requires_grad(true).exp());
    EXPECT_TRUE(at::equal(gradient_of_tied_nodes(true), gradient_of_tied_nodes(false)));
  }
}

TEST(ShortBackwardErrors, ASecondBackwardIsRefusedInLibtorchsWords) {
  const at::Tensor x = leaf({3}), loss = x.exp().sum();
  ASSERT_TRUE(short_backward(loss));
  try {
    (void)short_backward(loss);
    FAIL() << "it was not refused";
  } catch (const c10::Error& error) {
    EXPECT_NE(std::string(error.what()).find("through the graph a second time"), std::string::npos) << error.what();
  }
}

TEST(ShortBackwardErrors, GivesUpWhatTheHistorySaved) {
  const at::Tensor x = leaf({3}), factor = at::ones({3}), loss = (x * factor).sum();
  const auto saved = factor.use_count();
  ASSERT_TRUE(short_backward(loss));
  EXPECT_LT(factor.use_count(), saved);
}

class LiveMemory : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, std::int64_t size, std::size_t, std::size_t, c10::Device) override {
    live += size;
    peak = std::max(peak, live);
  }
  bool memoryProfilingEnabled() const override { return true; }
  std::int64_t live = 0, peak = 0;
};

// Above what was live before, in bytes.
std::int64_t peak_of_backward(bool is_short) {
  at::Tensor value = leaf({4096});
  for (int i = 0; i < 32; ++i) value = value.sin();
  const at::Tensor loss = value.sum();
  const auto memory = std::make_shared<LiveMemory>();
  const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, memory);
  if (!is_short || !short_backward(loss)) torch::autograd::backward({loss}, {});
  return memory->peak;
}

TEST(ShortBackwardMemory, HoldsNoMoreThanTheEngine) {
  const std::int64_t theirs = peak_of_backward(false);
  EXPECT_GT(theirs, 0);
  EXPECT_LE(peak_of_backward(true), theirs);
}

TEST(ShortBackwardErrors, LeavesTheGradModeOfTheThread) {
  ASSERT_TRUE(short_backward(leaf({3}).sum()));
  EXPECT_TRUE(c10::GradMode::is_enabled());
}

struct OfAHost : torch::autograd::Function<OfAHost> {
  static at::Tensor forward(torch::autograd::AutogradContext*, const at::Tensor& x) { return x * 2; }
  static Tensors backward(torch::autograd::AutogradContext*, const Tensors& gradients) { return {gradients[0] * 2}; }
};

struct CountingHook : torch::autograd::PostAccumulateGradHook {
  void operator()(const torch::autograd::Variable&) override {}
};

// Refused is: nothing was done.
void expect_refused(const at::Tensor& x, const at::Tensor& loss, const char* why) {
  EXPECT_FALSE(short_backward(loss)) << why;
  EXPECT_FALSE(x.grad().defined()) << why;
  torch::autograd::backward({loss}, {});
  EXPECT_TRUE(x.grad().defined()) << why;
}

TEST(ShortBackwardRefuses, HooksOfEveryKind) {
  const at::Tensor a = leaf({3});
  a.register_hook([](const at::Tensor&) {});
  expect_refused(a, a.sum(), "of a leaf");
  const at::Tensor b = leaf({3}), doubled = b * 2;
  doubled.register_hook([](const at::Tensor&) {});
  expect_refused(b, doubled.sum(), "of a value");
  const at::Tensor c = leaf({3}), kept = c * 2;
  kept.retain_grad();
  expect_refused(c, kept.sum(), "a retained gradient");
  EXPECT_TRUE(kept.grad().defined());
  const at::Tensor d = leaf({3});
  torch::autograd::impl::set_post_acc_grad_hooks(d, std::make_unique<CountingHook>());
  expect_refused(d, d.sum(), "after accumulation: data parallelism, observers of units");
}

TEST(ShortBackwardRefuses, NodesOfOthers) {
  const at::Tensor x = leaf({3});
  expect_refused(x, OfAHost::apply(x).sum(), "a function of a host");
  const at::Tensor y = leaf({4, 3}), copy = y * 1;
  copy.select(0, 1).mul_(3);  // CopySlices, which may hold anybody's function
  expect_refused(y, copy.sum(), "a write to a view");
}

TEST(ShortBackwardRefuses, AnomalyDetection) {
  const at::Tensor x = leaf({3}), loss = x.sum();
  torch::autograd::AnomalyMode::set_enabled(true);
  const bool went = short_backward(loss);
  torch::autograd::AnomalyMode::set_enabled(false);
  EXPECT_FALSE(went);
}

TEST(ShortBackwardRefuses, InsideOfABackward) {
  const at::Tensor x = leaf({3}), doubled = x * 2, inner = leaf({3});
  bool went = true;
  doubled.register_hook([&](const at::Tensor&) {
    const c10::AutoGradMode grad(true);
    went = short_backward((inner * 2).sum());
  });
  torch::autograd::backward({doubled.sum()}, {});
  EXPECT_FALSE(went);
}

}  // namespace
}  // namespace oarlock
