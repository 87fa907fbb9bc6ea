#include "state/profile_schedule.h"

#include <gtest/gtest.h>

namespace oarlock {
namespace {

std::string actions(const ProfileSchedule& schedule, int num_steps) {
  std::string letters;
  for (int step = 0; step < num_steps; ++step) letters += "NWRS"[static_cast<int>(schedule.action(step))];
  return letters;
}

// The examples of spec B 6.1, which are torch.profiler.schedule's.
TEST(ProfileSchedule, IsThatOfTheExamples) {
  EXPECT_EQ(actions({1, 1, 2, 1, 0}, 8), "NWRSNNNN");
  EXPECT_EQ(actions({0, 1, 3, 3, 1}, 15), "NWRRSWRRSWRRSNN");
}

TEST(ProfileSchedule, WithoutRepeatGoesOn) { EXPECT_EQ(actions({1, 0, 1, 0, 0}, 7), "NSNSNSN"); }

TEST(ProfileSchedule, WithoutActiveStepsIsOneRecord) { EXPECT_EQ(actions({}, 4), "RRRR"); }

TEST(ProfileSchedule, RefusesWhatMakesNoCycle) {
  for (const char* json : {R"({"wait":1})", R"({"active":-1})", R"({"active":1,"repeat":-2})"}) {
    const Options options = Options::parse_section("profile", json).value();
    EXPECT_EQ(ProfileSchedule::from_options(options).status().code(), OAR_E_ARGUMENT) << json;
  }
}

}  // namespace
}  // namespace oarlock
