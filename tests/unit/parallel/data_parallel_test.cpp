#include "parallel/ddp/data_parallel.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "doubles/group.h"
#include "doubles/model.h"
#include "parallel/ddp/agreement.h"
#include "parallel/ddp/coalesce.h"

namespace oarlock {
namespace {

constexpr Milliseconds kTimeout{1000};

Options ddp_options(const char* json = "{}") {
  auto options = Options::parse_section("ddp", json);
  EXPECT_TRUE(options.is_ok());
  return std::move(options).value();
}

struct Scene {
  explicit Scene(int rank, const char* options = "{}")
      : weight(at::full({2}, 1.0 + rank).requires_grad_()),
        mean(at::full({3}, 10.0 + rank)),
        count(at::full({}, 7 + rank, at::kLong)),
        model(std::make_shared<doubles::PlainModel>(NamedTensors{{"weight", weight}},
                                                    NamedTensors{{"mean", mean}, {"count", count}})),
        group(std::make_shared<doubles::ScriptedGroup>(rank, 2)) {
    auto made = DataParallel::create(model, group, ddp_options(options), kTimeout);
    EXPECT_TRUE(made.is_ok());
    data_parallel = std::move(made).value();
    group->launched.clear();
  }
  void train_once() {
    ASSERT_TRUE(model->forward(Tree()).is_ok());
    ASSERT_TRUE(data_parallel->before_backward(kTimeout).is_ok());
    torch::autograd::backward({weight.sum()}, {});
    ASSERT_TRUE(data_parallel->after_backward(kTimeout).is_ok());
  }
  at::Tensor weight, mean, count;
  std::shared_ptr<doubles::PlainModel> model;
  std::shared_ptr<doubles::ScriptedGroup> group;
  std::shared_ptr<DataParallel> data_parallel;
};

TEST(DataParallel, TakesRankZerosValuesWhenItIsMade) {
  const at::Tensor theirs = at::full({2}, 1.0).requires_grad_(), ours = at::full({2}, 5.0).requires_grad_();
  const auto model = std::make_shared<doubles::PlainModel>(NamedTensors{{"weight", ours}}, NamedTensors{});
  const auto group = std::make_shared<doubles::ScriptedGroup>(1, 2);
  group->on_broadcast = [&](at::Tensor bytes) { bytes.copy_(pack_bytes({theirs})); };
  ASSERT_TRUE(DataParallel::create(model, group, ddp_options(), kTimeout).is_ok());
  EXPECT_TRUE(at::equal(ours, theirs));
}

TEST(DataParallel, TakesRankZerosFrozenParametersAndBuffersToo) {
  const at::Tensor weight = at::ones({2}).requires_grad_(), frozen = at::full({3}, 5.0), mean = at::full({2}, 5.0);
  const auto model = std::make_shared<doubles::PlainModel>(
      NamedTensors{{"weight", weight}}, NamedTensors{{"mean", mean}}, NamedTensors{{"back", frozen}});
  const auto group = std::make_shared<doubles::ScriptedGroup>(1, 2);
  group->on_broadcast = [](at::Tensor bytes) { bytes.zero_(); };
  ASSERT_TRUE(DataParallel::create(model, group, ddp_options(), kTimeout).is_ok());
  for (const at::Tensor& tensor : {weight, frozen, mean}) EXPECT_TRUE(at::equal(tensor, at::zeros_like(tensor)));
}

TEST(DataParallel, AFrozenParameterOfAnotherShapeIsAMismatchThatNamesIt) {
  const auto model =
      std::make_shared<doubles::PlainModel>(NamedTensors{}, NamedTensors{}, NamedTensors{{"back", at::zeros({3})}});
  const auto group = std::make_shared<doubles::ScriptedGroup>(0, 2);
  int call = 0;
  group->on_all_gather_bytes = [&](std::string mine) {
    std::string theirs = mine;
    const std::size_t at = theirs.find("[3]");
    if (at != theirs.npos) theirs.replace(at, 3, "[4]");
    return std::vector<std::string>{mine, call++ == 0 ? "another hash" : theirs};
  };
  const auto made = DataParallel::create(model, group, ddp_options(), kTimeout);
  ASSERT_EQ(made.status().code(), OAR_E_MISMATCH);
  for (const char* part : {"back float32 [3]", "back float32 [4]"}) {
    EXPECT_NE(made.status().message().find(part), std::string::npos) << made.status().message();
  }
}

TEST(DataParallel, WithFindUnusedAModelWhoseForwardDidNotRunIsLeftAlone) {
  Scene scene(0, R"({"find_unused_parameters": true})");
  const at::Tensor other = at::ones({1}).requires_grad_();
  const auto backward_of_another_model = [&] {
    ASSERT_TRUE(scene.data_parallel->before_backward(kTimeout).is_ok());
    torch::autograd::backward({other.sum()}, {});
    ASSERT_TRUE(scene.data_parallel->after_backward(kTimeout).is_ok());
  };
  backward_of_another_model();
  EXPECT_TRUE(scene.group->launched.empty());
  scene.train_once();
  EXPECT_FALSE(scene.group->launched.empty());
  scene.group->launched.clear();
  backward_of_another_model();
  EXPECT_TRUE(scene.group->launched.empty());
  ASSERT_TRUE(scene.model->forward(Tree()).is_ok());  // peers may have used it in theirs
  backward_of_another_model();
  EXPECT_EQ(scene.group->launched, (std::vector<std::string>{"broadcast 20", "all_reduce 2", "all_reduce 1"}));
}

TEST(DataParallel, BuffersBecomeRankZerosWithASynchronisedBackward) {
  Scene scene(1);
  scene.group->on_broadcast = [](at::Tensor bytes) {
    bytes.copy_(pack_bytes({at::full({3}, 42.0), at::full({}, 9, at::kLong)}));
  };
  scene.train_once();
  EXPECT_TRUE(at::equal(scene.mean, at::full({3}, 42.0)));
  EXPECT_EQ(scene.count.item<std::int64_t>(), 9);
  EXPECT_EQ(scene.group->launched, (std::vector<std::string>{"broadcast 20", "all_reduce 2"}));
}

TEST(DataParallel, NoSyncLaunchesNothing) {
  Scene scene(0);
  scene.data_parallel->set_requires_sync(false);
  scene.train_once();
  EXPECT_TRUE(scene.group->launched.empty());
  EXPECT_TRUE(at::equal(scene.weight.grad(), at::ones({2})));
}

TEST(DataParallel, AnEvaluationForwardLaunchesNothingAndChangesNoBuffer) {
  Scene scene(1);
  scene.model->set_training(false);
  ASSERT_TRUE(scene.model->forward(Tree()).is_ok());
  EXPECT_TRUE(scene.group->launched.empty());
}

TEST(DataParallel, BuffersStayHomeWhenTheOptionSaysSo) {
  Scene scene(0, R"({"broadcast_buffers": false})");
  scene.train_once();
  EXPECT_EQ(scene.group->launched, (std::vector<std::string>{"all_reduce 2"}));
}

TEST(CheckAgreement, EqualModelsExchangeOnlyHashes) {
  doubles::ScriptedGroup group(0, 2);
  EXPECT_TRUE(check_agreement(group, "models", {"parameter a float [2]"}, kTimeout).is_ok());
  EXPECT_EQ(group.launched.size(), 1u);
}

struct DifferenceCase {
  std::vector<std::string> ours;
  std::string theirs;
  std::vector<std::string> in_text;
};

class CheckAgreementDifference : public testing::TestWithParam<DifferenceCase> {};

TEST_P(CheckAgreementDifference, NamesTheFirstOneAndBothSides) {
  doubles::ScriptedGroup group(0, 2);
  int call = 0;
  group.on_all_gather_bytes = [&](std::string mine) {
    return std::vector<std::string>{mine, call++ == 0 ? "another hash" : GetParam().theirs};
  };
  const Status status = check_agreement(group, "models", GetParam().ours, kTimeout);
  ASSERT_EQ(status.code(), OAR_E_MISMATCH);
  EXPECT_EQ(status.info().rank, 1);
  for (const std::string& part : GetParam().in_text) {
    EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, CheckAgreementDifference,
    testing::Values(DifferenceCase{{"a [2]", "b [3]", "c [4]"}, "a [2]\nb [5]\nc [9]\n", {"b [3]", "b [5]", "rank 1"}},
                    DifferenceCase{{"a [2]", "b [3]"}, "a [2]\n", {"b [3]", "nothing"}},
                    DifferenceCase{{"a [2]"}, "a [2]\nb [3]\n", {"nothing", "b [3]"}}));

TEST(Coalesce, UnpackGivesBackWhatPackTook) {
  const std::vector<at::Tensor> source = {at::arange(3, at::kByte), at::arange(6, at::kDouble).view({2, 3}).t(),
                                          at::full({}, 5, at::kLong), at::ones({0}), at::ones({2}, at::kBool)};
  std::vector<at::Tensor> target;
  for (const at::Tensor& tensor : source) target.push_back(at::zeros_like(tensor));
  unpack_bytes(pack_bytes(source), target);
  for (std::size_t i = 0; i < source.size(); ++i) EXPECT_TRUE(at::equal(source[i], target[i])) << i;
}

TEST(Coalesce, UnpackLeavesVersionsSoThatAPendingBackwardStillRuns) {
  at::Tensor saved = at::ones({2}), leaf = at::ones({2}).requires_grad_();
  const at::Tensor loss = (leaf * saved).sum();
  unpack_bytes(pack_bytes({at::full({2}, 3.0)}), {saved});
  torch::autograd::backward({loss}, {});
  EXPECT_TRUE(leaf.grad().defined());
}

}  // namespace
}  // namespace oarlock
