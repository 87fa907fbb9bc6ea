#include "comm/backends/shm/point_to_point.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/thread.h"
#include "comm/backends/shm/spin.h"
#include "comm/transfer_failures.h"

namespace oarlock {
namespace {

constexpr Milliseconds kSlice{50};          // of who waits and has messages to deliver
constexpr Milliseconds kThreadSlice{1000};  // nothing is polled for; a bound for its own sake

bool fits_post(const Signature& signature) {
  return static_cast<std::size_t>(signature.bytes()) <= Channel::kInlineBytes;
}

}  // namespace

PointToPoint::PointToPoint(Rounds& rounds, StarEngine& engine, std::function<std::uint64_t()> next_collective)
    : rounds_(rounds),
      engine_(engine),
      attendance_(rounds, engine),
      next_collective_(std::move(next_collective)),
      lines_(static_cast<std::size_t>(rounds.size()) * 2) {
  active_.reserve(lines_.size());
}

// ---- what is called

PointToPoint::Line& PointToPoint::line_of(const Signature& signature) {
  const bool sends = signature.op == Operator::kSend;
  const int rank = rounds_.rank(), peer = signature.peer();
  std::unique_ptr<Line>& line = lines_[static_cast<std::size_t>(peer) * 2 + (sends ? 0 : 1)];
  if (line == nullptr) {
    line = std::make_unique<Line>(
        Channel(rounds_.memory_behind(), rounds_.size(), sends ? rank : peer, sends ? peer : rank));
  }
  return *line;
}

Status PointToPoint::submit(const std::shared_ptr<Operation>& operation, Kind kind) {
  std::list<Transfer> transfer;  // needs memory, as the line and the thread: before the operation is numbered
  transfer.emplace_back(operation);
  {
    std::lock_guard lock(mutex_);
    Signature& signature = operation->signature;
    if (is_closed_) return invalid_state("the group is closed; {} needs an open one", operator_name(signature.op));
    Line& line = line_of(signature);
    if (kind == Kind::kStarted && !thread_.joinable()) begin_thread();
    signature.sequence = line.num_submitted + 1;
    operation->ticket = engine_.recorder().begin(signature, operation->site, FlightRecorder::Phase::kAwaitingRanks);
    ++line.num_submitted;
    if (line.waiting.empty()) active_.push_back(&line);
    line.waiting.splice(line.waiting.end(), transfer);
  }
  while (move()) {
  }
  if (kind == Kind::kAwaited || operation->is_done()) return Status::ok();
  changed_.notify_all();
  rounds_.ring(rounds_.rank());  // who sleeps here does not know of its time-out
  return Status::ok();
}

void PointToPoint::wait(const Operation& operation) {
  {
    std::lock_guard lock(mutex_);
    ++num_waiting_;
  }
  try {
    move_until_done(operation);
  } catch (const std::exception& error) {  // out of memory for a text, say: the peers would wait for ever
    end_all(attendance_.fail(
        internal_error("rank {} failed while it waited in a send or receive: {}", rounds_.rank(), error.what())
            .with_rank(rounds_.rank()),
        next_collective_()));
  }
  {
    std::lock_guard lock(mutex_);
    --num_waiting_;
  }
  changed_.notify_all();
}

void PointToPoint::move_until_done(const Operation& operation) {
  while (!operation.is_done()) {
    for (int i = 0; i < rounds_.num_spins() && !operation.is_done(); ++i) {
      if (move()) {
        i = 0;
      } else {
        relax();
      }
    }
    if (operation.is_done()) break;
    if (!on_own_thread()) deliver_queued_messages();
    listen(kSlice);
  }
}

void PointToPoint::close() {
  {
    std::lock_guard lock(mutex_);
    is_closed_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();  // its sleep ends by the interruption
  end_all(aborted("the group was closed while operations were running"), /*is_wished=*/true);
}

// ---- the thread

void PointToPoint::begin_thread() {
  thread_ = start_thread("oar-transfers", [this] {
    try {
      run_thread();
    } catch (const std::exception& error) {  // a thread's main
      const Status why = attendance_.fail(internal_error("the group's thread of transfers ended: {}", error.what()),
                                          next_collective_());
      end_all(why);
    }
  });
}

void PointToPoint::run_thread() {
  const at::NoGradGuard no_grad;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return is_closed_ || (!active_.empty() && num_waiting_ == 0); });
    if (is_closed_) return;
    lock.unlock();
    listen(kThreadSlice);
    lock.lock();
  }
}

// ---- moving

bool PointToPoint::move() {
  const Result<bool> moved = try_to_move();
  if (moved.is_ok()) return moved.value();
  end_all(attendance_.fail(Status(moved.status()), next_collective_()));
  return true;
}

Result<bool> PointToPoint::try_to_move() {
  try {
    std::lock_guard lock(mutex_);
    return move_all();
  } catch (const std::exception& error) {  // out of memory for a copy, say: the peers would wait for ever
    return internal_error("rank {} failed in a send or receive: {}", rounds_.rank(), error.what())
        .with_rank(rounds_.rank());
  }
}

Result<bool> PointToPoint::move_all() {
  bool has_moved = false, has_ended = false;
  for (std::size_t i = 0; i < active_.size();) {
    Line& line = *active_[i];
    Transfer& transfer = line.waiting.front();
    const bool sends = transfer.signature().op == Operator::kSend;
    OAR_ASSIGN(const Step step, sends ? send(line, transfer) : receive(line, transfer));
    has_moved = has_moved || step.has_moved;
    if (step.has_moved) rounds_.ring(transfer.signature().peer());
    if (step.is_done) {
      has_ended = true;
      line.channel.end_transfer();
      finish(transfer);
      line.waiting.pop_front();
    }
    if (line.waiting.empty()) {
      active_[i] = active_.back();
      active_.pop_back();
    } else if (!step.is_done) {
      ++i;
    }
  }
  if (has_ended) rounds_.ring(rounds_.rank());  // another thread may wait for it
  return has_moved;
}

Result<PointToPoint::Step> PointToPoint::send(Line& line, Transfer& transfer) {
  const Signature& mine = transfer.signature();
  const auto size = static_cast<std::size_t>(mine.bytes());
  Step step;
  if (fits_post(mine)) {
    if (!transfer.is_posted && size > 0) std::memcpy(line.channel.inline_data(mine.sequence), transfer.data(), size);
    transfer.done = size;
  } else if (const std::size_t put = line.channel.put(transfer.data() + transfer.done, size - transfer.done); put > 0) {
    transfer.done += put;
    step.has_moved = true;
    if (transfer.moved_at) transfer.moved_at = steady_clock().now();
  }
  if (!std::exchange(transfer.is_posted, true)) {
    line.channel.post_send(mine);
    step.has_moved = true;
  }
  if (!transfer.moved_at) {
    const Signature* theirs = line.channel.receive_of(mine.sequence);
    if (theirs == nullptr) return step;
    OAR_TRY(match(transfer, mine, *theirs));
  }
  step.is_done = transfer.done == size;
  return step;
}

Result<PointToPoint::Step> PointToPoint::receive(Line& line, Transfer& transfer) {
  const Signature& mine = transfer.signature();
  const auto size = static_cast<std::size_t>(mine.bytes());
  Step step;
  if (!std::exchange(transfer.is_posted, true)) {
    line.channel.post_receive(mine);
    step.has_moved = true;
  }
  if (!transfer.moved_at) {
    const Signature* theirs = line.channel.send_of(mine.sequence);
    if (theirs == nullptr) return step;
    OAR_TRY(match(transfer, *theirs, mine));
  }
  if (fits_post(mine)) {
    if (size > 0) std::memcpy(transfer.data(), line.channel.inline_data(mine.sequence), size);
    transfer.done = size;
  } else if (const std::size_t took = line.channel.take(transfer.data() + transfer.done, size - transfer.done);
             took > 0) {
    transfer.done += took;
    step.has_moved = true;
    transfer.moved_at = steady_clock().now();
  }
  step.is_done = transfer.done == size;
  return step;
}

Status PointToPoint::match(Transfer& transfer, const Signature& send, const Signature& receive) {
  OAR_TRY(compare_sides(receive.peer(), send, send.peer(), receive));
  transfer.moved_at = steady_clock().now();
  if (!fits_post(send)) {
    engine_.recorder().advance(transfer.operation->ticket, FlightRecorder::Phase::kMovingData,
                               transfer.signature().sequence);
  }
  return Status::ok();
}

void PointToPoint::finish(Transfer& transfer) {
  Operation& operation = *transfer.operation;
  if (operation.signature.op == Operator::kReceive && !transfer.row.is_same(operation.tensor)) {
    const at::NoGradGuard no_grad;
    operation.tensor.copy_(transfer.row);
  }
  engine_.recorder().advance(operation.ticket, FlightRecorder::Phase::kDone, operation.signature.sequence);
  operation.finish(Status::ok());
}

// ---- what can go wrong

void PointToPoint::listen(Milliseconds bound) {
  const Rounds::Listening bell(rounds_);
  if (move() || ends()) return;
  const TimePoint now = steady_clock().now();
  TimePoint next_event = now + bound;
  Status status = check_peers();
  if (status.is_ok()) status = check_times(now, next_event);
  if (!status.is_ok()) return end_all(attendance_.fail(std::move(status), next_collective_()));
  bell.sleep(std::chrono::ceil<Milliseconds>(next_event - now));
}

bool PointToPoint::ends() {
  if (!rounds_.is_dead() && !rounds_.is_interrupted()) return false;
  while (move()) {  // what came before the end did
  }
  end_all(attendance_.why_it_ended(next_collective_()));
  return true;
}

// The liveness of the ranks is rank 0's to tell, so that nothing is waited for that it can tell no more.
Status PointToPoint::check_peers() {
  std::vector<std::pair<int, std::uint64_t>> left;
  for (int rank = 0; rank < rounds_.size(); ++rank) {
    const std::int64_t last = rounds_.left_after(rank);
    if (last >= 0) left.emplace_back(rank, static_cast<std::uint64_t>(last));
  }
  if (left.empty()) return Status::ok();
  while (move()) {  // what came before they left
  }
  std::lock_guard lock(mutex_);
  for (const Line* line : active_) {
    const Signature& signature = line->waiting.front().signature();
    for (const auto& [rank, last] : left) {
      if (rank == signature.peer()) return peer_has_left(rounds_.rank(), signature, last);
      if (rank == 0) {
        return peer_lost("a rank has left the group: rank 0 closed it after operation {}, so {} cannot complete", last,
                         describe(signature))
            .with_rank(0)
            .with_operation(operator_name(signature.op));
      }
    }
  }
  return Status::ok();
}

Status PointToPoint::check_times(TimePoint now, TimePoint& next_event) {
  std::lock_guard lock(mutex_);
  for (Line* line : active_) {
    for (Transfer& transfer : line->waiting) OAR_TRY(check_time(transfer, now, next_event));
  }
  return Status::ok();
}

Status PointToPoint::check_time(Transfer& transfer, TimePoint now, TimePoint& next_event) {
  const Signature& signature = transfer.signature();
  const TimePoint since = transfer.moved_at.value_or(transfer.since);
  const TimePoint late = since + engine_.limits().late, deadline = since + transfer.operation->timeout;
  const double waited = std::chrono::duration<double>(now - since).count();
  const int rank = rounds_.rank();
  if (now >= deadline) {
    if (!transfer.moved_at) return transfer_timed_out(rank, signature, now - since);
    return timed_out(
               "rank {} waited {:.1f} s for data in {}, which both ranks had called: the process of rank {} is "
               "stopped, or the machine is overloaded",
               rank, waited, describe(signature), signature.peer())
        .with_rank(signature.peer())
        .with_operation(operator_name(signature.op));
  }
  if (!transfer.is_warned && now >= late) {
    transfer.is_warned = true;
    engine_.warn_soon(transfer.moved_at
                          ? fmt::format("rank {} waits for data in {} for {:.1f} s, and rank {} moves none", rank,
                                        describe(signature), waited, signature.peer())
                          : transfer_is_late(rank, signature, now - since));
  }
  next_event = std::min(next_event, transfer.is_warned ? deadline : std::min(deadline, late));
  return Status::ok();
}

void PointToPoint::end_all(const Status& why, bool is_wished) {
  std::list<Transfer> ended;
  {
    std::lock_guard lock(mutex_);
    for (Line* line : active_) ended.splice(ended.end(), line->waiting);
    active_.clear();
  }
  if (ended.empty()) return;
  if (!is_wished) engine_.recorder().end(why.message());  // before their callers hear, as a collective's
  for (const Transfer& transfer : ended) {
    const std::shared_ptr<Operation>& operation = transfer.operation;
    engine_.recorder().advance(operation->ticket, FlightRecorder::Phase::kFailed, operation->signature.sequence,
                               why.message());
    operation->finish(why);
  }
}

}  // namespace oarlock
