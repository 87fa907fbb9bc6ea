// Files of the real writer: tests/fuzz/make_corpus.py.
#include "data/sources/safetensors.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "unit/support/corpus.h"

namespace oarlock {
namespace {

const std::string kPath = test::corpus_path("safetensors", "three.safetensors");  // a: [2], b: [1], c: []

Result<std::shared_ptr<Dataset>> open(const std::vector<std::string>& names, const std::string& path = kPath) {
  return open_safetensors_dataset(path, names);
}

TEST(SafetensorsDataset, GivesTheRowsOfTheColumnsAsked) {
  const auto dataset = open({"a"});
  ASSERT_TRUE(dataset.is_ok()) << dataset.status().message();
  EXPECT_EQ(dataset.value()->size(), 2);
  const std::vector<std::int64_t> indices{1, 0, 1};
  const Tree batch = dataset.value()->fetch(indices).value();
  ASSERT_EQ(batch.size(), 1);
  EXPECT_TRUE(at::equal(*batch.find("a")->tensor(), at::tensor({2.0f, 1.0f, 2.0f})));
}

TEST(SafetensorsDataset, NamesTheColumnThatTheFileLacks) {
  const Status status = open({"a", "d"}).status();
  EXPECT_EQ(status.code(), OAR_E_NOT_FOUND);
  EXPECT_EQ(status.message(), kPath + ": no tensor 'd' in the file; it has c, a, b");
}

TEST(SafetensorsDataset, RefusesColumnsOfDifferentLengths) {
  const Status status = open({"a", "b"}).status();
  EXPECT_EQ(status.code(), OAR_E_ARGUMENT);
  EXPECT_EQ(status.message().find(kPath), 0u) << status.message();
}

TEST(SafetensorsDataset, TakesEveryTensorWhenNoneIsNamed) {
  EXPECT_NE(open({}).status().message().find("'c'"), std::string::npos) << open({}).status().message();
}

TEST(SafetensorsDataset, SaysThatThereIsNoFile) {
  EXPECT_EQ(open({}, kPath + ".none").status().code(), OAR_E_NOT_FOUND);
}

}  // namespace
}  // namespace oarlock
