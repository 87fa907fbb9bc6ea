#include "comm/hierarchy/hierarchy_transport.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

#include "comm/hierarchy/host_rounds.h"
#include "comm/reduction_kernels.h"

namespace oarlock {
namespace {

constexpr std::size_t kSegment = 4 << 20;  // long enough for the network's bandwidth, short enough to overlap
constexpr std::size_t kLine = 64;          // holds whole elements of every type

std::byte* bytes_of(const at::Tensor& tensor) { return static_cast<std::byte*>(tensor.data_ptr()); }

// The leaders' transport, which works while this thread goes on.
class LeadersTransfer {
 public:
  explicit LeadersTransfer(std::unique_ptr<Transport> transport)
      : told_(std::make_shared<Told>()), transfer_(std::move(transport)) {}

  void start(TransferJob job) {
    is_running_ = true;
    transfer_.start(std::move(job), [told = told_](Status status) {
      std::lock_guard lock(told->mutex);
      told->result = std::move(status);
      told->changed.notify_all();
    });
  }
  // Of the job that was started last; ok if none was.
  Status wait() {
    if (!std::exchange(is_running_, false)) return Status::ok();
    std::unique_lock lock(told_->mutex);
    told_->changed.wait(lock, [this] { return told_->result.has_value() || told_->is_interrupted; });
    if (told_->result.has_value()) return *std::exchange(told_->result, std::nullopt);
    return aborted("the group ended while data moved between the hosts");
  }
  void interrupt() {
    {
      std::lock_guard lock(told_->mutex);
      told_->is_interrupted = true;
      told_->changed.notify_all();
    }
    transfer_.end_soon();
  }

 private:
  struct Told {  // outlives this if the transport does
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Status> result;
    bool is_interrupted = false;
  };
  const std::shared_ptr<Told> told_;
  bool is_running_ = false;
  DataTransfer transfer_;
};

class HierarchyTransport : public Transport {
 public:
  explicit HierarchyTransport(HierarchyParts parts)
      : hosts_(std::move(parts.hosts)),
        rank_(parts.rank),
        host_(hosts_.host_of(rank_)),
        inside_(std::move(parts.memory), hosts_.local_rank_of(rank_), static_cast<int>(ranks().size())),
        all_(std::move(parts.all)) {
    if (parts.leaders != nullptr) between_.emplace(std::move(parts.leaders));
  }

  const char* name() const override { return "the transport over hosts"; }
  Status perform(TransferJob& job) override;
  void interrupt() override {
    inside_.interrupt();
    if (between_) between_->interrupt();
    all_->interrupt();
  }

 private:
  const std::vector<int>& ranks() const { return hosts_.ranks_of(host_); }
  std::size_t world_size() const { return static_cast<std::size_t>(hosts_.num_ranks()); }
  bool leads() const { return between_.has_value(); }

  Status all_reduce(TransferJob& job);
  Status reduce(TransferJob& job);
  Status broadcast(TransferJob& job);
  Status all_gather(TransferJob& job);
  Status reduce_scatter(TransferJob& job);
  // What leaders do with such a tensor; hosts are their ranks.
  TransferJob leaders_job(const TransferJob& job, Operator op, at::Tensor tensor) const;
  // Bytes of a row in a matrix of one row per rank, at most kSegment in all.
  std::size_t row_max() const { return std::max(kSegment / world_size() / kLine, std::size_t{1}) * kLine; }
  // The same of two buffers that are used in turns, at least that long.
  at::Tensor& scratch(std::size_t turn, std::size_t bytes);

  const Hosts hosts_;
  const int rank_, host_;
  HostRounds inside_;
  std::optional<LeadersTransfer> between_;  // of a leader
  const std::unique_ptr<Transport> all_;
  at::Tensor scratch_[2];
};

at::Tensor& HierarchyTransport::scratch(std::size_t turn, std::size_t bytes) {
  at::Tensor& buffer = scratch_[turn % 2];
  if (!buffer.defined() || buffer.nbytes() < bytes) buffer = at::empty({static_cast<std::int64_t>(bytes)}, at::kByte);
  return buffer;
}

TransferJob HierarchyTransport::leaders_job(const TransferJob& job, Operator op, at::Tensor tensor) const {
  TransferJob between;
  between.signature = job.signature;
  between.signature.op = op;
  between.signature.numel = tensor.numel();
  between.signature.dtype = static_cast<std::int8_t>(tensor.scalar_type());
  if (job.signature.root >= 0) between.signature.root = hosts_.host_of(job.signature.root);
  if (static_cast<ReduceOp>(job.signature.reduce_op) == ReduceOp::kAverage) {
    between.signature.reduce_op = static_cast<std::uint8_t>(ReduceOp::kSum);  // divided once, at the end
  }
  between.tensor = std::move(tensor);
  between.timeout = job.timeout;
  return between;
}

Status HierarchyTransport::perform(TransferJob& job) {
  inside_.set_deadline(steady_clock().now() + job.timeout);
  switch (job.signature.op) {
    case Operator::kAllReduce:
      return all_reduce(job);
    case Operator::kReduce:
      return reduce(job);
    case Operator::kBroadcast:
      return broadcast(job);
    case Operator::kReduceScatter:
      return reduce_scatter(job);
    case Operator::kAllGather:
      return job.rows.empty() ? all_gather(job) : all_->perform(job);
    default:
      return all_->perform(job);
  }
}

// A segment is reduced inside the host, into the leader's tensor; then between the leaders, while the one before goes
// back to the ranks of the host and the next is reduced.
Status HierarchyTransport::all_reduce(TransferJob& job) {
  const at::Tensor flat = job.tensor.view(-1);
  const auto dtype = flat.scalar_type();
  const auto op = static_cast<ReduceOp>(job.signature.reduce_op);
  const std::size_t element = c10::elementSize(dtype), size = flat.nbytes();
  std::byte* const data = bytes_of(flat);
  for (std::size_t at = 0; at < size + kSegment; at += kSegment) {
    const std::size_t here = at < size ? std::min(size - at, kSegment) : 0;
    if (here > 0) OAR_TRY(inside_.reduce(data + at, data + at, here, dtype, op));
    if (leads()) OAR_TRY(between_->wait());
    if (leads() && here > 0) {
      between_->start(leaders_job(
          job, Operator::kAllReduce,
          flat.narrow(0, static_cast<std::int64_t>(at / element), static_cast<std::int64_t>(here / element))));
    }
    if (at == 0) continue;
    const std::size_t before = std::min(size - (at - kSegment), kSegment);
    std::byte* const result = data + at - kSegment;
    if (leads()) finish(result, before / element, dtype, op, hosts_.num_ranks());
    OAR_TRY(inside_.move(result, before, 0));
  }
  return Status::ok();
}

Status HierarchyTransport::reduce(TransferJob& job) {
  const at::Tensor flat = job.tensor.view(-1);
  const auto dtype = flat.scalar_type();
  const auto op = static_cast<ReduceOp>(job.signature.reduce_op);
  const std::size_t element = c10::elementSize(dtype), size = flat.nbytes();
  const int root = job.signature.root;
  const bool is_here = hosts_.host_of(root) == host_;
  std::byte* const data = bytes_of(flat);
  for (std::size_t at = 0; at < size; at += kSegment) {
    const std::size_t here = std::min(size - at, kSegment);
    at::Tensor& sum = scratch(0, kSegment);
    OAR_TRY(inside_.reduce(data + at, bytes_of(sum), here, dtype, op));
    if (leads()) {
      const at::Tensor part = sum.narrow(0, 0, static_cast<std::int64_t>(here)).view(dtype);
      between_->start(leaders_job(job, Operator::kReduce, part));
      OAR_TRY(between_->wait());
      if (is_here) finish(bytes_of(sum), here / element, dtype, op, hosts_.num_ranks());
    }
    if (!is_here) continue;
    OAR_TRY(inside_.move(bytes_of(sum), here, 0, hosts_.local_rank_of(root)));
    if (rank_ == root) std::memcpy(data + at, bytes_of(sum), here);
  }
  return Status::ok();
}

Status HierarchyTransport::broadcast(TransferJob& job) {
  const at::Tensor flat = job.tensor.view(-1).view(at::kByte);
  const std::size_t size = flat.nbytes();
  const int root = job.signature.root;
  const bool is_here = hosts_.host_of(root) == host_;
  std::byte* const data = bytes_of(flat);
  for (std::size_t at = 0; at < size + kSegment; at += kSegment) {
    const std::size_t here = at < size ? std::min(size - at, kSegment) : 0;
    if (is_here && here > 0) OAR_TRY(inside_.move(data + at, here, hosts_.local_rank_of(root)));
    if (leads()) OAR_TRY(between_->wait());
    if (leads() && here > 0) {
      between_->start(leaders_job(job, Operator::kBroadcast,
                                  flat.narrow(0, static_cast<std::int64_t>(at), static_cast<std::int64_t>(here))));
    }
    if (at == 0 || is_here) continue;
    OAR_TRY(inside_.move(data + at - kSegment, std::min(size - (at - kSegment), kSegment), 0));
  }
  return Status::ok();
}

// A matrix of one row per rank, in the order of the hosts: the leaders gather their hosts' rows, exchange them, and
// give the whole to their hosts.
Status HierarchyTransport::all_gather(TransferJob& job) {
  const std::size_t part = job.tensor.nbytes(), num_rows = world_size(), num_own = ranks().size();
  std::byte* const input = bytes_of(job.tensor);
  std::byte* const output = bytes_of(job.output);
  for (std::size_t at = 0; at < part; at += row_max()) {
    const std::size_t row = std::min(part - at, row_max());
    at::Tensor& own = scratch(0, num_own * row);
    at::Tensor& all = scratch(1, num_rows * row);
    OAR_TRY(inside_.gather(input + at, bytes_of(own), row));
    if (leads()) {
      const auto matrix = [&](const at::Tensor& of, std::size_t rows) {
        return of.narrow(0, 0, static_cast<std::int64_t>(rows * row)).view({static_cast<std::int64_t>(rows), -1});
      };
      TransferJob between = leaders_job(job, Operator::kAllGather, matrix(own, num_own));
      between.output = matrix(all, num_rows);
      for (int host = 0; host < hosts_.size(); ++host) {
        between.rows.push_back(static_cast<std::int64_t>(hosts_.ranks_of(host).size()));
      }
      between_->start(std::move(between));
      OAR_TRY(between_->wait());
    }
    OAR_TRY(inside_.move(bytes_of(all), num_rows * row, 0));
    const std::byte* from = bytes_of(all);
    for (int host = 0; host < hosts_.size(); ++host) {
      for (const int rank : hosts_.ranks_of(host)) {
        std::memcpy(output + static_cast<std::size_t>(rank) * part + at, from, row);
        from += row;
      }
    }
  }
  return Status::ok();
}

// The same matrix, reduced; each rank takes its row.
Status HierarchyTransport::reduce_scatter(TransferJob& job) {
  const std::size_t part = job.output.nbytes(), num_rows = world_size();
  const auto dtype = job.output.scalar_type();
  const auto op = static_cast<ReduceOp>(job.signature.reduce_op);
  const std::byte* const input = bytes_of(job.tensor);
  for (std::size_t at = 0; at < part; at += row_max()) {
    const std::size_t row = std::min(part - at, row_max()), size = num_rows * row;
    at::Tensor& mine = scratch(0, size);
    for (std::size_t rank = 0; rank < num_rows; ++rank) {
      std::memcpy(bytes_of(mine) + rank * row, input + rank * part + at, row);
    }
    OAR_TRY(inside_.reduce(bytes_of(mine), bytes_of(mine), size, dtype, op));
    if (leads()) {
      const at::Tensor sum = mine.narrow(0, 0, static_cast<std::int64_t>(size)).view(dtype);
      between_->start(leaders_job(job, Operator::kAllReduce, sum));
      OAR_TRY(between_->wait());
    }
    OAR_TRY(inside_.move(bytes_of(mine), size, 0));
    std::byte* const output = bytes_of(job.output) + at;
    std::memcpy(output, bytes_of(mine) + static_cast<std::size_t>(rank_) * row, row);
    finish(output, row / c10::elementSize(dtype), dtype, op, static_cast<int>(num_rows));
  }
  return Status::ok();
}

}  // namespace

std::unique_ptr<Transport> make_hierarchy_transport(HierarchyParts parts) {
  return std::make_unique<HierarchyTransport>(std::move(parts));
}

}  // namespace oarlock
