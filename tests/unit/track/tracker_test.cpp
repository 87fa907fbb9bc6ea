#include "track/tracker.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "unit/support/temporary_folder.h"

namespace oarlock {
namespace {

Result<std::shared_ptr<Tracker>> create(const char* name, const std::string& options, bool is_main) {
  OAR_ASSIGN(const Options parsed, Options::parse_section("tracker", options.c_str()));
  return Tracker::create(name, parsed, is_main);
}

class TrackerOfRank : public ::testing::TestWithParam<bool> {
 protected:
  std::string path_option() const { return R"({"path":")" + path_ + R"("})"; }

  const test::TemporaryFolder folder_;
  const std::string path_ = folder_ / "metrics.jsonl";
};

TEST_P(TrackerOfRank, NeedsAPath) { EXPECT_EQ(create("jsonl", "{}", GetParam()).status().code(), OAR_E_ARGUMENT); }

TEST_P(TrackerOfRank, ListsTheKnownNames) {
  const Status status = create("tensorbord", path_option(), GetParam()).status();
  EXPECT_EQ(status.code(), OAR_E_NOT_FOUND);
  EXPECT_NE(status.message().find("jsonl"), std::string::npos) << status.message();
}

TEST_P(TrackerOfRank, RefusesMetricsThatNoLineCanHold) {
  const std::shared_ptr<Tracker> tracker = create("jsonl", path_option(), GetParam()).value();
  for (const char* text : {"3", "[]", R"({"step":1})", R"({"loss":0.5,"time":1})"}) {
    EXPECT_EQ(tracker->log(1, parse_json(text).value()).code(), OAR_E_ARGUMENT) << text;
  }
  EXPECT_TRUE(tracker->log(1, parse_json(R"({"loss":0.5})").value()).is_ok());
  ASSERT_TRUE(tracker->close().is_ok());
  EXPECT_EQ(tracker->log(1, parse_json(R"({"loss":0.5})").value()).code(), OAR_E_STATE);
}

TEST_P(TrackerOfRank, OnlyTheMainOneMakesAFile) {
  ASSERT_TRUE(create("jsonl", path_option(), GetParam()).is_ok());
  EXPECT_EQ(std::filesystem::exists(path_), GetParam());
}

TEST_P(TrackerOfRank, TheDirectoryOfTensorBoardIsTheMainOnesToo) {
  const std::shared_ptr<Tracker> tracker = create("tensorboard", path_option(), GetParam()).value();
  EXPECT_EQ(tracker->log(1, parse_json(R"({"loss":[]})").value()).code(), OAR_E_ARGUMENT);
  EXPECT_EQ(std::filesystem::is_directory(path_), GetParam());
}

INSTANTIATE_TEST_SUITE_P(MainAndOther, TrackerOfRank, ::testing::Bool());

}  // namespace
}  // namespace oarlock
