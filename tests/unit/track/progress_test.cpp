#include "track/progress.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "track/progress_bar.h"
#include "track/progress_text.h"

namespace oarlock {
namespace {

class HandClock final : public Clock {
 public:
  TimePoint now() override { return now_; }
  void pass(Milliseconds time) { now_ += time; }

 private:
  TimePoint now_{};
};

class RecordedOutput final : public ProgressOutput {
 public:
  int columns() override { return width; }
  void write(std::string_view bytes) override { writes.emplace_back(bytes); }
  int width = 100;
  std::vector<std::string> writes;
};

ProgressView half_way() { return {"train", 450, 1000, "samples", 12.5, "loss 0.12"}; }

TEST(ProgressText, TellsEverythingInOneLine) {
  EXPECT_EQ(progress_line_text(half_way()), "train  45%  450/1000 samples  36 samples/s  0:12<0:15  loss 0.12");
  EXPECT_EQ(progress_bar_text(half_way(), 100),
            "train  45% |#############                 | 450/1000 samples  36 samples/s  0:12<0:15  loss 0.12");
}

TEST(ProgressText, WithoutATotalCountsOnly) {
  ProgressView view = half_way();
  view.total = 0;
  EXPECT_EQ(progress_bar_text(view, 100), "train  450 samples  36 samples/s  0:12  loss 0.12");
}

TEST(ProgressText, FitsAnyWidth) {
  for (int columns = 0; columns < 120; ++columns) {
    EXPECT_LE(text_columns(progress_bar_text(half_way(), columns)), columns);
  }
}

TEST(ProgressText, SaysHundredPercentOnlyWhenAllIsDone) {
  EXPECT_EQ(progress_line_text({"t", 999, 1000, "x", 1, ""}).substr(0, 6), "t  99%");
  EXPECT_EQ(progress_line_text({"t", 1000, 1000, "x", 1, ""}).substr(0, 6), "t 100%");
  EXPECT_EQ(progress_line_text({"t", 1500, 1000, "x", 1, ""}), "t 100%  1500/1000 x  1500 x/s  0:01<0:00");
}

TEST(ProgressText, AtTheStartKnowsNoEnd) {
  EXPECT_EQ(progress_line_text({"t", 0, 10, "x", 0, ""}), "t   0%  0/10 x  0 x/s  0:00<?");
}

TEST(ProgressText, WritesDurationsAndRates) {
  EXPECT_EQ(duration_text(0), "0:00");
  EXPECT_EQ(duration_text(59.9), "0:59");
  EXPECT_EQ(duration_text(3599), "59:59");
  EXPECT_EQ(duration_text(3600 * 30 + 62), "30:01:02");
  EXPECT_EQ(duration_text(INFINITY), "?");
  EXPECT_EQ(duration_text(NAN), "?");
  EXPECT_EQ(duration_text(-1), "?");
  EXPECT_EQ(rate_text(0.012345), "0.0123");
  EXPECT_EQ(rate_text(12.345), "12.3");
  EXPECT_EQ(rate_text(1234.5), "1234");
}

TEST(ProgressText, NeverCutsACodePoint) {
  EXPECT_EQ(first_columns("a\xc3\xa4"
                          "b",
                          2),
            "a\xc3\xa4");
  EXPECT_EQ(first_columns("a\xc3\xa4"
                          "b",
                          1),
            "a");
  EXPECT_EQ(text_columns("a\xc3\xa4"
                         "b"),
            3);
  EXPECT_EQ(single_line("a\nb\tc\x1b[2J"), "a b c [2J");
}

TEST(ProgressBar, IsRedrawnTenTimesASecondAtMost) {
  HandClock clock;
  RecordedOutput output;
  ProgressBar bar("t", 10000, "x", ProgressMode::kBar, output, clock);
  EXPECT_TRUE(output.writes.empty());
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(bar.advance(1, "").is_ok());
    clock.pass(Milliseconds{1});
  }
  EXPECT_EQ(output.writes.size(), 10u);
  ASSERT_TRUE(bar.close().is_ok());
  ASSERT_TRUE(bar.close().is_ok());
  EXPECT_EQ(output.writes.size(), 11u);
  EXPECT_TRUE(output.writes.back().starts_with("\rt  10%")) << output.writes.back();
  EXPECT_TRUE(output.writes.back().ends_with("\n"));
  EXPECT_EQ(bar.advance(1, "").code(), OAR_E_STATE);
}

TEST(ProgressBar, BlanksOutWhatALongerLineLeft) {
  HandClock clock;
  RecordedOutput output;
  ProgressBar bar("t", 0, "x", ProgressMode::kBar, output, clock);
  ASSERT_TRUE(bar.advance(1, "a long note of the first line").is_ok());
  clock.pass(Milliseconds{200});
  ASSERT_TRUE(bar.advance(1, "short").is_ok());
  ASSERT_EQ(output.writes.size(), 2u);
  EXPECT_GE(text_columns(output.writes[1]), text_columns(output.writes[0]));
  ASSERT_TRUE(bar.close().is_ok());
}

TEST(ProgressBar, KeepsTheNoteUntilThereIsAnother) {
  HandClock clock;
  RecordedOutput output;
  ProgressBar bar("t", 0, "x", ProgressMode::kLines, output, clock);
  ASSERT_TRUE(bar.advance(1, "loss 1").is_ok());
  ASSERT_TRUE(bar.advance(1, "").is_ok());
  ASSERT_TRUE(bar.close().is_ok());
  EXPECT_NE(output.writes.back().find("loss 1"), std::string::npos);
}

TEST(ProgressBar, StopsCountingWhereNumbersEnd) {
  HandClock clock;
  RecordedOutput output;
  ProgressBar bar("t", 0, "x", ProgressMode::kLines, output, clock);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(bar.advance(std::numeric_limits<std::int64_t>::max(), "").is_ok());
  ASSERT_TRUE(bar.close().is_ok());
  EXPECT_TRUE(output.writes.back().starts_with("t  9223372036854775807 x")) << output.writes.back();
}

TEST(ProgressLines, ComeAtEveryTenthAndAtTheEnd) {
  HandClock clock;
  RecordedOutput output;
  ProgressBar bar("t", 1000, "x", ProgressMode::kLines, output, clock);
  for (int i = 0; i < 1000; ++i) {
    clock.pass(Milliseconds{1});
    ASSERT_TRUE(bar.advance(1, "").is_ok());
  }
  ASSERT_TRUE(bar.close().is_ok());
  ASSERT_EQ(output.writes.size(), 10u);
  for (int i = 0; i < 10; ++i) {
    const std::string& line = output.writes[static_cast<std::size_t>(i)];
    EXPECT_TRUE(line.starts_with(fmt::format("t {:3}%", (i + 1) * 10))) << line;
    EXPECT_EQ(line.find('\r'), line.npos);
    EXPECT_TRUE(line.ends_with("\n"));
  }
}

TEST(ProgressLines, ComeAfterHalfAMinuteWhenTheTenthIsFar) {
  HandClock clock;
  RecordedOutput output;
  ProgressBar bar("t", 1000, "x", ProgressMode::kLines, output, clock);
  for (int i = 0; i < 61; ++i) {
    clock.pass(Milliseconds{1000});
    ASSERT_TRUE(bar.advance(0, "").is_ok());
  }
  EXPECT_EQ(output.writes.size(), 2u);
}

TEST(ProgressLines, GoToACallbackInstead) {
  HandClock clock;
  RecordedOutput output;
  std::vector<std::string> lines;
  ProgressBar bar("t", 10, "x", ProgressMode::kBar, output, clock);
  bar.set_line_sink([&](const char* line) {
    lines.emplace_back(line);
    return 0;
  });
  ASSERT_TRUE(bar.advance(5, "n").is_ok());
  ASSERT_TRUE(bar.close().is_ok());
  EXPECT_EQ(lines, (std::vector<std::string>{"t  50%  5/10 x  0 x/s  0:00<?  n", "t  50%  5/10 x  0 x/s  0:00<?  n"}));
  EXPECT_TRUE(output.writes.empty());
}

TEST(Progress, ShowsNothingWhenOff) {
  HandClock clock;
  RecordedOutput output;
  ProgressBar bar("t", 10, "x", ProgressMode::kOff, output, clock);
  ASSERT_TRUE(bar.advance(10, "n").is_ok());
  ASSERT_TRUE(bar.close().is_ok());
  EXPECT_TRUE(output.writes.empty());
}

TEST(Progress, RefusesToGoBack) {
  const auto progress = Progress::create("t", 10, "x", false, "auto");
  ASSERT_TRUE(progress.is_ok());
  EXPECT_EQ(progress.value()->advance(-1, "").code(), OAR_E_ARGUMENT);
  EXPECT_EQ(Progress::create("t", -1, "x", true, "auto").status().code(), OAR_E_ARGUMENT);
}

struct ModeCase {
  const char* text;
  bool stderr_is_terminal;
  ProgressMode mode;
};

class ParseProgressMode : public ::testing::TestWithParam<ModeCase> {};

TEST_P(ParseProgressMode, DecidesByOptionThenTerminal) {
  const auto mode = parse_progress_mode(GetParam().text, GetParam().stderr_is_terminal);
  ASSERT_TRUE(mode.is_ok()) << mode.status().message();
  EXPECT_EQ(mode.value(), GetParam().mode);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ParseProgressMode,
    ::testing::Values(ModeCase{"auto", true, ProgressMode::kBar}, ModeCase{"auto", false, ProgressMode::kLines},
                      ModeCase{"1", true, ProgressMode::kBar}, ModeCase{"0", true, ProgressMode::kOff},
                      ModeCase{"OFF", false, ProgressMode::kOff}, ModeCase{"lines", true, ProgressMode::kLines},
                      ModeCase{"bar", false, ProgressMode::kBar}));

TEST(ParseProgressMode, RefusesOtherWords) {
  EXPECT_EQ(parse_progress_mode("sometimes", true).status().code(), OAR_E_ARGUMENT);
}

}  // namespace
}  // namespace oarlock
