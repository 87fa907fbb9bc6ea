// libnccl played on the CPU, for ranks that are threads of one process: every operation is a task on a fake stream that
// meets the other ranks' tasks. Compiled against the real nccl.h.
#include "fake_nccl.h"

#include <nccl.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fake_stream.h"

namespace {

using Bytes = std::vector<char>;

std::atomic<FakeNcclFault> fault{kFakeNone};
std::mutex mutex;  // guards everything below and every clique
std::condition_variable changed;
std::string calls;
std::atomic<int> num_communicators{0};

struct Clique {
  int size = 0;
  int num_joined = 0;
  std::map<std::uint64_t, std::map<int, Bytes>> given;    // by collective: what each rank brings
  std::map<std::pair<int, int>, std::deque<Bytes>> mail;  // by sender and receiver
};
std::map<std::string, std::shared_ptr<Clique>> cliques;

std::size_t size_of(ncclDataType_t type) {
  switch (type) {
    case ncclInt8:
    case ncclUint8:
      return 1;
    case ncclFloat16:
    case ncclBfloat16:
      return 2;
    case ncclInt32:
    case ncclUint32:
    case ncclFloat32:
      return 4;
    default:
      return 8;
  }
}

template <class T>
void combine_as(Bytes& into, const Bytes& from, ncclRedOp_t op) {
  T* to = reinterpret_cast<T*>(into.data());
  const T* other = reinterpret_cast<const T*>(from.data());
  for (std::size_t i = 0; i < into.size() / sizeof(T); ++i) {
    if (op == ncclProd)
      to[i] = static_cast<T>(to[i] * other[i]);
    else if (op == ncclMax)
      to[i] = std::max(to[i], other[i]);
    else if (op == ncclMin)
      to[i] = std::min(to[i], other[i]);
    else
      to[i] = static_cast<T>(to[i] + other[i]);
  }
}

void combine(Bytes& into, const Bytes& from, ncclDataType_t type, ncclRedOp_t op) {
  if (type == ncclFloat32) return combine_as<float>(into, from, op);
  if (type == ncclFloat64) return combine_as<double>(into, from, op);
  if (type == ncclInt64) return combine_as<std::int64_t>(into, from, op);
  if (type == ncclInt32) return combine_as<std::int32_t>(into, from, op);
  if (type == ncclUint8) return combine_as<std::uint8_t>(into, from, op);
  std::abort();  // no test asks for it
}

void divide(Bytes& values, ncclDataType_t type, int by) {
  if (type != ncclFloat32) std::abort();
  for (std::size_t i = 0; i < values.size() / 4; ++i)
    reinterpret_cast<float*>(values.data())[i] /= static_cast<float>(by);
}

ncclResult_t log_call(char letter, ncclResult_t result = ncclSuccess) {
  std::lock_guard lock(mutex);
  calls += letter;
  return result;
}

}  // namespace

struct ncclComm {
  std::shared_ptr<Clique> clique;
  int rank = 0;
  std::uint64_t num_collectives = 0;  // launched
  bool is_aborted = false;
  bool has_launched = false;
  std::chrono::steady_clock::time_point launched_at;
};

namespace {

// Also those that were destroyed: their tasks may still look at them.
std::vector<std::unique_ptr<ncclComm>>& communicators = *new std::vector<std::unique_ptr<ncclComm>>;

struct Task {
  ncclComm* comm;
  fake::Stream* stream;
  bool sends;
  std::function<void(std::unique_lock<std::mutex>&)> run;
};
thread_local int depth = 0;
thread_local std::vector<Task> group;

bool wait(std::unique_lock<std::mutex>& lock, ncclComm* comm, const std::function<bool()>& is_there) {
  changed.wait(lock, [&] { return comm->is_aborted || is_there(); });
  return !comm->is_aborted;
}

ncclResult_t add(char letter, ncclComm* comm, cudaStream_t stream, bool sends,
                 std::function<void(std::unique_lock<std::mutex>&)> run) {
  log_call(letter);
  if (depth != 1) return ncclInvalidUsage;  // Oarlock always makes groups
  group.push_back({comm, reinterpret_cast<fake::Stream*>(stream), sends, std::move(run)});
  return ncclSuccess;
}

// What every rank has given, once all have.
ncclResult_t collective(char letter, ncclComm* comm, cudaStream_t stream, const void* send, std::size_t bytes,
                        std::function<void(const std::map<int, Bytes>&)> take) {
  const std::uint64_t number = ++comm->num_collectives;
  return add(letter, comm, stream, false, [=](std::unique_lock<std::mutex>& lock) {
    const char* data = static_cast<const char*>(send);
    auto& given = comm->clique->given[number];
    given[comm->rank] = Bytes(data, data + bytes);
    changed.notify_all();
    if (wait(lock, comm, [&] { return given.size() == static_cast<std::size_t>(comm->clique->size); })) take(given);
  });
}

Bytes reduced(const std::map<int, Bytes>& given, ncclDataType_t type, ncclRedOp_t op) {
  Bytes result = given.begin()->second;
  for (auto rank = std::next(given.begin()); rank != given.end(); ++rank) combine(result, rank->second, type, op);
  if (op == ncclAvg) divide(result, type, static_cast<int>(given.size()));
  return result;
}

void run_group(std::vector<Task> tasks) {
  std::unique_lock lock(mutex);
  for (const bool sends : {true, false}) {
    for (const Task& task : tasks) {
      if (task.sends == sends && !task.comm->is_aborted) task.run(lock);
    }
  }
}

void hang(ncclComm* comm) {
  std::unique_lock lock(mutex);
  changed.wait(lock, [comm] { return comm->is_aborted; });
}

}  // namespace

extern "C" {

void fake_nccl_set_fault(FakeNcclFault next) {
  std::lock_guard lock(mutex);
  fault = next;
  changed.notify_all();
}

const char* fake_nccl_take_calls() {
  static std::string taken;
  std::lock_guard lock(mutex);
  taken = std::exchange(calls, {});
  return taken.c_str();
}

int fake_nccl_num_communicators() { return num_communicators; }

ncclResult_t ncclGetVersion(int* version) {
  *version = NCCL_VERSION_CODE;
  return ncclSuccess;
}

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  static std::atomic<int> number{0};
  std::memset(id, 0, sizeof(*id));
  std::snprintf(id->internal, sizeof(id->internal), "clique %d", ++number);
  return ncclSuccess;
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int size, ncclUniqueId id, int rank, ncclConfig_t* config) {
  if (config->blocking != 0) return ncclInvalidArgument;  // Oarlock never waits inside
  std::lock_guard lock(mutex);
  auto& clique = cliques[id.internal];
  if (clique == nullptr) clique = std::make_shared<Clique>();
  clique->size = size;
  ++clique->num_joined;
  *comm = communicators.emplace_back(std::make_unique<ncclComm>()).get();
  (*comm)->clique = clique;
  (*comm)->rank = rank;
  ++num_communicators;
  return ncclInProgress;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* state) {
  std::lock_guard lock(mutex);
  *state = comm->clique->num_joined == comm->clique->size && fault != kFakeNeverConnects ? ncclSuccess : ncclInProgress;
  if (fault == kFakeErrorLater && comm->has_launched &&
      std::chrono::steady_clock::now() > comm->launched_at + std::chrono::milliseconds(20)) {
    *state = ncclRemoteError;
  }
  return ncclSuccess;
}

ncclResult_t ncclCommFinalize(ncclComm_t) { return log_call('F', ncclInProgress); }

ncclResult_t ncclCommDestroy(ncclComm_t) {
  --num_communicators;
  return log_call('D');
}

ncclResult_t ncclCommAbort(ncclComm_t comm) {
  log_call('A');
  --num_communicators;
  std::lock_guard lock(mutex);
  comm->is_aborted = true;
  changed.notify_all();
  return ncclSuccess;
}

const char* ncclGetErrorString(ncclResult_t result) {
  return result == ncclRemoteError ? "remote error" : "fake error";
}
const char* ncclGetLastError(ncclComm_t) { return "the fake says why"; }

ncclResult_t ncclGroupStart() {
  ++depth;
  return log_call('(');
}

ncclResult_t ncclGroupEnd() {
  --depth;
  log_call(')');
  std::vector<Task> tasks = std::exchange(group, {});
  if (fault == kFakeRefuses) return ncclInvalidUsage;
  if (fault == kFakeCallHangs) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [] { return fault != kFakeCallHangs; });
    return ncclSystemError;
  }
  if (tasks.empty()) return ncclSuccess;
  ncclComm* comm = tasks.front().comm;
  fake::Stream* stream = tasks.front().stream;
  {
    std::lock_guard lock(mutex);
    comm->has_launched = true;
    comm->launched_at = std::chrono::steady_clock::now();
  }
  const bool hangs = fault == kFakeKernelHangs || fault == kFakeErrorLater;
  stream->enqueue([comm, hangs, tasks = std::move(tasks)] { hangs ? hang(comm) : run_group(tasks); });
  return ncclInProgress;
}

ncclResult_t ncclAllReduce(const void* send, void* receive, size_t count, ncclDataType_t type, ncclRedOp_t op,
                           ncclComm_t comm, cudaStream_t stream) {
  return collective('R', comm, stream, send, count * size_of(type), [=](const std::map<int, Bytes>& given) {
    const Bytes result = reduced(given, type, op);
    std::memcpy(receive, result.data(), result.size());
  });
}

ncclResult_t ncclReduce(const void* send, void* receive, size_t count, ncclDataType_t type, ncclRedOp_t op, int root,
                        ncclComm_t comm, cudaStream_t stream) {
  return collective('R', comm, stream, send, count * size_of(type), [=](const std::map<int, Bytes>& given) {
    if (comm->rank != root) return;
    const Bytes result = reduced(given, type, op);
    std::memcpy(receive, result.data(), result.size());
  });
}

ncclResult_t ncclReduceScatter(const void* send, void* receive, size_t count, ncclDataType_t type, ncclRedOp_t op,
                               ncclComm_t comm, cudaStream_t stream) {
  const std::size_t part = count * size_of(type);
  const std::size_t whole = part * static_cast<std::size_t>(comm->clique->size);
  return collective('R', comm, stream, send, whole, [=](const std::map<int, Bytes>& given) {
    const Bytes result = reduced(given, type, op);
    std::memcpy(receive, result.data() + part * static_cast<std::size_t>(comm->rank), part);
  });
}

ncclResult_t ncclAllGather(const void* send, void* receive, size_t count, ncclDataType_t type, ncclComm_t comm,
                           cudaStream_t stream) {
  const std::size_t part = count * size_of(type);
  return collective('G', comm, stream, send, part, [=](const std::map<int, Bytes>& given) {
    for (const auto& [rank, bytes] : given) {
      std::memcpy(static_cast<char*>(receive) + part * static_cast<std::size_t>(rank), bytes.data(), part);
    }
  });
}

ncclResult_t ncclBroadcast(const void* send, void* receive, size_t count, ncclDataType_t type, int root,
                           ncclComm_t comm, cudaStream_t stream) {
  const std::size_t bytes = comm->rank == root ? count * size_of(type) : 0;
  return collective('B', comm, stream, send, bytes, [=](const std::map<int, Bytes>& given) {
    std::memmove(receive, given.at(root).data(), given.at(root).size());
  });
}

ncclResult_t ncclSend(const void* send, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream) {
  return add('s', comm, stream, true, [=](std::unique_lock<std::mutex>&) {
    const char* data = static_cast<const char*>(send);
    comm->clique->mail[{comm->rank, peer}].emplace_back(data, data + count * size_of(type));
    changed.notify_all();
  });
}

ncclResult_t ncclRecv(void* receive, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream) {
  return add('r', comm, stream, false, [=](std::unique_lock<std::mutex>& lock) {
    auto& mail = comm->clique->mail[{peer, comm->rank}];
    if (!wait(lock, comm, [&] { return !mail.empty(); })) return;
    if (mail.front().size() == count * size_of(type)) std::memcpy(receive, mail.front().data(), mail.front().size());
    mail.pop_front();
  });
}

}  // extern "C"
