// Sends and receives between the ranks of one host, by a channel for each pair and direction: the two ranks alone take
// part. Each side compares the two signatures itself.
//
// Who waits moves the data of all transfers of this rank that can go on, not only of its own. A thread of this class
// does it while a transfer that was started is not done and nobody waits; it is begun with the first of those.
// Transfers of one pair and direction go one after the other; no other order is kept.
//
// Invariants: 1. a transfer that submit() took ends exactly once, by Operation::finish. 2. what has come counts: the
// end of the group ends only what cannot go on without the peer.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "comm/backends/shm/attendance.h"
#include "comm/backends/shm/channel.h"
#include "comm/backends/shm/rounds.h"
#include "comm/operation.h"
#include "comm/star_engine.h"

namespace oarlock {

class PointToPoint {
 public:
  // Both outlive this. `rounds`: with memory_bytes(size) behind its own. `next_collective`: of the first one that this
  // rank has not completed.
  PointToPoint(Rounds& rounds, StarEngine& engine, std::function<std::uint64_t()> next_collective);
  ~PointToPoint() { close(); }
  static std::size_t memory_bytes(int size) { return size < 2 ? 0 : Channel::memory_bytes(size); }

  // Any thread. Takes a send or receive, and does of it what needs no waiting. A failure: it was not taken. kAwaited:
  // the caller waits for it next.
  enum class Kind { kAwaited, kStarted };
  Status submit(const std::shared_ptr<Operation>& operation, Kind kind);
  // Any thread. Until it is done: its own time-out ends it, and the group with it.
  void wait(const Operation& operation);
  // Ends what is not done. Waits have been interrupted. Twice is fine.
  void close();

 private:
  using TimePoint = Clock::TimePoint;
  struct Transfer {
    explicit Transfer(std::shared_ptr<Operation> called)
        : operation(std::move(called)), row(operation->tensor.contiguous()) {}
    std::byte* data() const { return static_cast<std::byte*>(row.data_ptr()); }
    const Signature& signature() const { return operation->signature; }

    std::shared_ptr<Operation> operation;
    at::Tensor row;  // its tensor, or a row-major copy
    std::size_t done = 0;
    TimePoint since = steady_clock().now();
    std::optional<TimePoint> moved_at{};  // once both sides have called
    bool is_posted = false, is_warned = false;
  };
  // To one peer, or from one.
  struct Line {
    explicit Line(const Channel& own) : channel(own) {}
    Channel channel;
    std::uint64_t num_submitted = 0;
    std::list<Transfer> waiting;  // the first is the one that moves
  };
  struct Step {
    bool has_moved = false, is_done = false;
  };

  Line& line_of(const Signature& signature);
  void begin_thread();
  void run_thread();

  void move_until_done(const Operation& operation);
  // One step of every transfer that can go on; true: something has moved. Failures end the group.
  bool move();
  Result<bool> try_to_move();
  Result<bool> move_all();
  Result<Step> send(Line& line, Transfer& transfer);
  Result<Step> receive(Line& line, Transfer& transfer);
  Status match(Transfer& transfer, const Signature& send, const Signature& receive);
  void finish(Transfer& transfer);
  // Moves, and if there is nothing to move sleeps until there may be, looking for what ends the group before.
  void listen(Milliseconds bound);
  bool ends();  // the group is over, and all transfers are
  Status check_peers();
  Status check_times(TimePoint now, TimePoint& next_event);
  Status check_time(Transfer& transfer, TimePoint now, TimePoint& next_event);
  void end_all(const Status& why, bool is_wished = false);  // is_wished: by who closes the group

  Rounds& rounds_;
  StarEngine& engine_;
  Attendance attendance_;
  const std::function<std::uint64_t()> next_collective_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Line>> lines_;  // by peer, sends before receives; made when they are first used
  std::vector<Line*> active_;                 // where something waits
  int num_waiting_ = 0;                       // threads in wait()
  bool is_closed_ = false;
  std::thread thread_;
};

}  // namespace oarlock
