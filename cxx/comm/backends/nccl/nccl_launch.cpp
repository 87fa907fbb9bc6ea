#include "comm/backends/nccl/nccl_launch.h"

#include "comm/reduction.h"
#include "tensor/dtype.h"

namespace oarlock {
namespace {

Result<NcclType> nccl_type(c10::ScalarType dtype) {
  switch (dtype) {
    case c10::kChar:
      return NcclType::kInt8;
    case c10::kByte:
    case c10::kBool:  // 0 and 1: the greater is or, the smaller is and
      return NcclType::kUint8;
    case c10::kInt:
      return NcclType::kInt32;
    case c10::kLong:
      return NcclType::kInt64;
    case c10::kHalf:
      return NcclType::kFloat16;
    case c10::kBFloat16:
      return NcclType::kBFloat16;
    case c10::kFloat:
    case c10::kComplexFloat:
      return NcclType::kFloat32;
    case c10::kDouble:
    case c10::kComplexDouble:
      return NcclType::kFloat64;
    default:
      return unsupported("NCCL has no arithmetic for {}; reduce on the CPU or in another dtype", dtype_name(dtype));
  }
}

Result<NcclOp> nccl_op(ReduceOp op) {
  switch (op) {
    case ReduceOp::kSum:
      return NcclOp::kSum;
    case ReduceOp::kAverage:
      return NcclOp::kAverage;
    case ReduceOp::kMax:
      return NcclOp::kMax;
    case ReduceOp::kMin:
      return NcclOp::kMin;
    case ReduceOp::kProduct:
      return NcclOp::kProduct;
    default:
      return unsupported("NCCL has no {}; reduce on the CPU", reduce_op_name(static_cast<std::uint8_t>(op)));
  }
}

// The calls of one job; each method adds to the open group of calls.
class Launch {
 public:
  Launch(const NcclCalls& calls, const NcclMember& member, const TransferJob& job)
      : calls_(calls), member_(member), job_(job) {}

  NcclResult result() const { return result_; }

  void run() {
    switch (job_.signature.op) {
      case Operator::kAllReduce:
      case Operator::kReduce:
      case Operator::kReduceScatter:
        return reduce();
      case Operator::kBroadcast:
        return broadcast(job_.tensor.data_ptr(), bytes_of(job_.tensor), job_.signature.root);
      case Operator::kAllGather:
        return job_.rows.empty() ? all_gather() : all_gather_rows();
      case Operator::kGather:
        return gather();
      case Operator::kScatter:
        return scatter();
      case Operator::kAllToAll:
        return all_to_all();
      case Operator::kSend:
        return send(first_byte(job_.tensor), bytes_of(job_.tensor), job_.signature.peer());
      case Operator::kReceive:
        return receive(first_byte(job_.tensor), bytes_of(job_.tensor), job_.signature.peer());
      default:
        return;  // barriers and bytes have no tensors
    }
  }

 private:
  static std::size_t bytes_of(const at::Tensor& tensor) { return tensor.defined() ? tensor.nbytes() : 0; }
  static char* first_byte(const at::Tensor& tensor) { return static_cast<char*>(tensor.data_ptr()); }
  bool is_root() const { return job_.signature.root == member_.rank; }

  void add(NcclResult result) {
    if (result_ == kNcclSuccess && result != kNcclInProgress) result_ = result;
  }
  // Of nothing there is nothing to send: both sides know the size.
  void send(const char* data, std::size_t bytes, int peer) {
    if (bytes > 0) add(calls_.send(data, bytes, NcclType::kInt8, peer, member_.comm, member_.stream));
  }
  void receive(char* data, std::size_t bytes, int peer) {
    if (bytes > 0) add(calls_.receive(data, bytes, NcclType::kInt8, peer, member_.comm, member_.stream));
  }
  void broadcast(void* data, std::size_t bytes, int root) {
    if (bytes > 0) add(calls_.broadcast(data, data, bytes, NcclType::kInt8, root, member_.comm, member_.stream));
  }

  void reduce() {
    const Signature& signature = job_.signature;
    const auto reduction =
        nccl_reduction(static_cast<c10::ScalarType>(signature.dtype), static_cast<ReduceOp>(signature.reduce_op));
    if (signature.numel == 0 || !reduction.is_ok()) return;  // the group has refused the latter
    const auto [type, op, per_element] = reduction.value();
    const std::size_t count = static_cast<std::size_t>(signature.numel) * per_element;
    void* data = job_.tensor.data_ptr();
    if (signature.op == Operator::kAllReduce) {
      add(calls_.all_reduce(data, data, count, type, op, member_.comm, member_.stream));
    } else if (signature.op == Operator::kReduce) {
      void* result = is_root() ? data : nullptr;
      add(calls_.reduce(data, result, count, type, op, signature.root, member_.comm, member_.stream));
    } else {
      add(calls_.reduce_scatter(data, job_.output.data_ptr(), count, type, op, member_.comm, member_.stream));
    }
  }

  void all_gather() {
    const std::size_t bytes = bytes_of(job_.tensor);
    if (bytes == 0) return;
    add(calls_.all_gather(job_.tensor.data_ptr(), job_.output.data_ptr(), bytes, NcclType::kInt8, member_.comm,
                          member_.stream));
  }

  // As many broadcasts as ranks, each into its place.
  void all_gather_rows() {
    const std::size_t row_bytes = row_bytes_of(job_.output);
    char* place = first_byte(job_.output);
    for (int root = 0; root < member_.num_ranks; ++root) {
      const std::size_t bytes = row_bytes * static_cast<std::size_t>(job_.rows[static_cast<std::size_t>(root)]);
      const void* given = root == member_.rank ? job_.tensor.data_ptr() : place;
      if (bytes > 0) add(calls_.broadcast(given, place, bytes, NcclType::kInt8, root, member_.comm, member_.stream));
      place += bytes;
    }
  }

  void gather() {
    const std::size_t bytes = bytes_of(job_.tensor);
    send(first_byte(job_.tensor), bytes, job_.signature.root);
    for (int rank = 0; rank < member_.num_ranks && is_root(); ++rank) {
      receive(first_byte(job_.output) + bytes * static_cast<std::size_t>(rank), bytes, rank);
    }
  }

  void scatter() {
    const std::size_t bytes = bytes_of(job_.output);
    for (int rank = 0; rank < member_.num_ranks && is_root(); ++rank) {
      send(first_byte(job_.tensor) + bytes * static_cast<std::size_t>(rank), bytes, rank);
    }
    receive(first_byte(job_.output), bytes, job_.signature.root);
  }

  void all_to_all() {
    const auto num_ranks = static_cast<std::size_t>(member_.num_ranks);
    const bool is_ragged = !job_.rows.empty();
    const std::size_t row_bytes = is_ragged ? row_bytes_of(job_.tensor) : bytes_of(job_.tensor) / num_ranks;
    const char* given = first_byte(job_.tensor);
    char* taken = first_byte(job_.output);
    for (std::size_t peer = 0; peer < num_ranks; ++peer) {
      const std::size_t sent = is_ragged ? row_bytes * static_cast<std::size_t>(job_.rows[peer]) : row_bytes;
      const std::size_t received =
          is_ragged ? row_bytes * static_cast<std::size_t>(job_.received_rows[peer]) : row_bytes;
      send(given, sent, static_cast<int>(peer));
      receive(taken, received, static_cast<int>(peer));
      given += sent;
      taken += received;
    }
  }

  static std::size_t row_bytes_of(const at::Tensor& tensor) {
    return static_cast<std::size_t>(c10::multiply_integers(tensor.sizes().slice(1))) * tensor.element_size();
  }

  const NcclCalls& calls_;
  const NcclMember& member_;
  const TransferJob& job_;
  NcclResult result_ = kNcclSuccess;
};

}  // namespace

Result<NcclReduction> nccl_reduction(c10::ScalarType dtype, ReduceOp op) {
  OAR_ASSIGN(const NcclOp nccl, nccl_op(op));
  OAR_ASSIGN(const NcclType type, nccl_type(dtype));
  if (!c10::isComplexType(dtype)) return NcclReduction{type, nccl};
  if (op == ReduceOp::kSum || op == ReduceOp::kAverage) return NcclReduction{type, nccl, 2};
  return unsupported("NCCL has no {} of complex numbers; reduce on the CPU",
                     reduce_op_name(static_cast<std::uint8_t>(op)));
}

NcclResult launch_job(const NcclCalls& calls, const NcclMember& member, const TransferJob& job) {
  const NcclResult started = calls.group_start();
  if (started != kNcclSuccess) return started;
  Launch launch(calls, member, job);
  launch.run();
  const NcclResult ended = calls.group_end();
  if (launch.result() != kNcclSuccess) return launch.result();
  return ended == kNcclInProgress ? kNcclSuccess : ended;
}

}  // namespace oarlock
