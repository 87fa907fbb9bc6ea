#include "track/jsonl.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include "unit/support/file_size_limit.h"

namespace oarlock {
namespace {

class Jsonl : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "oarlock_test_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string path() const { return folder_ / "run" / "metrics.jsonl"; }
  void write(std::string_view bytes) const {
    std::filesystem::create_directories(folder_ / "run");
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << bytes;
  }
  std::string read() const {
    std::ostringstream text;
    text << std::ifstream(path(), std::ios::binary).rdbuf();
    return text.str();
  }
  std::vector<JsonValue> lines() const {
    std::vector<JsonValue> parsed;
    std::istringstream text(read());
    for (std::string line; std::getline(text, line);) {
      auto value = parse_json(line);
      EXPECT_TRUE(value.is_ok()) << line << ": " << value.status().message();
      if (value.is_ok()) parsed.push_back(std::move(value).value());
    }
    return parsed;
  }
  std::filesystem::path folder_;
};

JsonValue loss(double value) {
  JsonValue object = JsonValue::object();
  object.set("loss", JsonValue::number(value));
  return object;
}

TEST(JsonlLine, HasStepTimeAndValues) {
  EXPECT_EQ(jsonl_line(12, 1767225599.1234, loss(0.5)).value(), "{\"step\":12,\"time\":1767225599.123,\"loss\":0.5}\n");
}

TEST(JsonlLine, WritesNumbersThatJsonLacksAsStrings) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(jsonl_line(0, 0, loss(std::nan(""))).value(), "{\"step\":0,\"time\":0.000,\"loss\":\"NaN\"}\n");
  EXPECT_EQ(jsonl_line(0, 0, loss(kInfinity)).value(), "{\"step\":0,\"time\":0.000,\"loss\":\"Infinity\"}\n");
  EXPECT_EQ(jsonl_line(0, 0, loss(-kInfinity)).value(), "{\"step\":0,\"time\":0.000,\"loss\":\"-Infinity\"}\n");
}

TEST(JsonlLine, StaysOneLineWhateverTheText) {
  JsonValue object = JsonValue::object();
  object.set("note", JsonValue::string("a\nb\r\n\"c\""));
  const std::string line = jsonl_line(1, 0, object).value();
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(parse_json(line.substr(0, line.size() - 1)).value().find("note")->text(), "a\nb\r\n\"c\"");
}

TEST(JsonlLine, RefusesItsOwnNames) {
  for (const char* name : {"step", "time"}) {
    JsonValue object = JsonValue::object();
    object.set(name, JsonValue::number(1));
    EXPECT_EQ(jsonl_line(1, 0, object).status().code(), OAR_E_ARGUMENT);
  }
  EXPECT_EQ(jsonl_line(1, 0, JsonValue::array()).status().code(), OAR_E_ARGUMENT);
}

TEST_F(Jsonl, MakesDirectoriesAndHandsOverEachLineAtOnce) {
  const auto tracker = open_jsonl_tracker(path());
  ASSERT_TRUE(tracker.is_ok()) << tracker.status().message();
  const double before = static_cast<double>(::time(nullptr));
  for (int step = 0; step < 3; ++step) {
    ASSERT_TRUE(tracker.value()->log(step, loss(1.0 / (step + 1))).is_ok());
    ASSERT_EQ(lines().size(), static_cast<std::size_t>(step) + 1) << "visible to others before close";
  }
  const JsonValue last = lines().back();
  EXPECT_EQ(last.find("step")->as_int64().value(), 2);
  EXPECT_EQ(last.find("loss")->as_double().value(), 1.0 / 3);
  EXPECT_NEAR(last.find("time")->as_double().value(), before, 60);
}

TEST_F(Jsonl, ResumedRunAppends) {
  for (int run = 0; run < 2; ++run) {
    const auto tracker = open_jsonl_tracker(path());
    ASSERT_TRUE(tracker.is_ok());
    ASSERT_TRUE(tracker.value()->log(run, loss(run)).is_ok());
    ASSERT_TRUE(tracker.value()->close().is_ok());
    ASSERT_TRUE(tracker.value()->close().is_ok());
    EXPECT_EQ(tracker.value()->log(9, loss(9)).code(), OAR_E_STATE);
  }
  EXPECT_EQ(lines().size(), 2u);
}

TEST_F(Jsonl, EveryLineParsesWhereverACrashCutTheLast) {
  const std::string first = jsonl_line(1, 1000.5, loss(0.25)).value();
  const std::string second = jsonl_line(2, 1001.5, loss(0.125)).value();
  for (std::size_t cut = 0; cut <= second.size(); ++cut) {
    write(first + second.substr(0, cut));
    const auto tracker = open_jsonl_tracker(path());
    ASSERT_TRUE(tracker.is_ok()) << cut << ": " << tracker.status().message();
    ASSERT_TRUE(tracker.value()->log(3, loss(0)).is_ok());
    const std::vector<JsonValue> found = lines();
    const bool is_second_whole = cut + 1 >= second.size();  // complete but for its newline
    ASSERT_EQ(found.size(), is_second_whole ? 3u : 2u) << cut;
    EXPECT_EQ(found.front().find("step")->as_int64().value(), 1);
    EXPECT_EQ(found.back().find("step")->as_int64().value(), 3);
  }
}

TEST_F(Jsonl, CutsZerosThatAFileSystemLeft) {
  const std::string line = jsonl_line(1, 1000.5, loss(0.25)).value();
  for (const std::string& tail :
       {std::string(100, '\0'), "{\"step\":2,\"ti" + std::string(20, '\0'), "{\"st" + std::string(9, '\0')}) {
    write(line + tail);
    ASSERT_TRUE(open_jsonl_tracker(path()).is_ok());
    EXPECT_EQ(read(), line);
  }
}

TEST_F(Jsonl, LeavesAFileThatIsNotItsOwnAlone) {
  for (const std::string& bytes :
       {std::string("precious notes"), std::string("a line\nprecious"), std::string("{\"other\":")}) {
    write(bytes);
    const auto tracker = open_jsonl_tracker(path());
    EXPECT_EQ(tracker.status().code(), OAR_E_CORRUPT) << bytes;
    EXPECT_NE(tracker.status().message().find(path()), std::string::npos) << tracker.status().message();
    EXPECT_EQ(read(), bytes);
  }
}

TEST_F(Jsonl, FindsTheLastNewlineFarFromTheEnd) {
  const std::string first = jsonl_line(1, 1000.5, loss(0.25)).value();
  const std::string torn = "{\"step\":2,\"time\":1.0,\"note\":\"" + std::string(300 << 10, 'x');
  write(first + torn);
  ASSERT_TRUE(open_jsonl_tracker(path()).is_ok());
  EXPECT_EQ(read(), first);
}

TEST_F(Jsonl, SaysWhichPathCannotBeWritten) {
  std::filesystem::create_directories(path());  // a directory in its place
  const auto tracker = open_jsonl_tracker(path());
  EXPECT_FALSE(tracker.is_ok());
  EXPECT_NE(tracker.status().message().find(path()), std::string::npos) << tracker.status().message();
  const auto null = open_jsonl_tracker("/dev/null");
  EXPECT_EQ(null.status().code(), OAR_E_ARGUMENT);
  const auto below_a_file = open_jsonl_tracker("/dev/null/metrics.jsonl");
  EXPECT_EQ(below_a_file.status().code(), OAR_E_IO) << below_a_file.status().message();
}

TEST_F(Jsonl, TrackersAreHadByName) {
  const std::string options = "{\"path\":" + JsonValue::string(path()).dump() + "}";
  const auto parsed = Options::parse_section("tracker", options.c_str());
  ASSERT_TRUE(parsed.is_ok()) << parsed.status().message();
  const auto tracker = Tracker::create("jsonl", parsed.value(), true);
  ASSERT_TRUE(tracker.is_ok()) << tracker.status().message();
  EXPECT_TRUE(tracker.value()->log(0, loss(1)).is_ok());
}

TEST_F(Jsonl, ALimitOnFilesSizeIsNoSpaceAndLinesStayWhole) {
  const auto tracker = open_jsonl_tracker(path()).value();
  Status status = Status::ok();
  {
    const test::FileSizeLimit limit(1000);
    for (int step = 0; status.is_ok() && step < 100; ++step) status = tracker->log(step, loss(0.5));
  }
  EXPECT_EQ(status.code(), OAR_E_NO_SPACE) << status.message();
  const std::size_t num_whole = lines().size();
  EXPECT_GT(num_whole, 10u);
  EXPECT_TRUE(tracker->log(100, loss(0.5)).is_ok());
  EXPECT_EQ(lines().size(), num_whole + 1);
}

TEST(MetricsObject, RefusesNamesThatCannotBeKeys) {
  const double values[] = {1, 2};
  const char* twice[] = {"a", "a"};
  EXPECT_EQ(metrics_object(twice, values).status().code(), OAR_E_ARGUMENT);
  const char* missing[] = {"a", nullptr};
  EXPECT_EQ(metrics_object(missing, values).status().code(), OAR_E_ARGUMENT);
  const char* invalid[] = {"a", "\xff"};
  EXPECT_EQ(metrics_object(invalid, values).status().code(), OAR_E_ARGUMENT);
  const char* good[] = {"b", "a"};
  EXPECT_EQ(metrics_object(good, values).value().dump(), "{\"b\":1,\"a\":2}");
}

}  // namespace
}  // namespace oarlock
