#include "comm/backends/shm/transfer.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "comm/backends/shm/kernels.h"

namespace oarlock {
namespace {

constexpr std::size_t kLine = 64;
// Up to here one round is quicker than two that share the arithmetic.
constexpr std::size_t kWholeMax = 32 * 1024;
// Of a slot, what all_reduce_parts() gives to its input; the rest takes this rank's part of the piece before.
constexpr std::size_t kPieceMax = Rounds::kSlotBytes / 4 * 3;

// Memory as it lies, or a row-major copy that write_back() puts into place.
struct Row {
  explicit Row(const at::Tensor& tensor) : original(tensor), row(tensor.contiguous()) {}
  std::byte* data() const { return static_cast<std::byte*>(row.data_ptr()); }
  void write_back() const {
    if (!row.is_same(original)) original.copy_(row);
  }
  const at::Tensor& original;
  at::Tensor row;
};

std::size_t element_size(const Call& call) {
  return c10::elementSize(static_cast<c10::ScalarType>(call.signature.dtype));
}

}  // namespace

Status SharedTransfer::first(const Call& call) { return attendance_.post_first(call.signature, call.timeout); }
Status SharedTransfer::next(const Call& call) {
  if (!std::exchange(is_moving_, true)) {
    engine_.recorder().advance(ticket_, FlightRecorder::Phase::kMovingData, call.signature.sequence);
  }
  return attendance_.post(call.signature, call.timeout);
}

Status SharedTransfer::run(Call& call, std::uint64_t ticket) {
  ticket_ = ticket;
  is_moving_ = false;
  switch (call.signature.op) {
    case Operator::kAllReduce:
      return all_reduce(call);
    case Operator::kBroadcast:
      return broadcast(call);
    case Operator::kAllGather:
      return all_gather(call);
    case Operator::kBarrier:
      return first(call);
    case Operator::kAllGatherBytes:
      return all_gather_bytes(call);
    case Operator::kBroadcastBytes:
      return broadcast_bytes(call);
  }
  return internal_error("an operation of unknown kind {}", static_cast<int>(call.signature.op));
}

Status SharedTransfer::all_reduce(Call& call) {
  const std::size_t size = call.tensor.nbytes();
  if (size <= Rounds::kInlineBytes && call.tensor.is_contiguous()) {
    return all_reduce_inline(call, {static_cast<std::byte*>(call.tensor.data_ptr()), size});
  }
  const Row row(call.tensor);
  const bool whole = size <= kWholeMax || rounds_.size() == 2;
  OAR_TRY(whole ? all_reduce_whole(call, {row.data(), size}) : all_reduce_parts(call, {row.data(), size}));
  row.write_back();
  return Status::ok();
}

Status SharedTransfer::all_reduce_inline(Call& call, Span data) {
  const auto dtype = static_cast<c10::ScalarType>(call.signature.dtype);
  const auto op = static_cast<ReduceOp>(call.signature.reduce_op);
  const auto count = static_cast<std::size_t>(call.signature.numel);
  if (data.size > 0) std::memcpy(rounds_.inline_data(), data.data, data.size);
  OAR_TRY(first(call));
  alignas(16) std::byte sum[Rounds::kInlineBytes], value[Rounds::kInlineBytes];
  std::memcpy(sum, rounds_.inline_data_of(0), Rounds::kInlineBytes);
  for (int rank = 1; rank < rounds_.size(); ++rank) {
    std::memcpy(value, rounds_.inline_data_of(rank), Rounds::kInlineBytes);
    combine(sum, sum, value, count, dtype, op);
  }
  finish(sum, count, dtype, op, rounds_.size());
  if (data.size > 0) std::memcpy(data.data, sum, data.size);
  return Status::ok();
}

Status SharedTransfer::all_reduce_whole(Call& call, Span data) {
  const auto dtype = static_cast<c10::ScalarType>(call.signature.dtype);
  const auto op = static_cast<ReduceOp>(call.signature.reduce_op);
  const std::size_t element = element_size(call);
  for (std::size_t done = 0; done < data.size || done == 0;) {
    const std::size_t piece = std::min(data.size - done, Rounds::kSlotBytes);
    std::byte* target = data.data + done;
    if (piece > 0) std::memcpy(rounds_.slot(), target, piece);
    OAR_TRY(done == 0 ? first(call) : next(call));
    // This rank's own values lie in its slot too, so the target may be written at once.
    combine(target, rounds_.slot_of(0), rounds_.slot_of(1), piece / element, dtype, op);
    for (int rank = 2; rank < rounds_.size(); ++rank) {
      combine(target, target, rounds_.slot_of(rank), piece / element, dtype, op);
    }
    finish(target, piece / element, dtype, op, rounds_.size());
    if (piece == 0) break;
    done += piece;
  }
  return Status::ok();
}

// In round i every rank gives piece i and its part of the result of piece i-1.
Status SharedTransfer::all_reduce_parts(Call& call, Span data) {
  const auto dtype = static_cast<c10::ScalarType>(call.signature.dtype);
  const auto op = static_cast<ReduceOp>(call.signature.reduce_op);
  const std::size_t element = element_size(call);
  const auto num_ranks = static_cast<std::size_t>(rounds_.size()), rank = static_cast<std::size_t>(rounds_.rank());
  const std::size_t part_max =
      std::min(kPieceMax / num_ranks, Rounds::kSlotBytes - kPieceMax) / kLine * kLine;  // lines hold whole elements
  const std::size_t piece_max = part_max * num_ranks, num_pieces = (data.size + piece_max - 1) / piece_max;
  const auto piece_at = [&](std::size_t i) { return std::min(data.size - i * piece_max, piece_max); };
  // The bytes of a piece that a rank computes.
  const auto part_of = [&](std::size_t owner, std::size_t piece) {
    const std::size_t begin = std::min(owner * part_max, piece);
    return std::pair(begin, std::min(begin + part_max, piece) - begin);
  };
  for (std::size_t i = 0; i <= num_pieces; ++i) {
    if (i < num_pieces) std::memcpy(rounds_.slot(), data.data + i * piece_max, piece_at(i));
    OAR_TRY(i == 0 ? first(call) : next(call));
    if (i > 0) {
      for (std::size_t owner = 0; owner < num_ranks; ++owner) {
        const auto [begin, size] = part_of(owner, piece_at(i - 1));
        std::memcpy(data.data + (i - 1) * piece_max + begin, rounds_.slot_of(static_cast<int>(owner)) + kPieceMax,
                    size);
      }
    }
    if (i == num_pieces) break;
    const auto [begin, size] = part_of(rank, piece_at(i));
    std::byte* result = rounds_.slot() + kPieceMax;
    combine(result, rounds_.slot_of(0) + begin, rounds_.slot_of(1) + begin, size / element, dtype, op);
    for (int other = 2; other < rounds_.size(); ++other) {
      combine(result, result, rounds_.slot_of(other) + begin, size / element, dtype, op);
    }
    finish(result, size / element, dtype, op, rounds_.size());
  }
  return Status::ok();
}

Status SharedTransfer::broadcast(Call& call) {
  const Row row(call.tensor);
  const bool is_root = call.signature.root == rounds_.rank();
  const std::size_t size = call.tensor.nbytes();
  for (std::size_t done = 0; done < size || done == 0;) {
    const std::size_t piece = std::min(size - done, Rounds::kSlotBytes);
    if (is_root && piece > 0) std::memcpy(rounds_.slot(), row.data() + done, piece);
    OAR_TRY(done == 0 ? first(call) : next(call));
    if (piece == 0) break;
    if (!is_root) std::memcpy(row.data() + done, rounds_.slot_of(call.signature.root), piece);
    done += piece;
  }
  if (!is_root) row.write_back();
  return Status::ok();
}

Status SharedTransfer::all_gather(Call& call) {
  const Row input(call.tensor), output(call.output);
  const std::size_t size = call.tensor.nbytes();
  for (std::size_t done = 0; done < size || done == 0;) {
    const std::size_t piece = std::min(size - done, Rounds::kSlotBytes);
    if (piece > 0) std::memcpy(rounds_.slot(), input.data() + done, piece);
    OAR_TRY(done == 0 ? first(call) : next(call));
    if (piece == 0) break;
    for (int rank = 0; rank < rounds_.size(); ++rank) {
      std::memcpy(output.data() + static_cast<std::size_t>(rank) * size + done, rounds_.slot_of(rank), piece);
    }
    done += piece;
  }
  output.write_back();
  return Status::ok();
}

Status SharedTransfer::all_gather_bytes(Call& call) {
  const std::uint64_t size = call.bytes.size();
  std::memcpy(rounds_.inline_data(), &size, sizeof(size));
  OAR_TRY(first(call));
  std::vector<std::string> parts(static_cast<std::size_t>(rounds_.size()));
  std::uint64_t size_max = 0;
  for (int rank = 0; rank < rounds_.size(); ++rank) {
    std::uint64_t theirs = 0;
    std::memcpy(&theirs, rounds_.inline_data_of(rank), sizeof(theirs));
    parts[static_cast<std::size_t>(rank)].resize(theirs);
    size_max = std::max(size_max, theirs);
  }
  const auto piece_of = [](std::uint64_t whole, std::uint64_t done) {
    return done < whole ? std::min<std::uint64_t>(whole - done, Rounds::kSlotBytes) : 0;
  };
  for (std::uint64_t done = 0; done < size_max; done += Rounds::kSlotBytes) {
    std::memcpy(rounds_.slot(), call.bytes.data() + std::min(done, size), piece_of(size, done));
    OAR_TRY(next(call));
    for (int rank = 0; rank < rounds_.size(); ++rank) {
      std::string& part = parts[static_cast<std::size_t>(rank)];
      const std::uint64_t piece = piece_of(part.size(), done);
      if (piece > 0) std::memcpy(part.data() + done, rounds_.slot_of(rank), piece);
    }
  }
  call.gathered = std::move(parts);
  return Status::ok();
}

Status SharedTransfer::broadcast_bytes(Call& call) {
  const bool is_root = call.signature.root == rounds_.rank();
  std::uint64_t size = call.bytes.size();
  std::memcpy(rounds_.inline_data(), &size, sizeof(size));
  OAR_TRY(first(call));
  std::memcpy(&size, rounds_.inline_data_of(call.signature.root), sizeof(size));
  std::string result = is_root ? std::move(call.bytes) : std::string(size, '\0');
  for (std::uint64_t done = 0; done < size; done += Rounds::kSlotBytes) {
    const std::size_t piece = std::min<std::uint64_t>(size - done, Rounds::kSlotBytes);
    if (is_root) std::memcpy(rounds_.slot(), result.data() + done, piece);
    OAR_TRY(next(call));
    if (!is_root) std::memcpy(result.data() + done, rounds_.slot_of(call.signature.root), piece);
  }
  call.gathered = {std::move(result)};
  return Status::ok();
}

}  // namespace oarlock
