#include "comm/backends/shm/shm_group.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/thread.h"
#include "comm/backends/shm/point_to_point.h"
#include "comm/backends/shm/share.h"
#include "comm/backends/shm/transfer.h"
#include "comm/operation_work.h"
#include "comm/peers_waiting.h"
#include "tensor/memory.h"

namespace oarlock {
namespace {

constexpr std::size_t kPage = 4096;

class ShmGroup : public Group, public std::enable_shared_from_this<ShmGroup> {
 public:
  ShmGroup(std::unique_ptr<StarEngine> engine, SharedMemory memory, Milliseconds timeout)
      : timeout_(timeout),
        engine_(std::move(engine)),
        rounds_(std::move(memory), engine_->rank(), engine_->world_size()),
        transfer_(rounds_, regions_, *engine_),
        point_to_point_(rounds_, *engine_, [this] { return next_sequence(); }) {
    engine_->attach(
        {[this] { return activity(); }, [this](const Status& why, bool is_own) { end_waits(why, is_own); }});
    std::promise<void> begun;
    thread_ = start_thread("oar-data", [this, &begun] {
      const at::NoGradGuard no_grad;  // a thread's first one needs memory, without which the process ends: not later
      begun.set_value();
      try {
        run_queue();
      } catch (const std::exception& error) {  // a thread's main
        static_cast<void>(
            transfer_.fail(internal_error("the group's data thread ended: {}", error.what()), next_sequence()));
      }
    });
    begun.get_future().wait();
  }
  ~ShmGroup() override { close(); }

  int rank() const override { return rounds_.rank(); }
  int size() const override { return rounds_.size(); }
  Milliseconds timeout() const override { return timeout_; }

  Result<std::shared_ptr<Work>> start(Call call) override;
  Status run(Call& call) override;
  Result<at::Tensor> alloc_shared(at::IntArrayRef sizes, at::ScalarType dtype, Milliseconds timeout) override;

  Status abort(std::string_view reason) override {
    Status status = engine_->abort_status(reason);
    rounds_.declare_dead(status, next_sequence());
    engine_->learn_failure(status);
    descendants_->follow(status);  // before later calls of this rank; after its own, so that who is freed finds it dead
    return Status::ok();
  }
  void close() override;
  std::shared_ptr<FlightRecorder> recorder() const override { return engine_->shared_recorder(); }
  std::shared_ptr<const ArrivalSkew> skew() const override { return engine_->skew(); }

  // Runs what is queued up to `operation`, as far as no other thread does.
  void help(const Operation& operation);
  void help_transfer(const Operation& operation) { point_to_point_.wait(operation); }

 private:
  Status enqueue(const std::shared_ptr<Operation>& operation);
  std::shared_ptr<Work> work_of(std::shared_ptr<Operation> operation);
  Status run_in_turn(Call& call);
  // Sends and receives: apart from the collectives.
  Result<std::shared_ptr<Work>> start_transfer(const std::shared_ptr<Operation>& operation);
  Status run_transfer(Call& call);
  // With mutex_ held: begins an operation if it may begin now.
  Status begin(Call& call, std::uint64_t& ticket, FlightRecorder::Phase phase);
  // Of the first operation that this rank has not completed.
  std::uint64_t next_sequence() const {
    std::lock_guard lock(mutex_);
    return num_done_ + 1;
  }
  // When the engine has failed. What a lost rank has posted still counts; any other failure of our own is told at once,
  // before this rank can be seen leaving.
  void end_waits(const Status& why, bool is_own) {
    if (is_own && why.code() != OAR_E_PEER_LOST) rounds_.declare_dead(why, next_sequence());
    rounds_.interrupt();
    descendants_->follow(why);
  }
  void run_first(std::unique_lock<std::mutex>& lock);
  Status execute(Call& call, std::uint64_t ticket);
  void run_queue();
  StarEngine::Activity activity() const;

  const Milliseconds timeout_;
  const std::unique_ptr<StarEngine> engine_;
  Rounds rounds_;
  SharedRegions regions_;
  std::uint32_t num_regions_ = 0;
  SharedTransfer transfer_;  // of who has set is_busy_

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Operation>> queue_;
  bool is_busy_ = false;
  bool is_closed_ = false;
  std::uint64_t num_begun_ = 0, num_done_ = 0;
  std::optional<Signature> current_;
  std::thread thread_;

  PointToPoint point_to_point_;
};

class SharedWork : public OperationWork {
 public:
  SharedWork(std::shared_ptr<ShmGroup> group, std::shared_ptr<Operation> operation, Milliseconds bound)
      : OperationWork(group, std::move(operation), bound), shm_group_(*group) {}

 private:
  void help() override { shm_group_.help(operation()); }
  ShmGroup& shm_group_;  // what group() keeps
};

class TransferWork : public OperationWork {
 public:
  TransferWork(std::shared_ptr<ShmGroup> group, std::shared_ptr<Operation> operation)
      : OperationWork(group, operation, wait_bound(operation->timeout, 1)), shm_group_(*group) {}

 private:
  void help() override { shm_group_.help_transfer(operation()); }
  ShmGroup& shm_group_;  // what group() keeps
};

Status ShmGroup::begin(Call& call, std::uint64_t& ticket, FlightRecorder::Phase phase) {
  if (is_closed_) return invalid_state("the group is closed; {} needs an open one", operator_name(call.signature.op));
  call.signature.sequence = num_begun_ + 1;
  ticket = engine_->recorder().begin(call.signature, call.site, phase);
  ++num_begun_;
  return Status::ok();
}

Result<std::shared_ptr<Work>> ShmGroup::start(Call call) {
  OAR_TRY(refuse_on_own_thread());
  OAR_TRY(transfer_.require_alive(call.signature.op));
  auto operation = std::make_shared<Operation>(std::move(call));
  if (operation->signature.is_point_to_point()) return start_transfer(operation);
  std::shared_ptr<Work> work = work_of(operation);  // needs memory: before the operation counts
  OAR_TRY(enqueue(operation));
  return work;
}

Status ShmGroup::enqueue(const std::shared_ptr<Operation>& operation) {
  {
    std::lock_guard lock(mutex_);
    queue_.push_back(operation);  // needs memory: before the operation is numbered
    Status begun = begin(*operation, operation->ticket, FlightRecorder::Phase::kQueued);
    if (!begun.is_ok()) {
      queue_.pop_back();
      return begun;
    }
  }
  changed_.notify_all();
  return Status::ok();
}

std::shared_ptr<Work> ShmGroup::work_of(std::shared_ptr<Operation> operation) {
  std::size_t num_before = 0;
  {
    std::lock_guard lock(mutex_);
    num_before = queue_.size() + 1;
  }
  const Milliseconds bound = wait_bound(operation->timeout, num_before);
  return std::make_shared<SharedWork>(shared_from_this(), std::move(operation), bound);
}

Result<std::shared_ptr<Work>> ShmGroup::start_transfer(const std::shared_ptr<Operation>& operation) {
  std::shared_ptr<Work> work = std::make_shared<TransferWork>(shared_from_this(), operation);
  OAR_TRY(point_to_point_.submit(operation, PointToPoint::Kind::kStarted));
  return work;
}

Status ShmGroup::run_transfer(Call& call) {
  const auto operation = std::make_shared<Operation>(std::move(call));
  OAR_TRY(point_to_point_.submit(operation, PointToPoint::Kind::kAwaited));
  point_to_point_.wait(*operation);
  return operation->status();
}

// Behind what is queued or running.
Status ShmGroup::run_in_turn(Call& call) {
  return run_started(call, [this](const std::shared_ptr<Operation>& operation) -> Result<std::shared_ptr<Work>> {
    std::shared_ptr<Work> work = work_of(operation);
    OAR_TRY(enqueue(operation));
    return work;
  });
}

Status ShmGroup::run(Call& call) {
  OAR_TRY(refuse_on_own_thread());
  OAR_TRY(transfer_.require_alive(call.signature.op));
  if (call.signature.is_point_to_point()) return run_transfer(call);
  std::unique_lock lock(mutex_);
  if (is_busy_ || !queue_.empty()) {
    lock.unlock();
    return run_in_turn(call);
  }
  std::uint64_t ticket = 0;
  OAR_TRY(begin(call, ticket, FlightRecorder::Phase::kAwaitingRanks));
  is_busy_ = true;
  current_ = call.signature;
  lock.unlock();
  Status status = execute(call, ticket);
  lock.lock();
  is_busy_ = false;
  current_.reset();
  if (status.is_ok()) num_done_ = call.signature.sequence;
  const bool is_awaited = !queue_.empty() || is_closed_;
  lock.unlock();
  if (is_awaited) changed_.notify_all();
  return status;
}

Status ShmGroup::execute(Call& call, std::uint64_t ticket) {
  Status status = Status::ok();
  try {
    status = transfer_.run(call, ticket);
  } catch (const std::exception& error) {  // out of memory for a row-major copy, say: the peers would wait for ever
    status = transfer_.fail(
        internal_error("rank {} failed in {}: {}", rounds_.rank(), describe(call.signature), error.what())
            .with_rank(rounds_.rank()),
        call.signature.sequence);
  }
  if (!status.is_ok()) engine_->recorder().end(status.message());  // the engine leaves it to who has an operation
  engine_->recorder().advance(ticket, status.is_ok() ? FlightRecorder::Phase::kDone : FlightRecorder::Phase::kFailed,
                              call.signature.sequence, status.message());
  return status;
}

// With the lock, nothing running and something queued; again with the lock afterwards.
void ShmGroup::run_first(std::unique_lock<std::mutex>& lock) {
  const std::shared_ptr<Operation> operation = std::move(queue_.front());
  queue_.pop_front();
  is_busy_ = true;
  current_ = operation->signature;
  lock.unlock();
  engine_->recorder().advance(operation->ticket, FlightRecorder::Phase::kAwaitingRanks, operation->signature.sequence);
  Status status = execute(*operation, operation->ticket);
  lock.lock();
  is_busy_ = false;
  current_.reset();
  if (status.is_ok()) num_done_ = operation->signature.sequence;
  operation->finish(std::move(status));
  changed_.notify_all();
}

void ShmGroup::run_queue() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return !is_busy_ && (!queue_.empty() || is_closed_); });
    if (is_closed_) break;
    run_first(lock);
  }
  for (const std::shared_ptr<Operation>& operation : std::exchange(queue_, {})) {
    Status status = aborted("the group was closed while operations were running");
    engine_->recorder().advance(operation->ticket, FlightRecorder::Phase::kFailed, operation->signature.sequence,
                                status.message());
    operation->finish(std::move(status));
  }
}

void ShmGroup::help(const Operation& operation) {
  std::unique_lock lock(mutex_);
  while (!operation.is_done() && !is_busy_ && !is_closed_ && !queue_.empty()) run_first(lock);
}

Result<at::Tensor> ShmGroup::alloc_shared(at::IntArrayRef sizes, at::ScalarType dtype, Milliseconds timeout) {
  OAR_ASSIGN(const std::int64_t numel, checked_numel({sizes.data(), sizes.size()}, dtype));
  const std::size_t bytes = static_cast<std::size_t>(numel) * c10::elementSize(dtype);
  const std::size_t piece = std::max<std::size_t>((bytes + kPage - 1) / kPage * kPage, kPage);
  const std::size_t total = piece * static_cast<std::size_t>(size());
  return while_peers_wait(*this, "alloc_shared", [&]() -> Result<at::Tensor> {
    OAR_ASSIGN(SharedMemory memory,
               share_memory(rank(), 0, total, [&](std::string mine) { return all_gather_bytes(mine, timeout); }));
    const auto region = std::make_shared<SharedRegion>(std::move(memory), ++num_regions_, size());
    regions_.add(region);
    // Not by a std::function: libtorch takes memory for it where no exception may come out.
    using Keeper = std::shared_ptr<SharedRegion>;
    const auto end = [](void* keeper) { delete static_cast<Keeper*>(keeper); };
    auto keeper = std::make_unique<Keeper>(region);
    return at::for_blob(region->piece_of(rank()), sizes)
        .options(at::TensorOptions().dtype(dtype))
        .context(keeper.release(), end)
        .make_tensor();
  });
}

StarEngine::Activity ShmGroup::activity() const {
  std::lock_guard lock(mutex_);
  return {num_done_, current_};
}

void ShmGroup::close() {
  std::uint64_t num_done = 0;
  {
    std::unique_lock lock(mutex_);
    if (is_closed_) return;
    is_closed_ = true;
    num_done = num_done_;
  }
  rounds_.leave(num_done);
  rounds_.interrupt();
  changed_.notify_all();
  thread_.join();  // every wait of an operation ends by the interruption
  point_to_point_.close();
  engine_->close();
}

}  // namespace

std::size_t shm_group_bytes(int size) { return Rounds::memory_bytes(size) + PointToPoint::memory_bytes(size); }

std::shared_ptr<Group> make_shm_group(std::unique_ptr<StarEngine> engine, SharedMemory memory, Milliseconds timeout) {
  return std::make_shared<ShmGroup>(std::move(engine), std::move(memory), timeout);
}

}  // namespace oarlock
