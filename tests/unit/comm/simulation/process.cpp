#include "unit/comm/simulation/process.h"

#include <algorithm>
#include <utility>

namespace oarlock::simulation {

Process::Process(Timeline& timeline, Network& network, Random random, const Launch& launch, int rank, int pid,
                 Trace trace)
    : timeline_(timeline),
      network_(network),
      random_(random),
      launch_(launch),
      rank_(rank),
      pid_(pid),
      trace_(std::move(trace)),
      lines_(rank == 0 ? launch.world_size : 1) {
  meeting.rank = rank;
  meeting.world_size = launch.world_size;
  meeting.address = "rank0";
  meeting.port = 1;
  meeting.world_id = fmt::format("launch {}", launch.number);
  meeting.timeout = launch.connect_timeout;
  meeting.late = launch.late;
  meeting.inline_bytes = kInlineBytes;
}

std::string Process::name() const { return fmt::format("[{}/{} pid {}]", launch_.number, rank_, pid_); }

Status Process::first_failure() const {
  if (!meeting_status_.is_ok()) return meeting_status_;
  for (const CallRecord& record : calls_) {
    if (record.num_ends > 0 && !record.status.is_ok()) return record.status;
  }
  return refusal_ ? *refusal_ : Status::ok();
}

// --- time, and being stopped

void Process::run(std::function<void()> what) {
  if (state_ == State::kKilled) return;
  if (is_stopped()) return missed_.push_back(std::move(what));
  what();
  look_at_clock();
}

void Process::run_after(TimePoint::duration delay, std::function<void()> what) {
  timeline_.after(delay, [this, what = std::move(what)]() mutable { run(std::move(what)); });
}

void Process::stop_until(TimePoint then) {
  if (state_ == State::kKilled) return;
  trace_(fmt::format("{} is stopped", name()));
  stopped_until_ = then;
  if (then != TimePoint::max()) timeline_.at(then, [this] { resume(); });
}

// What came meanwhile is read before the clock is looked at, as in StarEngine.
void Process::resume() {
  if (is_stopped() || state_ == State::kKilled) return;
  trace_(fmt::format("{} goes on", name()));
  for (auto& what : std::exchange(missed_, {})) {
    if (state_ != State::kKilled) what();
  }
  look_at_clock();
}

void Process::jump(Milliseconds forward) {
  trace_(fmt::format("the clock of {} jumps by {} ms", name(), forward.count()));
  skew += forward;
  run([] {});
}

void Process::look_at_clock() {
  if (state_ == State::kMeeting) check_meeting();
  if (state_ != State::kInGroup) return;
  protocol_->check_timers(local_now());
  plan_timer(protocol_->next_event());
}

void Process::plan_timer(std::optional<TimePoint> local) {
  if (!local) return;
  const TimePoint then = std::max(*local - skew, timeline_.now());
  if (timer_at_ <= then && timer_at_ > timeline_.now()) return;
  timer_at_ = then;
  timeline_.at(then, [this] { run([] {}); });
}

// --- the program

void Process::go_on() {
  if (std::exchange(is_planned_, true)) return;
  const TimePoint::duration think = random_.chance(70) ? TimePoint::duration(random_.microseconds(0, 50))
                                                       : TimePoint::duration(random_.microseconds(0, 20000));
  run_after(think, [this] {
    is_planned_ = false;
    if (state_ != State::kInGroup || timeline_.now() < sleeps_until_) return;
    if (!first_failure().is_ok()) return try_once_more();
    const bool waits = !calls_.empty() && num_pending_ > 0 &&
                       (num_pending_ >= 4 || !launch_.program[static_cast<std::size_t>(calls_.back().step)].is_async);
    if (waits) return;
    if (deviate()) return;
    while (step_ < launch_.program.size() && !launch_.program[step_].concerns(rank_)) {
      ++step_;
      if (deviate()) return;
    }
    if (step_ < launch_.program.size() && num_pending_ > 0 && launch_.program[step_].is_last) return;
    if (step_ < launch_.program.size()) return call(launch_.program[step_]);
    if (num_pending_ == 0) leave();
  });
}

bool Process::deviate() {
  const bool has_deviated = deviated_at_ != TimePoint::max();
  if (has_deviated || deviation.kind == Deviation::Kind::kNone || static_cast<int>(step_) != deviation.step)
    return false;
  deviated_at_ = timeline_.now();
  trace_(fmt::format("{} deviates before step {}", name(), step_));
  switch (deviation.kind) {
    case Deviation::Kind::kOtherCall:
      call(deviation.other);
      return true;
    case Deviation::Kind::kSkip:
      ++step_;
      return false;
    case Deviation::Kind::kLeave:
      leave();
      return true;
    case Deviation::Kind::kAbort:
      abort();
      return true;
    default:
      sleeps_until_ = timeline_.now() + deviation.sleep;
      run_after(deviation.sleep, [this] { go_on(); });
      return true;
  }
}

void Process::call(const Step& step) {
  CallRecord record;
  record.step = static_cast<int>(step_++);
  record.task = make_task(step, record.step, launch_.number, rank_, launch_.world_size);
  record.operation = std::make_shared<Operation>(record.task.call);
  record.called_at = timeline_.now();
  Status status = admission_.admit(record.operation->signature.op);
  if (!status.is_ok()) {
    refusal_ = std::move(status);
    first_failure_at_ = std::min(first_failure_at_, timeline_.now());
    trace_(fmt::format("{} is refused: {}", name(), refusal_->message()));
    return try_once_more();
  }
  admission_.number(record.operation->signature);
  trace_(fmt::format("{} calls {} {}", name(), record.operation->signature.sequence,
                     describe(record.operation->signature)));
  ++num_pending_;
  calls_.push_back(record);
  protocol_->submit(record.operation, local_now());
  go_on();
}

// A dead group must refuse, and must have said why once.
void Process::try_once_more() {
  if (num_pending_ > 0) return;
  const Status status = admission_.admit(Operator::kBarrier);
  if (!refusal_) refusal_ = status;
  leave();
}

void Process::leave() {
  if (state_ != State::kInGroup) return;
  trace_(fmt::format("{} closes", name()));
  admission_.close();
  protocol_->close();
  state_ = State::kClosed;
  launch_.transport->leave(rank_);
  for (const LineEnd line : lines_) network_.close(line);
}

void Process::abort() {
  run([this] {
    if (state_ != State::kInGroup) return;
    trace_(fmt::format("{} aborts", name()));
    protocol_->abort("it was asked to");
    go_on();
  });
}

void Process::kill() {
  if (state_ == State::kKilled) return;
  trace_(fmt::format("{} is killed", name()));
  const bool was_in_group = state_ == State::kInGroup;
  state_ = State::kKilled;
  network_.kill(*this);
  if (was_in_group) launch_.transport->leave(rank_);
}

void Process::reset_connections() {
  for (const LineEnd line : lines_) {
    if (network_.is_open(line)) network_.reset(line.line);
  }
}

void Process::inject(Random& random) {
  const LineEnd line = lines_[random.below(static_cast<std::int64_t>(lines_.size()))];
  if (state_ != State::kInGroup || !network_.is_open(line)) return;
  Frame frame = network_.last_sent(line);
  switch (random.below(4)) {
    case 0:  // again
      break;
    case 1:
      frame.body.resize(std::min<std::size_t>(frame.body.size(), static_cast<std::size_t>(random.below(40))));
      break;
    case 2:
      frame.type = static_cast<FrameType>(random.between(19, 100));
      break;
    default:
      frame.type = static_cast<FrameType>(random.between(1, 18));
      for (char& byte : frame.body) byte = static_cast<char>(random.next());
      frame.body.resize(static_cast<std::size_t>(random.below(80)));
  }
  trace_(fmt::format("{} sends a frame of type {} with {} bytes out of turn", name(), static_cast<int>(frame.type),
                     frame.body.size()));
  network_.inject(line, std::move(frame));
}

// --- what the protocol decides

void Process::send(int rank, std::shared_ptr<const std::string> frame) { network_.send(lines_[rank], *frame); }

void Process::close_connection(int rank) { network_.close(lines_[rank]); }

void Process::move_data(const std::shared_ptr<Operation>& operation) {
  launch_.transport->start(rank_, *this, operation);
}

void Process::carried(std::shared_ptr<Operation> operation, std::vector<double> result, Status status) {
  run([this, operation = std::move(operation), result = std::move(result), status = std::move(status)] {
    if (state_ != State::kInGroup || operation->is_done()) return;
    if (status.is_ok()) {
      const at::Tensor written = written_by(*operation);
      if (written.defined()) fill(written, result);
    }
    protocol_->end_transfer(status, local_now());
  });
}

void Process::advance(const Operation&, FlightRecorder::Phase) {}

void Process::finish(const std::shared_ptr<Operation>& operation, Status status) {
  for (CallRecord& record : calls_) {
    if (record.operation != operation) continue;
    trace_(fmt::format("{} ends {} {}: {}", name(), operation->signature.sequence, describe(operation->signature),
                       status.is_ok() ? "ok" : status.message()));
    record.ended_at = timeline_.now();
    ++record.num_ends;
    --num_pending_;
    if (status.is_ok()) record.problem = check_result(record.task, *operation, rank_);
    if (!status.is_ok()) first_failure_at_ = std::min(first_failure_at_, timeline_.now());
    record.status = status;
    operation->finish(std::move(status));
  }
  go_on();
}

Status Process::declare_dead(Status status, bool) {
  trace_(fmt::format("{} is dead: {}", name(), status.message()));
  return admission_.fail(std::move(status), num_pending_ > 0);
}

void Process::stop_moving_data() { launch_.transport->leave(rank_); }

void Process::warn(const std::string& text) { warnings_.push_back(text); }

}  // namespace oarlock::simulation
