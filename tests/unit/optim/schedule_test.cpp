// Expected values worked out by hand from the formulas of transformers and torch StepLR, initial rate 1.
#include "optim/schedule.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

namespace oarlock {
namespace {

std::shared_ptr<Optimizer> optimizer_with(double learning_rate) {
  const Options options =
      Options::parse_section("optimizer", fmt::format(R"({{"lr":{}}})", learning_rate).c_str()).value();
  return Optimizer::create("sgd", {{"p", at::zeros({1})}}, options).value();
}

Result<std::shared_ptr<Scheduler>> try_scheduler(const char* name, std::shared_ptr<Optimizer> optimizer,
                                                 const char* options) {
  OAR_ASSIGN(const Options parsed, Options::parse_section("scheduler", options));
  return Scheduler::create(name, std::move(optimizer), parsed);
}

struct ScheduleCase {
  const char* name;
  const char* options;
  std::vector<double> rates;  // from step 0
};

class ScheduleTable : public testing::TestWithParam<ScheduleCase> {};

TEST_P(ScheduleTable, FollowsTheFormula) {
  const auto optimizer = optimizer_with(1);
  Result<std::shared_ptr<Scheduler>> scheduler = try_scheduler(GetParam().name, optimizer, GetParam().options);
  ASSERT_TRUE(scheduler.is_ok()) << scheduler.status().message();
  for (std::size_t step = 0; step < GetParam().rates.size(); ++step) {
    EXPECT_NEAR(optimizer->learning_rate(), GetParam().rates[step], 1e-15) << "step " << step;
    ASSERT_TRUE(scheduler.value()->step().is_ok());
  }
}

const double kRoot = 0.70710678118654752440;  // sqrt(1/2)

INSTANTIATE_TEST_SUITE_P(
    Table, ScheduleTable,
    testing::Values(
        ScheduleCase{"constant", "", {1, 1, 1}},
        ScheduleCase{"constant", R"({"warmup_steps":4})", {0, 0.25, 0.5, 0.75, 1, 1}},
        ScheduleCase{"linear", R"({"total_steps":4})", {1, 0.75, 0.5, 0.25, 0, 0}},
        ScheduleCase{"linear", R"({"total_steps":6,"warmup_steps":2})", {0, 0.5, 1, 0.75, 0.5, 0.25, 0, 0}},
        ScheduleCase{"linear", R"({"total_steps":2,"warmup_steps":2})", {0, 0.5, 0, 0}},  // no room after warm-up
        ScheduleCase{"linear", R"({"total_steps":4,"min_lr_ratio":0.2})", {1, 0.8, 0.6, 0.4, 0.2, 0.2}},
        ScheduleCase{"cosine", R"({"total_steps":4})", {1, (1 + kRoot) / 2, 0.5, (1 - kRoot) / 2, 0, 0}},  // stays down
        ScheduleCase{"cosine", R"({"total_steps":4,"warmup_steps":2})", {0, 0.5, 1, 0.5, 0}},
        ScheduleCase{"cosine", R"({"total_steps":4,"num_cycles":1})", {1, 0.5, 0, 0.5, 1}},
        ScheduleCase{"cosine", R"({"total_steps":2,"min_lr_ratio":0.1})", {1, 0.55, 0.1, 0.1}},
        ScheduleCase{"step", R"({"step_size":2})", {1, 1, 0.1, 0.1, 0.01}},
        ScheduleCase{"step", R"({"step_size":1,"gamma":0.5,"warmup_steps":2})", {0, 0.5, 1, 0.5, 0.25}}));

struct BadSchedule {
  const char* name;
  const char* options;
  const char* text;
};

class ScheduleRefuses : public testing::TestWithParam<BadSchedule> {};

TEST_P(ScheduleRefuses, AndLeavesTheRateAlone) {
  const auto optimizer = optimizer_with(0.5);
  const Result<std::shared_ptr<Scheduler>> scheduler = try_scheduler(GetParam().name, optimizer, GetParam().options);
  ASSERT_FALSE(scheduler.is_ok());
  EXPECT_EQ(scheduler.status().code(), OAR_E_ARGUMENT);
  EXPECT_NE(scheduler.status().message().find(GetParam().text), std::string::npos) << scheduler.status().message();
  EXPECT_EQ(optimizer->learning_rate(), 0.5);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ScheduleRefuses,
    testing::Values(BadSchedule{"cosin", "", "got 'cosin'"},
                    BadSchedule{"linear", "", "scheduler.total_steps must be given"},
                    BadSchedule{"step", "", "scheduler.step_size must be given"},
                    BadSchedule{"linear", R"({"total_steps":0})", "scheduler.total_steps must be >= 1, got 0"},
                    BadSchedule{"linear", R"({"total_steps":3,"warmup_steps":4})", "3 < 4"},
                    BadSchedule{"constant", R"({"warmup_steps":-1})", "scheduler.warmup_steps must be >= 0, got -1"},
                    BadSchedule{"step", R"({"step_size":0})", "scheduler.step_size must be >= 1, got 0"},
                    BadSchedule{"step", R"({"step_size":1,"gamma":-1})", "scheduler.gamma"},
                    BadSchedule{"cosine", R"({"total_steps":3,"gamma":0.5})", "scheduler.gamma is not an option"},
                    BadSchedule{"constant", R"({"total_steps":3})", "scheduler.total_steps is not an option"},
                    BadSchedule{"cosine", R"({"total_steps":3,"num_cycles":0})", "scheduler.num_cycles"},
                    BadSchedule{"cosine", R"({"total_steps":3,"min_lr_ratio":1.5})", "scheduler.min_lr_ratio"},
                    BadSchedule{"cosine", R"({"total_step":3})", "scheduler.total_steps"},
                    BadSchedule{"onecycle", "", "did you mean 'one_cycle'?"},
                    BadSchedule{"exponential", "", "scheduler.gamma must be given"},
                    BadSchedule{"one_cycle", R"({"max_lr":1,"total_steps":9,"pct_start":2})", "scheduler.pct_start"},
                    BadSchedule{"one_cycle", R"({"max_lr":[1,2],"total_steps":9})", "each of the 1 parameter groups"},
                    BadSchedule{"cyclic", R"({"max_lr":1,"base_lr":0,"mode":"square"})", "got 'square'"},
                    BadSchedule{"multistep", R"({"milestones":[5,3]})", "that do not fall, got [5, 3]"},
                    BadSchedule{"polynomial", R"({"total_steps":9,"lr_end":0.5})", "0.5 >= 0.5"},
                    BadSchedule{"sequential", R"({"milestones":[5]})", "scheduler.schedules must be given"},
                    BadSchedule{"sequential", R"({"milestones":[5],"schedules":[{"name":"constant"}]})", "got 1 for 1"},
                    BadSchedule{"chained", R"({"schedules":[{"name":"linea","total_steps":3}]})",
                                "scheduler.schedules[0]: no schedule of this name, got 'linea'"},
                    BadSchedule{"chained", R"({"schedules":[{"name":"cosine_annealing","t_max":3,"eta_min":0.1}]})",
                                "scheduler.schedules[0] gives rates of its own"},
                    BadSchedule{"plateau", R"({"factor":1})", "scheduler.factor must be less than 1"}));

TEST(Scheduler, PlateauNeedsAMetricAndTheOthersHaveNoUseForOne) {
  const auto optimizer = optimizer_with(1);
  const auto plateau = try_scheduler("plateau", optimizer, R"({"patience":0})").value();
  EXPECT_EQ(plateau->step().code(), OAR_E_STATE);
  EXPECT_NE(plateau->step().message().find("oar_scheduler_step_metric"), std::string::npos);
  EXPECT_EQ(plateau->step_with_metric(std::nan("")).code(), OAR_E_ARGUMENT);
  EXPECT_EQ(plateau->num_steps(), 0);
  ASSERT_TRUE(plateau->step_with_metric(3).is_ok());
  ASSERT_TRUE(plateau->step_with_metric(3).is_ok());
  EXPECT_EQ(optimizer->learning_rate(), 0.1);
  EXPECT_EQ(try_scheduler("constant", optimizer, "").value()->step_with_metric(1).code(), OAR_E_STATE);
}

TEST(Scheduler, GoesOnFromItsStateWithTheRateThatWasSet) {
  const auto optimizer = optimizer_with(1);
  const auto scheduler = try_scheduler("linear", optimizer, R"({"total_steps":4})").value();
  ASSERT_TRUE(scheduler->step().is_ok());
  optimizer->set_learning_rate(0.6);  // by hand, until the next step
  const auto other = optimizer_with(9);
  const auto resumed = try_scheduler("linear", other, R"({"total_steps":4})").value();
  ASSERT_TRUE(resumed->load_state(scheduler->state()).is_ok());
  EXPECT_EQ(other->learning_rate(), 0.6);
  EXPECT_EQ(resumed->num_steps(), 1);
  ASSERT_TRUE(resumed->step().is_ok());
  EXPECT_EQ(other->learning_rate(), 0.5);
}

TEST(Scheduler, RefusesTheStateOfAnotherScheduleAndStaysAsItWas) {
  const auto optimizer = optimizer_with(1);
  const auto linear = try_scheduler("linear", optimizer, R"({"total_steps":4})").value();
  const auto other = optimizer_with(1);
  const auto constant = try_scheduler("constant", other, "").value();
  ASSERT_TRUE(constant->step().is_ok());
  const Status status = linear->load_state(constant->state());
  EXPECT_EQ(status.code(), OAR_E_ARGUMENT);
  EXPECT_NE(status.message().find("saved 'constant', here 'linear'"), std::string::npos);
  EXPECT_EQ(linear->num_steps(), 0);
}

// torch.optim.lr_scheduler.LRScheduler: group.setdefault("initial_lr", group["lr"]).
TEST(Scheduler, TheFirstOneFixesTheInitialRate) {
  const auto optimizer = optimizer_with(1);
  optimizer->set_learning_rate(4);
  ASSERT_TRUE(try_scheduler("constant", optimizer, "").is_ok());
  EXPECT_EQ(optimizer->learning_rate(), 4);
  optimizer->set_learning_rate(0.5);
  EXPECT_EQ(optimizer->fix_initial_learning_rates(), std::vector{4.0});
  ASSERT_TRUE(try_scheduler("constant", optimizer, "").is_ok());
  EXPECT_EQ(optimizer->learning_rate(), 4);
}

TEST(Scheduler, ALoadedOptimizerKeepsTheInitialRateThatAScheduleFixed) {
  const auto saved = optimizer_with(2), loaded = optimizer_with(1);
  ASSERT_TRUE(try_scheduler("step", saved, R"({"step_size":1})").value()->step().is_ok());
  ASSERT_TRUE(loaded->load_state(saved->state()).is_ok());
  loaded->set_learning_rate(0.125);
  EXPECT_EQ(loaded->fix_initial_learning_rates(), std::vector{2.0});
}

}  // namespace
}  // namespace oarlock
