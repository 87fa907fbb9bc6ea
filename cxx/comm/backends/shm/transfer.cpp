#include "comm/backends/shm/transfer.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "comm/backends/shm/pieces.h"
#include "comm/reduction_kernels.h"

namespace oarlock {
namespace {

constexpr std::size_t kLine = 64;
// Up to here one round is quicker than a first one for the places.
constexpr std::size_t kSmallMax = 32 * 1024;
// What stays in a core's cache between its reduction and its copying.
constexpr std::size_t kBlock = 64 * 1024;
// Of a slot, what all_reduce_parts() gives to its input; the rest takes this rank's part of the piece before.
constexpr std::size_t kPieceMax = Rounds::kSlotBytes / 4 * 3;

bool fits_post(const at::Tensor& tensor) { return tensor.nbytes() <= Rounds::kInlineBytes && tensor.is_contiguous(); }

}  // namespace

Status SharedTransfer::meet(const Call& call) {
  if (!std::exchange(has_met_, true)) return attendance_.post_first(call);
  if (!std::exchange(is_moving_, true)) {
    engine_.recorder().advance(ticket_, FlightRecorder::Phase::kMovingData, call.signature.sequence);
  }
  return attendance_.post(call);
}

Status SharedTransfer::run(Call& call, std::uint64_t ticket) {
  ticket_ = ticket;
  has_met_ = is_moving_ = false;
  const Operator op = call.signature.op;
  if (op == Operator::kAllReduce && fits_post(call.tensor)) {
    OAR_TRY(all_reduce_inline(call));
    call.copy_results();
    return Status::ok();
  }
  const at::NoGradGuard no_grad;  // not above: it takes a tenth of the time of a small operation
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

bool SharedTransfer::is_large(const Call& call) { return static_cast<std::size_t>(call.signature.bytes()) > kSmallMax; }

Status SharedTransfer::meet_at_places(const Call& call, Span input, Span output, Tensors& seen) {
  if (!is_large(call)) return Status::ok();
  static_assert(sizeof(Places) <= Rounds::kInlineBytes);
  const Places mine = places_of(input, output, regions_, rounds_.rank());
  std::memcpy(rounds_.inline_data(), &mine, sizeof(mine));
  OAR_TRY(meet(call));
  std::vector<Places> places(static_cast<std::size_t>(rounds_.size()));
  for (int rank = 0; rank < rounds_.size(); ++rank) {
    std::memcpy(&places[static_cast<std::size_t>(rank)], rounds_.inline_data_of(rank), sizeof(Places));
  }
  seen = {visible_inputs(places, regions_), visible_outputs(places, regions_)};
  return Status::ok();
}

std::size_t SharedTransfer::part_max() const {
  return Rounds::kSlotBytes / static_cast<std::size_t>(rounds_.size()) / kLine * kLine;
}

Span SharedTransfer::share_of(std::byte* data, std::size_t size) const {
  const auto num_ranks = static_cast<std::size_t>(rounds_.size()), rank = static_cast<std::size_t>(rounds_.rank());
  const std::size_t part = (size / num_ranks / kLine + 1) * kLine, begin = std::min(rank * part, size);
  return {data + begin, std::min(size - begin, part)};
}

void SharedTransfer::combine_slots(const Call& call, std::byte* out, const std::byte* mine, std::size_t offset,
                                   std::size_t size) {
  for (int rank = 0; rank < rounds_.size(); ++rank) {
    values_[static_cast<std::size_t>(rank)] = rank == rounds_.rank() ? mine : rounds_.slot_of(rank) + offset;
  }
  combine_all(out, values_, size, static_cast<c10::ScalarType>(call.signature.dtype),
              static_cast<ReduceOp>(call.signature.reduce_op));
}

void SharedTransfer::combine_visible(const Call& call, std::byte* out, const Visible& tensors, std::size_t offset,
                                     std::size_t size) {
  for (std::size_t rank = 0; rank < tensors.size(); ++rank) values_[rank] = tensors[rank] + offset;
  combine_all(out, values_, size, static_cast<c10::ScalarType>(call.signature.dtype),
              static_cast<ReduceOp>(call.signature.reduce_op));
}

Status SharedTransfer::all_reduce(Call& call) {
  const Row row(call.tensor);
  const Span data = row.span();
  Tensors seen;
  OAR_TRY(meet_at_places(call, data, {}, seen));
  if (!seen.inputs.empty()) return all_reduce_visible(call, seen.inputs, data.size);
  const bool is_whole = !is_large(call) || rounds_.size() == 2;
  OAR_TRY(is_whole ? all_reduce_whole(call, data) : all_reduce_parts(call, data));
  row.write_back();
  return Status::ok();
}

Status SharedTransfer::all_reduce_inline(Call& call) {
  const Span data{static_cast<std::byte*>(call.tensor.data_ptr()), call.tensor.nbytes()};
  const auto dtype = static_cast<c10::ScalarType>(call.signature.dtype);
  const auto op = static_cast<ReduceOp>(call.signature.reduce_op);
  const auto count = static_cast<std::size_t>(call.signature.numel);
  copy_bytes(rounds_.inline_data(), data.data, data.size);
  OAR_TRY(meet(call));
  alignas(16) std::byte sum[Rounds::kInlineBytes], value[Rounds::kInlineBytes];
  std::memcpy(sum, rounds_.inline_data_of(0), Rounds::kInlineBytes);
  for (int rank = 1; rank < rounds_.size(); ++rank) {
    std::memcpy(value, rounds_.inline_data_of(rank), Rounds::kInlineBytes);
    combine(sum, sum, value, count, dtype, op);
  }
  finish(sum, count, dtype, op, rounds_.size());
  copy_bytes(data.data, sum, data.size);
  return Status::ok();
}

Status SharedTransfer::all_reduce_whole(Call& call, Span data) {
  const auto give = [&](std::size_t done) {
    copy_bytes(rounds_.slot(), data.data + done, piece_of(data.size, done, Rounds::kSlotBytes));
  };
  const auto take = [&](std::size_t done) {
    std::byte* target = data.data + done;
    combine_slots(call, target, target, 0, piece_of(data.size, done, Rounds::kSlotBytes));
  };
  return in_pieces(call, data.size, Rounds::kSlotBytes, give, take);
}

Status SharedTransfer::all_reduce_visible(Call& call, const Visible& tensors, std::size_t size) {
  const auto mine = static_cast<std::size_t>(rounds_.rank());
  const Span share = share_of(tensors[mine], size);
  for (std::size_t done = 0; done < share.size; done += kBlock) {
    const std::size_t block = piece_of(share.size, done, kBlock);
    std::byte* result = share.data + done;
    const auto offset = static_cast<std::size_t>(result - tensors[mine]);
    combine_visible(call, result, tensors, offset, block);
    for (std::size_t other = 0; other < tensors.size(); ++other) {
      if (other != mine) std::memcpy(tensors[other] + offset, result, block);
    }
  }
  return meet(call);
}

// In round i every rank gives piece i and its part of the result of piece i-1.
Status SharedTransfer::all_reduce_parts(Call& call, Span data) {
  const auto num_ranks = static_cast<std::size_t>(rounds_.size()), rank = static_cast<std::size_t>(rounds_.rank());
  const std::size_t part_max =
      std::min(kPieceMax / num_ranks, Rounds::kSlotBytes - kPieceMax) / kLine * kLine;  // lines hold whole elements
  const std::size_t piece_max = part_max * num_ranks;
  // Of the piece that begins at `done`, what a rank computes; from there.
  const auto part_of = [&](std::size_t owner, std::size_t done) {
    const std::size_t piece = piece_of(data.size, done, piece_max), begin = std::min(owner * part_max, piece);
    return std::pair(begin, std::min(part_max, piece - begin));
  };
  const auto give = [&](std::size_t done) {
    for (std::size_t owner = 0; owner < num_ranks; ++owner) {
      const auto [begin, size] = part_of(owner, done);
      if (owner != rank) copy_bytes(rounds_.slot() + begin, data.data + done + begin, size);
    }
  };
  const auto take = [&](std::size_t done) {
    for (std::size_t owner = 0; done > 0 && owner < num_ranks; ++owner) {
      const auto [begin, size] = part_of(owner, done - piece_max);
      const std::byte* result = rounds_.slot_of(static_cast<int>(owner)) + kPieceMax;
      copy_bytes(data.data + done - piece_max + begin, result, size);
    }
    const auto [begin, size] = part_of(rank, done);
    combine_slots(call, rounds_.slot() + kPieceMax, data.data + done + begin, begin, size);
  };
  return in_pieces(call, data.size + piece_max, piece_max, give, take);  // the last round's piece is empty
}

Status SharedTransfer::reduce(Call& call) {
  const Row row(call.tensor);
  const bool is_root = call.signature.root == rounds_.rank();
  const Span data = row.span();
  Tensors seen;
  OAR_TRY(meet_at_places(call, data, {}, seen));
  if (!seen.inputs.empty()) return reduce_visible(call, seen.inputs, data.size);
  const auto give = [&](std::size_t done) {
    if (!is_root) copy_bytes(rounds_.slot(), data.data + done, piece_of(data.size, done, Rounds::kSlotBytes));
  };
  const auto take = [&](std::size_t done) {
    const std::size_t piece = piece_of(data.size, done, Rounds::kSlotBytes);
    if (is_root) combine_slots(call, data.data + done, data.data + done, 0, piece);
  };
  OAR_TRY(in_pieces(call, data.size, Rounds::kSlotBytes, give, take));
  if (is_root) row.write_back();
  return Status::ok();
}

// Every rank computes its share and writes it where the root wants it.
Status SharedTransfer::reduce_visible(Call& call, const Visible& tensors, std::size_t size) {
  std::byte* result = tensors[static_cast<std::size_t>(call.signature.root)];
  const Span share = share_of(result, size);
  combine_visible(call, share.data, tensors, static_cast<std::size_t>(share.data - result), share.size);
  return meet(call);
}

Status SharedTransfer::reduce_scatter(Call& call) {
  const Row input(call.tensor), output(call.output);
  const std::size_t size = call.output.nbytes(), part = part_max();
  const auto num_ranks = static_cast<std::size_t>(rounds_.size()), rank = static_cast<std::size_t>(rounds_.rank());
  Tensors seen;
  OAR_TRY(meet_at_places(call, input.span(), output.span(), seen));
  if (!seen.inputs.empty()) {
    combine_visible(call, output.data(), seen.inputs, rank * size, size);
    OAR_TRY(meet(call));
    output.write_back();
    return Status::ok();
  }
  const auto give = [&](std::size_t done) {
    for (std::size_t to = 0; to < num_ranks; ++to) {
      if (to == rank) continue;
      copy_bytes(rounds_.slot() + to * part, input.data() + to * size + done, piece_of(size, done, part));
    }
  };
  const auto take = [&](std::size_t done) {
    combine_slots(call, output.data() + done, input.data() + rank * size + done, rank * part,
                  piece_of(size, done, part));
  };
  OAR_TRY(in_pieces(call, size, part, give, take));
  output.write_back();
  return Status::ok();
}

}  // namespace oarlock
