#include "base/env.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace oarlock {
namespace {

constexpr const char* kName = "OARLOCK_TEST_VARIABLE";

class Env : public testing::Test {
 protected:
  void TearDown() override { ::unsetenv(kName); }
  static void set(const char* value) { ::setenv(kName, value, 1); }
};

TEST_F(Env, UnsetAndEmptyAreTheSame) {
  EXPECT_FALSE(env_text(kName).has_value());
  set("");
  EXPECT_FALSE(env_text(kName).has_value());
  set("42");
  EXPECT_EQ(env_text(kName), "42");
}

TEST(ParseNumber, TakesWholeTextsOnly) {
  EXPECT_EQ(parse_int("42"), 42);
  EXPECT_EQ(parse_double("42"), 42.0);
  for (const char* wrong : {"42 ", " 42", "4.2", "0x1", "99999999999999999999", "four", ""})
    EXPECT_EQ(parse_int(wrong), std::nullopt) << wrong;
  EXPECT_EQ(parse_double("inf"), std::nullopt);
}

TEST(ParseFlag, TakesTheReferencesWords) {  // Accelerate 1.15 str_to_bool
  for (const char* on : {"y", "yes", "t", "true", "on", "1", "TRUE", "Yes"}) EXPECT_EQ(parse_flag(on), true) << on;
  for (const char* off : {"n", "no", "f", "false", "off", "0", "FALSE", "Off"})
    EXPECT_EQ(parse_flag(off), false) << off;
  for (const char* neither : {"", "2", "yess", " true"}) EXPECT_EQ(parse_flag(neither), std::nullopt) << neither;
}

}  // namespace
}  // namespace oarlock
