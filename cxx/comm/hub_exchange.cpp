#include "comm/hub_exchange.h"

#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "comm/frame.h"
#include "comm/reduction.h"

namespace oarlock {
namespace {

Status wrong_size(std::size_t given, std::size_t needed) {
  return Status(OAR_E_VERSION,
                fmt::format("a peer sent {} bytes of data where {} are needed; do all ranks run the same "
                            "version of Oarlock?",
                            given, needed));
}

std::string_view bytes_of(const at::Tensor& contiguous) {
  return {static_cast<const char*>(contiguous.const_data_ptr()), static_cast<std::size_t>(contiguous.nbytes())};
}

// A view of bytes as a tensor like `like`; the bytes outlive it.
at::Tensor tensor_over(std::string_view bytes, const at::Tensor& like) {
  return at::from_blob(const_cast<char*>(bytes.data()), like.sizes(), at::TensorOptions().dtype(like.scalar_type()));
}

void put_numbers(FrameWriter& writer, const std::vector<std::int64_t>& numbers) {
  writer.put<std::uint64_t>(numbers.size());
  for (const std::int64_t number : numbers) writer.put(number);
}

Result<std::vector<std::int64_t>> get_numbers(FrameReader& reader) {
  OAR_ASSIGN(const std::uint64_t count, reader.get<std::uint64_t>());
  std::vector<std::int64_t> numbers;
  for (std::uint64_t i = 0; i < count; ++i) {  // ends by the body's end, whatever the count says
    OAR_ASSIGN(const std::int64_t number, reader.get<std::int64_t>());
    numbers.push_back(number);
  }
  return numbers;
}

// Whether this rank's part travels with its arrival.
bool gives(const Operation& operation, int rank) {
  const Operator op = operation.signature.op;
  const bool only_root = op == Operator::kBroadcast || op == Operator::kBroadcastBytes || op == Operator::kScatter;
  return !only_root || operation.signature.root == rank;
}

// The ranks' tensors, reduced in rank order; as bytes.
Result<std::string> reduce_all(const Operation& operation, const std::vector<Arrival>& arrivals) {
  const at::Tensor& tensor = operation.tensor;
  std::string result = tensor_bytes(tensor);
  const auto op = static_cast<ReduceOp>(operation.signature.reduce_op);
  at::Tensor sum = tensor_over(result, tensor);
  for (std::size_t rank = 1; rank < arrivals.size(); ++rank) {
    const std::string& payload = arrivals[rank].payload;
    if (payload.size() != result.size()) return wrong_size(payload.size(), result.size());
    if (!result.empty()) reduce_into(sum, tensor_over(payload, tensor), op);
  }
  if (!result.empty()) finish_reduction(sum, op, static_cast<int>(arrivals.size()));
  return result;
}

// The ranks' inputs, one after the other.
Result<std::string> join_all(const Operation& operation, const std::vector<Arrival>& arrivals) {
  std::string result = tensor_bytes(operation.tensor);
  const std::size_t row_bytes = operation.rows.empty() || operation.tensor.size(0) == 0
                                    ? 0
                                    : operation.tensor.nbytes() / static_cast<std::size_t>(operation.tensor.size(0));
  const std::size_t equal = result.size();
  for (std::size_t rank = 1; rank < arrivals.size(); ++rank) {
    const std::string& payload = arrivals[rank].payload;
    if (operation.rows.empty() && payload.size() != equal) return wrong_size(payload.size(), equal);
    if (row_bytes > 0 && payload.size() != row_bytes * static_cast<std::size_t>(operation.rows[rank])) {
      return wrong_size(payload.size(), row_bytes * static_cast<std::size_t>(operation.rows[rank]));
    }
    result += payload;
  }
  return result;
}

// `bytes` for the one rank `root`: into rank 0's tensor, or to who it is.
Result<Verdict> verdict_for(int root, std::string bytes, at::Tensor& own, std::size_t world_size) {
  Verdict verdict;
  verdict.by_rank.resize(world_size);
  if (root == 0) {
    OAR_TRY(copy_into(own, bytes));
  } else {
    verdict.by_rank[static_cast<std::size_t>(root)] = std::move(bytes);
  }
  return verdict;
}

// `whole` in equal parts to the ranks.
Result<Verdict> verdict_of_parts(Operation& operation, const std::string& whole, std::size_t world_size) {
  const std::size_t part = operation.output.nbytes();
  if (whole.size() != part * world_size) return wrong_size(whole.size(), part * world_size);
  Verdict verdict;
  for (std::size_t rank = 0; rank < world_size; ++rank) verdict.by_rank.push_back(whole.substr(rank * part, part));
  OAR_TRY(copy_into(operation.output, verdict.by_rank.front()));
  verdict.by_rank.front().clear();
  return verdict;
}

Result<Verdict> conclude_all_to_all(Operation& operation, const std::vector<Arrival>& arrivals) {
  Verdict verdict;
  verdict.by_rank.resize(arrivals.size());
  const bool is_ragged = !operation.rows.empty();
  const auto row_bytes = static_cast<std::size_t>(operation.signature.bytes());
  const std::size_t part = is_ragged ? 0 : operation.tensor.nbytes() / arrivals.size();
  const std::string own = tensor_bytes(operation.tensor);
  for (std::size_t from = 0; from < arrivals.size(); ++from) {
    const std::string& payload = from == 0 ? own : arrivals[from].payload;
    std::size_t at = 0;
    for (std::size_t to = 0; to < arrivals.size(); ++to) {
      const std::size_t size = is_ragged ? row_bytes * static_cast<std::size_t>(arrivals[from].rows[to]) : part;
      if (size > payload.size() - at) return wrong_size(payload.size(), at + size);
      verdict.by_rank[to].append(payload, at, size);
      at += size;
    }
  }
  OAR_TRY(copy_into(operation.output, verdict.by_rank.front()));
  verdict.by_rank.front().clear();
  return verdict;
}

Verdict conclude_all_gather_bytes(Operation& operation, const std::vector<Arrival>& arrivals) {
  Verdict verdict;
  operation.gathered = {operation.bytes};
  for (std::size_t rank = 1; rank < arrivals.size(); ++rank) operation.gathered.push_back(arrivals[rank].payload);
  for (const std::string& part : operation.gathered) {
    const std::uint64_t size = part.size();
    verdict.shared.append(reinterpret_cast<const char*>(&size), sizeof(size)).append(part);
  }
  return verdict;
}

}  // namespace

std::string tensor_bytes(const at::Tensor& tensor) { return std::string(bytes_of(tensor.contiguous())); }

Status copy_into(at::Tensor& tensor, std::string_view bytes) {
  if (bytes.size() != tensor.nbytes()) return wrong_size(bytes.size(), tensor.nbytes());
  if (tensor.numel() == 0) return Status::ok();
  if (tensor.is_contiguous()) {
    std::memcpy(tensor.data_ptr(), bytes.data(), bytes.size());
  } else {
    tensor.copy_(tensor_over(bytes, tensor));
  }
  return Status::ok();
}

std::string pack_arrival(const Operation& operation, int rank, bool with_payload) {
  const bool has_tensor = operation.tensor.defined() && gives(operation, rank);
  FrameWriter writer(FrameType::kArrival,
                     with_payload ? (has_tensor ? operation.tensor.nbytes() : 0) + operation.bytes.size() : 0);
  writer.put(operation.signature).put<std::int64_t>(operation.timeout.count());
  const bool sends_rows = !operation.received_rows.empty();
  put_numbers(writer, sends_rows ? operation.rows : std::vector<std::int64_t>());
  put_numbers(writer, operation.received_rows);
  writer.put_text(operation.site.text());
  if (with_payload && gives(operation, rank)) {
    writer.put_raw(operation.bytes);
    if (has_tensor) writer.put_raw(bytes_of(operation.tensor.contiguous()));
  }
  return std::move(writer).finish();
}

Result<Arrival> unpack_arrival(std::string body) {
  FrameReader reader(body);
  Arrival arrival;
  OAR_ASSIGN(arrival.signature, reader.get<Signature>());
  OAR_ASSIGN(const std::int64_t timeout_ms, reader.get<std::int64_t>());
  arrival.timeout = std::max(Milliseconds(0), bounded_wait(Milliseconds(timeout_ms)));
  OAR_ASSIGN(arrival.rows, get_numbers(reader));
  OAR_ASSIGN(arrival.received_rows, get_numbers(reader));
  OAR_ASSIGN(arrival.site, reader.get_text());
  arrival.payload = std::string(reader.rest());
  return arrival;
}

Arrival arrival_of(const Operation& operation) {
  return Arrival{operation.signature,     operation.timeout,     operation.rows,
                 operation.received_rows, operation.site.text(), {}};
}

Status compare_rows(const std::vector<Arrival>& arrivals) {
  const std::size_t world_size = arrivals.size();
  for (const Arrival& arrival : arrivals) {
    if (arrival.rows.size() == world_size && arrival.received_rows.size() == world_size) continue;
    return wrong_size(arrival.rows.size(), world_size);
  }
  for (std::size_t from = 0; from < world_size; ++from) {
    for (std::size_t to = 0; to < world_size; ++to) {
      const std::int64_t sent = arrivals[from].rows[to];
      const std::int64_t received = arrivals[to].received_rows[from];
      if (sent == received && sent >= 0) continue;
      return mismatch(
                 "ranks disagree on operation {} of the group, {}: rank {} sends {} rows to rank {}, which receives {} "
                 "from it",
                 arrivals[0].signature.sequence, describe(arrivals[0].signature), from, sent, to, received)
          .with_rank(static_cast<int>(to))
          .with_operation(operator_name(arrivals[0].signature.op));
    }
  }
  return Status::ok();
}

Result<Verdict> conclude(Operation& operation, const std::vector<Arrival>& arrivals) {
  const std::size_t world_size = arrivals.size();
  const int root = operation.signature.root;
  Verdict verdict;
  if (operation.signature.on_device) return verdict;
  switch (operation.signature.op) {
    case Operator::kAllReduce: {
      OAR_ASSIGN(verdict.shared, reduce_all(operation, arrivals));
      OAR_TRY(copy_into(operation.tensor, verdict.shared));
      return verdict;
    }
    case Operator::kReduce: {
      OAR_ASSIGN(std::string result, reduce_all(operation, arrivals));
      return verdict_for(root, std::move(result), operation.tensor, world_size);
    }
    case Operator::kReduceScatter: {
      OAR_ASSIGN(const std::string result, reduce_all(operation, arrivals));
      return verdict_of_parts(operation, result, world_size);
    }
    case Operator::kAllGather: {
      OAR_ASSIGN(verdict.shared, join_all(operation, arrivals));
      OAR_TRY(copy_into(operation.output, verdict.shared));
      return verdict;
    }
    case Operator::kGather: {
      OAR_ASSIGN(std::string result, join_all(operation, arrivals));
      return verdict_for(root, std::move(result), operation.output, world_size);
    }
    case Operator::kScatter:
      return verdict_of_parts(operation, root == 0 ? tensor_bytes(operation.tensor) : arrivals[root].payload,
                              world_size);
    case Operator::kAllToAll:
      return conclude_all_to_all(operation, arrivals);
    case Operator::kBroadcast:
      verdict.shared = root == 0 ? tensor_bytes(operation.tensor) : arrivals[root].payload;
      if (root != 0) OAR_TRY(copy_into(operation.tensor, verdict.shared));
      return verdict;
    case Operator::kAllGatherBytes:
      return conclude_all_gather_bytes(operation, arrivals);
    case Operator::kBroadcastBytes:
      verdict.shared = root == 0 ? operation.bytes : arrivals[root].payload;
      operation.gathered = {verdict.shared};
      return verdict;
    case Operator::kBarrier:
      return verdict;
    case Operator::kSend:
    case Operator::kReceive:
      break;
  }
  return internal_error("{} is no collective", operator_name(operation.signature.op));
}

Status apply_verdict(Operation& operation, int rank, std::string_view payload, int world_size) {
  const bool is_root = operation.signature.root == rank;
  if (operation.signature.on_device) return Status::ok();
  switch (operation.signature.op) {
    case Operator::kAllReduce:
      return copy_into(operation.tensor, payload);
    case Operator::kReduce:
      return is_root ? copy_into(operation.tensor, payload) : Status::ok();
    case Operator::kBroadcast:
      return is_root ? Status::ok() : copy_into(operation.tensor, payload);
    case Operator::kGather:
      return is_root ? copy_into(operation.output, payload) : Status::ok();
    case Operator::kAllGather:
    case Operator::kReduceScatter:
    case Operator::kScatter:
    case Operator::kAllToAll:
      return copy_into(operation.output, payload);
    case Operator::kBroadcastBytes:
      operation.gathered = {std::string(payload)};
      return Status::ok();
    case Operator::kBarrier:
      return Status::ok();
    case Operator::kAllGatherBytes:
      break;
    case Operator::kSend:
    case Operator::kReceive:
      return internal_error("{} is no collective", operator_name(operation.signature.op));
  }
  FrameReader reader(payload);
  for (int from = 0; from < world_size; ++from) {
    OAR_ASSIGN(std::string part, reader.get_text());
    operation.gathered.push_back(std::move(part));
  }
  return Status::ok();
}

}  // namespace oarlock
