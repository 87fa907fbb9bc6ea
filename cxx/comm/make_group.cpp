#include "comm/make_group.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "comm/backends/gloo/gloo_transport.h"
#include "comm/backends/nccl/nccl_group.h"
#include "comm/backends/shm/rounds.h"
#include "comm/backends/shm/share.h"
#include "comm/backends/shm/shm_group.h"
#include "comm/hierarchy/hierarchy_transport.h"
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
Result<SharedMemory> memory_of_host(StarEngine& engine, const Hosts& hosts, Milliseconds timeout) {
  const int rank = engine.rank();
  const auto num_ranks = static_cast<int>(hosts.ranks_of(hosts.host_of(rank)).size());
  const std::size_t bytes = hosts.size() == 1 ? shm_group_bytes(num_ranks) : Rounds::memory_bytes(num_ranks);
  OAR_ASSIGN(SharedMemory memory, share_memory(rank, hosts.leader_of(rank), bytes, [&](std::string mine) {
               return exchange_bytes(engine, std::move(mine), timeout);
             }));
  engine.recorder().clear();  // of what nobody called
  if (engine.skew() != nullptr) engine.skew()->clear();
  return memory;
}

MakeTransport transport_over_hosts(Hosts hosts, SharedMemory memory) {
  const auto shared = std::make_shared<SharedMemory>(std::move(memory));
  return [hosts = std::move(hosts), shared](Star& star, Milliseconds connect_timeout) {
    const auto meeting = gloo_meeting_of(star, connect_timeout);
    HierarchyParts parts{hosts, star.rank, std::move(*shared), nullptr, nullptr};
    parts.all = make_gloo_transport(meeting, "all", star.rank, star.world_size);
    if (hosts.leader_of(star.rank) == star.rank) {
      parts.leaders = make_gloo_transport(meeting, "leaders", hosts.host_of(star.rank), hosts.size());
    }
    return make_hierarchy_transport(std::move(parts));
  };
}

Result<std::shared_ptr<Group>> choose_group(Star star, StarEngine::Limits limits, Milliseconds timeout,
                                            const std::string& backend, const NcclNames& nccl) {
  const Hosts hosts(star.members);
  const bool one_host = hosts.size() == 1, is_spread = hosts.size() == star.world_size;
  if (backend == "shm" && !one_host) {
    return bad_environment(
        "option comm.backend is 'shm', but the ranks are on several hosts; 'auto' takes it inside each and gloo "
        "between "
        "them");
  }
  auto engine = std::make_unique<StarEngine>(std::move(star), limits);
  const Milliseconds meeting_timeout = std::min(limits.connect_timeout, timeout);
  if (backend == "nccl") {
    StarEngine& own = *engine;
    const auto gather = [&](std::string mine) { return exchange_bytes(own, std::move(mine), meeting_timeout); };
    return make_nccl_group(std::move(engine), timeout, gather, nccl);
  }
  if (backend == "gloo" || is_spread) return make_star_group(std::move(engine), timeout);
  Result<SharedMemory> memory = memory_of_host(*engine, hosts, meeting_timeout);
  if (memory.is_ok() && one_host) return make_shm_group(std::move(engine), std::move(memory).value(), timeout);
  if (memory.is_ok()) {
    engine->set_transport(transport_over_hosts(hosts, std::move(memory).value()));
    return make_star_group(std::move(engine), timeout);
  }
  Status failure = engine->take_failure();
  if (!failure.is_ok()) return failure;
  if (backend == "shm") return std::move(memory).status().within("option comm.backend is 'shm'");
  if (engine->rank() == 0) {
    log(LogLevel::kWarning, "comm", "ranks of one host share no memory, data goes by gloo, which is slower ({})",
        memory.status().message());
  }
  return make_star_group(std::move(engine), timeout);
}

}  // namespace

Result<std::shared_ptr<Group>> make_group(Star star, StarEngine::Limits limits, Milliseconds timeout,
                                          const std::string& backend, const NcclNames& nccl) {
  GroupMaking making{backend,         star.inline_bytes, limits.late, limits.connect_timeout, limits.arrival_skew,
                     star.own_address};
  OAR_ASSIGN(std::shared_ptr<Group> group, choose_group(std::move(star), limits, timeout, backend, nccl));
  group->set_making(std::move(making));
  return group;
}

}  // namespace oarlock
