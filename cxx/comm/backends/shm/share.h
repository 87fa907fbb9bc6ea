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

// Collective: rank 0 makes the memory and the others open it. All have it afterwards, or none has and all know whose
// failure that is. OAR_E_MISMATCH if `bytes` differ.
Result<SharedMemory> share_memory(int rank, std::size_t bytes, const BytesExchange& exchange);

}  // namespace oarlock
