#include "comm/backends/nccl/nccl_group.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/thread.h"
#include "comm/backends/nccl/nccl_launch.h"
#include "comm/backends/nccl/nccl_transport.h"
#include "comm/operation_work.h"

namespace oarlock {
namespace {

constexpr c10::DeviceType kDevice = c10::DeviceType::CUDA;
constexpr Milliseconds kTransferGrace{1000};  // the transport ends by the time-out itself, unless NCCL does not return
constexpr Milliseconds kExplanationMax{500};  // a lost rank is often seen by NCCL before it is by the engine

// Whether the operation's result is in its `tensor`.
bool writes_tensor(const Signature& signature, int rank) {
  const Operator op = signature.op;
  return op == Operator::kAllReduce || op == Operator::kBroadcast || op == Operator::kReceive ||
         (op == Operator::kReduce && signature.root == rank);
}

const at::Tensor& any_tensor(const Call& call) { return call.tensor.defined() ? call.tensor : call.output; }

// What NCCL can work on: row-major tensors, with the copies that bring results home, on the caller's current stream.
void lay_out(Call& call, int rank) {
  const at::NoGradGuard no_grad;
  if (call.tensor.defined() && !call.tensor.is_contiguous()) {
    at::Tensor row = call.tensor.contiguous();
    if (writes_tensor(call.signature, rank)) call.copies.push_back({call.tensor, row});
    call.tensor = std::move(row);
  }
  if (call.output.defined() && !call.output.is_contiguous()) {
    at::Tensor row = at::empty(call.output.sizes(), call.output.options().memory_format(c10::MemoryFormat::Contiguous));
    call.copies.push_back({call.output, row});
    call.output = std::move(row);
  }
}

// The moment at which the caller's stream has the tensors ready.
std::shared_ptr<c10::Event> mark_ready(c10::Device device) {
  auto ready = std::make_shared<c10::Event>(device.type());
  ready->record(c10::impl::VirtualGuardImpl(device.type()).getStream(device));
  return ready;
}

class NcclGroup : public Group, public std::enable_shared_from_this<NcclGroup> {
 public:
  NcclGroup(std::unique_ptr<StarEngine> engine, const NcclCalls& calls, std::string id, Milliseconds timeout)
      : timeout_(timeout), engine_(std::move(engine)) {
    NcclPlace place{engine_->rank(), engine_->world_size(), std::move(id), engine_->limits().connect_timeout};
    transfer_ = std::make_unique<DataTransfer>(make_nccl_transport(calls, std::move(place)));
    engine_->attach({[this] { return activity(); },
                     [this](const Status& why, bool) {
                       end_by(why);
                       descendants_->follow(why);
                     }});
    thread_ = start_thread("oar-nccl", [this] {
      try {
        run_queue();
      } catch (const std::exception& error) {  // a thread's main
        end_by(engine_->fail_group(internal_error("the group's thread for NCCL ended: {}", error.what())));
      }
    });
  }
  ~NcclGroup() override { close(); }

  int rank() const override { return engine_->rank(); }
  int size() const override { return engine_->world_size(); }
  Milliseconds timeout() const override { return timeout_; }
  bool takes(c10::Device device) const override { return device.is_cpu() || device.type() == kDevice; }

  Result<std::shared_ptr<Work>> start(Call call) override {
    return start(std::make_shared<Operation>(std::move(call)));
  }
  Status run(Call& call) override {
    return run_started(call, [this](std::shared_ptr<Operation> operation) { return start(std::move(operation)); });
  }

  Status abort(std::string_view reason) override {
    engine_->abort(reason);
    descendants_->follow(engine_->abort_status(reason));  // before later calls of this rank
    return Status::ok();
  }
  void close() override;
  std::shared_ptr<FlightRecorder> recorder() const override { return engine_->shared_recorder(); }
  std::shared_ptr<const ArrivalSkew> skew() const override { return engine_->skew(); }

 private:
  struct Queued {
    std::shared_ptr<Operation> operation;
    Signature signature;  // with its sequence number
    std::uint64_t ticket;
  };
  // Of the running transfer; outlives the group if NCCL does not return.
  struct Progress {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Status> result;
    bool is_ended = false;  // the group is
  };

  Result<std::shared_ptr<Work>> start(std::shared_ptr<Operation> operation);
  Status submit_for_device(const std::shared_ptr<Operation>& operation);
  Status admit_device(const Call& call);
  void enqueue(Queued queued);
  // From any thread: what runs and what is queued ends by `why`.
  void end_by(const Status& why);
  void run_queue();
  Status move(const Queued& next);
  std::optional<Status> await_result(Clock::TimePoint deadline);
  void finish(const Queued& queued, Status status);
  std::optional<Activity> activity() const;
  bool is_closed() const {
    std::lock_guard lock(mutex_);
    return is_closed_;
  }
  // What ends operations now, if something does. With mutex_ held.
  Status end() const { return is_closed_ ? aborted("the group was closed while operations were running") : dead_; }

  const Milliseconds timeout_;
  const std::unique_ptr<StarEngine> engine_;
  std::unique_ptr<DataTransfer> transfer_;
  const std::shared_ptr<Progress> progress_ = std::make_shared<Progress>();

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Queued> queue_;
  std::optional<c10::Device> device_;  // of the first operation, and of all
  Status dead_ = Status::ok();
  bool is_closed_ = false;
  std::uint64_t num_done_ = 0;
  std::optional<Signature> current_;
  std::thread thread_;
};

Result<std::shared_ptr<Work>> NcclGroup::start(std::shared_ptr<Operation> operation) {
  OAR_TRY(refuse_on_own_thread());
  if (operation->signature.on_device) {
    OAR_TRY(submit_for_device(operation));
  } else {
    OAR_TRY(engine_->submit(operation));
  }
  const Milliseconds bound = 2 * wait_bound(operation->timeout, engine_->backlog());  // agreement, then NCCL
  return std::shared_ptr<Work>(std::make_shared<OperationWork>(shared_from_this(), std::move(operation), bound));
}

Status NcclGroup::admit_device(const Call& call) {
  const Signature& signature = call.signature;
  if (signature.reduce_op != 0) {
    OAR_TRY(nccl_reduction(static_cast<c10::ScalarType>(signature.dtype), static_cast<ReduceOp>(signature.reduce_op))
                .status());
  }
  OAR_TRY(engine_->admit(signature.op));
  std::lock_guard lock(mutex_);
  const c10::Device device = any_tensor(call).device();
  if (!device_) device_ = device;
  if (device == *device_) return Status::ok();
  return invalid_argument("the tensors of one group lie on one device of a rank: {} here until now, got {}",
                          device_->str(), device.str());
}

Status NcclGroup::submit_for_device(const std::shared_ptr<Operation>& operation) {
  OAR_TRY(admit_device(*operation));
  lay_out(*operation, rank());
  operation->ready = mark_ready(any_tensor(*operation).device());
  const auto agreement = std::make_shared<Operation>();
  agreement->signature = operation->signature;
  agreement->site = operation->site;
  agreement->timeout = operation->timeout;
  agreement->rows = operation->rows;
  agreement->received_rows = operation->received_rows;
  // The engine keeps the agreement until then, and this group the engine.
  agreement->before_end = [this, operation, asked = agreement.get()](const Status& agreed) {
    if (!agreed.is_ok()) return operation->finish(agreed);
    enqueue({operation, asked->signature, asked->ticket});
  };
  return engine_->submit(agreement);
}

void NcclGroup::enqueue(Queued queued) {
  Status ended = Status::ok();
  {
    std::lock_guard lock(mutex_);
    ended = end();
    if (ended.is_ok()) queue_.push_back(queued);
  }
  if (!ended.is_ok()) return finish(queued, std::move(ended));
  changed_.notify_all();
}

void NcclGroup::end_by(const Status& why) {
  {
    std::lock_guard lock(mutex_);
    if (dead_.is_ok()) dead_ = why;
  }
  {
    std::lock_guard lock(progress_->mutex);
    progress_->is_ended = true;
  }
  transfer_->end_soon();
  progress_->changed.notify_all();
  changed_.notify_all();
}

void NcclGroup::finish(const Queued& queued, Status status) {
  engine_->recorder().advance(queued.ticket,
                              status.is_ok() ? FlightRecorder::Phase::kDone : FlightRecorder::Phase::kFailed,
                              queued.signature.sequence, status.message());
  if (!status.is_ok() && !is_closed()) engine_->recorder().end(status.message());  // the engine leaves it to us
  queued.operation->finish(std::move(status));
}

void NcclGroup::run_queue() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return !end().is_ok() || !queue_.empty(); });
    if (!end().is_ok()) break;
    const Queued next = std::move(queue_.front());
    queue_.pop_front();
    current_ = next.signature;
    lock.unlock();
    Status status = move(next);
    lock.lock();
    current_.reset();
    if (status.is_ok()) num_done_ = next.signature.sequence;
    lock.unlock();
    finish(next, std::move(status));
    lock.lock();
  }
  const Status ended = end();
  const std::deque<Queued> left = std::exchange(queue_, {});
  lock.unlock();
  if (!left.empty()) static_cast<void>(engine_->take_failure());
  for (const Queued& queued : left) finish(queued, ended);
}

// The transport's own result; nothing: the deadline is over or the group has ended.
std::optional<Status> NcclGroup::await_result(Clock::TimePoint deadline) {
  std::unique_lock lock(progress_->mutex);
  progress_->changed.wait_until(lock, deadline, [this] { return progress_->result || progress_->is_ended; });
  return std::exchange(progress_->result, std::nullopt);
}

Status NcclGroup::move(const Queued& next) {
  Operation& operation = *next.operation;
  engine_->recorder().advance(next.ticket, FlightRecorder::Phase::kMovingData, next.signature.sequence);
  TransferJob job{next.signature, operation.tensor,        operation.output,
                  operation.rows, operation.received_rows, operation.timeout};
  job.copies = std::exchange(operation.copies, {});
  job.ready = operation.ready;
  transfer_->start(std::move(job), [progress = progress_](Status status) {
    {
      std::lock_guard lock(progress->mutex);
      progress->result = std::move(status);
    }
    progress->changed.notify_all();
  });
  std::optional<Status> result = await_result(steady_clock().now() + operation.timeout + kTransferGrace);
  if (result && result->is_ok()) return Status::ok();
  if (result && result->code() == OAR_E_IO) static_cast<void>(await_result(steady_clock().now() + kExplanationMax));
  Status why = Status::ok();
  {
    std::lock_guard lock(mutex_);
    why = end();
  }
  if (why.is_ok()) {
    why = result
              ? std::move(*result)
              : timed_out("NCCL did not return from {} on rank {}", describe(next.signature), rank()).with_rank(rank());
    why = engine_->fail_group(std::move(why).with_operation(operator_name(next.signature.op)));
    end_by(why);
  } else {
    static_cast<void>(engine_->take_failure());  // told by this operation
  }
  return why;
}

std::optional<Activity> NcclGroup::activity() const {
  std::lock_guard lock(mutex_);
  if (!current_) return std::nullopt;
  return Activity{num_done_, current_};
}

void NcclGroup::close() {
  {
    std::lock_guard lock(mutex_);
    if (is_closed_) return;
    is_closed_ = true;
  }
  {
    std::lock_guard lock(progress_->mutex);
    progress_->is_ended = true;
  }
  progress_->changed.notify_all();
  changed_.notify_all();
  thread_.join();     // every wait of its ends by that
  engine_->close();   // after that nobody calls end_by()
  transfer_.reset();  // waits at most DataTransfer::kEndMax
}

Status require_cuda() {
  if (!c10::impl::hasDeviceGuardImpl(kDevice)) {
    return bad_environment(
        "libtorch's CUDA part is not in this process; load or link libtorch_cuda.so before the state is made");
  }
  if (c10::impl::VirtualGuardImpl(kDevice).deviceCount() > 0) return Status::ok();
  return bad_environment("there is no CUDA device; take a host with a GPU and its driver, or another comm.backend");
}

struct Found {
  const NcclCalls* calls = nullptr;
  std::string id;  // of rank 0
};

Result<Found> find_nccl(int rank, const NcclNames& names) {
  Found found;
  OAR_ASSIGN(found.calls, load_nccl(names));
  OAR_TRY(require_cuda());
  if (rank != 0) return found;
  found.id.resize(kNcclIdBytes);
  const NcclResult result = found.calls->get_unique_id(found.id.data());
  if (result == kNcclSuccess) return found;
  return bad_environment("NCCL of {} gave no id for a communicator: {}", found.calls->path,
                         found.calls->error_text(result));
}

}  // namespace

Result<std::shared_ptr<Group>> make_nccl_group(std::unique_ptr<StarEngine> engine, Milliseconds timeout,
                                               const GatherBytes& gather, const NcclNames& names) {
  const Result<Found> mine = find_nccl(engine->rank(), names);
  const char code = mine.is_ok() ? '\0' : static_cast<char>(mine.status().code());
  const std::string told = code + (mine.is_ok() ? mine.value().id : mine.status().message());
  OAR_ASSIGN(const std::vector<std::string> all, gather(told));
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    if (all[rank].front() == '\0') continue;
    return Status(all[rank].front(), fmt::format("option comm.backend is 'nccl', but on rank {}: {}", rank,
                                                 std::string_view(all[rank]).substr(1)))
        .with_rank(static_cast<int>(rank));
  }
  return std::shared_ptr<Group>(
      std::make_shared<NcclGroup>(std::move(engine), *mine.value().calls, all.front().substr(1), timeout));
}

}  // namespace oarlock
