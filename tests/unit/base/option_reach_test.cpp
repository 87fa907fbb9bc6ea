#include "base/option_reach.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace oarlock {
namespace {

Options defaults() { return Options::from_environment().value(); }

// A value that is not the default, of the row's type.
const char* another_value(const OptionKey& row) {
  switch (row.type) {
    case OptionType::kFlag:
      return row.default_json == std::string_view("true") ? "false" : "true";
    case OptionType::kInt:
      return "4321";
    case OptionType::kDouble:
      return "0.4321";
    case OptionType::kString:
      return "\"another\"";
    case OptionType::kDoubles:
      return "[0.25,0.5]";
    case OptionType::kList:
      return "[\"another\"]";
  }
  return "";
}

Options defaults_with(const OptionKey& row) {
  Options options = defaults();
  EXPECT_TRUE(options.set(row.key, parse_json(another_value(row)).value()).is_ok()) << row.key;
  return options;
}

bool begins_with(const OptionKey& row, std::initializer_list<const char*> beginnings) {
  for (const char* const beginning : beginnings) {
    if (std::string_view(row.key).starts_with(beginning)) return true;
  }
  return false;
}

TEST(OptionReach, EveryRowIsReadFromTheStatesConfigOrRefusedThereByName) {
  for (const OptionKey& row : option_keys()) {
    const Status status = check_reach_of_state(defaults_with(row));
    if (!begins_with(row, {"loader.", "optimizer.", "scheduler."})) {
      EXPECT_TRUE(status.is_ok()) << status.message();
      continue;
    }
    EXPECT_EQ(status.code(), OAR_E_ARGUMENT) << row.key;
    EXPECT_NE(status.message().find(row.key), std::string::npos) << status.message();
  }
}

TEST(OptionReach, EveryRowIsReadFromTheAcceleratorsConfigOrRefusedThereByName) {
  for (const OptionKey& row : option_keys()) {
    const Status status = check_reach_of_accelerator(defaults_with(row), defaults());
    if (begins_with(
            row, {"accelerator.", "autocast.", "scaler.", "ddp.", "checkpoint.", "project_dir", "compat", "armor"})) {
      EXPECT_TRUE(status.is_ok()) << status.message();
      continue;
    }
    EXPECT_EQ(status.code(), OAR_E_ARGUMENT) << row.key;
    EXPECT_NE(status.message().find(row.key), std::string::npos) << status.message();
  }
}

TEST(OptionReach, AnAcceleratorMayHaveTheStatesConfig) {
  for (const OptionKey& row : option_keys()) {
    if (begins_with(row, {"loader.", "optimizer.", "scheduler."})) continue;
    const Options same = defaults_with(row);
    EXPECT_TRUE(check_reach_of_accelerator(same, same).is_ok()) << row.key;
  }
}

TEST(OptionReach, TheTextSaysWhereTheValueBelongs) {
  Options options = defaults();
  ASSERT_TRUE(options.merge_json(R"({"loader.batch_size":-5})").is_ok());
  EXPECT_EQ(check_reach_of_state(options).message(),
            "option 'loader.batch_size' = -5 reaches nothing here: give it to oar_loader_create, in its options, as "
            "{\"batch_size\":-5}");
  Options own = defaults();
  ASSERT_TRUE(own.merge_json(R"({"comm.timeout_ms":5000})").is_ok());
  EXPECT_EQ(check_reach_of_accelerator(own, defaults()).message(),
            "option 'comm.timeout_ms' = 5000 reaches nothing here: it is read from the state's config, where it is "
            "1800000; set it there");
}

TEST(OptionReach, WhatTheEnvironmentSetsReachesItsCallAndIsNotRefused) {
  ::setenv("OARLOCK_LOADER_BATCH_SIZE", "12", 1);
  const Status from_environment = check_reach_of_state(defaults());
  Options merged = defaults();
  ASSERT_TRUE(merged.merge_json(R"({"loader.batch_size":13})").is_ok());
  const Status from_program = check_reach_of_state(merged);
  ::unsetenv("OARLOCK_LOADER_BATCH_SIZE");
  EXPECT_TRUE(from_environment.is_ok()) << from_environment.message();
  EXPECT_EQ(from_program.code(), OAR_E_ARGUMENT);
}

TEST(OptionReach, AConfigThatWasWrittenAndReadBackIsTakenAsItWas) {
  Options again = defaults();
  ASSERT_TRUE(again.merge_json(defaults().to_json().dump()).is_ok());  // names every key, those of loaders too
  EXPECT_TRUE(check_reach_of_state(again).is_ok());
}

}  // namespace
}  // namespace oarlock
