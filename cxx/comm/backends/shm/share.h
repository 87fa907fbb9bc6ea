// How the ranks of one host come to share a piece of memory.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "comm/backends/shm/memory.h"

namespace oarlock {

// Gives every rank's bytes to every rank, in their order.
using BytesExchange = std::function<Result<std::vector<std::string>>(std::string mine)>;

// Collective: the ranks that name a `creator` share the memory that this one, which names itself, makes. All have
// theirs afterwards, or none has and all know whose failure that is. OAR_E_MISMATCH if `bytes` differ.
Result<SharedMemory> share_memory(int rank, int creator, std::size_t bytes, const BytesExchange& exchange);

}  // namespace oarlock
