#include "comm/backends/shm/transfer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "comm/backends/shm/kernels.h"
#include "comm/backends/shm/row.h"

namespace oarlock {
namespace {

constexpr std::size_t kLine = 64;
// Up to here one round is quicker than two that share the arithmetic.
constexpr std::size_t kWholeMax = 32 * 1024;
// What stays in a core's cache between its reduction and its copying.
constexpr std::size_t kBlock = 64 * 1024;
// Of a slot, what all_reduce_parts() gives to its input; the rest takes this rank's part of the piece before.
constexpr std::size_t kPieceMax = Rounds::kSlotBytes / 4 * 3;

}  // namespace

Status SharedTransfer::meet(const Call& call) {
  if (!std::exchange(has_met_, true)) return attendance_.post_first(call.signature, call.timeout);
  if (!std::exchange(is_moving_, true)) {
    engine_.recorder().advance(ticket_, FlightRecorder::Phase::kMovingData, call.signature.sequence);
  }
  return attendance_.post(call.signature, call.timeout);
}

Status SharedTransfer::run(Call& call, std::uint64_t ticket) {
  ticket_ = ticket;
  has_met_ = is_moving_ = false;
  const Operator op = call.signature.op;
  Status status = Status::ok();
  if (op == Operator::kAllReduce) status = all_reduce(call);
  if (op == Operator::kReduce) status = reduce(call);
  if (op == Operator::kReduceScatter) status = reduce_scatter(call);
  if (op == Operator::kBroadcast) status = broadcast(call);
  if (op == Operator::kAllGather || op == Operator::kGather) status = gather(call);
  if (op == Operator::kScatter) status = scatter(call);
  if (op == Operator::kAllToAll) status = call.received_rows.empty() ? all_to_all(call) : all_to_all_rows(call);
  if (op == Operator::kBarrier) status = meet(call);
  if (op == Operator::kAllGatherBytes) status = all_gather_bytes(call);
  if (op == Operator::kBroadcastBytes) status = broadcast_bytes(call);
  OAR_CHECK(!call.signature.is_point_to_point());
  if (status.is_ok()) call.copy_results();
  return status;
}

std::size_t SharedTransfer::part_max() const {
  return Rounds::kSlotBytes / static_cast<std::size_t>(rounds_.size()) / kLine * kLine;
}

void SharedTransfer::combine_slots(const Call& call, std::byte* out, std::size_t offset, std::size_t size) {
  const auto dtype = static_cast<c10::ScalarType>(call.signature.dtype);
  const auto op = static_cast<ReduceOp>(call.signature.reduce_op);
  const std::size_t count = size / c10::elementSize(dtype);
  combine(out, rounds_.slot_of(0) + offset, rounds_.slot_of(1) + offset, count, dtype, op);
  for (int rank = 2; rank < rounds_.size(); ++rank) {
    combine(out, out, rounds_.slot_of(rank) + offset, count, dtype, op);
  }
  finish(out, count, dtype, op, rounds_.size());
}

Status SharedTransfer::all_reduce(Call& call) {
  const std::size_t size = call.tensor.nbytes();
  if (size <= Rounds::kInlineBytes && call.tensor.is_contiguous()) {
    return all_reduce_inline(call, {static_cast<std::byte*>(call.tensor.data_ptr()), size});
  }
  const Row row(call.tensor);
  const Span data{row.data(), size};
  OAR_TRY(size <= kWholeMax ? all_reduce_whole(call, data) : all_reduce_large(call, data));
  row.write_back();
  return Status::ok();
}

Status SharedTransfer::all_reduce_inline(Call& call, Span data) {
  const auto dtype = static_cast<c10::ScalarType>(call.signature.dtype);
  const auto op = static_cast<ReduceOp>(call.signature.reduce_op);
  const auto count = static_cast<std::size_t>(call.signature.numel);
  if (data.size > 0) std::memcpy(rounds_.inline_data(), data.data, data.size);
  OAR_TRY(meet(call));
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
  for (std::size_t done = 0; done < data.size || done == 0;) {
    const std::size_t piece = std::min(data.size - done, Rounds::kSlotBytes);
    std::byte* target = data.data + done;
    if (piece > 0) std::memcpy(rounds_.slot(), target, piece);
    OAR_TRY(meet(call));
    if (piece == 0) break;
    combine_slots(call, target, 0, piece);  // this rank's own values lie in its slot too
    done += piece;
  }
  return Status::ok();
}

Status SharedTransfer::all_reduce_large(Call& call, Span data) {
  struct Place {
    std::uint64_t region = 0, offset = 0;
    bool operator==(const Place&) const = default;
  };
  static_assert(sizeof(Place) <= Rounds::kInlineBytes);
  const auto place_of = [&](int rank) {
    Place place;
    std::memcpy(&place, rounds_.inline_data_of(rank), sizeof(place));
    return place;
  };
  const std::shared_ptr<SharedRegion> region = regions_.find(data.data, data.size, rounds_.rank());
  Place mine;
  if (region != nullptr) {
    mine = {region->number(), static_cast<std::uint64_t>(data.data - region->piece_of(rounds_.rank()))};
  }
  std::memcpy(rounds_.inline_data(), &mine, sizeof(mine));
  OAR_TRY(meet(call));
  bool in_place = region != nullptr;
  for (int rank = 0; rank < rounds_.size(); ++rank) in_place = in_place && place_of(rank) == mine;
  if (in_place) return all_reduce_in_place(call, *region, mine.offset, data.size);
  return rounds_.size() == 2 ? all_reduce_whole(call, data) : all_reduce_parts(call, data);
}

Status SharedTransfer::all_reduce_in_place(Call& call, const SharedRegion& region, std::size_t offset,
                                           std::size_t size) {
  const auto dtype = static_cast<c10::ScalarType>(call.signature.dtype);
  const auto op = static_cast<ReduceOp>(call.signature.reduce_op);
  const auto num_ranks = static_cast<std::size_t>(rounds_.size()), rank = static_cast<std::size_t>(rounds_.rank());
  const std::size_t part = (size / num_ranks / kLine + 1) * kLine;
  const std::size_t begin = std::min(rank * part, size), end = std::min(begin + part, size);
  const auto at = [&](int owner, std::size_t where) { return region.piece_of(owner) + offset + where; };
  for (std::size_t done = begin; done < end; done += kBlock) {
    const std::size_t block = std::min(end - done, kBlock), count = block / c10::elementSize(dtype);
    std::byte* result = at(0, done);
    for (int other = 1; other < rounds_.size(); ++other) combine(result, result, at(other, done), count, dtype, op);
    finish(result, count, dtype, op, rounds_.size());
    for (int other = 1; other < rounds_.size(); ++other) std::memcpy(at(other, done), result, block);
  }
  return meet(call);
}

// In round i every rank gives piece i and its part of the result of piece i-1.
Status SharedTransfer::all_reduce_parts(Call& call, Span data) {
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
    OAR_TRY(meet(call));
    if (i > 0) {
      for (std::size_t owner = 0; owner < num_ranks; ++owner) {
        const auto [begin, size] = part_of(owner, piece_at(i - 1));
        std::memcpy(data.data + (i - 1) * piece_max + begin, rounds_.slot_of(static_cast<int>(owner)) + kPieceMax,
                    size);
      }
    }
    if (i == num_pieces) break;
    const auto [begin, size] = part_of(rank, piece_at(i));
    combine_slots(call, rounds_.slot() + kPieceMax, begin, size);
  }
  return Status::ok();
}

Status SharedTransfer::reduce(Call& call) {
  const Row row(call.tensor);
  const bool is_root = call.signature.root == rounds_.rank();
  const std::size_t size = call.tensor.nbytes();
  for (std::size_t done = 0; done < size || done == 0;) {
    const std::size_t piece = std::min(size - done, Rounds::kSlotBytes);
    if (piece > 0) std::memcpy(rounds_.slot(), row.data() + done, piece);
    OAR_TRY(meet(call));
    if (piece == 0) break;
    if (is_root) combine_slots(call, row.data() + done, 0, piece);
    done += piece;
  }
  if (is_root) row.write_back();
  return Status::ok();
}

Status SharedTransfer::reduce_scatter(Call& call) {
  const Row input(call.tensor), output(call.output);
  const std::size_t size = call.output.nbytes(), part = part_max();
  for (std::size_t done = 0; done < size || done == 0;) {
    const std::size_t piece = std::min(size - done, part);
    for (int to = 0; piece > 0 && to < rounds_.size(); ++to) {
      const auto index = static_cast<std::size_t>(to);
      std::memcpy(rounds_.slot() + index * part, input.data() + index * size + done, piece);
    }
    OAR_TRY(meet(call));
    if (piece == 0) break;
    combine_slots(call, output.data() + done, static_cast<std::size_t>(rounds_.rank()) * part, piece);
    done += piece;
  }
  output.write_back();
  return Status::ok();
}

}  // namespace oarlock
