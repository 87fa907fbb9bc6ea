// The private table by which this library calls NCCL. liboarlock_cuda.so fills it in; that alone has seen nccl.h and
// finds libnccl. The two are of one build: both carry the checksum of this file, and another one is refused.
#pragma once

#include <cstddef>
#include <cstdint>

namespace oarlock {

// The numbers of nccl.h; library/nccl_library.cpp asserts it.
using NcclResult = int;
inline constexpr NcclResult kNcclSuccess = 0;
inline constexpr NcclResult kNcclInProgress = 7;
inline constexpr std::size_t kNcclIdBytes = 128;
enum class NcclType : int { kInt8, kUint8, kInt32, kUint32, kInt64, kUint64, kFloat16, kFloat32, kFloat64, kBFloat16 };
enum class NcclOp : int { kSum, kProduct, kMax, kMin, kAverage };

struct NcclCalls {
  std::uint64_t build;
  const char* path;  // of the libnccl that was found
  int version;       // of that, as ncclGetVersion tells it

  NcclResult (*get_unique_id)(char* id);
  // Does not wait for the peers: `async_error` tells when the communicator is ready. On the current device.
  NcclResult (*init_rank)(void** comm, int num_ranks, const char* id, int rank);
  NcclResult (*async_error)(void* comm, NcclResult* state);
  NcclResult (*finalize)(void* comm);
  NcclResult (*destroy)(void* comm);
  NcclResult (*abort)(void* comm);
  const char* (*error_text)(NcclResult result);
  const char* (*last_error)(void* comm);

  NcclResult (*group_start)();
  NcclResult (*group_end)();
  NcclResult (*all_reduce)(const void* send, void* receive, std::size_t count, NcclType type, NcclOp op, void* comm,
                           void* stream);
  NcclResult (*reduce)(const void* send, void* receive, std::size_t count, NcclType type, NcclOp op, int root,
                       void* comm, void* stream);
  NcclResult (*reduce_scatter)(const void* send, void* receive, std::size_t receive_count, NcclType type, NcclOp op,
                               void* comm, void* stream);
  NcclResult (*all_gather)(const void* send, void* receive, std::size_t send_count, NcclType type, void* comm,
                           void* stream);
  NcclResult (*broadcast)(const void* send, void* receive, std::size_t count, NcclType type, int root, void* comm,
                          void* stream);
  NcclResult (*send)(const void* data, std::size_t count, NcclType type, int peer, void* comm, void* stream);
  NcclResult (*receive)(void* data, std::size_t count, NcclType type, int peer, void* comm, void* stream);
};

// What liboarlock_cuda.so exports, under this name. `names`: where libnccl is looked for, in this order. NULL: `reason`
// says why there is none. The table is valid as long as the process.
using NcclEntry = const NcclCalls* (*)(std::uint64_t build, const char* const* names, std::size_t num_names,
                                       char* reason, std::size_t reason_size);
inline constexpr const char* kNcclEntryName = "oarlock_cuda_nccl_calls";

}  // namespace oarlock
