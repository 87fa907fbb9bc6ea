#include "unit/comm/simulation/network.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace oarlock::simulation {
namespace {

Status gone(int error_number) {
  return peer_lost("{}", error_number == 0 ? "end of stream" : std::system_category().message(error_number))
      .with_vendor_code(error_number);
}

}  // namespace

void Timeline::at(TimePoint when, std::function<void()> what) {
  events_.push({std::max(when, now_), ++num_planned_, std::move(what)});
}

bool Timeline::run_next() {
  if (events_.empty()) return false;
  const Event next = events_.top();
  events_.pop();
  now_ = next.when;
  next.what();
  return true;
}

TimePoint::duration Network::delay() {
  // Mostly quick, now and then as slow as can be.
  return random_.chance(90) ? random_.microseconds(30, delay_us_max_ / 20 + 30)
                            : random_.microseconds(30, delay_us_max_);
}

bool Network::listen(Station& station) {
  if (listener_ != nullptr) return false;
  listener_ = &station;
  return true;
}

void Network::stop_listening(Station& station) {
  if (listener_ == &station) listener_ = nullptr;
}

void Network::connect(Station& station, Milliseconds bound) {
  timeline_.after(delay(), [this, &station, bound] {
    if (isolated_.count(station.place()) != 0 || (listener_ != nullptr && isolated_.count(listener_->place()) != 0)) {
      return timeline_.after(bound, [&station] { station.not_connected(gone(ETIMEDOUT)); });
    }
    if (listener_ == nullptr) return station.not_connected(gone(ECONNREFUSED));
    const LineEnd mine = add_line(station, *listener_);
    listener_->accepted({mine.line, 1});
    timeline_.after(delay(), [this, &station, mine] {
      if (!lines_[mine.line].ends[0].is_closed) station.connected(mine);
    });
  });
}

LineEnd Network::add_line(Station& from, Station& to) {
  lines_.emplace_back();
  lines_.back().ends[0].station = &from;
  lines_.back().ends[1].station = &to;
  return {static_cast<int>(lines_.size()) - 1, 0};
}

void Network::close_port(Station& station, const std::vector<LineEnd>& waiting) {
  ports_.erase(station.place());
  for (const LineEnd line : waiting) close(line);
}

void Network::dial(Station& station, int place, Milliseconds bound, std::function<void(Result<LineEnd>)> then) {
  timeline_.after(delay(), [this, &station, place, bound, then = std::move(then)] {
    if (place != station.place() && (isolated_.count(station.place()) != 0 || isolated_.count(place) != 0)) {
      return timeline_.after(bound, [then] { then(gone(ETIMEDOUT)); });
    }
    const auto port = ports_.find(place);
    if (port == ports_.end()) return timeline_.after(delay(), [then] { then(gone(ECONNREFUSED)); });
    const LineEnd mine = add_line(station, *port->second);
    port->second->accepted({mine.line, 1});
    timeline_.after(delay(), [this, &station, then, mine] {
      const bool has_ended = lines_[mine.line].ends[0].is_told;  // too early
      then(mine);
      if (has_ended) station.ended(mine, gone(0));
    });
  });
}

bool Network::is_open(LineEnd mine) const {
  return mine.line >= 0 && !lines_[mine.line].is_broken && !lines_[mine.line].ends[mine.end].is_closed;
}

bool Network::is_at_end(LineEnd mine) const { return lines_[mine.line].ends[mine.end].is_at_end; }

void Network::send(LineEnd from, const std::string& bytes) {
  FrameHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  inject(from, Frame{header.type, bytes.substr(sizeof(header))});
}

void Network::inject(LineEnd from, Frame frame) {
  if (!is_open(from)) return;
  lines_[from.line].ends[from.end].last = frame;
  carry(from, Item{true, std::move(frame)});
}

void Network::close(LineEnd mine) {
  if (!is_open(mine)) return;
  lines_[mine.line].ends[mine.end].is_closed = true;
  carry(mine, Item{false, {}, gone(0)});
}

void Network::kill(Station& station) {
  stop_listening(station);
  std::erase_if(ports_, [&](const auto& port) { return port.second == &station; });
  for (std::size_t line = 0; line < lines_.size(); ++line) {
    for (int end = 0; end < 2; ++end) {
      if (lines_[line].ends[end].station != &station) continue;
      if (random_.chance(30)) lines_[line].ends[1 - end].lost_from = timeline_.now();
      close({static_cast<int>(line), end});
    }
  }
}

void Network::carry(LineEnd from, Item item) {
  const LineEnd to{from.line, 1 - from.end};
  End& end = lines_[to.line].ends[to.end];
  end.last_arrival = std::max(end.last_arrival, timeline_.now() + delay());
  timeline_.at(end.last_arrival, [this, to, item = std::move(item)]() mutable { arrive(to, std::move(item)); });
}

void Network::arrive(LineEnd to, Item item) {
  Line& line = lines_[to.line];
  if (line.is_broken) return;
  if (is_separated(line) || !line.ends[to.end].held.empty()) return line.ends[to.end].held.push_back(std::move(item));
  deliver(to, std::move(item));
}

void Network::deliver(LineEnd to, Item item) {
  End& end = lines_[to.line].ends[to.end];
  if (item.is_frame) {
    if (end.is_closed || timeline_.now() > end.lost_from) return;
    return end.station->heard(to, std::move(item.frame));
  }
  end.is_at_end = true;
  if (!end.is_closed && !std::exchange(end.is_told, true)) end.station->ended(to, std::move(item.why));
}

void Network::reset(int line) {
  if (lines_[line].is_broken) return;
  lines_[line].is_broken = true;
  for (int end = 0; end < 2; ++end) {
    timeline_.after(delay(), [this, line, end] {
      End& mine = lines_[line].ends[end];
      mine.is_at_end = true;
      if (!mine.is_closed && !std::exchange(mine.is_told, true)) mine.station->ended({line, end}, gone(ECONNRESET));
    });
  }
}

bool Network::is_separated(const Line& line) const {
  const int a = line.ends[0].station->place();
  const int b = line.ends[1].station->place();
  return a != b && (isolated_.count(a) != 0 || isolated_.count(b) != 0);
}

void Network::hold_lines(int place) {
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (lines_[i].ends[0].station->place() != place && lines_[i].ends[1].station->place() != place) continue;
    // Keepalive and TCP_USER_TIMEOUT of connection.cpp.
    timeline_.after(Milliseconds(5000) + random_.milliseconds(0, 1000), [this, i] {
      if (is_separated(lines_[i])) reset(static_cast<int>(i));
    });
  }
}

void Network::heal(int place) {
  isolated_.erase(place);
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (!is_separated(lines_[i])) timeline_.after(delay(), [this, i] { release(static_cast<int>(i)); });
  }
}

void Network::release(int line) {
  for (int end = 0; end < 2; ++end) {
    std::deque<Item>& held = lines_[line].ends[end].held;
    while (!held.empty() && !lines_[line].is_broken && !is_separated(lines_[line])) {
      Item item = std::move(held.front());
      held.pop_front();
      deliver({line, end}, std::move(item));
    }
  }
}

}  // namespace oarlock::simulation
