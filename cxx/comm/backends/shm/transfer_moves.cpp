// The operations that move data without computing with it.
#include <algorithm>
#include <cstring>
#include <utility>

#include "comm/backends/shm/pieces.h"
#include "comm/backends/shm/transfer.h"
#include "comm/hub_exchange.h"

namespace oarlock {
namespace {

// Where the parts of these sizes begin, one after the other.
std::vector<std::size_t> starts_of(const std::vector<std::int64_t>& rows, std::size_t row_bytes) {
  std::vector<std::size_t> starts{0};
  for (const std::int64_t count : rows) starts.push_back(starts.back() + static_cast<std::size_t>(count) * row_bytes);
  return starts;
}

// Where the ranks' parts of an all_gather or gather begin; `input`: of this rank, in bytes.
std::vector<std::size_t> gathered_starts(const Call& call, std::size_t num_ranks, std::size_t input) {
  if (call.rows.empty()) return starts_of(std::vector<std::int64_t>(num_ranks, 1), input);
  std::int64_t num_rows = 0;
  for (const std::int64_t count : call.rows) num_rows += count;
  return starts_of(call.rows, num_rows > 0 ? call.output.nbytes() / static_cast<std::size_t>(num_rows) : 0);
}

std::size_t largest_part(const std::vector<std::size_t>& starts) {
  std::size_t size_max = 0;
  for (std::size_t i = 1; i < starts.size(); ++i) size_max = std::max(size_max, starts[i] - starts[i - 1]);
  return size_max;
}

}  // namespace

Status SharedTransfer::broadcast(Call& call) {
  const Row row(call.tensor);
  const bool is_root = call.signature.root == rounds_.rank();
  const Span data = row.span();
  Tensors seen;
  OAR_TRY(meet_at_places(call, data, {}, seen));
  if (!seen.inputs.empty()) {
    if (!is_root) copy_bytes(data.data, seen.inputs[static_cast<std::size_t>(call.signature.root)], data.size);
    return meet(call);
  }
  const auto give = [&](std::size_t done) {
    if (is_root) copy_bytes(rounds_.slot(), data.data + done, piece_of(data.size, done, Rounds::kSlotBytes));
  };
  const auto take = [&](std::size_t done) {
    if (is_root) return;
    copy_bytes(data.data + done, rounds_.slot_of(call.signature.root), piece_of(data.size, done, Rounds::kSlotBytes));
  };
  OAR_TRY(in_pieces(call, data.size, Rounds::kSlotBytes, give, take));
  if (!is_root) row.write_back();
  return Status::ok();
}

Status SharedTransfer::gather(Call& call) {
  const Row input(call.tensor), output(call.output);
  const auto num_ranks = static_cast<std::size_t>(rounds_.size()), rank = static_cast<std::size_t>(rounds_.rank());
  const std::vector<std::size_t> starts = gathered_starts(call, num_ranks, input.size());
  Tensors seen;
  OAR_TRY(meet_at_places(call, input.span(), output.span(), seen));
  if (!seen.inputs.empty() || !seen.outputs.empty()) {
    gather_visible(seen, input, output, starts);
    OAR_TRY(meet(call));
    output.write_back();
    return Status::ok();
  }
  const auto give = [&](std::size_t done) {
    copy_bytes(rounds_.slot(), input.data() + done, piece_of(input.size(), done, Rounds::kSlotBytes));
  };
  const auto take = [&](std::size_t done) {
    for (std::size_t from = 0; call.output.defined() && from < num_ranks; ++from) {
      const std::byte* given = from == rank ? input.data() + done : rounds_.slot_of(static_cast<int>(from));
      copy_bytes(output.data() + starts[from] + done, given,
                 piece_of(starts[from + 1] - starts[from], done, Rounds::kSlotBytes));
    }
  };
  OAR_TRY(in_pieces(call, largest_part(starts), Rounds::kSlotBytes, give, take));
  output.write_back();
  return Status::ok();
}

// Every byte moves once: each rank fetches what all can see, or brings its own where all can see that.
void SharedTransfer::gather_visible(const Tensors& seen, const Row& input, const Row& output,
                                    const std::vector<std::size_t>& starts) {
  const auto num_ranks = static_cast<std::size_t>(rounds_.size()), rank = static_cast<std::size_t>(rounds_.rank());
  for (std::size_t other = 0; other < num_ranks; ++other) {
    if (seen.inputs.empty()) {
      copy_bytes(seen.outputs[other] + starts[rank], input.data(), input.size());
    } else if (output.data() != nullptr) {
      copy_bytes(output.data() + starts[other], seen.inputs[other], starts[other + 1] - starts[other]);
    }
  }
}

Status SharedTransfer::scatter(Call& call) {
  const Row input(call.tensor), output(call.output);
  const std::size_t size = output.size(), part = part_max();
  const auto num_ranks = static_cast<std::size_t>(rounds_.size()), rank = static_cast<std::size_t>(rounds_.rank());
  const bool is_root = call.tensor.defined();
  const auto give = [&](std::size_t done) {
    for (std::size_t to = 0; is_root && to < num_ranks; ++to) {
      if (to == rank) continue;
      copy_bytes(rounds_.slot() + to * part, input.data() + to * size + done, piece_of(size, done, part));
    }
  };
  const auto take = [&](std::size_t done) {
    const std::byte* given =
        is_root ? input.data() + rank * size + done : rounds_.slot_of(call.signature.root) + rank * part;
    copy_bytes(output.data() + done, given, piece_of(size, done, part));
  };
  OAR_TRY(in_pieces(call, size, part, give, take));
  output.write_back();
  return Status::ok();
}

Status SharedTransfer::all_to_all(Call& call) {
  const Row input(call.tensor), output(call.output);
  const auto num_ranks = static_cast<std::size_t>(rounds_.size()), rank = static_cast<std::size_t>(rounds_.rank());
  const std::size_t size = input.size() / num_ranks;
  Tensors seen;
  OAR_TRY(meet_at_places(call, input.span(), {}, seen));
  if (!seen.inputs.empty()) {
    for (std::size_t from = 0; from < num_ranks; ++from) {
      copy_bytes(output.data() + from * size, seen.inputs[from] + rank * size, size);
    }
    OAR_TRY(meet(call));
    output.write_back();
    return Status::ok();
  }
  std::vector<std::size_t> starts;
  for (std::size_t other = 0; other <= num_ranks; ++other) starts.push_back(other * size);
  OAR_TRY(exchange_parts(call, input, output, starts, starts, size));
  output.write_back();
  return Status::ok();
}

// Through the slots: this rank's parts begin at `sent` in its input, and go to `got` in the output.
Status SharedTransfer::exchange_parts(const Call& call, const Row& input, const Row& output,
                                      const std::vector<std::size_t>& sent, const std::vector<std::size_t>& got,
                                      std::size_t size_max) {
  const auto num_ranks = static_cast<std::size_t>(rounds_.size()), rank = static_cast<std::size_t>(rounds_.rank());
  const std::size_t part = part_max();
  const auto give = [&](std::size_t done) {
    for (std::size_t to = 0; to < num_ranks; ++to) {
      if (to == rank) continue;
      copy_bytes(rounds_.slot() + to * part, input.data() + sent[to] + done,
                 piece_of(sent[to + 1] - sent[to], done, part));
    }
  };
  const auto take = [&](std::size_t done) {
    for (std::size_t from = 0; from < num_ranks; ++from) {
      const std::byte* given =
          from == rank ? input.data() + sent[rank] + done : rounds_.slot_of(static_cast<int>(from)) + rank * part;
      copy_bytes(output.data() + got[from] + done, given, piece_of(got[from + 1] - got[from], done, part));
    }
  };
  return in_pieces(call, size_max, part, give, take);
}

// The first round of a ragged all_to_all carries what every rank says that it sends and receives, so that all ranks
// find the same disagreement before data moves. rows_max: of the largest part.
Status SharedTransfer::compare_rows(const Call& call, std::size_t& rows_max) {
  const auto num_ranks = static_cast<std::size_t>(rounds_.size());
  const std::size_t bytes = num_ranks * sizeof(std::int64_t);
  std::memcpy(rounds_.slot(), call.rows.data(), bytes);
  std::memcpy(rounds_.slot() + bytes, call.received_rows.data(), bytes);
  OAR_TRY(meet(call));
  std::vector<Arrival> arrivals(num_ranks);
  for (std::size_t rank = 0; rank < num_ranks; ++rank) {
    Arrival& arrival = arrivals[rank];
    arrival.signature = call.signature;
    arrival.rows.resize(num_ranks);
    arrival.received_rows.resize(num_ranks);
    std::memcpy(arrival.rows.data(), rounds_.slot_of(static_cast<int>(rank)), bytes);
    std::memcpy(arrival.received_rows.data(), rounds_.slot_of(static_cast<int>(rank)) + bytes, bytes);
    for (const std::int64_t count : arrival.rows) {
      rows_max = std::max(rows_max, static_cast<std::size_t>(std::max<std::int64_t>(count, 0)));
    }
  }
  Status status = oarlock::compare_rows(arrivals);
  return status.is_ok() ? status : attendance_.fail(std::move(status), call.signature.sequence);
}

Status SharedTransfer::all_to_all_rows(Call& call) {
  const Row input(call.tensor), output(call.output);
  const std::size_t row_bytes = static_cast<std::size_t>(call.signature.numel) *
                                c10::elementSize(static_cast<c10::ScalarType>(call.signature.dtype));
  std::size_t rows_max = 0;
  OAR_TRY(compare_rows(call, rows_max));
  OAR_TRY(exchange_parts(call, input, output, starts_of(call.rows, row_bytes), starts_of(call.received_rows, row_bytes),
                         rows_max * row_bytes));
  output.write_back();
  return Status::ok();
}

Status SharedTransfer::all_gather_bytes(Call& call) {
  const std::uint64_t size = call.bytes.size();
  std::memcpy(rounds_.inline_data(), &size, sizeof(size));
  OAR_TRY(meet(call));
  std::vector<std::string> parts(static_cast<std::size_t>(rounds_.size()));
  std::uint64_t size_max = 0;
  for (int rank = 0; rank < rounds_.size(); ++rank) {
    std::uint64_t theirs = 0;
    std::memcpy(&theirs, rounds_.inline_data_of(rank), sizeof(theirs));
    parts[static_cast<std::size_t>(rank)].resize(theirs);
    size_max = std::max(size_max, theirs);
  }
  const auto give = [&](std::size_t done) {
    std::memcpy(rounds_.slot(), call.bytes.data() + std::min(done, size), piece_of(size, done, Rounds::kSlotBytes));
  };
  const auto take = [&](std::size_t done) {
    for (int rank = 0; rank < rounds_.size(); ++rank) {
      std::string& part = parts[static_cast<std::size_t>(rank)];
      const std::size_t piece = piece_of(part.size(), done, Rounds::kSlotBytes);
      if (piece > 0) std::memcpy(part.data() + done, rounds_.slot_of(rank), piece);
    }
  };
  OAR_TRY(in_pieces(call, size_max, Rounds::kSlotBytes, give, take));
  call.gathered = std::move(parts);
  return Status::ok();
}

Status SharedTransfer::broadcast_bytes(Call& call) {
  const bool is_root = call.signature.root == rounds_.rank();
  std::uint64_t size = call.bytes.size();
  std::memcpy(rounds_.inline_data(), &size, sizeof(size));
  OAR_TRY(meet(call));
  std::memcpy(&size, rounds_.inline_data_of(call.signature.root), sizeof(size));
  std::string result = is_root ? std::move(call.bytes) : std::string(size, '\0');
  const auto give = [&](std::size_t done) {
    if (is_root) std::memcpy(rounds_.slot(), result.data() + done, piece_of(size, done, Rounds::kSlotBytes));
  };
  const auto take = [&](std::size_t done) {
    if (is_root) return;
    std::memcpy(result.data() + done, rounds_.slot_of(call.signature.root), piece_of(size, done, Rounds::kSlotBytes));
  };
  OAR_TRY(in_pieces(call, size, Rounds::kSlotBytes, give, take));
  call.gathered = {std::move(result)};
  return Status::ok();
}

}  // namespace oarlock
