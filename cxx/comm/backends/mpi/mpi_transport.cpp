#include "comm/backends/mpi/mpi_transport.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

#include "base/no_destructor.h"
#include "comm/reduction_kernels.h"

namespace oarlock {
namespace {

constexpr std::size_t kSegment = 4 << 20;    // long enough for the network's bandwidth, short enough to overlap
constexpr std::size_t kShareMin = 64 << 10;  // of a segment, with many ranks
constexpr std::size_t kLine = 64;            // holds whole elements of every type
constexpr Milliseconds kSettleMax{500};      // for MPI to end with the messages of a job that failed
constexpr int kAll = -1;                     // as a root: every rank has the result

struct Piece {
  std::byte* data = nullptr;
  std::size_t bytes = 0;
};
using Pieces = std::vector<Piece>;  // by rank

Piece piece_of(const at::Tensor& tensor) {
  return tensor.defined() ? Piece{static_cast<std::byte*>(tensor.data_ptr()), tensor.nbytes()} : Piece{};
}

// Of equal size; the tensor divides so.
Pieces parts_of(const at::Tensor& tensor, int num_ranks) {
  const Piece whole = piece_of(tensor);
  const std::size_t part = whole.bytes / static_cast<std::size_t>(num_ranks);
  Pieces parts;
  for (int rank = 0; rank < num_ranks; ++rank) {
    parts.push_back({whole.data + static_cast<std::size_t>(rank) * part, part});
  }
  return parts;
}

// Of as many rows as `rows` say, one behind the other.
Pieces parts_of(const at::Tensor& tensor, const std::vector<std::int64_t>& rows) {
  const Piece whole = piece_of(tensor);
  const std::size_t row = whole.bytes == 0 ? 0 : whole.bytes / static_cast<std::size_t>(tensor.size(0));
  Pieces parts;
  std::byte* at = whole.data;
  for (const std::int64_t count : rows) {
    const std::size_t bytes = static_cast<std::size_t>(count) * row;
    parts.push_back({at, bytes});
    at += bytes;
  }
  return parts;
}

// The i-th of `count` nearly equal pieces; the first ones are one element longer.
Piece share_of(const Piece& whole, std::size_t element, std::size_t count, std::size_t i) {
  const std::size_t numel = whole.bytes / element, quotient = numel / count, remainder = numel % count;
  return {whole.data + (i * quotient + std::min(i, remainder)) * element,
          (quotient + (i < remainder ? 1 : 0)) * element};
}

// The tensors of jobs that failed while MPI had them, where MPI does not end with them.
void keep_for_ever(std::vector<at::Tensor> tensors) {
  static NoDestructor<std::mutex> mutex;
  static NoDestructor<std::vector<at::Tensor>> kept;
  std::lock_guard lock(*mutex);
  kept->insert(kept->end(), tensors.begin(), tensors.end());
}

class MpiTransport : public Transport {
 public:
  explicit MpiTransport(MpiParty party) : rank_(party.rank), messages_(std::move(party)) {}
  ~MpiTransport() override {
    if (left_.empty() || messages_.settle(kSettleMax)) return;
    left_.insert(left_.end(), {scratch_[0], scratch_[1]});
    keep_for_ever(std::move(left_));
  }
  const char* name() const override { return "MPI"; }
  Status perform(TransferJob& job) override;
  void interrupt() override { messages_.interrupt(); }

 private:
  using Batch = MpiMessages::Batch;
  // How the elements of what is reduced are taken together.
  struct Arithmetic {
    c10::ScalarType dtype;
    ReduceOp op;
    std::size_t element() const { return c10::elementSize(dtype); }
  };

  Status move(TransferJob& job);
  Status reduce(const Piece& data, Arithmetic arithmetic, int root);
  Status reduce_scatter(const at::Tensor& input, const Piece& output, Arithmetic arithmetic);
  Status broadcast(const Piece& data, int root);
  Status exchange(const Pieces& given, const Pieces& taken);

  // Receives this rank's share of what the others have into their rows of `room` and sends them theirs.
  Status swap_shares(const Pieces& shares, std::byte* room, Batch& batch);
  // `out` = this rank's share, reduced over the ranks; those of the others lie in their rows of `room`.
  void combine_shares(std::byte* out, const Piece& own, std::byte* room, Arithmetic arithmetic) const;

  std::size_t size() const { return static_cast<std::size_t>(messages_.size()); }
  int self() const { return messages_.self(); }
  bool is_self(std::size_t rank) const { return static_cast<int>(rank) == self(); }
  Pieces nothing() const { return Pieces(size()); }
  // fn(rank) for each other rank; each begins with the one behind it, so that not all send to one at once.
  template <class Fn>
  Status each_other(Fn fn) {
    for (std::size_t step = 1; step < size(); ++step) {
      OAR_TRY(fn((static_cast<std::size_t>(self()) + step) % size()));
    }
    return Status::ok();
  }

  std::size_t segment_bytes() const { return std::max(kSegment, size() * kShareMin); }
  // Room for a share of every rank: one row each. There are two, used in turns.
  std::size_t row_bytes() const { return (segment_bytes() / size() / kLine + 1) * kLine; }
  std::byte* row(std::byte* room, std::size_t rank) const { return room + rank * row_bytes(); }
  std::byte* room(std::size_t turn);

  const int rank_;
  MpiMessages messages_;
  std::array<at::Tensor, 2> scratch_;
  std::vector<at::Tensor> left_;  // of a job that failed
};

std::byte* MpiTransport::room(std::size_t turn) {
  at::Tensor& scratch = scratch_[turn % 2];
  if (!scratch.defined()) scratch = at::empty({static_cast<std::int64_t>(size() * row_bytes())}, at::kByte);
  return piece_of(scratch).data;
}

Status MpiTransport::perform(TransferJob& job) {
  if (!messages_.is_linked()) return aborted("the state is closed, whose MPI moved the data");
  messages_.set_deadline(steady_clock().now() + job.timeout);
  left_ = {job.tensor, job.output};
  Status status = move(job);
  if (status.is_ok()) {
    left_.clear();
    return status;
  }
  return std::move(status).within(fmt::format("{} on rank {}", describe(job.signature), rank_)).with_rank(rank_);
}

Status MpiTransport::move(TransferJob& job) {
  const Arithmetic arithmetic{static_cast<c10::ScalarType>(job.signature.dtype),
                              static_cast<ReduceOp>(job.signature.reduce_op)};
  const int ranks = messages_.size(), root = job.signature.root;
  const Piece tensor = piece_of(job.tensor), output = piece_of(job.output);
  Pieces given = nothing(), taken = nothing();
  switch (job.signature.op) {
    case Operator::kAllReduce:
      return reduce(tensor, arithmetic, kAll);
    case Operator::kReduce:
      return reduce(tensor, arithmetic, root);
    case Operator::kBroadcast:
      return broadcast(tensor, root);
    case Operator::kReduceScatter:
      return reduce_scatter(job.tensor, output, arithmetic);
    case Operator::kGather:
      given[static_cast<std::size_t>(root)] = tensor;
      return exchange(given, self() == root ? parts_of(job.output, ranks) : taken);
    case Operator::kScatter:
      taken[static_cast<std::size_t>(root)] = output;
      return exchange(self() == root ? parts_of(job.tensor, ranks) : given, taken);
    case Operator::kAllToAll:
      if (job.rows.empty()) return exchange(parts_of(job.tensor, ranks), parts_of(job.output, ranks));
      return exchange(parts_of(job.tensor, job.rows), parts_of(job.output, job.received_rows));
    default:
      return exchange(Pieces(size(), tensor),
                      job.rows.empty() ? parts_of(job.output, ranks) : parts_of(job.output, job.rows));
  }
}

Status MpiTransport::exchange(const Pieces& given, const Pieces& taken) {
  const auto own = static_cast<std::size_t>(self());
  Batch batch(messages_);
  OAR_TRY(each_other(
      [&](std::size_t rank) { return batch.receive(static_cast<int>(rank), taken[rank].data, taken[rank].bytes); }));
  OAR_TRY(each_other(
      [&](std::size_t rank) { return batch.send(static_cast<int>(rank), given[rank].data, given[rank].bytes); }));
  const std::size_t bytes = std::min(given[own].bytes, taken[own].bytes);
  if (bytes > 0) std::memcpy(taken[own].data, given[own].data, bytes);
  return batch.wait();
}

Status MpiTransport::swap_shares(const Pieces& shares, std::byte* room, Batch& batch) {
  const std::size_t own = shares[static_cast<std::size_t>(self())].bytes;
  OAR_TRY(each_other([&](std::size_t rank) { return batch.receive(static_cast<int>(rank), row(room, rank), own); }));
  return each_other(
      [&](std::size_t rank) { return batch.send(static_cast<int>(rank), shares[rank].data, shares[rank].bytes); });
}

void MpiTransport::combine_shares(std::byte* out, const Piece& own, std::byte* room, Arithmetic arithmetic) const {
  std::vector<const std::byte*> values;
  for (std::size_t rank = 0; rank < size(); ++rank) values.push_back(is_self(rank) ? own.data : row(room, rank));
  combine_all(out, values, own.bytes, arithmetic.dtype, arithmetic.op);
}

// Two steps for each segment: every rank reduces its share of it, then gives it to all, or to the root.
Status MpiTransport::reduce(const Piece& data, Arithmetic arithmetic, int root) {
  const auto own = static_cast<std::size_t>(self());
  const bool takes = root == kAll || root == self();  // the result; else `data` stays as it is
  const std::size_t count = (data.bytes + segment_bytes() - 1) / segment_bytes();
  const auto shares_of = [&](std::size_t segment) {
    const std::size_t at = segment * segment_bytes();
    const Piece whole{data.data + at, std::min(data.bytes - at, segment_bytes())};
    Pieces shares;
    for (std::size_t rank = 0; rank < size(); ++rank) {
      shares.push_back(share_of(whole, arithmetic.element(), size(), rank));
    }
    return shares;
  };
  Batch shares_moved[2]{Batch(messages_), Batch(messages_)}, results_moved[2]{Batch(messages_), Batch(messages_)};
  const auto give_result = [&](std::size_t segment) -> Status {
    Batch& batch = results_moved[segment % 2];
    const Pieces shares = shares_of(segment);
    std::byte* const result = takes ? shares[own].data : row(room(segment), own);
    combine_shares(result, shares[own], room(segment), arithmetic);
    return each_other([&](std::size_t rank) -> Status {
      const int other = static_cast<int>(rank);
      if (takes) OAR_TRY(batch.receive(other, shares[rank].data, shares[rank].bytes));
      return root == kAll || root == other ? batch.send(other, result, shares[own].bytes) : Status::ok();
    });
  };
  for (std::size_t i = 0; i <= count; ++i) {
    if (i < count) {
      OAR_TRY(results_moved[i % 2].wait());  // of two segments ago, out of the same room
      OAR_TRY(swap_shares(shares_of(i), room(i), shares_moved[i % 2]));
    }
    if (i == 0) continue;
    OAR_TRY(shares_moved[(i - 1) % 2].wait());
    OAR_TRY(give_result(i - 1));
  }
  OAR_TRY(results_moved[0].wait());
  return results_moved[1].wait();
}

Status MpiTransport::reduce_scatter(const at::Tensor& input, const Piece& output, Arithmetic arithmetic) {
  const auto own = static_cast<std::size_t>(self());
  const std::size_t most = segment_bytes() / size() / kLine * kLine, count = (output.bytes + most - 1) / most;
  const Pieces parts = parts_of(input, messages_.size());
  const auto shares_of = [&](std::size_t segment) {
    Pieces shares;
    const std::size_t at = segment * most;
    for (const Piece& part : parts) shares.push_back({part.data + at, std::min(part.bytes - at, most)});
    return shares;
  };
  Batch moved[2]{Batch(messages_), Batch(messages_)};
  for (std::size_t i = 0; i <= count; ++i) {
    if (i < count) OAR_TRY(swap_shares(shares_of(i), room(i), moved[i % 2]));
    if (i == 0) continue;
    OAR_TRY(moved[(i - 1) % 2].wait());
    combine_shares(output.data + (i - 1) * most, shares_of(i - 1)[own], room(i - 1), arithmetic);
  }
  return Status::ok();
}

// The root cuts each segment into a share for each other rank, which hands it on to the rest: so the root sends all of
// it once.
Status MpiTransport::broadcast(const Piece& data, int root) {
  const std::size_t most = segment_bytes(), count = (data.bytes + most - 1) / most;
  const bool gives = self() == root;
  const auto share = [&](std::size_t segment, std::size_t rank) {
    const Piece whole{data.data + segment * most, std::min(data.bytes - segment * most, most)};
    return share_of(whole, 1, size() - 1, rank - (static_cast<int>(rank) > root ? 1 : 0));
  };
  Batch own_moved[2]{Batch(messages_), Batch(messages_)}, others_moved[2]{Batch(messages_), Batch(messages_)};
  for (std::size_t i = 0; i <= count; ++i) {
    Batch& others = others_moved[i % 2];
    if (i < count) {
      OAR_TRY(others.wait());
      if (!gives) {
        const Piece own = share(i, static_cast<std::size_t>(self()));
        OAR_TRY(own_moved[i % 2].receive(root, own.data, own.bytes));
      }
      OAR_TRY(each_other([&](std::size_t rank) -> Status {
        const int other = static_cast<int>(rank);
        if (other == root) return Status::ok();
        const Piece theirs = share(i, rank);
        return gives ? others.send(other, theirs.data, theirs.bytes) : others.receive(other, theirs.data, theirs.bytes);
      }));
    }
    if (i == 0 || gives) continue;
    OAR_TRY(own_moved[(i - 1) % 2].wait());
    const Piece own = share(i - 1, static_cast<std::size_t>(self()));
    OAR_TRY(each_other([&](std::size_t rank) {
      const int other = static_cast<int>(rank);
      return other == root ? Status::ok() : others_moved[(i - 1) % 2].send(other, own.data, own.bytes);
    }));
  }
  OAR_TRY(others_moved[0].wait());
  return others_moved[1].wait();
}

}  // namespace

std::unique_ptr<Transport> make_mpi_transport(MpiParty party) {
  return std::make_unique<MpiTransport>(std::move(party));
}

}  // namespace oarlock
