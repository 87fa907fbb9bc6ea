// Data between hosts by an MPI that the test plays: when it is taken, and what fails how.
#include <algorithm>
#include <latch>

#include "mpi_world.h"

namespace oarlock {
namespace {

TEST(MpiLink, NeverGivesATagToTwoGroups) {
  PlayedMpi mpi(3, {1 << 30, 10});  // tags 0 to 10, of three ranks
  std::vector<int> tags;
  for (int rank = 0; rank < 3; ++rank) {
    const std::shared_ptr<MpiLink> link = mpi.lend(rank);
    for (int tag = link->draw_tag(); tag >= 0; tag = link->draw_tag()) tags.push_back(tag);
  }
  std::sort(tags.begin(), tags.end());
  EXPECT_EQ(tags, (std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
}

TEST(MpiTransport, AGroupWithoutATagGoesByGlooOrIsRefused) {
  PlayedMpi mpi(2, {1 << 30, 0});  // rank 0 has no tag to give
  run_on(mpi, {{0, 1}, {}, "auto"}, [](Result<std::shared_ptr<Group>> group) {
    ASSERT_TRUE(group.is_ok()) << group.status().message();
    EXPECT_EQ(group.value()->making().data_by, "gloo");
    group.value()->close();
  });
  run_on(mpi, {{0, 1}, {}, "mpi"}, [](Result<std::shared_ptr<Group>> group) {
    EXPECT_EQ(group.status().code(), OAR_E_ENVIRONMENT);
    EXPECT_NE(group.status().message().find("no tag left"), std::string::npos) << group.status().message();
  });
}

TEST(MpiTransport, GlooOnRequestLeavesMpiAlone) {
  PlayedMpi mpi(2);
  run_well(mpi, {{0, 1}, {}, "gloo"}, [](Group& group) {
    at::Tensor tensor = numbers_of(group.rank());
    ASSERT_TRUE(run(group, make_all_reduce(group, tensor, ReduceOp::kSum, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(tensor, numbers_of(0) * 3));
    EXPECT_EQ(group.making().data_by, "gloo");
  });
  EXPECT_EQ(mpi.sent_bytes(), 0u);
}

TEST(MpiTransport, RanksThatWantDifferentThingsAreNamed) {
  PlayedMpi mpi(3);
  std::vector<std::shared_ptr<MpiLink>> links;
  for (int rank = 0; rank < 3; ++rank) links.push_back(mpi.lend(rank));
  const auto make = [&](Star star) {
    const int rank = star.rank;
    for (int each = 0; each < 3; ++each) star.members[static_cast<std::size_t>(each)].host_id = std::to_string(each);
    const auto place = std::make_shared<const MpiPlace>(MpiPlace{links[static_cast<std::size_t>(rank)], {0, 1, 2}});
    return make_group(std::move(star), {}, kTimeout, "auto", default_nccl_names(), {rank == 2 ? "gloo" : "mpi", place});
  };
  run_world_of(3, make, [](Result<std::shared_ptr<Group>> group) {
    EXPECT_EQ(group.status().code(), OAR_E_MISMATCH);
    EXPECT_NE(group.status().message().find("rank 0 has 'mpi', rank 2 has 'gloo'"), std::string::npos)
        << group.status().message();
    EXPECT_EQ(group.status().info().rank, 2);
  });
}

TEST(MpiTransport, MpiThatIsNotThereIsRefused) {
  const auto make = [](Star star) {
    for (int each = 0; each < 2; ++each) star.members[static_cast<std::size_t>(each)].host_id = std::to_string(each);
    return make_group(std::move(star), {}, kTimeout, "auto", default_nccl_names(), {"mpi", nullptr});
  };
  run_world_of(2, make, [](Result<std::shared_ptr<Group>> group) {
    EXPECT_EQ(group.status().code(), OAR_E_ENVIRONMENT);
    EXPECT_NE(group.status().message().find("oar_state_create_with_mpi"), std::string::npos);
  });
}

TEST(MpiTransport, AnErrorOfMpiIsTheSameErrorOnEveryRank) {
  PlayedMpi mpi(3);
  mpi.failing_rank = 1;
  run_on(mpi, {{0, 1, 2}}, [](Result<std::shared_ptr<Group>> made) {
    ASSERT_TRUE(made.is_ok());
    Group& group = *made.value();
    at::Tensor tensor = numbers_of(group.rank());
    const Status status = run(group, make_all_reduce(group, tensor, ReduceOp::kSum, kStandard));
    EXPECT_EQ(status.code(), OAR_E_IO) << status.message();
    EXPECT_NE(status.message().find(PlayedMpi::kReason), std::string::npos) << status.message();
    EXPECT_NE(status.message().find("on rank 1"), std::string::npos) << status.message();
    EXPECT_EQ(status.info().rank, 1);
    EXPECT_TRUE(group.rank() != 1 || status.info().vendor_code == PlayedMpi::kError) << status.info().vendor_code;
    group.close();
  });
}

TEST(MpiTransport, AnAbortFreesWhoWaitsForMpi) {
  PlayedMpi mpi(2);
  mpi.holds = true;
  std::latch all_wait(2);
  run_on(mpi, {{0, 1}}, [&](Result<std::shared_ptr<Group>> made) {
    ASSERT_TRUE(made.is_ok());
    Group& group = *made.value();
    at::Tensor tensor = numbers_of(group.rank());
    const std::shared_ptr<Work> work = group.all_reduce(tensor, ReduceOp::kSum, kStandard).value();
    EXPECT_EQ(work->wait(Milliseconds(50)).code(), OAR_E_TIMEOUT);  // it is under way, and does not come
    all_wait.arrive_and_wait();
    const auto start = steady_clock().now();
    EXPECT_TRUE(group.rank() != 0 || group.abort("enough").is_ok());
    const Status status = work->wait(Milliseconds(20000));
    EXPECT_EQ(status.code(), OAR_E_ABORTED) << status.message();
    EXPECT_NE(status.message().find("enough"), std::string::npos) << status.message();
    EXPECT_LT(steady_clock().now() - start, std::chrono::seconds(5));
    group.close();
  });
}

// The receives are called off; the sends stay MPI's, with their memory and the communicator.
TEST(MpiTransport, WhatMpiDoesNotFinishIsLeftToIt) {
  PlayedMpi mpi(2);
  mpi.holds = true;
  run_on(mpi, {{0, 1}, {}, "auto", Milliseconds(300)}, [](Result<std::shared_ptr<Group>> made) {
    ASSERT_TRUE(made.is_ok());
    Group& group = *made.value();
    at::Tensor tensor = numbers_of(group.rank());
    const Status status = run(group, make_all_reduce(group, tensor, ReduceOp::kSum, kStandard));
    EXPECT_EQ(status.code(), OAR_E_TIMEOUT) << status.message();
    tensor = at::Tensor();
    group.close();
  });
  for (int rank = 0; rank < 2; ++rank) {
    EXPECT_EQ(mpi.num_released(rank), 1);
    EXPECT_FALSE(mpi.was_clean(rank));
  }
  EXPECT_GT(mpi.num_requests(), 0u);
}

TEST(MpiTransport, FinalisedMpiIsAnErrorThatSaysWhatToDo) {
  PlayedMpi mpi(2);
  run_on(mpi, {{0, 1}}, [&](Result<std::shared_ptr<Group>> made) {
    ASSERT_TRUE(made.is_ok());
    Group& group = *made.value();
    at::Tensor tensor = numbers_of(group.rank());
    ASSERT_TRUE(run(group, make_all_reduce(group, tensor, ReduceOp::kSum, kStandard)).is_ok());
    ASSERT_TRUE(group.barrier(kStandard).is_ok());
    mpi.is_finalised = true;
    const Status status = run(group, make_all_reduce(group, tensor, ReduceOp::kSum, kStandard));
    EXPECT_EQ(status.code(), OAR_E_STATE) << status.message();
    EXPECT_NE(status.message().find("close the state before MPI_Finalize"), std::string::npos) << status.message();
    group.close();
  });
}

TEST(MpiTransport, AClosedStateGivesItsMpiBackThoughAGroupIsHeld) {
  PlayedMpi mpi(2);
  std::vector<std::shared_ptr<MpiLink>> links{mpi.lend(0), mpi.lend(1)};
  std::vector<std::shared_ptr<Group>> held(2);
  const auto make = [&](Star star) {
    for (int each = 0; each < 2; ++each) star.members[static_cast<std::size_t>(each)].host_id = std::to_string(each);
    const auto place =
        std::make_shared<const MpiPlace>(MpiPlace{links[static_cast<std::size_t>(star.rank)], std::vector{0, 1}});
    return make_group(std::move(star), {}, kTimeout, "auto", default_nccl_names(), {"mpi", place});
  };
  run_world_of(2, make, [&](Result<std::shared_ptr<Group>> group) {
    ASSERT_TRUE(group.is_ok());
    const int rank = group.value()->rank();
    at::Tensor tensor = numbers_of(rank);
    ASSERT_TRUE(run(*group.value(), make_all_reduce(*group.value(), tensor, ReduceOp::kSum, kStandard)).is_ok());
    group.value()->close();
    held[static_cast<std::size_t>(rank)] = group.value();
  });
  links.clear();
  EXPECT_EQ(held[0]->size(), 2);
  EXPECT_EQ(mpi.num_released(0), 1);
  EXPECT_EQ(mpi.num_released(1), 1);
}

}  // namespace
}  // namespace oarlock
