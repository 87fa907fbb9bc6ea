#include "base/text.h"

#include <gtest/gtest.h>

#include <array>

namespace oarlock {
namespace {

struct DistanceCase {
  const char* a;
  const char* b;
  std::size_t distance;
};

class EditDistance : public testing::TestWithParam<DistanceCase> {};

TEST_P(EditDistance, IsSymmetric) {
  EXPECT_EQ(edit_distance(GetParam().a, GetParam().b), GetParam().distance);
  EXPECT_EQ(edit_distance(GetParam().b, GetParam().a), GetParam().distance);
}

INSTANTIATE_TEST_SUITE_P(Table, EditDistance,
                         testing::Values(DistanceCase{"", "", 0}, DistanceCase{"", "abc", 3},
                                         DistanceCase{"abc", "abc", 0},
                                         DistanceCase{"kitten", "sitting", 3},  // the textbook's
                                         DistanceCase{"batchsize", "batch_size", 1}, DistanceCase{"ab", "ba", 2}));

TEST(NearestText, TakesTheNearestAndNothingFar) {
  const std::array<std::string_view, 3> known = {"launch", "lunch", "env"};
  EXPECT_EQ(nearest_text("lunhc", known), "lunch");
  EXPECT_EQ(nearest_text("lauch", known), "launch");
  EXPECT_EQ(nearest_text("completely-else", known), std::nullopt);
  EXPECT_EQ(nearest_text("x", {}), std::nullopt);
}

struct PatternCase {
  const char *text, *pattern;
  bool fits;
};

class TextFits : public testing::TestWithParam<PatternCase> {};

TEST_P(TextFits, TheWholePattern) { EXPECT_EQ(text_fits(GetParam().text, GetParam().pattern), GetParam().fits); }

INSTANTIATE_TEST_SUITE_P(Table, TextFits,
                         testing::Values(PatternCase{"h.0.q", "h.0.q", true}, PatternCase{"h.0.q", "*.q", true},
                                         PatternCase{"h.0.q", "h*", true}, PatternCase{"h.0.q", "*", true},
                                         PatternCase{"h.0.q", "h.*.q", true}, PatternCase{"h.q", "h.*.q", false},
                                         PatternCase{"h..q", "h.*.q", true}, PatternCase{"q", "*.q", false},
                                         PatternCase{"h.0.q", "h.0", false}, PatternCase{"h.0.q", "0.q", false},
                                         PatternCase{"aXbXc", "a*X*c", true}, PatternCase{"abab", "*ab", true},
                                         PatternCase{"", "", true}, PatternCase{"", "*", true},
                                         PatternCase{"a", "", false}, PatternCase{"a?", "a?", true},
                                         PatternCase{"ab", "a?", false}, PatternCase{"a", "a**", true}));

TEST(SplitText, KeepsEmptyParts) {
  EXPECT_EQ(split_text("a,,b,", ','), (std::vector<std::string>{"a", "", "b", ""}));
  EXPECT_EQ(split_text("", ','), (std::vector<std::string>{""}));
}

TEST(JoinText, UndoesSplit) {
  const std::vector<std::string> parts = {"a", "", "b"};
  EXPECT_EQ(join_text(parts, ","), "a,,b");
  EXPECT_EQ(join_text({}, ","), "");
}

struct Utf8Case {
  std::string text;
  std::size_t valid;
};

class Utf8 : public testing::TestWithParam<Utf8Case> {};

TEST_P(Utf8, ValidPrefix) { EXPECT_EQ(utf8_valid_prefix(GetParam().text), GetParam().valid); }

INSTANTIATE_TEST_SUITE_P(Table, Utf8,
                         testing::Values(Utf8Case{"", 0}, Utf8Case{"abc", 3}, Utf8Case{"a\xC3\xA9z", 4},
                                         Utf8Case{"\xE2\x82\xAC", 3}, Utf8Case{"\xF0\x9F\x98\x80", 4},
                                         Utf8Case{"a\xC3", 1},             // cut
                                         Utf8Case{"\xE2\x82", 0},          // cut
                                         Utf8Case{"ab\x80", 2},            // continuation without a start
                                         Utf8Case{"\xC0\x80", 0},          // overlong NUL
                                         Utf8Case{"\xE0\x80\xAF", 0},      // overlong
                                         Utf8Case{"\xF0\x80\x80\xAF", 0},  // overlong
                                         Utf8Case{"\xED\xA0\x80", 0},      // surrogate
                                         Utf8Case{"\xED\x9F\xBF", 3},      // the last before the surrogates
                                         Utf8Case{"\xF4\x8F\xBF\xBF", 4},  // U+10FFFF
                                         Utf8Case{"\xF4\x90\x80\x80", 0},  // beyond
                                         Utf8Case{"\xFF", 0}));

}  // namespace
}  // namespace oarlock
