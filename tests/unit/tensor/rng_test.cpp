#include "tensor/rng.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace oarlock {
namespace {

struct PermutationCase {
  std::uint64_t seed;
  std::vector<std::int64_t> expected;
};

class SeededPermutation : public testing::TestWithParam<PermutationCase> {};

// The check values of spec B 1.6, from PyTorch.
TEST_P(SeededPermutation, IsThatOfPyTorch) {
  EXPECT_TRUE(at::equal(seeded_permutation(10, GetParam().seed), at::tensor(GetParam().expected)));
}
INSTANTIATE_TEST_SUITE_P(SpecB, SeededPermutation,
                         testing::Values(PermutationCase{42, {2, 6, 1, 8, 4, 5, 0, 9, 3, 7}},
                                         PermutationCase{43, {8, 4, 9, 0, 5, 1, 6, 7, 2, 3}},
                                         PermutationCase{44, {2, 6, 3, 8, 7, 9, 1, 4, 5, 0}},
                                         PermutationCase{0, {4, 1, 7, 5, 3, 9, 0, 8, 6, 2}}));

TEST(SeededPermutation, LeavesTheDefaultGeneratorAlone) {
  const at::Tensor before = default_generator_state();
  EXPECT_EQ(seeded_permutation(0, 1).numel(), 0);
  EXPECT_EQ(seeded_permutation(100, 1).scalar_type(), at::kLong);
  EXPECT_TRUE(at::equal(before, default_generator_state()));
}

// torch.manual_seed(42); torch.empty((), dtype=torch.int64).random_().item() twice; torch 2.11.
TEST(DefaultGenerator, DrawsTheBaseSeedsOfPyTorch) {
  seed_default_generator(42);
  const std::int64_t first = draw_from_default_generator();
  const std::int64_t second = draw_from_default_generator();
  EXPECT_EQ(first, 6909045637428952499);
  EXPECT_EQ(second, 8314211556539077902);
}

TEST(DefaultGenerator, ItsStateBringsTheDrawsBack) {
  seed_default_generator(7);
  at::rand({3});
  const at::Tensor state = default_generator_state();
  EXPECT_EQ(state.numel(), 5056);  // of torch.get_rng_state()
  const at::Tensor expected = at::randn({100});
  at::rand({50});
  ASSERT_TRUE(set_default_generator_state(state).is_ok());
  EXPECT_TRUE(at::equal(at::randn({100}), expected));
}

TEST(DefaultGenerator, RefusesWhatIsNoState) {
  const at::Tensor before = default_generator_state();
  EXPECT_EQ(set_default_generator_state(before.slice(0, 0, 100)).code(), OAR_E_ARGUMENT);
  EXPECT_EQ(set_default_generator_state(before.to(at::kFloat)).code(), OAR_E_ARGUMENT);
  EXPECT_EQ(set_default_generator_state(at::full_like(before, 255)).code(), OAR_E_CORRUPT);
  EXPECT_TRUE(at::equal(before, default_generator_state()));
}

}  // namespace
}  // namespace oarlock
