#include "base/options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/check.h"

namespace oarlock {
namespace {

// Sets a variable for the time of a test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

Options defaults() {
  Result<Options> options = Options::from_environment();
  if (!options.is_ok()) ADD_FAILURE() << options.status().message();
  return std::move(options).value();
}

std::string message_of_merge(const char* json) {
  Options options = defaults();
  const std::string before = options.to_json().dump();
  const Status status = options.merge_json(json);
  EXPECT_EQ(status.code(), OAR_E_ARGUMENT) << json;
  EXPECT_EQ(options.to_json().dump(), before) << "a refused merge changed something: " << json;
  return status.message();
}

TEST(OptionKeys, EveryRowHasItsVariableItsTextAndAValidDefault) {
  Options options = defaults();
  for (const OptionKey& row : option_keys()) {
    std::string variable = "OARLOCK_" + std::string(row.key);
    std::transform(variable.begin(), variable.end(), variable.begin(), [](char c) {
      return c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    });
    EXPECT_EQ(row.variable, variable);
    EXPECT_TRUE(std::string_view(row.text).ends_with(".")) << row.key;
    const Result<JsonValue> value = parse_json(row.default_json);
    ASSERT_TRUE(value.is_ok()) << row.key;
    EXPECT_TRUE(options.set(row.key, value.value()).is_ok()) << row.key << ": the default is not of the row's type";
  }
}

TEST(Options, NestedAndDottedKeysMeanTheSame) {
  Options nested = defaults(), dotted = defaults();
  ASSERT_TRUE(nested.merge_json(R"({"comm":{"timeout_ms":5},"seed":7})").is_ok());
  ASSERT_TRUE(dotted.merge_json(R"({"comm.timeout_ms":5,"seed":7})").is_ok());
  EXPECT_EQ(nested.integer("comm.timeout_ms"), 5);
  EXPECT_EQ(nested.to_json().dump(), dotted.to_json().dump());
}

struct BadOptions {
  const char* json;
  const char* message;
};

class RefusedOptions : public testing::TestWithParam<BadOptions> {};

TEST_P(RefusedOptions, SayWhatAndChangeNothing) { EXPECT_EQ(message_of_merge(GetParam().json), GetParam().message); }

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedOptions,
    testing::Values(
        BadOptions{R"({"loader.batchsize":1})", "unknown option 'loader.batchsize'; did you mean 'loader.batch_size'?"},
        BadOptions{R"({"loader":{"batch_sise":1}})",
                   "unknown option 'loader.batch_sise'; did you mean 'loader.batch_size'?"},
        BadOptions{R"({"batch_size":1})", "unknown option 'batch_size'; did you mean 'loader.batch_size'?"},
        BadOptions{R"({"seed":1,"xyzzyplugh":1})",
                   "unknown option 'xyzzyplugh', and no known one is like it; docs/options.md lists all"},
        BadOptions{R"({"loader":1})", "'loader' is a section: give an object, {\"loader\":{...}}, or dotted keys"},
        BadOptions{R"({"loader.batch_size":"many"})",
                   "option 'loader.batch_size' must be an integer, but is a string: \"many\""},
        BadOptions{R"({"loader.batch_size":1.5})",
                   "option 'loader.batch_size' must be an integer, but is a number: 1.5"},
        BadOptions{R"({"loader.shuffle":1})", "option 'loader.shuffle' must be true or false, but is a number: 1"},
        BadOptions{R"({"optimizer.lr":[1]})", "option 'optimizer.lr' must be a number, but is a list: [1]"},
        BadOptions{R"({"optimizer.betas":[1,"x"]})",
                   "option 'optimizer.betas' must be a list of numbers, but is a list: [1,\"x\"]"},
        BadOptions{R"({"comm.backend":3})", "option 'comm.backend' must be a string, but is a number: 3"},
        BadOptions{R"({"comm":{"timeout_ms":5},"comm.timeout_ms":6})",
                   "option 'comm.timeout_ms' is given twice, in an object and with a dot"},
        BadOptions{R"([1])", "the options must be a JSON object, like {\"batch_size\":32}, not a list"},
        BadOptions{R"({"seed":1)", "the options are not valid JSON: byte 8: this is not JSON"},
        BadOptions{
            R"({"seed":18014398509481985})",
            "the options are not valid JSON: byte 8: 18014398509481985 would not be kept exactly; give integers beyond "
            "2^53 as strings"}));

TEST(Options, ParseSectionTakesKeysWithAndWithoutTheSection) {
  for (const char* json : {R"({"batch_size":12})", R"({"loader.batch_size":12})", R"({"loader":{"batch_size":12}})"}) {
    const Result<Options> loader = Options::parse_section("loader", json);
    ASSERT_TRUE(loader.is_ok()) << loader.status().message();
    EXPECT_EQ(loader.value().integer("batch_size"), 12) << json;
  }
}

TEST(Options, ParseSectionWithoutTextGivesDefaults) {
  EXPECT_EQ(Options::parse_section("loader", nullptr).value().integer("batch_size"), 1);
  EXPECT_EQ(Options::parse_section("loader", "").value().integer("batch_size"), 1);
}

TEST(Options, ParseSectionKnowsOnlyItsOwnKeys) {
  const Result<Options> loader = Options::parse_section("loader", R"({"bach_size":1})");
  EXPECT_EQ(loader.status().message(), "unknown option 'loader.bach_size'; did you mean 'loader.batch_size'?");
  const Result<Options> far = Options::parse_section("tracker", R"({"momentum":1})");
  EXPECT_TRUE(far.status().message().starts_with("unknown option 'tracker.momentum'; this section has: tracker.path"))
      << far.status().message();
}

TEST(Options, SectionIsAViewOfTheWholeSet) {
  Options all = defaults();
  ASSERT_TRUE(all.merge_json(R"({"loader":{"batch_size":9}})").is_ok());
  const Options loader = all.section("loader");
  EXPECT_EQ(loader.integer("batch_size"), 9);
  EXPECT_NE(loader.to_json().find("batch_size"), nullptr);
  EXPECT_EQ(loader.to_json().find("seed")->kind(), JsonValue::Kind::kNull);  // the loader's own, not the top level's
}

TEST(Options, IntegersBeyond2To53ComeAsStringsAndGoOutAsStrings) {
  Options options = defaults();
  ASSERT_TRUE(options.merge_json(R"({"seed":"9223372036854775807"})").is_ok());
  EXPECT_EQ(options.integer("seed"), 9223372036854775807);
  Options again = defaults();
  ASSERT_TRUE(again.merge_json(options.to_json().dump()).is_ok());
  EXPECT_EQ(again.integer("seed"), 9223372036854775807);
}

TEST(Options, ToJsonMergesBackUnchanged) {
  Options options = defaults();
  ASSERT_TRUE(options.merge_json(R"({"optimizer":{"betas":[0.8,0.95],"lr":0.25},"loader.shuffle":true})").is_ok());
  Options again = defaults();
  ASSERT_TRUE(again.merge_json(options.to_json().dump()).is_ok());
  EXPECT_EQ(again.to_json().dump(), options.to_json().dump());
  EXPECT_EQ(again.numbers("optimizer.betas"), (std::vector<double>{0.8, 0.95}));
}

TEST(Options, NullGivesBackTheDefault) {
  Options options = defaults();
  ASSERT_TRUE(options.merge_json(R"({"loader.batch_size":9,"seed":3})").is_ok());
  ASSERT_TRUE(options.merge_json(R"({"loader.batch_size":null,"seed":null})").is_ok());
  EXPECT_EQ(options.integer("loader.batch_size"), 1);
  EXPECT_FALSE(options.is_set("seed"));
}

TEST(Options, OurVariableBeatsTheReferencesAndTheProgramBeatsBoth) {
  const Variable reference("ACCELERATE_GRADIENT_ACCUMULATION_STEPS", "2");
  EXPECT_EQ(defaults().integer("accelerator.gradient_accumulation_steps"), 2);
  const Variable ours("OARLOCK_ACCELERATOR_GRADIENT_ACCUMULATION_STEPS", "3");
  Options options = defaults();
  EXPECT_EQ(options.integer("accelerator.gradient_accumulation_steps"), 3);
  ASSERT_TRUE(options.merge_json(R"({"accelerator.gradient_accumulation_steps":4})").is_ok());
  EXPECT_EQ(options.integer("accelerator.gradient_accumulation_steps"), 4);
}

TEST(Options, VariablesReachSectionsToo) {
  const Variable variable("OARLOCK_LOADER_NUM_WORKERS", "5");
  EXPECT_EQ(Options::parse_section("loader", "{}").value().integer("num_workers"), 5);
  EXPECT_EQ(Options::parse_section("loader", R"({"num_workers":2})").value().integer("num_workers"), 2);
}

TEST(Options, VariablesOfEveryType) {
  const Variable flag("OARLOCK_LOADER_SHUFFLE", "Yes");
  const Variable number("OARLOCK_OPTIMIZER_LR", "1e-2");
  const Variable numbers("OARLOCK_OPTIMIZER_BETAS", "0.5,0.75");
  const Variable text("OARLOCK_PROJECT_DIR", "here");
  const Variable empty("OARLOCK_LOADER_BATCH_SIZE", "");
  const Options options = defaults();
  EXPECT_TRUE(options.flag("loader.shuffle"));
  EXPECT_EQ(options.number("optimizer.lr"), 0.01);
  EXPECT_EQ(options.numbers("optimizer.betas"), (std::vector<double>{0.5, 0.75}));
  EXPECT_EQ(options.text("project_dir"), "here");
  EXPECT_EQ(options.integer("loader.batch_size"), 1);
}

TEST(Options, AWrongVariableIsNamedWithItsValue) {
  const Variable variable("OARLOCK_LOADER_BATCH_SIZE", "12x");
  const Result<Options> options = Options::from_environment();
  ASSERT_FALSE(options.is_ok());
  EXPECT_EQ(options.status().code(), OAR_E_ENVIRONMENT);
  EXPECT_EQ(options.status().message(),
            "the variable OARLOCK_LOADER_BATCH_SIZE (option 'loader.batch_size') must be an integer, but is '12x'; "
            "correct or "
            "unset it");
}

TEST(Options, AsTextGivesAnyTypeAndRefusesUnknownKeys) {
  Options options = defaults();
  ASSERT_TRUE(options.merge_json(R"({"loader.shuffle":true,"optimizer.lr":0.5,"optimizer.betas":[0.5,1]})").is_ok());
  EXPECT_EQ(options.as_text("loader.shuffle").value(), "true");
  EXPECT_EQ(options.as_text("optimizer.lr").value(), "0.5");
  EXPECT_EQ(options.as_text("optimizer.betas").value(), "[0.5,1]");
  EXPECT_EQ(options.as_text("comm.backend").value(), "auto");
  EXPECT_EQ(options.as_text("seed").value(), "");
  EXPECT_EQ(options.as_text("sead").status().code(), OAR_E_ARGUMENT);
}

TEST(Options, AskingForAKeyOfAnotherTypeIsADefect) {
  const Options options = defaults();
  EXPECT_THROW(options.flag("loader.batch_size"), InvariantError);
  EXPECT_THROW(options.integer("no.such_key"), InvariantError);
}

}  // namespace
}  // namespace oarlock
