#include "unit/comm/simulation/survivor.h"

#include <algorithm>
#include <utility>

namespace oarlock::simulation {
namespace {

constexpr Milliseconds kDialMax{2000};

}  // namespace

Survivor::Survivor(Timeline& timeline, Network& network, Random random, Muster::Plan given, Trace trace)
    : plan(std::move(given)), timeline_(timeline), network_(network), random_(random), trace_(std::move(trace)) {
  network_.open_port(*this);
}

std::string Survivor::name() const { return fmt::format("[rank {}]", plan.rank); }

const Result<Muster::Outcome>* Survivor::outcome() const {
  return attempts_.empty() || !attempts_.back().outcome ? nullptr : &*attempts_.back().outcome;
}

void Survivor::run(std::function<void()> what) {
  if (is_killed_) return;
  if (is_stopped()) return missed_.push_back(std::move(what));
  what();
  look_at_clock();
}

void Survivor::stop_until(TimePoint then) {
  if (is_killed_) return;
  trace_(name() + " is stopped");
  was_stopped_ = true;
  stopped_until_ = std::max(stopped_until_, then);
  timeline_.at(stopped_until_, [this] {
    if (is_stopped() || is_killed_) return;
    trace_(name() + " goes on");
    for (auto& what : std::exchange(missed_, {})) what();  // all of it before the clock is looked at
    look_at_clock();
  });
}

void Survivor::kill() {
  if (is_killed_) return;
  trace_(name() + " is killed");
  is_killed_ = true;
  network_.kill(*this);
}

void Survivor::reset_connections() {
  for (const LineEnd line : lines_) {
    if (network_.is_open(line) && random_.chance(60)) network_.reset(line.line);
  }
}

void Survivor::call() {
  run([this] {
    if (muster_ != nullptr || !has_port_) return;
    trace_(name() + " calls");
    attempts_.push_back({timeline_.now(), std::nullopt, std::nullopt});
    muster_ = std::make_unique<Muster>(plan, static_cast<Muster::Shell&>(*this), timeline_.now());
    muster_->start(timeline_.now());
    for (const LineEnd line : std::exchange(waiting_, {})) lines_.push_back(line);
    for (auto& what : std::exchange(unread_, {})) what();
  });
}

void Survivor::look_at_clock() {
  if (muster_ == nullptr || attempts_.back().outcome) return;
  muster_->settle(timeline_.now());
  if (muster_->is_over()) return finish();
  const TimePoint then = std::max(muster_->next_event(), timeline_.now());
  if (timer_at_ <= then && timer_at_ > timeline_.now()) return;
  timer_at_ = then;
  timeline_.at(then, [this] { run([] {}); });
}

// The meeting itself has a simulation of its own; here it takes some time, and succeeds.
void Survivor::finish() {
  Attempt& attempt = attempts_.back();
  attempt.ended_at = timeline_.now();
  attempt.outcome = muster_->outcome();
  const Result<Muster::Outcome>& outcome = *attempt.outcome;
  trace_(fmt::format("{} ends: {}", name(), outcome.is_ok() ? "goes on" : outcome.status().message()));
  if (outcome.is_ok()) {
    return timeline_.after(random_.milliseconds(1, 30), [this] { run([this] { leave_old_world(); }); });
  }
  for (const LineEnd line : std::exchange(lines_, {})) network_.close(line);
  muster_.reset();
  if (static_cast<int>(attempts_.size()) < num_attempts_max) {
    timeline_.after(random_.milliseconds(0, 500), [this] { call(); });
  }
}

void Survivor::leave_old_world() {
  if (!has_port_) return;
  has_port_ = false;
  if (outcome()->value().ranks.front() == plan.rank) muster_->dismiss_absent();
  network_.close_port(*this, waiting_);
  for (const LineEnd line : lines_) network_.close(line);
}

Muster::Line Survivor::number_of(LineEnd line) const {
  const auto found = std::find(lines_.begin(), lines_.end(), line);
  return found == lines_.end() ? 0 : static_cast<Muster::Line>(found - lines_.begin()) + 1;
}

void Survivor::accepted(LineEnd line) {
  if (!has_port_) return network_.close(line);
  run([this, line] {
    if (muster_ != nullptr && !attempts_.back().outcome) {
      lines_.push_back(line);
    } else {
      waiting_.push_back(line);
    }
  });
}

void Survivor::heard(LineEnd line, Frame frame) {
  run([this, line, frame = std::move(frame)] {
    const auto hear = [this, line, frame] {
      const Muster::Line number = number_of(line);
      if (number != 0 && muster_ != nullptr) muster_->hear(number, frame, timeline_.now());
    };
    if (muster_ == nullptr) return unread_.push_back(hear);
    hear();
  });
}

void Survivor::ended(LineEnd line, Status why) {
  run([this, line, why = std::move(why)] {
    const auto lose = [this, line, why] {
      const Muster::Line number = number_of(line);
      if (number != 0 && muster_ != nullptr && !muster_->is_over()) muster_->lose(number, why, timeline_.now());
    };
    if (muster_ == nullptr) return unread_.push_back(lose);
    lose();
  });
}

void Survivor::dial(int rank) {
  const std::size_t attempt = attempts_.size();
  network_.dial(*this, rank, kDialMax, [this, rank, attempt](Result<LineEnd> line) {
    if (is_killed_ && line.is_ok()) return network_.close(line.value());
    run([this, rank, attempt, line = std::move(line)] {
      const bool is_of_this = muster_ != nullptr && attempts_.size() == attempt && !muster_->is_over();
      if (!is_of_this && line.is_ok()) return network_.close(line.value());
      if (!is_of_this) return;
      if (!line.is_ok()) return muster_->miss(rank, line.status(), timeline_.now());
      lines_.push_back(line.value());
      muster_->reach(rank, lines_.size(), timeline_.now());
    });
  });
}

void Survivor::send(Muster::Line line, std::string frame) { network_.send(end_of(line), frame); }

void Survivor::close(Muster::Line line) { network_.close(end_of(line)); }

}  // namespace oarlock::simulation
