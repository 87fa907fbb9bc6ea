#include "comm/star_engine.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <c10/core/CPUAllocator.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>

#include "base/log.h"
#include "base/thread.h"

namespace oarlock {
namespace {

constexpr Milliseconds kDataFailureGrace{500};  // a lost rank is often seen by gloo first
constexpr Milliseconds kGoodbyeMax{500};        // for the last bytes to peers that read slowly
constexpr Milliseconds kGlooGrace{2000};        // gloo's own time-out comes after ours

// Whether gloo may work on the caller's memory itself: row-major, and ours to keep. Memory that the host gave by
// pointer may be freed by the host once a call has failed, while gloo still writes.
bool gloo_may_use(const at::Tensor& tensor) {
  return tensor.is_contiguous() &&
         tensor.storage().data_ptr().get_deleter() == c10::GetDefaultCPUAllocator()->raw_deleter();
}

// Whether the operation's result is in its `tensor`.
bool writes_tensor(const Signature& signature, int rank) {
  const Operator op = signature.op;
  return op == Operator::kAllReduce || op == Operator::kBroadcast ||
         (op == Operator::kReduce && signature.root == rank);
}

}  // namespace

struct StarEngine::DataSignal {
  explicit DataSignal(int wake_fd) : wake(::fcntl(wake_fd, F_DUPFD_CLOEXEC, 0)) {}
  std::mutex mutex;
  std::optional<Status> result;
  Descriptor wake;
};

StarEngine::StarEngine(Star star, Limits limits)
    : star_(std::move(star)),
      limits_(limits),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      roll_call_(star_.world_size, limits.late),
      arrivals_(star_.world_size),
      left_(star_.world_size, false),
      book_(star_.world_size, limits.late),
      data_signal_(std::make_shared<DataSignal>(wake_.get())) {
  thread_ = start_thread("oar-comm", [this] { run(); });
}

StarEngine::~StarEngine() { close(); }

void StarEngine::wake() const {
  const std::uint64_t one = 1;
  while (::write(wake_.get(), &one, sizeof(one)) < 0 && errno == EINTR) {
  }
}

bool StarEngine::is_small(const Operation& operation) const {
  const Signature& signature = operation.signature;
  if (!operation.received_rows.empty()) {  // only this rank knows its own size
    return static_cast<std::int64_t>(operation.tensor.nbytes()) <= star_.inline_bytes;
  }
  if (signature.bytes() <= star_.inline_bytes) return true;
  return signature.op == Operator::kAllReduce &&
         !gloo_can_reduce(static_cast<c10::ScalarType>(signature.dtype), static_cast<ReduceOp>(signature.reduce_op));
}

bool StarEngine::all_are_small() const {
  if (!is_small(*current_)) return false;
  if (current_->received_rows.empty()) return true;  // equal signatures say it
  return std::all_of(arrivals_.begin() + 1, arrivals_.end(), [this](const Arrival& arrival) {
    const std::int64_t num_rows = std::accumulate(arrival.rows.begin(), arrival.rows.end(), std::int64_t{0});
    return static_cast<std::int64_t>(arrival.payload.size()) == num_rows * current_->signature.bytes();
  });
}

// --- the engine's thread
// ----------------------------------------------------------------------------------------------

void StarEngine::run() {
  try {
    const at::NoGradGuard no_grad;
    run_until_closed();
  } catch (const std::exception& error) {  // a thread's main
    fail(internal_error("the group's thread ended: {}", error.what()), /*tell_peers=*/true);
  }
}

void StarEngine::run_until_closed() {
  for (std::size_t i = 0; i < star_.peers.size(); ++i) {
    if (star_.peers[i].is_open()) service(static_cast<int>(i));  // what came with the welcome
  }
  while (true) {
    take_requests();
    {
      std::lock_guard lock(mutex_);
      if (close_requested_) break;
    }
    start_posts();
    start_next();
    poll_once();
    check_timers(steady_clock().now());
  }
  if (!failed_) fail(aborted("the group was closed while operations were running"), /*tell_peers=*/false);
  say_goodbye();
}

void StarEngine::say_goodbye() {
  send_to_all(std::move(FrameWriter(FrameType::kGoodbye).put<std::uint64_t>(num_done_)).finish());
  const TimePoint deadline = steady_clock().now() + kGoodbyeMax;
  for (Connection& peer : star_.peers) {
    while (peer.is_open() && peer.wants_write() && steady_clock().now() < deadline) {
      pollfd waiting{peer.fd(), POLLOUT, 0};
      ::poll(&waiting, 1, poll_milliseconds(steady_clock().now(), deadline, static_cast<int>(kGoodbyeMax.count())));
      if (!peer.flush().is_ok()) break;
    }
    peer.close();
  }
}

void StarEngine::take_requests() {
  std::optional<std::string> reason;
  std::optional<Status> failure;
  std::vector<std::string> warnings;
  {
    std::lock_guard lock(mutex_);
    reason.swap(abort_reason_);
    failure.swap(requested_failure_);
    warnings.swap(requested_warnings_);
  }
  for (const std::string& warning : warnings) log(LogLevel::kWarning, "comm", "{}", warning);
  if (failure && !failed_) fail(std::move(*failure), /*tell_peers=*/true);
  if (!reason || failed_) return;
  fail(abort_status(*reason), /*tell_peers=*/true);
}

void StarEngine::poll_once() {
  std::vector<pollfd> waiting{{wake_.get(), POLLIN, 0}};
  std::vector<int> ranks{-1};
  for (std::size_t i = 0; i < star_.peers.size(); ++i) {
    const Connection& peer = star_.peers[i];
    if (!peer.is_open()) continue;
    waiting.push_back({peer.fd(), static_cast<short>(POLLIN | (peer.wants_write() ? POLLOUT : 0)), 0});
    ranks.push_back(static_cast<int>(i));
  }
  if (::poll(waiting.data(), waiting.size(), poll_bound_ms(steady_clock().now())) <= 0) return;
  if (waiting[0].revents != 0) {
    std::uint64_t ignored;
    static_cast<void>(::read(wake_.get(), &ignored, sizeof(ignored)) + 0);  // only resets the counter
    take_data_result();
  }
  for (std::size_t i = 1; i < waiting.size(); ++i) {
    if (waiting[i].revents != 0) service(ranks[i]);
  }
}

void StarEngine::service(int rank) {
  Connection& peer = star_.peers[rank];
  Status status = peer.flush();
  std::vector<Frame> frames;
  Status received = peer.receive(frames);
  for (Frame& frame : frames) {
    if (peer.is_open()) handle(rank, std::move(frame));
  }
  if (status.is_ok()) status = std::move(received);
  if (!status.is_ok() && peer.is_open()) lose_peer(rank, status);
}

StarEngine::Activity StarEngine::activity() const {
  std::function<Activity()> elsewhere;
  {
    std::lock_guard lock(mutex_);
    elsewhere = companion_.activity;
  }
  if (elsewhere && current_ == nullptr) return elsewhere();
  Activity own{num_done_, std::nullopt};
  if (current_ != nullptr) own.current = current_->signature;
  return own;
}

std::string StarEngine::doing() const {
  const Activity now = activity();
  if (!now.current) return fmt::format("after operation {}", now.num_done);
  return fmt::format("during operation {}, {}", now.current->sequence, describe(*now.current));
}

std::string StarEngine::operation_name() const {
  const Activity now = activity();
  return now.current ? operator_name(now.current->op) : "";
}

// --- operations
// -------------------------------------------------------------------------------------------------------

void StarEngine::start_next() {
  while (!failed_ && current_ == nullptr) {
    {
      std::lock_guard lock(mutex_);
      if (queue_.empty()) return;
      current_ = std::move(queue_.front());
      queue_.pop_front();
    }
    phase_ = Phase::kAwaitingRanks;
    deadline_ = TimePoint{};
    recorder_.advance(current_->ticket, FlightRecorder::Phase::kAwaitingRanks, current_->signature.sequence);
    if (is_hub()) {
      arrive_at_hub(0, arrival_of(*current_));
    } else if (hub_left_after_) {
      fail(peer_lost("a rank has left the group: {} closed it after operation {}, so operation {}, {}, cannot complete",
                     name_member(0, star_.members[0]), *hub_left_after_, current_->signature.sequence,
                     describe(current_->signature))
               .with_rank(0)
               .with_operation(operator_name(current_->signature.op)),
           false);
    } else {
      deadline_ = steady_clock().now() + current_->timeout + kHubGrace;
      send_to(0, std::make_shared<const std::string>(pack_arrival(*current_, star_.rank, is_small(*current_))));
    }
  }
}

void StarEngine::arrive_at_hub(int rank, Arrival arrival) {
  Status status = roll_call_.arrive(rank, arrival.signature, arrival.timeout, steady_clock().now());
  if (!status.is_ok()) return fail(std::move(status), /*tell_peers=*/true);
  arrivals_[rank] = std::move(arrival);
  if (roll_call_.is_complete()) reach_verdict();
}

void StarEngine::reach_verdict() {
  Status rows = current_->received_rows.empty() ? Status::ok() : compare_rows(arrivals_);
  if (!rows.is_ok()) return fail(std::move(rows), /*tell_peers=*/true);
  const bool through_hub = all_are_small();
  Verdict verdict;
  if (through_hub) {
    Result<Verdict> result = conclude(*current_, arrivals_);
    if (!result.is_ok()) return fail(std::move(result).status(), /*tell_peers=*/true);
    verdict = std::move(result).value();
  }
  roll_call_.next();
  for (Arrival& arrival : arrivals_) arrival = Arrival();
  send_verdict(verdict, through_hub);
  if (failed_) return;
  if (through_hub) return finish_current(Status::ok());
  start_transfer();
}

void StarEngine::send_verdict(const Verdict& verdict, bool through_hub) {
  const auto pack = [&](std::string_view payload) {
    FrameWriter writer(FrameType::kVerdict, payload.size());
    writer.put<std::uint64_t>(current_->signature.sequence).put<std::uint8_t>(through_hub).put_raw(payload);
    return std::move(writer).finish();
  };
  if (verdict.by_rank.empty()) return send_to_all(pack(verdict.shared));
  for (std::size_t rank = 1; rank < verdict.by_rank.size() && !failed_; ++rank) {
    send_to(static_cast<int>(rank), std::make_shared<const std::string>(pack(verdict.by_rank[rank])));
  }
}

void StarEngine::handle_verdict(const Frame& frame) {
  FrameReader reader(frame.body);
  const Result<std::uint64_t> sequence = reader.get<std::uint64_t>();
  const Result<std::uint8_t> through_hub = reader.get<std::uint8_t>();
  if (current_ == nullptr || phase_ != Phase::kAwaitingRanks || !sequence.is_ok() || !through_hub.is_ok() ||
      sequence.value() != current_->signature.sequence) {
    return fail(Status(OAR_E_VERSION, "rank 0 sent a verdict that nobody awaits; do all ranks run the same version?"),
                true);
  }
  if (through_hub.value() == 0) return start_transfer();
  Status status = apply_verdict(*current_, star_.rank, reader.rest(), star_.world_size);
  if (!status.is_ok()) return fail(std::move(status), /*tell_peers=*/true);
  finish_current(Status::ok());
}

void StarEngine::start_transfer() {
  Operation& operation = *current_;
  phase_ = Phase::kMovingData;
  deadline_ = steady_clock().now() + operation.timeout + (is_hub() ? Milliseconds(0) : kHubGrace);
  recorder_.advance(operation.ticket, FlightRecorder::Phase::kMovingData, operation.signature.sequence);
  if (transfer_ == nullptr) {
    transfer_ =
        std::make_unique<DataTransfer>(make_transport_(star_, std::min(limits_.connect_timeout, operation.timeout)));
  }
  TransferJob job{operation.signature, operation.tensor,        operation.output,
                  operation.rows,      operation.received_rows, operation.timeout + kGlooGrace};
  if (job.tensor.defined() && !gloo_may_use(job.tensor)) {
    job.tensor = staged_tensor_ = stage(0, operation.tensor);
    job.tensor.copy_(operation.tensor);
  }
  if (job.output.defined() && !gloo_may_use(job.output)) job.output = staged_output_ = stage(1, operation.output);
  transfer_->start(std::move(job), [signal = data_signal_](Status status) {
    {
      std::lock_guard lock(signal->mutex);
      signal->result = std::move(status);
    }
    const std::uint64_t one = 1;
    while (::write(signal->wake.get(), &one, sizeof(one)) < 0 && errno == EINTR) {
    }
  });
}

at::Tensor StarEngine::stage(int slot, const at::Tensor& like) {
  const auto bytes = static_cast<std::int64_t>(like.nbytes());
  at::Tensor& buffer = staging_[slot];
  if (!buffer.defined() || buffer.numel() < bytes) buffer = at::empty({bytes}, at::kByte);
  return buffer.narrow(0, 0, bytes).view(like.scalar_type()).view(like.sizes());
}

void StarEngine::take_data_result() {
  std::optional<Status> result;
  {
    std::lock_guard lock(data_signal_->mutex);
    result.swap(data_signal_->result);
  }
  if (!result || phase_ != Phase::kMovingData) return;
  if (!result->is_ok()) {
    data_failure_.emplace(steady_clock().now() + kDataFailureGrace,
                          std::move(*result).with_operation(operator_name(current_->signature.op)));
    return;
  }
  if (staged_tensor_.defined() && writes_tensor(current_->signature, star_.rank)) {
    current_->tensor.copy_(staged_tensor_);
  }
  if (staged_output_.defined()) current_->output.copy_(staged_output_);
  finish_current(Status::ok());
}

void StarEngine::finish_current(Status status) {
  const bool is_ok = status.is_ok();
  if (is_ok) num_done_ = current_->signature.sequence;
  recorder_.advance(current_->ticket, is_ok ? FlightRecorder::Phase::kDone : FlightRecorder::Phase::kFailed,
                    current_->signature.sequence, status.message());
  phase_ = Phase::kIdle;
  deadline_ = TimePoint{};
  probe_end_.reset();
  staged_tensor_ = at::Tensor();
  staged_output_ = at::Tensor();
  std::shared_ptr<Operation> operation;
  {
    std::lock_guard lock(mutex_);
    operation.swap(current_);
  }
  operation->finish(std::move(status));
}

}  // namespace oarlock
