#include "state/topology.h"

#include <gtest/gtest.h>

#include "unit/support/variables.h"

namespace oarlock {
namespace {

struct Refused {
  Variables variables;
  const char* options;
  const char* text;
};

class TopologyRefuses : public testing::TestWithParam<Refused> {};

TEST_P(TopologyRefuses, ContradictionsByNameAndValue) {
  const auto result = find_topology(default_options(GetParam().options), environment_of(GetParam().variables));
  ASSERT_FALSE(result.is_ok());
  EXPECT_EQ(result.status().code(), OAR_E_ENVIRONMENT);
  EXPECT_NE(result.status().message().find(GetParam().text), std::string::npos) << result.status().message();
}

// clang-format off
INSTANTIATE_TEST_SUITE_P(
    Table, TopologyRefuses,
    testing::Values(
        Refused{{{"RANK", "2"}, {"WORLD_SIZE", "2"}}, "{}", "RANK must be less than WORLD_SIZE, got 2 and 2"},
        Refused{
            {{"RANK", "0"}}, "{}", "RANK and WORLD_SIZE must be given together, got RANK=0 and WORLD_SIZE (not set)"},
        Refused{{{"WORLD_SIZE", "2"}}, "{}", "got RANK (not set) and WORLD_SIZE=2"},
        Refused{{{"RANK", "-1"}, {"WORLD_SIZE", "2"}}, "{}", "RANK must lie in [0, "},
        Refused{{{"RANK", "0"}, {"WORLD_SIZE", "0"}}, "{}", "WORLD_SIZE must lie in [1, "},
        Refused{{{"RANK", "one"}, {"WORLD_SIZE", "2"}}, "{}", "RANK must be a whole number, got 'one'"},
        Refused{{{"RANK", "0"}, {"WORLD_SIZE", "2x"}}, "{}", "WORLD_SIZE must be a whole number, got '2x'"},
        Refused{{{"RANK", "99999999999"}, {"WORLD_SIZE", "2"}}, "{}", "RANK must be a whole number"},
        Refused{{{"RANK", "0"}, {"WORLD_SIZE", "4"}, {"LOCAL_RANK", "2"}, {"LOCAL_WORLD_SIZE", "2"}},
                "{}",
                "LOCAL_RANK must be less than LOCAL_WORLD_SIZE, got 2 and 2"},
        Refused{{{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"LOCAL_RANK", "0"}, {"LOCAL_WORLD_SIZE", "4"}},
                "{}",
                "LOCAL_WORLD_SIZE must not be greater than WORLD_SIZE, got 4 and 2"},
        Refused{
            {{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"LOCAL_RANK", "2"}}, "{}", "LOCAL_RANK must be less than WORLD_SIZE"},
        Refused{{{"RANK", "0"}, {"WORLD_SIZE", "4"}, {"LOCAL_RANK", "0"}, {"LOCAL_WORLD_SIZE", "2"}},
                "{}",
                "set MASTER_ADDR"},
        Refused{
            {{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_PORT", "70000"}}, "{}", "MASTER_PORT must lie in [1, 65535]"},
        Refused{{{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_PORT", "tcp://10.0.0.1:29500"}},
                "{}",
                "MASTER_PORT must be a whole number, got 'tcp://10.0.0.1:29500'"},
        Refused{{}, R"({"state.rank":1})", "state.rank and state.world_size must be given together"},
        Refused{{},
                R"({"state.rank":3,"state.world_size":2})",
                "state.rank must be less than state.world_size, got 3 and 2"},
        Refused{{{"RANK", "0"}, {"WORLD_SIZE", "2"}},
                R"({"state.rank":5000000000,"state.world_size":2})",
                "state.rank must"}));
// clang-format on

TEST(Topology, IsOneProcessWhenNothingIsSaid) {
  const Topology topology = find_topology(default_options(), environment_of({})).value();
  EXPECT_EQ(topology.rank, 0);
  EXPECT_EQ(topology.world_size, 1);
  EXPECT_EQ(topology.local_rank, 0);
  EXPECT_EQ(topology.source, "one process");
}

TEST(Topology, AloneNeedsNoPort) {
  const Variables kubernetes = {{"MASTER_PORT", "tcp://10.0.0.1:29500"}, {"MASTER_ADDR", "10.0.0.1"}};
  EXPECT_EQ(find_topology(default_options(), environment_of(kubernetes)).value().world_size, 1);
}

TEST(Topology, TakesTheLaunchersPlaceAndSocket) {
  const Topology topology = find_topology(default_options(), environment_of({{"RANK", "0"},
                                                                             {"WORLD_SIZE", "4"},
                                                                             {"LOCAL_RANK", "0"},
                                                                             {"LOCAL_WORLD_SIZE", "4"},
                                                                             {"MASTER_ADDR", "127.0.0.1"},
                                                                             {"MASTER_PORT", "4242"},
                                                                             {"OARLOCK_LISTEN_FD", "9"},
                                                                             {"OARLOCK_LAUNCH_ID", "abc"}}))
                                .value();
  EXPECT_EQ(topology.world_size, 4);
  EXPECT_EQ(topology.listen_fd, 9);
  EXPECT_EQ(topology.master_port, 4242);
  EXPECT_EQ(topology.world_id, "abc");
  EXPECT_EQ(topology.source, "oarlock launch");
}

TEST(Topology, OnlyRankZeroTakesTheSocket) {
  const Topology topology =
      find_topology(default_options(), environment_of({{"RANK", "1"}, {"WORLD_SIZE", "2"}, {"OARLOCK_LISTEN_FD", "9"}}))
          .value();
  EXPECT_EQ(topology.listen_fd, -1);
  EXPECT_EQ(topology.local_rank, -1);  // found out at the meeting
}

TEST(Topology, KnowsTorchrunsStore) {
  const Topology topology = find_topology(default_options(), environment_of({{"RANK", "1"},
                                                                             {"WORLD_SIZE", "2"},
                                                                             {"GROUP_RANK", "0"},
                                                                             {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                                                                             {"TORCHELASTIC_RUN_ID", "none"},
                                                                             {"TORCHELASTIC_RESTART_COUNT", "3"}}))
                                .value();
  EXPECT_TRUE(topology.agent_store);
  EXPECT_EQ(topology.world_id, "none/3");
  EXPECT_EQ(topology.node_rank, 0);
}

TEST(Topology, OptionsByHandWinOverVariables) {
  const Topology topology =
      find_topology(
          default_options(
              R"({"state.rank":1,"state.world_size":3,"state.master_address":"node7","state.master_port":5000})"),
          environment_of({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"OARLOCK_LISTEN_FD", "9"}}))
          .value();
  EXPECT_EQ(topology.rank, 1);
  EXPECT_EQ(topology.world_size, 3);
  EXPECT_EQ(topology.master_address, "node7");
  EXPECT_EQ(topology.master_port, 5000);
  EXPECT_EQ(topology.source, "options");
}

TEST(Topology, ReadsTheReferencesNotDistributed) {
  const Topology topology =
      find_topology(default_options(), environment_of({{"LOCAL_RANK", "-1"}, {"WORLD_SIZE", "1"}})).value();
  EXPECT_EQ(topology.world_size, 1);
}

}  // namespace
}  // namespace oarlock
