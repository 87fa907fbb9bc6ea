// The operations that move data without computing with it.
#include <algorithm>
#include <cstring>
#include <utility>

#include "comm/backends/shm/row.h"
#include "comm/backends/shm/transfer.h"
#include "comm/hub_exchange.h"

namespace oarlock {
namespace {

// What is left of `size` bytes behind `done`, at most `bound`.
std::size_t piece_of(std::size_t size, std::size_t done, std::size_t bound) {
  return done < size ? std::min(size - done, bound) : 0;
}

// Where the parts of these sizes begin, one after the other.
std::vector<std::size_t> starts_of(const std::vector<std::int64_t>& rows, std::size_t row_bytes) {
  std::vector<std::size_t> starts{0};
  for (const std::int64_t count : rows) starts.push_back(starts.back() + static_cast<std::size_t>(count) * row_bytes);
  return starts;
}

}  // namespace

Status SharedTransfer::broadcast(Call& call) {
  const Row row(call.tensor);
  const bool is_root = call.signature.root == rounds_.rank();
  const std::size_t size = call.tensor.nbytes();
  for (std::size_t done = 0; done < size || done == 0;) {
    const std::size_t piece = std::min(size - done, Rounds::kSlotBytes);
    if (is_root && piece > 0) std::memcpy(rounds_.slot(), row.data() + done, piece);
    OAR_TRY(meet(call));
    if (piece == 0) break;
    if (!is_root) std::memcpy(row.data() + done, rounds_.slot_of(call.signature.root), piece);
    done += piece;
  }
  if (!is_root) row.write_back();
  return Status::ok();
}

Status SharedTransfer::gather(Call& call) {
  const Row input(call.tensor), output(call.output);
  const auto num_ranks = static_cast<std::size_t>(rounds_.size());
  std::vector<std::int64_t> rows = call.rows;
  if (rows.empty()) rows.assign(num_ranks, 1);
  const std::size_t total = call.rows.empty() ? num_ranks * input.size() : output.size();
  std::size_t num_rows = 0;
  for (const std::int64_t count : rows) num_rows += static_cast<std::size_t>(count);
  const std::vector<std::size_t> starts = starts_of(rows, num_rows > 0 ? total / num_rows : 0);
  std::size_t size_max = 0;
  for (std::size_t rank = 0; rank < num_ranks; ++rank) size_max = std::max(size_max, starts[rank + 1] - starts[rank]);
  for (std::size_t done = 0; done < size_max || done == 0; done += Rounds::kSlotBytes) {
    const std::size_t mine = piece_of(input.size(), done, Rounds::kSlotBytes);
    if (mine > 0) std::memcpy(rounds_.slot(), input.data() + done, mine);
    OAR_TRY(meet(call));
    for (std::size_t rank = 0; call.output.defined() && rank < num_ranks; ++rank) {
      const std::size_t piece = piece_of(starts[rank + 1] - starts[rank], done, Rounds::kSlotBytes);
      if (piece > 0) std::memcpy(output.data() + starts[rank] + done, rounds_.slot_of(static_cast<int>(rank)), piece);
    }
  }
  output.write_back();
  return Status::ok();
}

Status SharedTransfer::scatter(Call& call) {
  const Row input(call.tensor), output(call.output);
  const std::size_t size = output.size(), part = part_max();
  for (std::size_t done = 0; done < size || done == 0; done += part) {
    const std::size_t piece = piece_of(size, done, part);
    for (std::size_t to = 0; call.tensor.defined() && piece > 0 && to < static_cast<std::size_t>(rounds_.size());
         ++to) {
      std::memcpy(rounds_.slot() + to * part, input.data() + to * size + done, piece);
    }
    OAR_TRY(meet(call));
    if (piece == 0) break;
    const std::byte* mine = rounds_.slot_of(call.signature.root) + static_cast<std::size_t>(rounds_.rank()) * part;
    std::memcpy(output.data() + done, mine, piece);
  }
  output.write_back();
  return Status::ok();
}

Status SharedTransfer::all_to_all(Call& call) {
  const Row input(call.tensor), output(call.output);
  const auto num_ranks = static_cast<std::size_t>(rounds_.size()), rank = static_cast<std::size_t>(rounds_.rank());
  const std::size_t size = input.size() / num_ranks, part = part_max();
  for (std::size_t done = 0; done < size || done == 0; done += part) {
    const std::size_t piece = piece_of(size, done, part);
    for (std::size_t to = 0; piece > 0 && to < num_ranks; ++to) {
      std::memcpy(rounds_.slot() + to * part, input.data() + to * size + done, piece);
    }
    OAR_TRY(meet(call));
    for (std::size_t from = 0; piece > 0 && from < num_ranks; ++from) {
      std::memcpy(output.data() + from * size + done, rounds_.slot_of(static_cast<int>(from)) + rank * part, piece);
    }
  }
  output.write_back();
  return Status::ok();
}

// The first round of a ragged all_to_all carries what every rank says that it sends and receives, so that all ranks
// find the same disagreement before data moves. size_max: rows of the largest part.
Status SharedTransfer::compare_rows(const Call& call, std::size_t& size_max) {
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
      size_max = std::max(size_max, static_cast<std::size_t>(std::max<std::int64_t>(count, 0)));
    }
  }
  Status status = oarlock::compare_rows(arrivals);
  return status.is_ok() ? status : attendance_.fail(std::move(status), call.signature.sequence);
}

Status SharedTransfer::all_to_all_rows(Call& call) {
  const Row input(call.tensor), output(call.output);
  const std::size_t row_bytes = static_cast<std::size_t>(call.signature.numel) *
                                c10::elementSize(static_cast<c10::ScalarType>(call.signature.dtype));
  const auto num_ranks = static_cast<std::size_t>(rounds_.size()), rank = static_cast<std::size_t>(rounds_.rank());
  std::size_t size_max = 0;
  OAR_TRY(compare_rows(call, size_max));
  size_max *= row_bytes;
  const std::vector<std::size_t> sent = starts_of(call.rows, row_bytes), got = starts_of(call.received_rows, row_bytes);
  const std::size_t part = part_max();
  for (std::size_t done = 0; done < size_max; done += part) {
    for (std::size_t to = 0; to < num_ranks; ++to) {
      const std::size_t piece = piece_of(sent[to + 1] - sent[to], done, part);
      if (piece > 0) std::memcpy(rounds_.slot() + to * part, input.data() + sent[to] + done, piece);
    }
    OAR_TRY(meet(call));
    for (std::size_t from = 0; from < num_ranks; ++from) {
      const std::size_t piece = piece_of(got[from + 1] - got[from], done, part);
      const std::byte* given = rounds_.slot_of(static_cast<int>(from)) + rank * part;
      if (piece > 0) std::memcpy(output.data() + got[from] + done, given, piece);
    }
  }
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
  for (std::uint64_t done = 0; done < size_max; done += Rounds::kSlotBytes) {
    std::memcpy(rounds_.slot(), call.bytes.data() + std::min(done, size), piece_of(size, done, Rounds::kSlotBytes));
    OAR_TRY(meet(call));
    for (int rank = 0; rank < rounds_.size(); ++rank) {
      std::string& part = parts[static_cast<std::size_t>(rank)];
      const std::uint64_t piece = piece_of(part.size(), done, Rounds::kSlotBytes);
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
  OAR_TRY(meet(call));
  std::memcpy(&size, rounds_.inline_data_of(call.signature.root), sizeof(size));
  std::string result = is_root ? std::move(call.bytes) : std::string(size, '\0');
  for (std::uint64_t done = 0; done < size; done += Rounds::kSlotBytes) {
    const std::size_t piece = std::min<std::uint64_t>(size - done, Rounds::kSlotBytes);
    if (is_root) std::memcpy(rounds_.slot(), result.data() + done, piece);
    OAR_TRY(meet(call));
    if (!is_root) std::memcpy(result.data() + done, rounds_.slot_of(call.signature.root), piece);
  }
  call.gathered = {std::move(result)};
  return Status::ok();
}

}  // namespace oarlock
