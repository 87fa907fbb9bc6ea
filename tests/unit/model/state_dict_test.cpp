#include "model/state_dict.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "unit/checkpoint/fault_fs.h"
#include "unit/support/temporary_folder.h"

namespace oarlock {
namespace {

struct Target {
  at::Tensor weight = at::zeros({2, 3});
  at::Tensor bias = at::zeros({2});
  NamedTensors tensors = {{"embed.weight", weight}, {"head.weight", weight}, {"bias", bias}};
};

const at::Tensor kWeight = at::arange(6.0f).reshape({2, 3});
const at::Tensor kBias = at::ones({2});

struct MisfitCase {
  NamedTensors source;
  const char* text;
};

class StateDictMisfit : public ::testing::TestWithParam<MisfitCase> {};

TEST_P(StateDictMisfit, ChangesNothingAndSaysWhy) {
  const Target target;
  const Status status = copy_state_dict(GetParam().source, target.tensors);
  EXPECT_EQ(status.code(), OAR_E_ARGUMENT);
  EXPECT_NE(status.message().find(GetParam().text), std::string::npos) << status.message();
  EXPECT_TRUE(at::equal(target.weight, at::zeros({2, 3})));
  EXPECT_TRUE(at::equal(target.bias, at::zeros({2})));
}

INSTANTIATE_TEST_SUITE_P(
    Table, StateDictMisfit,
    ::testing::Values(
        MisfitCase{{{"embed.weight", kWeight}, {"head.weight", kWeight}}, "1 missing: bias"},
        MisfitCase{{{"bias", kBias}}, "2 missing: embed.weight, head.weight"},  // tied, but neither is given
        MisfitCase{{{"embed.weight", kWeight}, {"bias", kBias}, {"x", kBias}}, "1 unexpected: x"},
        MisfitCase{{{"embed.weight", kWeight}, {"bias", kWeight}}, "1 of another dtype or shape: bias"},
        MisfitCase{{{"embed.weight", kWeight}, {"bias", kBias.to(at::kDouble)}}, "1 of another dtype or shape: bias"},
        MisfitCase{{{"bias", kBias}, {"embed.weight", kWeight}, {"bias", kBias}}, "the name bias is given twice"}));

TEST(CopyStateDict, OneNameOfTiedTensorsIsEnough) {
  for (const char* name : {"embed.weight", "head.weight"}) {
    const Target target;
    const Status status = copy_state_dict({{name, kWeight}, {"bias", kBias}}, target.tensors);
    ASSERT_TRUE(status.is_ok()) << status.message();
    EXPECT_TRUE(at::equal(target.weight, kWeight));
  }
}

TEST(CopyStateDict, AViewOfOtherShapeIsNotTied) {
  const at::Tensor weight = at::zeros({2, 3});
  const NamedTensors target = {{"weight", weight}, {"transposed", weight.t()}};
  EXPECT_EQ(copy_state_dict({{"weight", kWeight}}, target).code(), OAR_E_ARGUMENT);
}

TEST(SaveStateDict, KeepsTheOldFileWholeWhateverStepFails) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "weights.safetensors";
  const NamedTensors old = {{"bias", at::zeros({2})}}, next = {{"bias", kBias}};
  ASSERT_TRUE(save_state_dict(real_fs(), old, path).is_ok());
  oarlock::testing::FaultFs counting;
  ASSERT_TRUE(save_state_dict(counting, old, path).is_ok());
  const int num_steps = static_cast<int>(counting.operations().size());
  for (int at = 1; at <= num_steps; ++at) {
    oarlock::testing::FaultFs failing(oarlock::testing::Fault::kError, at, ENOSPC);
    const Status status = save_state_dict(failing, next, path);
    EXPECT_EQ(status.code(), OAR_E_NO_SPACE) << failing.operations().back();
    const bool is_renamed = at == num_steps;  // only the directory was not synced
    const NamedTensors found = read_state_dict(path).value();
    EXPECT_TRUE(at::equal(found[0].tensor, is_renamed ? kBias : at::zeros({2}))) << failing.operations()[at - 1];
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1) << failing.operations()[at - 1];
    ASSERT_TRUE(save_state_dict(real_fs(), old, path).is_ok());
  }
}

}  // namespace
}  // namespace oarlock
