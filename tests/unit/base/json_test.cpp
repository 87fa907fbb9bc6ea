#include "base/json.h"

#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace oarlock {
namespace {

struct BadJson {
  std::string text;
  std::size_t byte;  // where the message must point to
  const char* why;
};

class RefusedJson : public testing::TestWithParam<BadJson> {};

TEST_P(RefusedJson, GivesTheByteAndTheReason) {
  const Result<JsonValue> parsed = parse_json(GetParam().text);
  ASSERT_FALSE(parsed.is_ok()) << GetParam().text << " was read as " << parsed.value().dump();
  EXPECT_EQ(parsed.status().code(), OAR_E_ARGUMENT);
  const std::string start = fmt::format("byte {}: ", GetParam().byte);
  EXPECT_TRUE(parsed.status().message().starts_with(start)) << parsed.status().message();
  EXPECT_NE(parsed.status().message().find(GetParam().why), std::string::npos) << parsed.status().message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedJson,
    testing::Values(BadJson{"", 0, "no JSON value"},                       // empty
                    BadJson{"  \n", 3, "no JSON value"},                   // white space only
                    BadJson{"{}x", 2, "starts nothing"},                   // trailing bytes
                    BadJson{"{} []", 3, "behind the JSON value"},          // a second value
                    BadJson{"[1,2", 3, "not JSON"},                        // cut: the last byte
                    BadJson{"{\"a\":1,}", 7, "not JSON"},                  // trailing comma
                    BadJson{"// c\n{}", 0, "no comments"},                 // comment in front
                    BadJson{"{\"a\":/* c */1}", 5, "no comments"},         // comment inside
                    BadJson{"[01]", 1, "leading zero"},                    // cJSON takes it as 1
                    BadJson{"[1.]", 1, "behind its point"},                // cJSON takes it as 1
                    BadJson{"[+1]", 1, "starts nothing"},                  // cJSON takes it as 1
                    BadJson{"[1e]", 1, "exponent"},                        //
                    BadJson{"[-]", 1, "needs a digit"},                    //
                    BadJson{"[0x10]", 1, "not a JSON number"},             //
                    BadJson{"[NaN]", 1, "starts nothing"},                 // Python writes it
                    BadJson{"[9007199254740993]", 1, "as strings"},        // 2^53 + 1: a double has no such number
                    BadJson{"[-9007199254740994]", 1, "as strings"},       // even where it has
                    BadJson{"[1e400]", 1, "out of range"},                 //
                    BadJson{"[\"a\nb\"]", 3, "control character"},         // cJSON takes it
                    BadJson{"[\"\\x41\"]", 2, "escape"},                   //
                    BadJson{"[\"\\u00\"]", 2, "hexadecimal"},              //
                    BadJson{"[\"\\u0000\"]", 2, "C strings"},              // cJSON ends the text there
                    BadJson{"[\"\\ud800\"]", 2, "surrogate"},              // first half alone
                    BadJson{"[\"\\udc00\"]", 2, "surrogate"},              // second half alone
                    BadJson{"[\"\xC3\x28\"]", 2, "UTF-8"},                 // cJSON takes it
                    BadJson{"[\"\xED\xA0\x80\"]", 2, "UTF-8"},             // a surrogate as UTF-8
                    BadJson{"[\"\xC0\xAF\"]", 2, "UTF-8"},                 // overlong
                    BadJson{"\xEF\xBB\xBF{}", 0, "starts nothing"},        // byte order mark; cJSON skips it
                    BadJson{"[\"abc", 1, "does not end"},                  //
                    BadJson{std::string("{}\0", 3), 2, "starts nothing"},  // NUL behind
                    BadJson{"\v{}", 0, "starts nothing"},                  // cJSON takes any control character as space
                    BadJson{"[tru]", 1, "not JSON"}));

TEST(ParseJson, RefusesAKeyThatStandsTwice) {
  const Result<JsonValue> parsed = parse_json(R"({"b":1,"a":{"x":1,"y":2,"x":3}})");
  ASSERT_FALSE(parsed.is_ok());
  EXPECT_EQ(parsed.status().message(), "the key 'x' stands twice in one object");
}

TEST(ParseJson, KeysThatDifferInCaseAreTwoKeys) {
  const Result<JsonValue> parsed = parse_json(R"({"a":1,"A":2})");
  ASSERT_TRUE(parsed.is_ok());
  EXPECT_EQ(parsed.value().find("A")->text(), "2");
}

std::string nested(int depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(ParseJson, TakesDepth64AndRefuses65) {
  EXPECT_TRUE(parse_json(nested(64)).is_ok());
  const Result<JsonValue> deep = parse_json(nested(65));
  ASSERT_FALSE(deep.is_ok());
  EXPECT_EQ(deep.status().message(), "byte 64: nested deeper than 64");
  EXPECT_FALSE(parse_json(std::string(1000000, '[')).is_ok());  // and the stack lives
}

TEST(ParseJson, TheCallerChoosesTheCode) { EXPECT_EQ(parse_json("{", OAR_E_CORRUPT).status().code(), OAR_E_CORRUPT); }

TEST(ParseJson, KeepsTheOrderOfKeysAndEveryKindOfValue) {
  const std::string text = R"({"z":null,"a":[true,false,-3,0.5,"x"],"m":{}})";
  const Result<JsonValue> parsed = parse_json(text);
  ASSERT_TRUE(parsed.is_ok()) << parsed.status().message();
  EXPECT_EQ(parsed.value().dump(), text);
}

TEST(ParseJson, IntegersUpTo2To53AreExact) {
  for (const char* text : {"9007199254740992", "-9007199254740992", "9007199254740991", "0"}) {
    const Result<JsonValue> parsed = parse_json(text);
    ASSERT_TRUE(parsed.is_ok()) << text;
    EXPECT_EQ(parsed.value().text(), text);
  }
}

TEST(ParseJson, DecodesEscapesAndSurrogatePairs) {
  const Result<JsonValue> parsed = parse_json(R"(["\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"])");
  ASSERT_TRUE(parsed.is_ok()) << parsed.status().message();
  EXPECT_EQ(parsed.value().items()[0].text(), "\"\\/\b\f\n\r\t\xC3\xA9\xF0\x9F\x98\x80");
}

TEST(JsonValue, DoublesComeBackBitByBit) {
  std::mt19937_64 random(20240607);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof(value));
    if (!std::isfinite(value)) continue;
    const Result<JsonValue> parsed = parse_json(JsonValue::number(value).dump());
    ASSERT_TRUE(parsed.is_ok()) << parsed.status().message();
    const double back = parsed.value().as_double().value();
    ASSERT_EQ(std::memcmp(&back, &value, sizeof(value)), 0) << value << " with seed 20240607, draw " << i;
  }
}

TEST(JsonValue, ExtremeDoublesComeBack) {
  for (const double value : {0.1, 1e-300, DBL_MIN, DBL_MAX, -DBL_MAX, 5e-324, -0.0, 1.0 / 3, 9223372036854776.0}) {
    const Result<JsonValue> parsed = parse_json(JsonValue::number(value).dump());
    ASSERT_TRUE(parsed.is_ok()) << parsed.status().message();
    const double back = parsed.value().as_double().value();
    EXPECT_EQ(std::memcmp(&back, &value, sizeof(value)), 0) << value;
  }
}

TEST(JsonValue, NumbersThatJsonLacksAreStrings) {
  EXPECT_EQ(JsonValue::number(std::nan("")).dump(), "\"NaN\"");
  EXPECT_EQ(JsonValue::number(HUGE_VAL).dump(), "\"Infinity\"");
  EXPECT_EQ(JsonValue::number(-HUGE_VAL).as_double().value(), -HUGE_VAL);
  EXPECT_TRUE(std::isnan(JsonValue::string("NaN").as_double().value()));
}

TEST(JsonValue, AsInt64IsExactOrRefuses) {
  EXPECT_EQ(JsonValue::number_from_text("9223372036854775807").as_int64().value(),
            std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(JsonValue::number_from_text("-9223372036854775808").as_int64().value(),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(JsonValue::number_from_text("1e3").as_int64().value(), 1000);
  EXPECT_EQ(JsonValue::number_from_text("2.0").as_int64().value(), 2);
  for (const char* text : {"9223372036854775808", "0.5", "1e300", "-0.1"}) {
    EXPECT_EQ(JsonValue::number_from_text(text).as_int64().status().code(), OAR_E_ARGUMENT) << text;
  }
}

TEST(JsonValue, ReadersRefuseOtherKindsAndNameThem) {
  EXPECT_EQ(JsonValue::string("1").as_int64().status().message(), "an integer is needed, not a string");
  EXPECT_EQ(JsonValue::integer(1).as_bool().status().message(), "true or false is needed, not a number");
  EXPECT_EQ(JsonValue().as_string().status().message(), "a string is needed, not null");
  EXPECT_EQ(JsonValue::array().as_double().status().message(), "a number is needed, not a list");
}

TEST(JsonValue, AtNamesTheMissingKey) {
  const JsonValue object = JsonValue::object({{"a", JsonValue::integer(1)}});
  EXPECT_EQ(object.at("a").value()->text(), "1");
  EXPECT_EQ(object.at("b").status().code(), OAR_E_CORRUPT);
  EXPECT_NE(object.at("b").status().message().find("'b'"), std::string::npos);
  EXPECT_FALSE(JsonValue::array().at("b").is_ok());
}

TEST(JsonValue, SetReplacesOrAddsAtTheEnd) {
  JsonValue object = JsonValue::object();
  object.set("b", JsonValue::integer(1));
  object.set("a", JsonValue::integer(2));
  object.set("b", JsonValue::integer(3));
  EXPECT_EQ(object.dump(), R"({"b":3,"a":2})");
}

TEST(JsonValue, DumpEscapesWhatJsonForbids) {
  const std::string text = "q\" b\\ n\n t\t \x01\x1f \xC3\xA9 ";
  EXPECT_EQ(JsonValue::string(text).dump(), "\"q\\\" b\\\\ n\\n t\\t \\u0001\\u001f \xC3\xA9 \"");
  EXPECT_EQ(JsonValue::string(std::string("a\0b", 3)).dump(), "\"a\\u0000b\"");
}

TEST(JsonValue, PrettyDumpIndentsByTwo) {
  const JsonValue value = parse_json(R"({"a":[1,{}],"b":[]})").value();
  EXPECT_EQ(value.dump(true), "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
}

}  // namespace
}  // namespace oarlock
