#include "data/sources/memory.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace oarlock {
namespace {

std::shared_ptr<Dataset> dataset_of(NamedTensors columns) {
  Result<std::shared_ptr<Dataset>> dataset = make_tensor_dataset(std::move(columns));
  EXPECT_TRUE(dataset.is_ok()) << dataset.status().message();
  return std::move(dataset).value();
}

at::Tensor fetch(const Dataset& dataset, const char* column, const std::vector<std::int64_t>& indices) {
  Result<Tree> batch = dataset.fetch(indices);
  EXPECT_TRUE(batch.is_ok()) << batch.status().message();
  return *batch.value().find(column)->tensor();
}

TEST(TensorDataset, GivesRowsOfEveryColumnInTheOrderAsked) {
  const auto dataset = dataset_of({{"x", at::arange(12).view({4, 3})}, {"y", at::arange(4, at::kInt)}});
  EXPECT_EQ(dataset->size(), 4);
  EXPECT_TRUE(fetch(*dataset, "x", {3, 0, 1}).equal(at::tensor({9, 10, 11, 0, 1, 2, 3, 4, 5}, at::kLong).view({3, 3})));
  EXPECT_TRUE(fetch(*dataset, "y", {3, 0, 1}).equal(at::tensor({3, 0, 1}, at::kInt)));
}

TEST(TensorDataset, KeepsTheOrderOfColumns) {
  const auto dataset = dataset_of({{"z", at::zeros({1})}, {"a", at::zeros({1})}});
  const std::vector<std::int64_t> indices{0};
  const Tree batch = dataset->fetch(indices).value();
  EXPECT_EQ((*batch.map())[0].first, "z");
  EXPECT_EQ((*batch.map())[1].first, "a");
}

TEST(TensorDataset, TakesStridedAndOddlyTypedColumns) {
  const at::Tensor base = at::arange(12).view({3, 4});
  const auto dataset = dataset_of({{"columns", base.t()}, {"half", base.t().to(at::kHalf)}, {"flag", base.t() > 5}});
  EXPECT_TRUE(fetch(*dataset, "columns", {2, 1}).equal(at::tensor({2, 6, 10, 1, 5, 9}, at::kLong).view({2, 3})));
  EXPECT_EQ(fetch(*dataset, "half", {2}).scalar_type(), at::kHalf);
  EXPECT_TRUE(fetch(*dataset, "flag", {2}).equal(at::tensor({0, 1, 1}).view({1, 3}).to(at::kBool)));
}

TEST(TensorDataset, BatchesDoNotShareMemoryWithTheColumns) {
  const at::Tensor column = at::zeros({3, 2});
  const auto dataset = dataset_of({{"x", column}});
  fetch(*dataset, "x", {0, 1, 2}).fill_(7);
  EXPECT_EQ(column.sum().item<float>(), 0);
}

TEST(TensorDataset, FetchesNoSamplesAndSamplesWithoutElements) {
  const auto dataset = dataset_of({{"x", at::zeros({3, 0})}});
  EXPECT_EQ(fetch(*dataset, "x", {}).sizes(), (std::vector<std::int64_t>{0, 0}));
  EXPECT_EQ(fetch(*dataset, "x", {2, 1}).sizes(), (std::vector<std::int64_t>{2, 0}));
}

TEST(TensorDataset, RefusesAnIndexOutOfRangeAndNamesIt) {
  const auto dataset = dataset_of({{"x", at::zeros({3})}});
  for (const std::int64_t index : {std::int64_t{3}, std::int64_t{-1}}) {
    const std::vector<std::int64_t> indices{0, index};
    const Result<Tree> batch = dataset->fetch(indices);
    ASSERT_FALSE(batch.is_ok());
    EXPECT_EQ(batch.status().code(), OAR_E_ARGUMENT);
    EXPECT_NE(batch.status().message().find(fmt::format("[0, 3) is valid, got {}", index)), std::string::npos);
  }
}

struct BadColumns {
  const char* text;
  NamedTensors columns;
};

class TensorDatasetRefuses : public testing::TestWithParam<BadColumns> {};

TEST_P(TensorDatasetRefuses, AndSaysWhy) {
  const Result<std::shared_ptr<Dataset>> dataset = make_tensor_dataset(GetParam().columns);
  ASSERT_FALSE(dataset.is_ok());
  EXPECT_EQ(dataset.status().code(), OAR_E_ARGUMENT);
  EXPECT_NE(dataset.status().message().find(GetParam().text), std::string::npos) << dataset.status().message();
}

INSTANTIATE_TEST_SUITE_P(Table, TensorDatasetRefuses,
                         testing::Values(BadColumns{"at least one column", {}},
                                         BadColumns{"'x' has 3, 'y' has 2",
                                                    {{"x", at::zeros({3})}, {"y", at::zeros({2, 3})}}},
                                         BadColumns{"same name: 'x'", {{"x", at::zeros({3})}, {"x", at::zeros({3})}}},
                                         BadColumns{"empty name", {{"", at::zeros({3})}}},
                                         BadColumns{"'x' has no tensor", {{"x", at::Tensor()}}},
                                         BadColumns{"'x' has no dimensions", {{"x", at::zeros({})}}},
                                         BadColumns{"'x' is not a dense tensor", {{"x", at::eye(3).to_sparse()}}}));

}  // namespace
}  // namespace oarlock
