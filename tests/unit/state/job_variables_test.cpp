#include "state/job_variables.h"

#include <gtest/gtest.h>

#include "unit/support/variables.h"

namespace oarlock {
namespace {

Result<Topology> topology_of(const Variables& variables, std::string_view options = "{}") {
  return find_topology(default_options(options), environment_of(variables));
}

Variables with(Variables variables, const Variables& more) {
  for (const auto& [name, value] : more) variables[name] = value;
  return variables;
}

// As mpirun 4.1 sets them for the third of four ranks, all on one host.
const Variables kOpenMpi = {{"OMPI_COMM_WORLD_RANK", "2"},       {"OMPI_COMM_WORLD_SIZE", "4"},
                            {"OMPI_COMM_WORLD_LOCAL_RANK", "2"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "4"},
                            {"OMPI_COMM_WORLD_NODE_RANK", "2"},  {"PMIX_RANK", "2"},
                            {"PMIX_NAMESPACE", "1399980033"}};
// The same with two ranks on each of two hosts.
const Variables kOpenMpiOnTwoHosts =
    with(kOpenMpi, {{"OMPI_COMM_WORLD_LOCAL_RANK", "0"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}});
// As srun sets them for the fourth of six tasks on three nodes.
const Variables kSlurm = {{"SLURM_PROCID", "3"},
                          {"SLURM_LOCALID", "1"},
                          {"SLURM_NODEID", "1"},
                          {"SLURM_NTASKS", "6"},
                          {"SLURM_JOB_ID", "71"},
                          {"SLURM_STEP_ID", "0"},
                          {"SLURM_STEP_NUM_TASKS", "6"},
                          {"SLURM_STEP_NUM_NODES", "3"},
                          {"SLURM_STEP_NODELIST", "node[07-09]"},
                          {"SLURM_JOB_NODELIST", "node[06-09]"}};

struct Found {
  const char* name;
  Variables variables;
  int rank, world_size, local_rank, local_world_size, node_rank;  // -1: the meeting tells
  const char* address;
  const char* source;
};

class JobVariables : public testing::TestWithParam<Found> {};

TEST_P(JobVariables, TellThePlace) {
  const Result<Topology> found = topology_of(GetParam().variables);
  ASSERT_TRUE(found.is_ok()) << found.status().message();
  const Topology& topology = found.value();
  EXPECT_EQ(topology.rank, GetParam().rank);
  EXPECT_EQ(topology.world_size, GetParam().world_size);
  EXPECT_EQ(topology.local_rank, GetParam().local_rank);
  EXPECT_EQ(topology.local_world_size, GetParam().local_world_size);
  EXPECT_EQ(topology.node_rank, GetParam().node_rank);
  EXPECT_EQ(topology.master_address, GetParam().address);
  EXPECT_EQ(topology.source, GetParam().source);
}

// clang-format off
INSTANTIATE_TEST_SUITE_P(
    Table, JobVariables,
    testing::Values(
        Found{"mpirun on one host", kOpenMpi, 2, 4, 2, 4, -1, "127.0.0.1", "Open MPI"},
        Found{"mpirun, rank 0's host by variable", with(kOpenMpiOnTwoHosts, {{"MASTER_ADDR", "node1"}}), 2, 4, 0, 2, -1, "node1", "Open MPI"},
        Found{"mpirun within a job of SLURM", with(kOpenMpiOnTwoHosts, {{"SLURM_JOB_NODELIST", "gpu[3,5]"}}), 2, 4, 0, 2, -1, "gpu3", "Open MPI"},
        // srun starts mpirun's daemons, whose variables the ranks inherit: they are of another place.
        Found{"mpirun wins over srun", with(kSlurm, kOpenMpi), 2, 4, 2, 4, -1, "127.0.0.1", "Open MPI"},
        Found{"mpiexec of MPICH", {{"PMI_RANK", "1"}, {"PMI_SIZE", "2"}, {"MPI_LOCALRANKID", "1"}, {"MPI_LOCALNRANKS", "2"}},
              1, 2, 1, 2, -1, "127.0.0.1", "PMI"},
        Found{"srun --mpi=pmi2", with(kSlurm, {{"PMI_RANK", "3"}, {"PMI_SIZE", "6"}}), 3, 6, -1, -1, -1, "node07", "PMI"},
        Found{"MVAPICH", {{"MV2_COMM_WORLD_RANK", "0"}, {"MV2_COMM_WORLD_SIZE", "2"}, {"MV2_COMM_WORLD_LOCAL_RANK", "0"},
                          {"MV2_COMM_WORLD_LOCAL_SIZE", "2"}}, 0, 2, 0, 2, -1, "127.0.0.1", "MVAPICH"},
        Found{"srun", kSlurm, 3, 6, 1, -1, 1, "node07", "SLURM"},
        Found{"srun --mpi=pmix", with(kSlurm, {{"PMIX_RANK", "3"}, {"PMIX_NAMESPACE", "slurm.pmix.71.0"}}), 3, 6, 1, -1, 1, "node07", "SLURM"},
        Found{"srun on one node, whose name may not resolve", with(kSlurm, {{"SLURM_STEP_NUM_NODES", "1"}}), 3, 6, 1, -1, 1, "127.0.0.1", "SLURM"},
        Found{"an old srun", {{"SLURM_PROCID", "0"}, {"SLURM_LOCALID", "0"}, {"SLURM_NODEID", "0"}, {"SLURM_NTASKS", "2"}, {"SLURM_JOBID", "7"},
                              {"SLURM_STEPID", "1"}, {"SLURM_NODELIST", "a,b"}}, 0, 2, 0, -1, 0, "a", "SLURM"},
        Found{"one task of srun", with(kSlurm, {{"SLURM_PROCID", "0"}, {"SLURM_LOCALID", "0"}, {"SLURM_STEP_NUM_TASKS", "1"}}),
              0, 1, 0, 1, 0, "127.0.0.1", "SLURM"},
        // The batch script and the shell of salloc are no ranks, whatever SLURM sets for them.
        Found{"a batch script", {{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "6"}, {"SLURM_JOB_ID", "71"}}, 0, 1, 0, 1, 0, "127.0.0.1", "one process"},
        Found{"the shell of salloc", with(kSlurm, {{"SLURM_STEP_ID", "4294967290"}}), 0, 1, 0, 1, 0, "127.0.0.1", "one process"},
        Found{"oarlock launch within a step", with(kSlurm, {{"RANK", "1"}, {"WORLD_SIZE", "2"}}), 1, 2, -1, -1, -1, "127.0.0.1", "the environment"},
        Found{"one process by hand within a step", with(kSlurm, {{"WORLD_SIZE", "1"}}), 0, 1, 0, 1, 0, "127.0.0.1", "the environment"}),
    [](const testing::TestParamInfo<Found>& info) { return fmt::format("Case{}", info.index); });

struct RefusedJob {
  Variables variables;
  const char* text;
};

class JobVariablesRefuse : public testing::TestWithParam<RefusedJob> {};

TEST_P(JobVariablesRefuse, WhatCannotBeKnownByName) {
  const Result<Topology> found = topology_of(GetParam().variables);
  ASSERT_FALSE(found.is_ok());
  EXPECT_EQ(found.status().code(), OAR_E_ENVIRONMENT);
  EXPECT_NE(found.status().message().find(GetParam().text), std::string::npos) << found.status().message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, JobVariablesRefuse,
    testing::Values(
        RefusedJob{kOpenMpiOnTwoHosts, "Open MPI tells each rank its number but not where rank 0 is, and 2 of 4 ranks are on this host; set MASTER_ADDR"},
        RefusedJob{{{"PMI_RANK", "1"}, {"PMI_SIZE", "2"}}, "MPI_LOCALNRANKS is not set, so the 2 ranks may be on several hosts; set MASTER_ADDR"},
        RefusedJob{{{"OMPI_COMM_WORLD_RANK", "2"}}, "OMPI_COMM_WORLD_RANK and OMPI_COMM_WORLD_SIZE must be given together"},
        RefusedJob{with(kOpenMpi, {{"OMPI_COMM_WORLD_RANK", "4"}}), "OMPI_COMM_WORLD_RANK must be less than OMPI_COMM_WORLD_SIZE, got 4 and 4; these are the variables of Open MPI"},
        RefusedJob{with(kSlurm, {{"SLURM_PROCID", "x"}}), "SLURM_PROCID must be a whole number, got 'x'"},
        RefusedJob{with(kSlurm, {{"SLURM_STEP_NODELIST", "node[1"}, {"SLURM_JOB_NODELIST", ""}}), "SLURM tells each rank its number but not where rank 0 is"},
        RefusedJob{with(kOpenMpi, {{"MASTER_PORT", "tcp://10.0.0.1:29500"}}), "MASTER_PORT must be a whole number"},
        RefusedJob{{{"PMIX_RANK", "2"}, {"PMIX_NAMESPACE", "prun@1"}}, "PMIX_RANK=2 tells that this is one of several processes, but PMIx tells by no variable how many"}));
// clang-format on

TEST(JobVariables, TheOptionsTellWhereRankZeroIs) {
  const Result<Topology> found =
      topology_of(kOpenMpiOnTwoHosts, R"({"state.master_address":"node1","state.master_port":4000})");
  ASSERT_TRUE(found.is_ok()) << found.status().message();
  EXPECT_EQ(found.value().master_address, "node1");
  EXPECT_EQ(found.value().master_port, 4000);
}

TEST(JobVariables, EachJobMeetsAtAPortOfItsOwn) {
  const Variables other_rank = with(kOpenMpi, {{"OMPI_COMM_WORLD_RANK", "0"}, {"OMPI_COMM_WORLD_LOCAL_RANK", "0"}});
  const Variables other_job = with(kOpenMpi, {{"PMIX_NAMESPACE", "1399980034"}});
  const Topology topology = topology_of(kOpenMpi).value();
  EXPECT_EQ(topology.master_port, topology_of(other_rank).value().master_port);
  EXPECT_NE(topology.master_port, topology_of(other_job).value().master_port);
  EXPECT_NE(topology.world_id, topology_of(other_job).value().world_id);
  EXPECT_GE(topology.master_port, 20000);
  EXPECT_LT(topology.master_port, 32768);  // where Linux begins to give ports to outgoing connections
}

TEST(JobVariables, TheUsersPortWins) {
  EXPECT_EQ(topology_of(with(kOpenMpi, {{"MASTER_PORT", "4242"}})).value().master_port, 4242);
}

TEST(JobVariables, StepsOfOneJobAreDifferentWorlds) {
  EXPECT_EQ(topology_of(kSlurm).value().world_id, "slurm/71.0");
  EXPECT_EQ(topology_of(with(kSlurm, {{"SLURM_STEP_ID", "1"}})).value().world_id, "slurm/71.1");
}

TEST(JobVariables, SlurmsPmiNamesTheJob) {
  const Variables pmi = {{"PMI_RANK", "1"}, {"PMI_SIZE", "2"}, {"PMI_JOBID", "6.0"}, {"SLURM_STEP_NUM_NODES", "1"}};
  EXPECT_EQ(topology_of(pmi).value().world_id, "pmi/6.0");
}

TEST(FirstHost, ReadsTheListsOfSlurm) {
  EXPECT_EQ(first_host("node1"), "node1");
  EXPECT_EQ(first_host("node[07-09,12],gpu1"), "node07");
  EXPECT_EQ(first_host("node[12,07]"), "node12");
  EXPECT_EQ(first_host("a[1-2]b[3-4]"), "a1b3");
  EXPECT_EQ(first_host("n[1-2]-ib,n3"), "n1-ib");
  EXPECT_EQ(first_host("x,y"), "x");
  EXPECT_EQ(first_host(""), "");
  EXPECT_EQ(first_host("node[1"), "");
}

}  // namespace
}  // namespace oarlock
