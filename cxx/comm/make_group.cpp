#include "comm/make_group.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "comm/backends/nccl/nccl_group.h"
#include "comm/backends/shm/rounds.h"
#include "comm/backends/shm/share.h"
#include "comm/backends/shm/shm_group.h"
#include "comm/between_hosts.h"
#include "comm/hosts.h"
#include "comm/operation_work.h"
#include "comm/star_group.h"

namespace oarlock {
namespace {

// Before the group is there.
Result<std::vector<std::string>> exchange_bytes(StarEngine& engine, std::string mine, Milliseconds timeout) {
  auto operation = std::make_shared<Operation>();
  operation->signature.op = Operator::kAllGatherBytes;
  operation->timeout = timeout;
  operation->bytes = std::move(mine);
  OAR_TRY(engine.submit(operation));
  if (!operation->wait(wait_bound(timeout, 0))) return timed_out("the ranks did not agree on how to move data in time");
  OAR_TRY(operation->status());
  return std::move(operation->gathered);
}

// Of the ranks that share a host: for their rounds, and if they are all, for what they send each other.
Result<SharedMemory> memory_of_host(const StarEngine& engine, const Hosts& hosts, const BytesExchange& gather) {
  const int rank = engine.rank();
  const auto num_ranks = static_cast<int>(hosts.ranks_of(hosts.host_of(rank)).size());
  const std::size_t bytes = hosts.size() == 1 ? shm_group_bytes(num_ranks) : Rounds::memory_bytes(num_ranks);
  return share_memory(rank, hosts.leader_of(rank), bytes, gather);
}

// Of what nobody called.
void forget_exchanges(StarEngine& engine) {
  engine.recorder().clear();
  if (engine.skew() != nullptr) engine.skew()->clear();
}

// `making` is completed with what was chosen.
Result<std::shared_ptr<Group>> choose_group(Star star, StarEngine::Limits limits, Milliseconds timeout,
                                            const NcclNames& nccl, GroupMaking& making) {
  const Hosts hosts(star.members);
  const std::string& backend = making.backend;
  const bool one_host = hosts.size() == 1, is_spread = hosts.size() == star.world_size;
  if (backend == "shm" && !one_host) {
    return bad_environment(
        "option comm.backend is 'shm', but the ranks are on several hosts; 'auto' takes it inside each and gloo "
        "or MPI between them");
  }
  auto engine = std::make_unique<StarEngine>(std::move(star), limits);
  const Milliseconds meeting_timeout = std::min(limits.connect_timeout, timeout);
  const auto gather = [&own = *engine, meeting_timeout](std::string mine) {
    return exchange_bytes(own, std::move(mine), meeting_timeout);
  };
  const auto make_star = [&](const char* data_by) {
    forget_exchanges(*engine);
    making.data_by = data_by;
    return make_star_group(std::move(engine), timeout);
  };
  if (backend == "nccl") {
    making.data_by = "nccl";
    return make_nccl_group(std::move(engine), timeout, gather, nccl);
  }
  if (backend == "gloo") return make_star("gloo");
  OAR_ASSIGN(const int tag, one_host ? Result<int>(-1) : agree_between_hosts(making.between, engine->rank(), gather));
  if (tag < 0) making.between.mpi = nullptr;
  const char* const between_name = tag < 0 ? "gloo" : "mpi";
  if (is_spread) {
    if (tag >= 0) engine->set_transport(transport_over_hosts(hosts, nullptr, making.between.mpi, tag), true);
    return make_star(between_name);
  }
  Result<SharedMemory> memory = memory_of_host(*engine, hosts, gather);
  if (memory.is_ok() && one_host) {
    forget_exchanges(*engine);
    making.data_by = "shm";
    return make_shm_group(std::move(engine), std::move(memory).value(), timeout);
  }
  if (memory.is_ok()) {
    auto shared = std::make_shared<SharedMemory>(std::move(memory).value());
    engine->set_transport(transport_over_hosts(hosts, std::move(shared), making.between.mpi, tag), tag >= 0);
    return make_star(tag < 0 ? "shm inside hosts, gloo between them" : "shm inside hosts, mpi between them");
  }
  Status failure = engine->take_failure();
  if (!failure.is_ok()) return failure;
  if (backend == "shm") return std::move(memory).status().within("option comm.backend is 'shm'");
  if (engine->rank() == 0) {
    log(LogLevel::kWarning, "comm", "ranks of one host share no memory, data goes by {}, which is slower ({})",
        between_name, memory.status().message());
  }
  if (tag >= 0) engine->set_transport(transport_over_hosts(hosts, nullptr, making.between.mpi, tag), true);
  return make_star(between_name);
}

}  // namespace

Result<std::shared_ptr<Group>> make_group(Star star, StarEngine::Limits limits, Milliseconds timeout,
                                          const std::string& backend, const NcclNames& nccl,
                                          const BetweenHosts& between) {
  GroupMaking making{backend,          star.inline_bytes, limits.late, limits.connect_timeout, limits.arrival_skew,
                     star.own_address, between,           ""};
  OAR_ASSIGN(std::shared_ptr<Group> group, choose_group(std::move(star), limits, timeout, nccl, making));
  group->set_making(std::move(making));
  return group;
}

}  // namespace oarlock
