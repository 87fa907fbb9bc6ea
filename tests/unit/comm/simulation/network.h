// Virtual time, and connections between stations as TCP gives them: what is sent on one arrives in order, what is sent
// on different ones in any; either end may close it, and an end learns of that after all that was sent before. A line
// that carries nothing for five seconds though something was sent ends by a time-out at both ends.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <queue>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/frame.h"
#include "unit/comm/simulation/random.h"

namespace oarlock::simulation {

using TimePoint = Clock::TimePoint;

// What happens when. Of two events at one time the one that was planned first comes first.
class Timeline {
 public:
  TimePoint now() const { return now_; }
  void at(TimePoint when, std::function<void()> what);
  void after(TimePoint::duration delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }
  bool run_next();  // false: nothing is planned

 private:
  struct Event {
    TimePoint when;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const Event& other) const {  // a queue gives its greatest first
      return when != other.when ? when > other.when : order > other.order;
    }
  };
  TimePoint now_{std::chrono::seconds(1000)};  // zero means something in the protocol
  std::uint64_t num_planned_ = 0;
  std::priority_queue<Event> events_;
};

struct LineEnd {
  int line = -1;
  int end = 0;  // 0: who connected; 1: who was reached
  bool operator==(const LineEnd&) const = default;
};

// Who has connections. Places tell which stations a partition separates.
class Station {
 public:
  virtual ~Station() = default;
  virtual int place() const = 0;
  virtual void accepted(LineEnd line) = 0;
  virtual void connected(LineEnd line) = 0;
  virtual void not_connected(Status why) = 0;
  virtual void heard(LineEnd line, Frame frame) = 0;
  virtual void ended(LineEnd line, Status why) = 0;
};

class Network {
 public:
  Network(Timeline& timeline, Random random, std::int64_t delay_us_max)
      : timeline_(timeline), random_(random), delay_us_max_(delay_us_max) {}

  bool listen(Station& station);  // at the one address there is; false: somebody does
  void stop_listening(Station& station);
  void connect(Station& station, Milliseconds bound);
  // Beside that one address, a port of its own at the station's place; closing it closes `waiting`, who have connected.
  void open_port(Station& station) { ports_[station.place()] = &station; }
  void close_port(Station& station, const std::vector<LineEnd>& waiting);
  void dial(Station& station, int place, Milliseconds bound, std::function<void(Result<LineEnd>)> then);
  void send(LineEnd from, const std::string& bytes);  // a frame as FrameWriter makes it
  void inject(LineEnd from, Frame frame);             // whatever it is
  void close(LineEnd mine);
  // The station's process has ended: its lines close. What is on its way from it may be lost.
  void kill(Station& station);
  // Everything that the other end will ever send has arrived.
  bool is_at_end(LineEnd mine) const;
  void reset(int line);  // the line breaks
  const Frame& last_sent(LineEnd from) const { return lines_[from.line].ends[from.end].last; }
  bool is_open(LineEnd mine) const;

  void isolate(int place) {
    isolated_.insert(place);
    hold_lines(place);
  }
  void heal(int place);

  TimePoint::duration delay();  // of a message

 private:
  struct Item {
    bool is_frame = false;
    Frame frame{};
    Status why = Status::ok();
  };
  struct End {
    Station* station = nullptr;
    bool is_closed = false;                  // by this end itself
    bool is_told = false;                    // of the line's end
    bool is_at_end = false;                  // the other end's last has arrived here
    TimePoint last_arrival{};                // here
    TimePoint lost_from = TimePoint::max();  // what arrives here later is lost
    std::deque<Item> held;                   // by a partition, on the way here
    Frame last{};                            // that this end sent
  };
  struct Line {
    End ends[2];
    bool is_broken = false;
  };
  LineEnd add_line(Station& from, Station& to);
  bool is_separated(const Line& line) const;
  void hold_lines(int place);
  void carry(LineEnd from, Item item);
  void arrive(LineEnd to, Item item);
  void deliver(LineEnd to, Item item);
  void release(int line);

  Timeline& timeline_;
  Random random_;
  std::int64_t delay_us_max_;
  Station* listener_ = nullptr;
  std::map<int, Station*> ports_;
  std::deque<Line> lines_;
  std::set<int> isolated_;
};

}  // namespace oarlock::simulation
