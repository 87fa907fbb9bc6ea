#include "comm/operation.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include "base/log.h"
#include "comm/reduction.h"

namespace oarlock {
namespace {

constexpr Milliseconds kSlice{100};

Status wrong_size(std::size_t given, std::size_t needed) {
  return Status(OAR_E_VERSION,
                fmt::format("a peer sent {} bytes of data where {} are needed; do all ranks run the same "
                            "version of Oarlock?",
                            given, needed));
}

std::string_view bytes_of(const at::Tensor& contiguous) {
  return {static_cast<const char*>(contiguous.data_ptr()), static_cast<std::size_t>(contiguous.nbytes())};
}

// A view of bytes as a tensor like `like`; the bytes outlive it.
at::Tensor tensor_over(std::string_view bytes, at::IntArrayRef sizes, c10::ScalarType dtype) {
  return at::from_blob(const_cast<char*>(bytes.data()), sizes, at::TensorOptions().dtype(dtype));
}

Status copy_into(at::Tensor& tensor, std::string_view bytes) {
  if (bytes.size() != tensor.nbytes()) return wrong_size(bytes.size(), tensor.nbytes());
  if (tensor.numel() == 0) return Status::ok();
  if (tensor.is_contiguous()) {
    std::memcpy(tensor.data_ptr(), bytes.data(), bytes.size());
  } else {
    tensor.copy_(tensor_over(bytes, tensor.sizes(), tensor.scalar_type()));
  }
  return Status::ok();
}

Result<std::string> conclude_all_reduce(Operation& operation, const std::vector<std::string>& payloads) {
  at::Tensor& tensor = operation.tensor;
  std::string result(bytes_of(tensor.contiguous()));
  const auto op = static_cast<ReduceOp>(operation.signature.reduce_op);
  at::Tensor sum = tensor_over(result, tensor.sizes(), tensor.scalar_type());
  for (std::size_t rank = 1; rank < payloads.size(); ++rank) {
    if (payloads[rank].size() != result.size()) return wrong_size(payloads[rank].size(), result.size());
    if (!result.empty()) reduce_into(sum, tensor_over(payloads[rank], tensor.sizes(), tensor.scalar_type()), op);
  }
  if (!result.empty()) finish_reduction(sum, op, static_cast<int>(payloads.size()));
  OAR_TRY(copy_into(tensor, result));
  return result;
}

Result<std::string> conclude_all_gather(Operation& operation, const std::vector<std::string>& payloads) {
  const at::Tensor mine = operation.tensor.contiguous();
  std::string result(bytes_of(mine));
  for (std::size_t rank = 1; rank < payloads.size(); ++rank) {
    if (payloads[rank].size() != mine.nbytes()) return wrong_size(payloads[rank].size(), mine.nbytes());
    result += payloads[rank];
  }
  OAR_TRY(copy_into(operation.output, result));
  return result;
}

Result<std::string> conclude_broadcast(Operation& operation, const std::vector<std::string>& payloads) {
  const int root = operation.signature.root;
  if (root == 0) return std::string(bytes_of(operation.tensor.contiguous()));
  OAR_TRY(copy_into(operation.tensor, payloads[root]));
  return payloads[root];
}

std::string conclude_all_gather_bytes(Operation& operation, const std::vector<std::string>& payloads) {
  std::string result;
  operation.gathered = payloads;
  operation.gathered[0] = operation.bytes;
  for (const std::string& part : operation.gathered) {
    const std::uint64_t size = part.size();
    result.append(reinterpret_cast<const char*>(&size), sizeof(size)).append(part);
  }
  return result;
}

}  // namespace

void Operation::finish(Status status) {
  std::lock_guard lock(mutex_);
  if (done_) return;
  done_ = true;
  status_ = std::move(status);
  done_changed_.notify_all();
}

bool Operation::is_done() const {
  std::lock_guard lock(mutex_);
  return done_;
}

Status Operation::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

bool Operation::wait(Milliseconds bound) const {
  const auto end = std::chrono::steady_clock::now() + bound;
  std::unique_lock lock(mutex_);
  while (!done_) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= end) return false;
    // In slices, so that what the engine has to say of a late rank is heard while this waits for it.
    if (done_changed_.wait_until(lock, std::min(end, now + kSlice), [this] { return done_; })) return true;
    lock.unlock();
    deliver_queued_messages();
    lock.lock();
  }
  return true;
}

std::string pack_arrival(const Operation& operation, int rank, bool with_payload) {
  const Signature& signature = operation.signature;
  FrameWriter writer(FrameType::kArrival,
                     with_payload ? static_cast<std::size_t>(signature.bytes()) + operation.bytes.size() : 0);
  writer.put(signature).put<std::int64_t>(operation.timeout.count());
  const bool sends = signature.root < 0 || signature.root == rank;  // of a broadcast only the root sends
  if (with_payload && sends) {
    writer.put_raw(operation.bytes);
    if (signature.bytes() > 0) writer.put_raw(bytes_of(operation.tensor.contiguous()));
  }
  return std::move(writer).finish();
}

Result<Arrival> unpack_arrival(std::string body) {
  FrameReader reader(body);
  Arrival arrival;
  OAR_ASSIGN(arrival.signature, reader.get<Signature>());
  OAR_ASSIGN(const std::int64_t timeout_ms, reader.get<std::int64_t>());
  arrival.timeout = bounded_wait(Milliseconds(timeout_ms));
  arrival.payload = std::string(reader.rest());
  return arrival;
}

Result<std::string> conclude(Operation& operation, const std::vector<std::string>& payloads) {
  switch (operation.signature.op) {
    case Operator::kAllReduce:
      return conclude_all_reduce(operation, payloads);
    case Operator::kAllGather:
      return conclude_all_gather(operation, payloads);
    case Operator::kBroadcast:
      return conclude_broadcast(operation, payloads);
    case Operator::kAllGatherBytes:
      return conclude_all_gather_bytes(operation, payloads);
    case Operator::kBroadcastBytes:
      operation.gathered = {operation.signature.root == 0 ? operation.bytes : payloads[operation.signature.root]};
      return operation.gathered.front();
    case Operator::kBarrier:
      return std::string();
  }
  return internal_error("an operation of unknown kind {}", static_cast<int>(operation.signature.op));
}

Status apply_verdict(Operation& operation, int rank, std::string_view payload, int world_size) {
  switch (operation.signature.op) {
    case Operator::kAllReduce:
      return copy_into(operation.tensor, payload);
    case Operator::kAllGather:
      return copy_into(operation.output, payload);
    case Operator::kBroadcast:
      return operation.signature.root == rank ? Status::ok() : copy_into(operation.tensor, payload);
    case Operator::kBroadcastBytes:
      operation.gathered = {std::string(payload)};
      return Status::ok();
    case Operator::kBarrier:
      return Status::ok();
    case Operator::kAllGatherBytes:
      break;
  }
  FrameReader reader(payload);
  for (int from = 0; from < world_size; ++from) {
    OAR_ASSIGN(std::string part, reader.get_text());
    operation.gathered.push_back(std::move(part));
  }
  return Status::ok();
}

}  // namespace oarlock
