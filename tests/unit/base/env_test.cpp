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
  EXPECT_FALSE(env_int(kName).value().has_value());
  EXPECT_FALSE(env_flag(kName).value().has_value());
}

TEST_F(Env, ReadsWholeValuesOnly) {
  set("42");
  EXPECT_EQ(env_int(kName).value(), 42);
  EXPECT_EQ(env_double(kName).value(), 42.0);
  for (const char* wrong : {"42 ", " 42", "4.2", "0x1", "99999999999999999999", "four"}) {
    set(wrong);
    EXPECT_FALSE(env_int(kName).is_ok()) << wrong;
  }
  set("inf");
  EXPECT_FALSE(env_double(kName).is_ok());
}

TEST_F(Env, AFailureNamesVariableValueAndNeed) {
  set("maybe");
  const Status status = env_flag(kName).status();
  EXPECT_EQ(status.code(), OAR_E_ENVIRONMENT);
  EXPECT_EQ(status.message(),
            "the variable OARLOCK_TEST_VARIABLE must be true or false, but is 'maybe'; correct or unset it");
}

TEST(ParseFlag, TakesTheReferencesWords) {  // Accelerate 1.15 str_to_bool
  for (const char* on : {"y", "yes", "t", "true", "on", "1", "TRUE", "Yes"}) EXPECT_EQ(parse_flag(on), true) << on;
  for (const char* off : {"n", "no", "f", "false", "off", "0", "FALSE", "Off"})
    EXPECT_EQ(parse_flag(off), false) << off;
  for (const char* neither : {"", "2", "yess", " true"}) EXPECT_EQ(parse_flag(neither), std::nullopt) << neither;
}

}  // namespace
}  // namespace oarlock
