// How a simulated process meets the others; what reception.cpp and rendezvous.cpp do with sockets.
#include <algorithm>
#include <utility>

#include "unit/comm/simulation/process.h"

namespace oarlock::simulation {

void Process::start() {
  if (state_ != State::kNew) return;  // killed before it could
  state_ = State::kMeeting;
  meeting_started_at_ = timeline_.now();
  trace_(fmt::format("{} starts", name()));
  if (rank_ != 0) {
    joining_ = std::make_unique<Joining>(meeting, local_now());
    return try_to_connect();
  }
  if (!network_.listen(*this)) return fail_to_meet(bad_environment("the port is in use"));
  book_ = std::make_unique<GuestBook>(meeting, Member{pid_, "host", "host"}, local_now());
  look_at_clock();
}

void Process::try_to_connect() { network_.connect(*this, joining_->attempt_bound(local_now())); }

void Process::not_connected(Status why) {
  run([this, why = std::move(why)] {
    Result<Milliseconds> pause = joining_->miss(why, local_now());
    if (!pause.is_ok()) return fail_to_meet(std::move(pause).status());
    run_after(pause.value(), [this] { try_to_connect(); });
  });
}

void Process::connected(LineEnd line) {
  if (state_ == State::kKilled) return network_.close(line);
  run([this, line] {
    lines_[0] = line;
    network_.send(line, joining_->hello(Member{pid_, "host", "host"}, local_now()));
  });
}

void Process::accepted(LineEnd line) {
  run([this, line] {
    if (state_ != State::kMeeting) return network_.close(line);
    guests_.push_back(line);
    if (const auto pushed_out = book_->come(static_cast<GuestBook::Guest>(line.line), local_now())) {
      network_.close({static_cast<int>(*pushed_out), 1});
    }
  });
}

int Process::rank_of(LineEnd line) const {
  const auto found = std::find(lines_.begin(), lines_.end(), line);
  return found == lines_.end() ? -1 : static_cast<int>(found - lines_.begin());
}

void Process::heard(LineEnd line, Frame frame) {
  run([this, line, frame = std::move(frame)]() mutable {
    const int peer = rank_of(line);
    if (state_ == State::kInGroup) {
      if (peer >= 0) protocol_->receive(peer, std::move(frame), local_now());
    } else if (state_ == State::kMeeting && rank_ != 0) {
      hear_host(frame);
    } else if (state_ == State::kMeeting && peer < 0) {
      hear_guest(line, frame);
    }
  });
}

void Process::ended(LineEnd line, Status why) {
  run([this, line, why = std::move(why)] {
    const int peer = rank_of(line);
    if (state_ == State::kInGroup) {
      if (peer >= 0) protocol_->lose(peer, why, local_now());
    } else if (state_ == State::kMeeting && rank_ != 0) {
      fail_to_meet(joining_->lose(why));
    } else if (state_ == State::kMeeting && peer >= 0) {
      fail_to_meet(book_->lose_rank(peer));
    } else if (state_ == State::kMeeting) {
      part(line, book_->lose(static_cast<GuestBook::Guest>(line.line), why, 0));
    }
  });
}

void Process::hear_guest(LineEnd line, const Frame& frame) {
  Result<GuestBook::Answer> answer =
      book_->hear(static_cast<GuestBook::Guest>(line.line), frame, network_.is_at_end(line), local_now());
  if (!answer.is_ok()) {
    network_.send(line, pack_refusal(answer.status()));
    return fail_to_meet(std::move(answer).status());
  }
  if (!answer.value().is_admitted()) return part(line, answer.value());
  std::erase(guests_, line);
  lines_[answer.value().rank] = line;
}

void Process::part(LineEnd line, const GuestBook::Answer& answer) {
  if (!answer.farewell.empty()) network_.send(line, answer.farewell);
  network_.close(line);
  std::erase(guests_, line);
}

void Process::hear_host(const Frame& frame) {
  Result<Star> star = joining_->hear(frame);
  if (!star.is_ok()) return fail_to_meet(std::move(star).status());
  enter(star.value());
}

void Process::check_meeting() {
  const TimePoint now = local_now();
  if (rank_ != 0) {
    const bool is_awaiting = lines_[0].line >= 0;
    Status status = is_awaiting ? joining_->check_deadline(now) : Status::ok();
    if (!status.is_ok()) return fail_to_meet(std::move(status));
    return plan_timer(is_awaiting ? std::optional(joining_->answer_deadline()) : std::nullopt);
  }
  if (book_->is_complete()) return welcome();
  Status status = book_->check_deadline(now);
  if (!status.is_ok()) return fail_to_meet(std::move(status));
  if (const auto warning = book_->late_warning(now)) warn(*warning);
  for (const GuestBook::Guest guest : book_->take_silent(now)) part({static_cast<int>(guest), 1}, {});
  plan_timer(book_->next_event());
}

void Process::welcome() {
  Star star;
  star.world_size = launch_.world_size;
  star.members = book_->members();
  star.inline_bytes = meeting.inline_bytes;
  for (int rank = 1; rank < launch_.world_size; ++rank) network_.send(lines_[rank], pack_welcome(star));
  enter(star);
  look_at_clock();
}

void Process::enter(const Star& star) {
  network_.stop_listening(*this);
  for (const LineEnd guest : guests_) network_.close(guest);
  guests_.clear();
  state_ = State::kInGroup;
  meeting_ended_at_ = timeline_.now();
  members_ = star.members;
  trace_(fmt::format("{} is in the group", name()));
  StarProtocol::Shell& shell = *this;
  protocol_ = std::make_unique<StarProtocol>(star, launch_.late, shell);
  go_on();
}

void Process::fail_to_meet(Status why) {
  if (state_ != State::kMeeting) return;
  state_ = State::kFailedToMeet;
  meeting_ended_at_ = first_failure_at_ = timeline_.now();
  trace_(fmt::format("{} does not meet: {}", name(), why.message()));
  network_.stop_listening(*this);
  for (const LineEnd line : lines_) {
    if (rank_ == 0 && network_.is_open(line)) network_.send(line, pack_refusal(why));
    network_.close(line);
  }
  for (const LineEnd guest : guests_) network_.close(guest);
  meeting_status_ = std::move(why);
}

}  // namespace oarlock::simulation
