#include "data/sources/tokens.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <vector>

#include "oarlock/status.h"

namespace oarlock {
namespace {

class TokenFiles : public testing::Test {
 protected:
  template <class T>
  std::string file(const std::vector<T>& tokens, std::size_t more_bytes = 0) {
    std::ofstream out(path_, std::ios::binary);
    out.write(reinterpret_cast<const char*>(tokens.data()), static_cast<std::streamsize>(tokens.size() * sizeof(T)));
    for (std::size_t i = 0; i < more_bytes; ++i) out.put('x');
    return path_;
  }
  ~TokenFiles() override { std::filesystem::remove(path_); }

  const std::string path_ = testing::TempDir() + "tokens_test_" + std::to_string(::getpid()) + ".bin";
};

at::Tensor rows(const Dataset& dataset, std::vector<std::int64_t> indices, const char* column = "tokens") {
  return *dataset.fetch(indices).value().find(column)->tensor();
}

at::Tensor numbers(std::vector<std::int64_t> values, std::int64_t num_rows) {
  return at::tensor(at::ArrayRef<std::int64_t>(values)).reshape({num_rows, -1});
}

TEST_F(TokenFiles, GivesWindowsOfTheFile) {
  const auto dataset =
      open_token_dataset({.path = file<std::uint16_t>({1, 2, 3, 40000, 65535, 6, 7}), .sequence_length = 2}).value();
  EXPECT_EQ(dataset->size(), 3);  // the 7 makes no whole window
  EXPECT_TRUE(at::equal(rows(*dataset, {2, 1}), numbers({65535, 6, 3, 40000}, 2)));
}

TEST_F(TokenFiles, WindowsMayOverlapAndHaveLabels) {
  const std::string path = file<std::int32_t>({0, 1, 2, 3, 4, 5});
  const auto dataset = open_token_dataset({path, at::kInt, 3, /*stride=*/1, /*has_labels=*/true}).value();
  EXPECT_EQ(dataset->size(), 3);
  EXPECT_TRUE(at::equal(rows(*dataset, {2}), numbers({2, 3, 4}, 1)));
  EXPECT_TRUE(at::equal(rows(*dataset, {2}, "labels"), numbers({3, 4, 5}, 1)));
}

TEST_F(TokenFiles, TakesEveryIntegerType) {
  EXPECT_EQ(rows(*open_token_dataset({file<std::uint8_t>({200, 1}), at::kByte, 2}).value(), {0})[0][0].item<int>(),
            200);
  EXPECT_EQ(
      rows(*open_token_dataset({file<std::uint32_t>({4000000000U}), at::kUInt32, 1}).value(), {0}).item<std::int64_t>(),
      4000000000);
  EXPECT_EQ(rows(*open_token_dataset({file<std::int64_t>({-100}), at::kLong, 1}).value(), {0}).item<std::int64_t>(),
            -100);
}

TEST_F(TokenFiles, AFileShorterThanAWindowIsEmpty) {
  EXPECT_EQ(open_token_dataset({.path = file<std::uint16_t>({1, 2}), .sequence_length = 3}).value()->size(), 0);
  EXPECT_EQ(open_token_dataset({path_, at::kUInt16, 2, 0, true}).value()->size(), 0);
  EXPECT_EQ(open_token_dataset({path_, at::kUInt16, std::numeric_limits<std::int64_t>::max(), 0, true}).value()->size(),
            0);
}

TEST_F(TokenFiles, RefusesWhatIsNoSuchFile) {
  const auto code = [](const TokenFile& wanted) { return open_token_dataset(wanted).status().code(); };
  EXPECT_EQ(code({.path = "/no/such/file", .sequence_length = 2}), OAR_E_NOT_FOUND);
  const std::string path = file<std::uint16_t>({1, 2, 3}, 1);
  EXPECT_EQ(code({.path = path, .sequence_length = 2}), OAR_E_CORRUPT);
  EXPECT_EQ(code({.path = path, .sequence_length = 0}), OAR_E_ARGUMENT);
  EXPECT_EQ(code({.path = path, .sequence_length = 2, .stride = -1}), OAR_E_ARGUMENT);
  EXPECT_EQ(code({.path = path, .dtype = at::kFloat, .sequence_length = 2}), OAR_E_ARGUMENT);
}

TEST_F(TokenFiles, RefusesAnIndexOutOfRange) {
  const auto dataset = open_token_dataset({.path = file<std::uint16_t>({1, 2}), .sequence_length = 2}).value();
  for (const std::int64_t index : {-1, 1}) EXPECT_EQ(dataset->fetch({&index, 1}).status().code(), OAR_E_ARGUMENT);
}

}  // namespace
}  // namespace oarlock
