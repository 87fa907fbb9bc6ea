// Trees of tensors on a device, over the libnccl and the device that the CPU plays: the leaves' values by closed form,
// and that they went by NCCL.
#include <ATen/ATen.h>

#include "comm/nested.h"
#include "fake_operators.h"
#include "nccl_world.h"

TORCH_LIBRARY_IMPL(aten, CUDA, library) { library.impl("copy_", TORCH_FN(fake::copy_on_host)); }
TORCH_LIBRARY_IMPL(_, CUDA, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&fake::run_on_host>());
}

namespace oarlock {
namespace {

constexpr Milliseconds kStandard{0};
constexpr std::int64_t kLargeRows = 40000;  // travels alone
using fake::on_device;
using fake::on_host;

// Small leaves of two dtypes and without dimensions, a transposed and a large one on the device, one of the CPU.
Tree sample(int rank) {
  Tree map{Tree::Map()};
  map.set("small", Tree(on_device(at::full({2, 3}, rank, at::kFloat))));
  map.set("scalar", Tree(on_device(at::scalar_tensor(rank, at::kFloat))));
  map.set("integers", Tree(on_device(at::full({4}, 10 * rank, at::kLong))));
  map.set("turned", Tree(on_device(at::arange(6, at::kFloat).view({2, 3}).t() + rank)));
  map.set("large", Tree(on_device(at::full({kLargeRows}, rank, at::kFloat))));
  map.set("host", Tree(at::full({2}, rank, at::kFloat)));
  return map;
}

at::Tensor at_path(const Tree& tree, const char* path) {
  const at::Tensor& leaf = *tree.at_path(path).value()->tensor();
  EXPECT_EQ(leaf.is_cuda(), std::string_view(path) != "host") << path;
  return leaf.is_cuda() ? on_host(leaf) : leaf;
}

class NestedOnDevice : public testing::Test {
 protected:
  void SetUp() override {
    set_fault(kFakeNone);
    take_calls();
  }
};

TEST_F(NestedOnDevice, GatherJoinsRowsInRankOrder) {
  run_nccl_world(3, [](Group& group) {
    const Result<Tree> gathered = gather_tree(group, sample(group.rank()), kStandard);
    ASSERT_TRUE(gathered.is_ok()) << gathered.status().message();
    const Tree& tree = gathered.value();
    EXPECT_TRUE(at::equal(at_path(tree, "scalar"), at::tensor({0.0f, 1.0f, 2.0f})));
    EXPECT_TRUE(
        at::equal(at_path(tree, "integers"), at::tensor({0, 0, 0, 0, 10, 10, 10, 10, 20, 20, 20, 20}, at::kLong)));
    const at::Tensor turned = at::arange(6, at::kFloat).view({2, 3}).t();
    EXPECT_TRUE(at::equal(at_path(tree, "turned"), at::cat({turned, turned + 1, turned + 2})));
    EXPECT_TRUE(at::equal(at_path(tree, "host"), at::tensor({0.0f, 0.0f, 1.0f, 1.0f, 2.0f, 2.0f})));
    EXPECT_TRUE(at::equal(at_path(tree, "large"), at::arange(3, at::kFloat).repeat_interleave(kLargeRows)));
    EXPECT_EQ(at_path(tree, "small").sizes(), (std::vector<std::int64_t>{6, 3}));
  });
  EXPECT_NE(take_calls().find('G'), std::string::npos);
}

TEST_F(NestedOnDevice, ReduceSumsIntoNewTensors) {
  run_nccl_world(2, [](Group& group) {
    const Tree mine = sample(group.rank());
    const Result<Tree> reduced = reduce_tree(group, mine, ReduceOp::kSum, kStandard);
    ASSERT_TRUE(reduced.is_ok()) << reduced.status().message();
    EXPECT_TRUE(at::equal(at_path(reduced.value(), "small"), at::ones({2, 3})));
    EXPECT_EQ(at_path(reduced.value(), "scalar").item<float>(), 1);
    EXPECT_TRUE(at::equal(at_path(reduced.value(), "integers"), at::full({4}, 10, at::kLong)));
    EXPECT_TRUE(at::equal(at_path(reduced.value(), "turned"), at::arange(6, at::kFloat).view({2, 3}).t() * 2 + 1));
    EXPECT_TRUE(at::equal(at_path(reduced.value(), "large"), at::ones({kLargeRows})));
    EXPECT_TRUE(at::equal(at_path(reduced.value(), "host"), at::ones({2})));
    EXPECT_TRUE(at::equal(at_path(mine, "small"), at::full({2, 3}, group.rank(), at::kFloat)));
  });
  EXPECT_NE(take_calls().find('R'), std::string::npos);
}

TEST_F(NestedOnDevice, BroadcastWritesTheRootsValuesInPlace) {
  run_nccl_world(2, [](Group& group) {
    const Tree mine = sample(group.rank());
    const Status status = broadcast_tree(group, mine, 1, kStandard);
    ASSERT_TRUE(status.is_ok()) << status.message();
    EXPECT_TRUE(at::equal(at_path(mine, "small"), at::ones({2, 3})));
    EXPECT_EQ(at_path(mine, "scalar").item<float>(), 1);
    EXPECT_TRUE(at::equal(at_path(mine, "turned"), at::arange(6, at::kFloat).view({2, 3}).t() + 1));
    EXPECT_TRUE(at::equal(at_path(mine, "large"), at::ones({kLargeRows})));
    EXPECT_TRUE(at::equal(at_path(mine, "host"), at::ones({2})));
  });
  EXPECT_NE(take_calls().find('B'), std::string::npos);
}

TEST_F(NestedOnDevice, MetricsOfUnequallyManyRowsAreJoinedExactly) {
  run_nccl_world(2, [](Group& group) {
    const Tree mine{Tree::List{Tree(on_device(at::full({1 + group.rank(), 2}, group.rank(), at::kFloat)))}};
    const auto all = [](std::int64_t rows) { return rows; };
    const Result<Tree> gathered = gather_samples(group, mine, false, all, kStandard);
    ASSERT_TRUE(gathered.is_ok()) << gathered.status().message();
    EXPECT_TRUE(
        at::equal(at_path(gathered.value(), "0"), at::tensor({0.0f, 0.0f, 1.0f, 1.0f, 1.0f, 1.0f}).view({3, 2})));
  });
}

TEST_F(NestedOnDevice, ALeafOnTheDeviceOfOneRankOnlyIsAnErrorOnAll) {
  run_nccl_world(2, [](Group& group) {
    const at::Tensor host = at::ones({3});
    const Tree mine{Tree::List{Tree(group.rank() == 0 ? host : on_device(host))}};
    const Status status = reduce_tree(group, mine, ReduceOp::kSum, kStandard).status();
    EXPECT_EQ(status.code(), OAR_E_MISMATCH) << status.message();
    EXPECT_NE(status.message().find("on a device"), std::string::npos) << status.message();
  });
}

TEST_F(NestedOnDevice, ObjectsAreOfTheCpu) {
  run_nccl_world(2, [](Group& group) {
    const Tree list{Tree::List{Tree(on_device(at::ones({3})))}};
    const Status status = gather_objects(group, list, kStandard).status();
    EXPECT_EQ(status.code(), OAR_E_UNSUPPORTED);
    EXPECT_NE(status.message().find("cuda:0"), std::string::npos) << status.message();
  });
}

}  // namespace
}  // namespace oarlock
