#include "comm/star_engine.h"

#include <ATen/core/grad_mode.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

#include "base/log.h"
#include "base/thread.h"

namespace oarlock {
namespace {

constexpr int kPollMsMax = 1000;                    // nothing is polled for; a bound for its own sake
constexpr std::chrono::microseconds kAskedFor{50};  // what waking a thread costs, about
constexpr Milliseconds kGoodbyeMax{500};            // for the last bytes to peers that read slowly

}  // namespace

StarEngine::StarEngine(Star star, Limits limits)
    : star_(std::move(star)),
      limits_(limits),
      skew_(limits.arrival_skew ? std::make_shared<ArrivalSkew>(star_.world_size) : nullptr),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      make_transport_([](Star& own, Milliseconds timeout) {
        return make_gloo_transport(gloo_meeting_of(own, timeout), "all", own.rank, own.world_size);
      }),
      protocol_(star_, limits.late, *this, skew_),
      data_signal_(std::make_shared<DataSignal>(wake_.get())) {
  thread_ = start_thread("oar-comm", [this] { run(); });
}

StarEngine::~StarEngine() { close(); }

void StarEngine::run() {
  try {
    const at::NoGradGuard no_grad;
    run_until_closed();
  } catch (const std::exception& error) {  // a thread's main
    protocol_.fail(internal_error("the group's thread ended: {}", error.what()), /*tell_peers=*/true);
    submit_new();  // which ends them
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
      if (admission_.is_closed()) break;
    }
    submit_new();
    poll_once();
    protocol_.check_timers(steady_clock().now());
    record_end();
  }
  protocol_.close();
  submit_new();  // which ends them
  flush_goodbye();
}

void StarEngine::flush_goodbye() {
  const Clock::TimePoint deadline = steady_clock().now() + kGoodbyeMax;
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
  for (const std::string& warning : warnings) warn(warning);
  if (failure) protocol_.fail(std::move(*failure), /*tell_peers=*/true);
  if (reason) protocol_.abort(*reason);
}

void StarEngine::submit_new() {
  while (true) {
    std::shared_ptr<Operation> operation;
    {
      std::lock_guard lock(mutex_);
      if (new_operations_.empty()) return;
      operation = std::move(new_operations_.front());
      new_operations_.pop_front();
    }
    protocol_.submit(std::move(operation), steady_clock().now());
  }
}

// As poll(). An answer that is on its way comes sooner than a thread that sleeps is woken, so it is asked for first;
// the threads that have to do for it come first all the same.
int StarEngine::wait_for_one(std::vector<pollfd>& waiting, int bound) {
  if (protocol_.awaits_answer()) {
    const Clock::TimePoint end = steady_clock().now() + kAskedFor;
    do {
      const int ready = ::poll(waiting.data(), waiting.size(), 0);
      if (ready != 0) return ready;
      ::sched_yield();
    } while (steady_clock().now() < end);
  }
  return ::poll(waiting.data(), waiting.size(), bound);
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
  int bound = kPollMsMax;
  if (const auto then = protocol_.next_event()) bound = poll_milliseconds(steady_clock().now(), *then, bound);
  if (wait_for_one(waiting, bound) <= 0) return;
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
  for (Frame& frame : frames) protocol_.receive(rank, std::move(frame), steady_clock().now());
  if (status.is_ok()) status = std::move(received);
  if (!status.is_ok()) protocol_.lose(rank, status, steady_clock().now());
}

// ---- what the protocol decides

void StarEngine::send(int rank, std::shared_ptr<const std::string> frame) {
  static_cast<void>(star_.peers[rank].send(std::move(frame)));  // a failure shows in the next poll()
}

void StarEngine::close_connection(int rank) { star_.peers[rank].close(); }

void StarEngine::advance(const Operation& operation, FlightRecorder::Phase phase) {
  recorder_.advance(operation.ticket, phase, operation.signature.sequence);
  const bool is_large = !operation.signature.on_device && operation.signature.bytes() > star_.inline_bytes;
  if (phase == FlightRecorder::Phase::kAwaitingRanks && is_large && transfer_ != nullptr) transfer_->expect();
}

void StarEngine::finish(const std::shared_ptr<Operation>& operation, Status status) {
  if (!status.is_ok()) record_end();  // as the failure met it, and before its caller hears, who may end the process
  const Signature& signature = operation->signature;
  recorder_.advance(operation->ticket, status.is_ok() ? FlightRecorder::Phase::kDone : FlightRecorder::Phase::kFailed,
                    signature.sequence, status.message());
  if (operation == moving_) {
    moving_ = nullptr;
    staged_tensor_ = at::Tensor();
    staged_output_ = at::Tensor();
  }
  {
    std::lock_guard lock(mutex_);
    --(signature.is_point_to_point() ? num_transfers_ : num_collectives_);
  }
  operation->finish(std::move(status));
}

Status StarEngine::declare_dead(Status status, bool tells_peers) {
  std::function<void(const Status&, bool)> on_failure;
  {
    std::lock_guard lock(mutex_);
    status = admission_.fail(std::move(status), num_collectives_ + num_transfers_ > 0);
    on_failure = companion_.on_failure;
  }
  if (on_failure) on_failure(status, tells_peers);
  end_reason_ = status.message();
  return status;
}

// Who runs an operation on another way records the end there, when it is over.
void StarEngine::record_end() {
  if (!end_reason_) return;
  {
    std::lock_guard lock(mutex_);
    if (admission_.is_closed()) return;  // what ends then ends by the owner's wish
  }
  const std::optional<Activity> elsewhere = activity_elsewhere();
  if (elsewhere && elsewhere->current) return;
  recorder_.end(*std::exchange(end_reason_, std::nullopt));
}

void StarEngine::warn(const std::string& text) { log(LogLevel::kWarning, "comm", "{}{}", text, star_.whose_ranks); }

std::optional<Activity> StarEngine::activity_elsewhere() {
  std::function<std::optional<Activity>()> activity;
  {
    std::lock_guard lock(mutex_);
    activity = companion_.activity;
  }
  if (!activity) return std::nullopt;
  return activity();
}

}  // namespace oarlock
