// Worlds of threads on several hosts, with an MPI between them that the test plays.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "comm/collectives.h"
#include "doubles/played_mpi.h"
#include "thread_world.h"

namespace oarlock {

using doubles::PlayedMpi;

inline constexpr Milliseconds kStandard{0};
inline constexpr Milliseconds kTimeout{30000};
inline constexpr std::int64_t kNumel = 2'600'017;  // two and a half segments of float

using HostNumbers = std::vector<int>;

inline Status run(Group& group, Result<Call> made) {
  OAR_ASSIGN(Call call, std::move(made));
  return group.run(call);
}

inline at::Tensor numbers_of(int rank, at::ScalarType dtype = at::kFloat, std::int64_t numel = kNumel) {
  return (at::arange(numel, at::kInt).remainder(100) * (rank + 1)).to(dtype);
}

struct MpiWorld {
  HostNumbers hosts;
  std::vector<int> world_ranks = {};  // empty: the same
  std::string by = "auto";
  Milliseconds timeout = kTimeout;
};

// fn(group) on every rank; the links are held meanwhile as states hold them.
template <class Fn>
void run_on(PlayedMpi& mpi, const MpiWorld& world, Fn fn) {
  std::vector<std::shared_ptr<MpiLink>> links;
  std::vector<int> ranks = world.world_ranks;
  for (int rank = 0; ranks.size() < world.hosts.size(); ++rank) ranks.push_back(rank);
  for (const int rank : ranks) links.push_back(mpi.lend(rank));
  const auto make = [&](Star star) {
    for (std::size_t rank = 0; rank < world.hosts.size(); ++rank) {
      star.members[rank].host_id = "host " + std::to_string(world.hosts[rank]);
    }
    const auto place = std::make_shared<const MpiPlace>(MpiPlace{links[static_cast<std::size_t>(star.rank)], ranks});
    return make_group(std::move(star), {}, world.timeout, "auto", default_nccl_names(), {world.by, place});
  };
  run_world_of(static_cast<int>(world.hosts.size()), make, fn);
}

template <class Fn>
void run_well(PlayedMpi& mpi, const MpiWorld& world, Fn fn) {
  run_on(mpi, world, [fn](Result<std::shared_ptr<Group>> group) {
    ASSERT_TRUE(group.is_ok()) << group.status().message();
    fn(*group.value());
    group.value()->close();
  });
  for (int rank = 0; rank < static_cast<int>(world.hosts.size()); ++rank) {
    EXPECT_EQ(mpi.num_released(rank), 1);
    EXPECT_TRUE(mpi.was_clean(rank));
  }
  EXPECT_EQ(mpi.num_requests(), 0u);
}

}  // namespace oarlock
