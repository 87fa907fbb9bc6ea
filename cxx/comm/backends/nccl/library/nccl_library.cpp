// liboarlock_cuda.so: NCCL, as liboarlock.so calls it. Linked with nothing of CUDA, so it loads everywhere; libnccl is
// opened when the table is asked for, and says then what is missing.
#include <dlfcn.h>
#include <nccl.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "comm/backends/nccl/nccl_calls.h"

namespace oarlock {
namespace {

static_assert(kNcclSuccess == ncclSuccess && kNcclInProgress == ncclInProgress);
static_assert(kNcclIdBytes == NCCL_UNIQUE_ID_BYTES);
static_assert(static_cast<int>(NcclType::kInt8) == ncclInt8 && static_cast<int>(NcclType::kUint8) == ncclUint8 &&
              static_cast<int>(NcclType::kInt32) == ncclInt32 && static_cast<int>(NcclType::kUint32) == ncclUint32 &&
              static_cast<int>(NcclType::kInt64) == ncclInt64 && static_cast<int>(NcclType::kUint64) == ncclUint64 &&
              static_cast<int>(NcclType::kFloat16) == ncclFloat16 &&
              static_cast<int>(NcclType::kFloat32) == ncclFloat32 &&
              static_cast<int>(NcclType::kFloat64) == ncclFloat64 &&
              static_cast<int>(NcclType::kBFloat16) == ncclBfloat16);
static_assert(static_cast<int>(NcclOp::kSum) == ncclSum && static_cast<int>(NcclOp::kProduct) == ncclProd &&
              static_cast<int>(NcclOp::kMax) == ncclMax && static_cast<int>(NcclOp::kMin) == ncclMin &&
              static_cast<int>(NcclOp::kAverage) == ncclAvg);

// The first whose non-blocking communicators are whole: before 2.18 finalize and abort may block on them.
constexpr int kOldest = NCCL_VERSION(2, 18, 0);

// What was found in libnccl; set once, before the table is given out.
struct Functions {
#define OARLOCK_NCCL_FUNCTIONS(FUNCTION) \
  FUNCTION(ncclGetVersion)               \
  FUNCTION(ncclGetUniqueId)              \
  FUNCTION(ncclCommInitRankConfig)       \
  FUNCTION(ncclCommGetAsyncError)        \
  FUNCTION(ncclCommFinalize)             \
  FUNCTION(ncclCommDestroy)              \
  FUNCTION(ncclCommAbort)                \
  FUNCTION(ncclGetErrorString)           \
  FUNCTION(ncclGetLastError)             \
  FUNCTION(ncclGroupStart)               \
  FUNCTION(ncclGroupEnd)                 \
  FUNCTION(ncclAllReduce)                \
  FUNCTION(ncclReduce)                   \
  FUNCTION(ncclReduceScatter)            \
  FUNCTION(ncclAllGather)                \
  FUNCTION(ncclBroadcast)                \
  FUNCTION(ncclSend)                     \
  FUNCTION(ncclRecv)
#define OARLOCK_DECLARE(name) decltype(&::name) name;
  OARLOCK_NCCL_FUNCTIONS(OARLOCK_DECLARE)
#undef OARLOCK_DECLARE
};
Functions nccl;

ncclComm_t comm_of(void* comm) { return static_cast<ncclComm_t>(comm); }
cudaStream_t stream_of(void* stream) { return static_cast<cudaStream_t>(stream); }
ncclDataType_t type_of(NcclType type) { return static_cast<ncclDataType_t>(type); }
ncclRedOp_t op_of(NcclOp op) { return static_cast<ncclRedOp_t>(op); }

NcclResult get_unique_id(char* id) {
  ncclUniqueId made;
  const ncclResult_t result = nccl.ncclGetUniqueId(&made);
  if (result == ncclSuccess) std::memcpy(id, made.internal, sizeof(made.internal));
  return result;
}

NcclResult init_rank(void** comm, int num_ranks, const char* id, int rank) {
  ncclUniqueId given;
  std::memcpy(given.internal, id, sizeof(given.internal));
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  ncclComm_t made = nullptr;
  const ncclResult_t result = nccl.ncclCommInitRankConfig(&made, num_ranks, given, rank, &config);
  *comm = made;
  return result;
}

NcclResult async_error(void* comm, NcclResult* state) {
  ncclResult_t told = ncclSuccess;
  const ncclResult_t result = nccl.ncclCommGetAsyncError(comm_of(comm), &told);
  *state = told;
  return result;
}

NcclResult finalize(void* comm) { return nccl.ncclCommFinalize(comm_of(comm)); }
NcclResult destroy(void* comm) { return nccl.ncclCommDestroy(comm_of(comm)); }
NcclResult abort_comm(void* comm) { return nccl.ncclCommAbort(comm_of(comm)); }
const char* error_text(NcclResult result) { return nccl.ncclGetErrorString(static_cast<ncclResult_t>(result)); }
const char* last_error(void* comm) { return nccl.ncclGetLastError(comm_of(comm)); }
NcclResult group_start() { return nccl.ncclGroupStart(); }
NcclResult group_end() { return nccl.ncclGroupEnd(); }

NcclResult all_reduce(const void* send, void* receive, std::size_t count, NcclType type, NcclOp op, void* comm,
                      void* stream) {
  return nccl.ncclAllReduce(send, receive, count, type_of(type), op_of(op), comm_of(comm), stream_of(stream));
}

NcclResult reduce(const void* send, void* receive, std::size_t count, NcclType type, NcclOp op, int root, void* comm,
                  void* stream) {
  return nccl.ncclReduce(send, receive, count, type_of(type), op_of(op), root, comm_of(comm), stream_of(stream));
}

NcclResult reduce_scatter(const void* send, void* receive, std::size_t receive_count, NcclType type, NcclOp op,
                          void* comm, void* stream) {
  return nccl.ncclReduceScatter(send, receive, receive_count, type_of(type), op_of(op), comm_of(comm),
                                stream_of(stream));
}

NcclResult all_gather(const void* send, void* receive, std::size_t send_count, NcclType type, void* comm,
                      void* stream) {
  return nccl.ncclAllGather(send, receive, send_count, type_of(type), comm_of(comm), stream_of(stream));
}

NcclResult broadcast(const void* send, void* receive, std::size_t count, NcclType type, int root, void* comm,
                     void* stream) {
  return nccl.ncclBroadcast(send, receive, count, type_of(type), root, comm_of(comm), stream_of(stream));
}

NcclResult send(const void* data, std::size_t count, NcclType type, int peer, void* comm, void* stream) {
  return nccl.ncclSend(data, count, type_of(type), peer, comm_of(comm), stream_of(stream));
}

NcclResult receive(void* data, std::size_t count, NcclType type, int peer, void* comm, void* stream) {
  return nccl.ncclRecv(data, count, type_of(type), peer, comm_of(comm), stream_of(stream));
}

NcclCalls calls{OARLOCK_NCCL_BUILD, nullptr,     0,         get_unique_id, init_rank,
                async_error,        finalize,    destroy,   abort_comm,    error_text,
                last_error,         group_start, group_end, all_reduce,    reduce,
                reduce_scatter,     all_gather,  broadcast, send,          receive};

// False: `reason` has the name that is missing.
bool find_functions(void* library, std::string& reason) {
#define OARLOCK_FIND(name)                                                  \
  nccl.name = reinterpret_cast<decltype(nccl.name)>(dlsym(library, #name)); \
  if (nccl.name == nullptr) {                                               \
    reason = "it has no " #name;                                            \
    return false;                                                           \
  }
  OARLOCK_NCCL_FUNCTIONS(OARLOCK_FIND)
#undef OARLOCK_FIND
  return true;
}

bool accept(void* library, std::string& reason) {
  if (!find_functions(library, reason)) return false;
  if (nccl.ncclGetVersion(&calls.version) == ncclSuccess && calls.version >= kOldest) return true;
  reason = "its version is " + std::to_string(calls.version) + ", and 21800 (2.18) is the oldest that is used";
  return false;
}

const char* path_of(void* address, const char* otherwise) {
  Dl_info info{};
  return dladdr(address, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : otherwise;
}

}  // namespace
}  // namespace oarlock

// One thread at a time: the caller has a lock.
extern "C" __attribute__((visibility("default"))) const oarlock::NcclCalls* oarlock_cuda_nccl_calls(
    std::uint64_t build, const char* const* names, std::size_t num_names, char* reason, std::size_t reason_size) {
  using namespace oarlock;
  if (build != OARLOCK_NCCL_BUILD) {
    std::snprintf(reason, reason_size, "it is of another build than liboarlock.so");
    return nullptr;
  }
  std::string told = "no libnccl is known";
  for (std::size_t i = 0; i < num_names && calls.path == nullptr; ++i) {
    void* library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);  // never closed
    if (library == nullptr) {
      const char* error = dlerror();
      if (i == 0) told = error != nullptr ? error : names[i];
    } else if (accept(library, told)) {
      calls.path = path_of(reinterpret_cast<void*>(nccl.ncclGetVersion), names[i]);
    } else {
      told = std::string(names[i]) + ": " + told;
      break;
    }
  }
  if (calls.path != nullptr) return &calls;
  std::snprintf(reason, reason_size, "%s", told.c_str());
  return nullptr;
}
