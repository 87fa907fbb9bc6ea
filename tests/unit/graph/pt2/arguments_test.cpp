// Every kind of argument of the schema: read as torch/_export/serde/schema.py means it, or refused by its tag.
#include "graph/pt2/arguments.h"

#include <gtest/gtest.h>

#include <string>

#include "base/strict_json.h"

namespace oarlock::pt2 {
namespace {

// "x" is slot 3, "n" slot 4.
Result<ArgumentValue> read(const std::string& json) {
  Scope scope;
  scope.emplace("x", ArgumentItem{c10::IValue(), 3});
  scope.emplace("n", ArgumentItem{c10::IValue(), 4});
  return argument_value(parse_strict_json(json).value(), scope, at::kCPU);
}

// An item as "int 3", "slot 4", ...: what a reader of the schema would write down.
std::string text_of(const ArgumentItem& item) {
  if (item.slot != kNoSlot) return "slot " + std::to_string(item.slot);
  const c10::IValue& value = item.constant;
  if (value.isNone()) return "none";
  if (value.isBool()) return value.toBool() ? "true" : "false";
  if (value.isInt()) return "int " + std::to_string(value.toInt());
  if (value.isDouble()) return "float " + std::to_string(value.toDouble());
  if (value.isString()) return "string " + value.toStringRef();
  if (value.isDevice()) return "device " + value.toDevice().str();
  if (value.isComplexDouble()) {
    const auto number = value.toComplexDouble();
    return "complex " + std::to_string(number.real()) + " " + std::to_string(number.imag());
  }
  return value.tagKind();
}

struct KindCase {
  const char* json;
  bool is_list;
  std::vector<std::string> items;
};

class ArgumentKindOfTheSchema : public testing::TestWithParam<KindCase> {};

TEST_P(ArgumentKindOfTheSchema, IsRead) {
  const Result<ArgumentValue> value = read(GetParam().json);
  ASSERT_TRUE(value.is_ok()) << value.status().message();
  EXPECT_EQ(value.value().is_list, GetParam().is_list);
  std::vector<std::string> items;
  for (const ArgumentItem& item : value.value().items) items.push_back(text_of(item));
  EXPECT_EQ(items, GetParam().items);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ArgumentKindOfTheSchema,
    testing::Values(
        KindCase{R"({"as_none": true})", false, {"none"}},
        KindCase{R"({"as_tensor": {"name": "x"}})", false, {"slot 3"}},
        KindCase{R"({"as_tensors": [{"name": "x"}, {"name": "x"}]})", true, {"slot 3", "slot 3"}},
        KindCase{R"({"as_tensors": []})", true, {}},
        KindCase{R"({"as_optional_tensor": {"as_none": true}})", false, {"none"}},
        KindCase{
            R"({"as_optional_tensors": [{"as_tensor": {"name": "x"}}, {"as_none": true}]})", true, {"slot 3", "none"}},
        KindCase{R"({"as_int": 9223372036854775807})", false, {"int 9223372036854775807"}},  // not through double
        KindCase{R"({"as_ints": [1, -2]})", true, {"int 1", "int -2"}},
        KindCase{R"({"as_float": 0.5})", false, {"float 0.500000"}},
        KindCase{R"({"as_float": "-Infinity"})", false, {"float -inf"}},  // JSON has no infinities: texts
        KindCase{R"({"as_floats": [0.5, "Infinity"]})", true, {"float 0.500000", "float inf"}},
        KindCase{R"({"as_bool": false})", false, {"false"}},
        KindCase{R"({"as_bools": [true, false]})", true, {"true", "false"}},
        KindCase{R"({"as_string": "mean"})", false, {"string mean"}},
        KindCase{R"({"as_strings": ["a", ""]})", true, {"string a", "string "}},
        KindCase{R"({"as_complex": {"real": 1.5, "imag": -2}})", false, {"complex 1.500000 -2.000000"}},
        KindCase{R"({"as_sym_int": {"as_name": "n"}})", false, {"slot 4"}},
        KindCase{R"({"as_sym_int": {"as_int": 7}})", false, {"int 7"}},
        KindCase{R"({"as_sym_ints": [{"as_name": "n"}, {"as_int": -1}]})", true, {"slot 4", "int -1"}},
        KindCase{R"({"as_sym_float": {"as_float": 0.25}})", false, {"float 0.250000"}},
        KindCase{R"({"as_sym_floats": [{"as_name": "n"}, {"as_float": 0.25}]})", true, {"slot 4", "float 0.250000"}},
        KindCase{R"({"as_sym_bool": {"as_bool": true}})", false, {"true"}},
        KindCase{R"({"as_sym_bools": [{"as_bool": true}, {"as_name": "n"}]})", true, {"true", "slot 4"}},
        KindCase{R"({"as_scalar_type": 7})", false, {"int 6"}},    // schema.ScalarType.FLOAT is at::kFloat
        KindCase{R"({"as_memory_format": 2})", false, {"int 2"}},  // ChannelsLast has one number in both
        KindCase{R"({"as_layout": 7})", false, {"int 0"}},         // Strided
        KindCase{R"({"as_device": {"type": "cuda", "index": 1}})", false, {"device cpu"}}));  // moves with its run

TEST(ArgumentKinds, ListsOfListsOfTensorsKeepTheirLengths) {
  const Result<ArgumentValue> value =
      read(R"({"as_nested_tensors": [[{"name": "x"}, {"name": "x"}], [], [{"name": "x"}]]})");
  ASSERT_TRUE(value.is_ok()) << value.status().message();
  EXPECT_EQ(value.value().lengths, (std::vector<std::int64_t>{2, 0, 1}));
  EXPECT_EQ(value.value().items.size(), 3u);
  EXPECT_EQ(value.value().items[2].slot, 3);
}

TEST(ArgumentKinds, ListsOfListsThatAreNoneAreRefused) {
  for (const char* json : {R"({"as_nested_tensors": 1})", R"({"as_nested_tensors": [1]})",
                           R"({"as_nested_tensors": [[{"name": "nobody"}]]})", R"({"as_nested_tensors": [[{}]]})"}) {
    EXPECT_EQ(read(json).status().code(), OAR_E_CORRUPT) << json;
  }
}

TEST(ArgumentKinds, DictionariesKeepTheirKeysInOrder) {
  const Result<ArgumentValue> value =
      read(R"({"as_string_to_argument": {"z": {"as_tensor": {"name": "x"}}, "a": {"as_int": 3}}})");
  ASSERT_TRUE(value.is_ok()) << value.status().message();
  EXPECT_EQ(value.value().keys, (std::vector<std::string>{"z", "a"}));
  ASSERT_EQ(value.value().items.size(), 2u);
  EXPECT_EQ(value.value().items[0].slot, 3);
  EXPECT_EQ(value.value().items[1].constant.toInt(), 3);
}

TEST(ArgumentKinds, DictionariesThatAreNoneAreRefused) {
  for (const char* json : {R"({"as_string_to_argument": []})", R"({"as_string_to_argument": {"a": 1}})",
                           R"({"as_string_to_argument": {"a": {"as_tensor": {"name": "nobody"}}}})"}) {
    EXPECT_EQ(read(json).status().code(), OAR_E_CORRUPT) << json;
  }
  const Status lists = read(R"({"as_string_to_argument": {"a": {"as_ints": []}}})").status();
  EXPECT_EQ(lists.code(), OAR_E_UNSUPPORTED);
  EXPECT_EQ(lists.message(), "dictionaries of lists are not supported");
}

class RefusedArgumentKind : public testing::TestWithParam<const char*> {};

TEST_P(RefusedArgumentKind, IsNamed) {
  const std::string tag = GetParam();
  const Result<ArgumentValue> value = read("{\"" + tag + "\": {}}");
  ASSERT_FALSE(value.is_ok());
  EXPECT_EQ(value.status().code(), OAR_E_UNSUPPORTED);
  EXPECT_NE(value.status().message().find(tag), std::string::npos) << value.status().message();
}

INSTANTIATE_TEST_SUITE_P(Table, RefusedArgumentKind,
                         testing::Values("as_custom_obj", "as_operator", "as_int_lists", "as_float_lists",
                                         "as_of_a_later_release"));

TEST(ConstantKinds, AreThoseThatStandInTheFileAsTheyAre) {
  for (const char* tag : {"as_none", "as_int", "as_float", "as_bool", "as_string", "as_complex", "as_device",
                          "as_scalar_type", "as_layout", "as_memory_format", "as_ints"}) {
    EXPECT_TRUE(is_constant_kind(tag)) << tag;
  }
  for (const char* tag : {"as_tensor", "as_tensors", "as_optional_tensor", "as_sym_int", "as_sym_bools",
                          "as_nested_tensors", "as_custom_obj", "as_of_a_later_release"}) {
    EXPECT_FALSE(is_constant_kind(tag)) << tag;
  }
}

}  // namespace
}  // namespace oarlock::pt2
