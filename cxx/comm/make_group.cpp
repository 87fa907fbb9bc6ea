#include "comm/make_group.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "comm/backends/nccl/nccl_group.h"
#include "comm/backends/shm/rounds.h"
#include "comm/backends/shm/share.h"
#include "comm/backends/shm/shm_group.h"
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

Result<SharedMemory> memory_of_rounds(StarEngine& engine, Milliseconds timeout) {
  OAR_ASSIGN(SharedMemory memory,
             share_memory(engine.rank(), Rounds::memory_bytes(engine.world_size()),
                          [&](std::string mine) { return exchange_bytes(engine, std::move(mine), timeout); }));
  engine.recorder().clear();  // of what nobody called
  if (engine.skew() != nullptr) engine.skew()->clear();
  return memory;
}

Result<std::shared_ptr<Group>> choose_group(Star star, StarEngine::Limits limits, Milliseconds timeout,
                                            const std::string& backend, const NcclNames& nccl) {
  const bool one_host = star.one_host();
  if (backend == "shm" && !one_host) {
    return bad_environment("option comm.backend is 'shm', but the ranks are on several hosts; 'auto' takes gloo then");
  }
  auto engine = std::make_unique<StarEngine>(std::move(star), limits);
  const Milliseconds meeting_timeout = std::min(limits.connect_timeout, timeout);
  if (backend == "nccl") {
    StarEngine& own = *engine;
    const auto gather = [&](std::string mine) { return exchange_bytes(own, std::move(mine), meeting_timeout); };
    return make_nccl_group(std::move(engine), timeout, gather, nccl);
  }
  if (backend == "gloo" || !one_host) return make_star_group(std::move(engine), timeout);
  Result<SharedMemory> memory = memory_of_rounds(*engine, meeting_timeout);
  if (memory.is_ok()) return make_shm_group(std::move(engine), std::move(memory).value(), timeout);
  Status failure = engine->take_failure();
  if (!failure.is_ok()) return failure;
  if (backend == "shm") return std::move(memory).status().within("option comm.backend is 'shm'");
  if (engine->rank() == 0) {
    log(LogLevel::kWarning, "comm", "the ranks share no memory, data goes by gloo, which is slower ({})",
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
