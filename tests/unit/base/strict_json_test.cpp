#include "base/strict_json.h"

#include <gtest/gtest.h>

#include <random>

namespace oarlock {
namespace {

TEST(StrictJson, KeepsTheTextOfNumbers) {
  const Result<JsonValue> parsed = parse_strict_json("[9007199254740993, 18446744073709551615, 1.50, 1E+2, -0]");
  ASSERT_TRUE(parsed.is_ok()) << parsed.status().message();
  EXPECT_EQ(parsed.value().dump(), "[9007199254740993,18446744073709551615,1.50,1E+2,-0]");
  EXPECT_EQ(parsed.value().items()[0].as_int64().value(), 9007199254740993);
}

struct BadText {
  const char* text;
  std::size_t byte;
};

class RefusedText : public testing::TestWithParam<BadText> {};

TEST_P(RefusedText, IsCorruptAtItsByte) {
  const Result<JsonValue> parsed = parse_strict_json(GetParam().text);
  ASSERT_FALSE(parsed.is_ok()) << GetParam().text;
  EXPECT_EQ(parsed.status().code(), OAR_E_CORRUPT);
  const std::string start = fmt::format("byte {}: ", GetParam().byte);
  EXPECT_TRUE(parsed.status().message().starts_with(start)) << parsed.status().message();
}

INSTANTIATE_TEST_SUITE_P(Table, RefusedText,
                         testing::Values(BadText{"", 0},                   // nothing
                                         BadText{"{", 1},                  // cut behind the bracket
                                         BadText{"{\"a\"", 4},             // cut behind the key
                                         BadText{"{\"a\":", 5},            // cut before the value
                                         BadText{"{\"a\":1", 6},           // cut behind the value
                                         BadText{"{\"a\":1,}", 7},         // comma without a key
                                         BadText{"{a:1}", 1},              // key without quotes
                                         BadText{"{'a':1}", 1},            // wrong quotes
                                         BadText{"[1 2]", 3},              // no comma
                                         BadText{"[,]", 1},                //
                                         BadText{"[1,]", 3},               //
                                         BadText{"nul", 0},                //
                                         BadText{"nullx", 4},              // a word that goes on
                                         BadText{"1 1", 2},                // a second value
                                         BadText{"[01]", 1},               //
                                         BadText{"\"\\u12g4\"", 1},        //
                                         BadText{"[\"\x80\"]", 2},         // a continuation byte alone
                                         BadText{"{\"a\":1,\"a\":2}", 0},  // twice
                                         BadText{"[\"a\"] // c", 6}));

TEST(StrictJson, BoundsDepth) {
  StrictJsonLimits limits;
  limits.depth_max = 3;
  EXPECT_TRUE(parse_strict_json("[[[]]]", limits).is_ok());
  EXPECT_EQ(parse_strict_json("[[[[]]]]", limits).status().message(), "byte 3: nested deeper than 3");
  EXPECT_FALSE(parse_strict_json(std::string(10000000, '[')).is_ok());  // and the stack lives
}

TEST(StrictJson, BoundsSize) {
  StrictJsonLimits limits;
  limits.size_bytes_max = 4;
  EXPECT_TRUE(parse_strict_json("[12]", limits).is_ok());
  EXPECT_EQ(parse_strict_json("[123]", limits).status().code(), OAR_E_CORRUPT);
}

TEST(StrictJson, BoundsTheNumberOfValues) {
  StrictJsonLimits limits;
  limits.values_max = 3;  // a list counts too
  EXPECT_TRUE(parse_strict_json("[1,2]", limits).is_ok());
  const Status refused = parse_strict_json("[1,2,3]", limits).status();
  EXPECT_EQ(refused.code(), OAR_E_CORRUPT);
  EXPECT_EQ(refused.message(), "byte 5: the text has more than 3 values");
}

TEST(StrictJson, RefusesTextThatWouldTakeAHundredfoldOfMemory) {
  std::string text(20'000'000, '0');
  for (std::size_t i = 0; i < text.size(); i += 2) text[i] = ',';
  text.front() = '[';
  text += ']';
  EXPECT_EQ(parse_strict_json(text).status().code(), OAR_E_CORRUPT);
}

TEST(StrictJson, FindsDuplicatesAmongManyKeys) {
  std::string text = "{";
  for (int i = 0; i < 50000; ++i) text += fmt::format("\"k{}\":{},", i, i);
  const Result<JsonValue> fine = parse_strict_json(text + "\"last\":0}");
  ASSERT_TRUE(fine.is_ok());
  EXPECT_EQ(fine.value().members().size(), 50001u);
  EXPECT_NE(parse_strict_json(text + "\"k77\":0}").status().message().find("'k77'"), std::string::npos);
}

// Whatever one byte is changed to, the reader answers, and what it takes it prints as text that it takes again.
TEST(StrictJson, SurvivesEveryChangedByte) {
  const std::string good = R"({"a":[1,-2.5e3,true,null,"x\u00e9\n"],"b":{"c":"d"}})";
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = good;
      changed[at] = static_cast<char>(byte);
      const Result<JsonValue> parsed = parse_strict_json(changed);
      if (!parsed.is_ok()) continue;
      const Result<JsonValue> again = parse_strict_json(parsed.value().dump());
      ASSERT_TRUE(again.is_ok()) << changed;
      ASSERT_EQ(again.value().dump(), parsed.value().dump()) << changed;
    }
  }
}

TEST(StrictJson, AgreesWithTheOtherParserOnRandomText) {
  std::mt19937 random(7);
  const std::string letters = "{}[]\",:\\ntrue1e-.0 ";
  int taken = 0;
  for (int i = 0; i < 200000; ++i) {
    std::string text;
    for (unsigned length = random() % 8; length != 0; --length) text += letters[random() % letters.size()];
    const bool is_strict = parse_strict_json(text).is_ok();
    ASSERT_EQ(is_strict, parse_json(text).is_ok()) << "'" << text << "' with seed 7, draw " << i;
    taken += is_strict;
  }
  EXPECT_GT(taken, 500);  // else this test says nothing
}

}  // namespace
}  // namespace oarlock
