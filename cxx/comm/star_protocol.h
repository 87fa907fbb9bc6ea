// What one rank of a star says to its peers and makes of what they say: the membership of a group, the order of its
// operations, its time-outs and its end. A pure state machine: no sockets, no threads, no clock of its own. It is told
// what happens (an operation is called, a frame came, a connection ended, time has passed) and tells its shell what to
// do. StarEngine is the shell of a process; a simulator drives many of them.
//
// Every operation starts by an arrival at rank 0 (roll_call.h). When all ranks have arrived with equal signatures rank
// 0 sends the verdict: for small operations the result itself, for large ones the permission to move the data another
// way. Sends and receives have an order of their own for each pair of ranks and never wait behind collectives
// (transfer_book.h). Any failure (mismatch, time-out, a lost rank, an abort) makes the group dead on every rank, by the
// same text.
//
// Invariants: 1. every operation that was submitted ends exactly once, by Shell::finish. 2. after a failure nothing is
// sent but the goodbye. 3. whatever a peer sends, the worst that comes of it is a dead group.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/arrival_skew.h"
#include "comm/backends/gloo/gloo_transport.h"
#include "comm/flight_recorder.h"
#include "comm/frame.h"
#include "comm/hub_exchange.h"
#include "comm/operation.h"
#include "comm/rendezvous.h"
#include "comm/roll_call.h"
#include "comm/transfer_book.h"

namespace oarlock {

// What a rank is doing, for messages.
struct Activity {
  std::uint64_t num_done = 0;
  std::optional<Signature> current;
};
std::string doing(const Activity& activity);  // "during operation 7, barrier"
// What an abort by this rank is on every rank.
Status abort_status(int rank, const Activity& activity, std::string_view reason);

class StarProtocol {
 public:
  using TimePoint = Clock::TimePoint;

  // Does what the protocol decides. None of it calls back into the protocol.
  class Shell {
   public:
    virtual ~Shell() = default;
    // To a peer whose connection is open. If it cannot be sent, lose() follows some time later.
    virtual void send(int rank, std::shared_ptr<const std::string> frame) = 0;
    virtual void close_connection(int rank) = 0;
    // Moves the data of an operation that all ranks have called alike, and calls end_transfer() then.
    virtual void move_data(const std::shared_ptr<Operation>& operation) = 0;
    // Whether that has arithmetic for such an all_reduce; if not, the bytes go through rank 0 at any size. The same on
    // all ranks.
    virtual bool can_reduce(c10::ScalarType dtype, ReduceOp op) const { return gloo_can_reduce(dtype, op); }
    virtual void advance(const Operation& operation, FlightRecorder::Phase phase) = 0;
    virtual void finish(const std::shared_ptr<Operation>& operation, Status status) = 0;
    // The group is dead by `status`, or by what the shell knew before: gives the one that holds. `tells_peers`: they
    // hear of it from here.
    virtual Status declare_dead(Status status, bool tells_peers) = 0;
    virtual void stop_moving_data() = 0;
    virtual void warn(const std::string& text) = 0;
    // What is done on another way while no operation runs here, if there is such a way.
    virtual std::optional<Activity> activity_elsewhere() = 0;
  };

  // `star`: its ranks, members and inline_bytes are copied; the connections are the shell's. The shell outlives this.
  // `skew`, if it is not null, learns on rank 0 when the ranks arrive, by rank 0's clock.
  StarProtocol(const Star& star, Milliseconds late, Shell& shell, std::shared_ptr<ArrivalSkew> skew = nullptr);

  // What happened. One thread; `now` never goes back.
  void submit(std::shared_ptr<Operation> operation, TimePoint now);  // numbered and admitted (admission.h)
  void receive(int rank, Frame frame, TimePoint now);
  void lose(int rank, const Status& why, TimePoint now);  // the connection ended, and no goodbye came
  void end_transfer(Status status, TimePoint now);        // of the data that was to be moved
  void check_timers(TimePoint now);
  // When check_timers() may have something to do; nullopt: nothing waits.
  std::optional<TimePoint> next_event() const;

  // What this rank's owner asks for. `tell_peers`: by their connections.
  void fail(Status status, bool tell_peers);
  void abort(std::string_view reason);
  void close();  // running operations are aborted, then goodbye. Nothing follows but submit(), which fails

  bool is_dead() const { return failed_; }
  // Whether something of the peers is likely to come soon.
  bool awaits_answer() const { return phase_ == Phase::kAwaitingRanks || !posted_.empty(); }

  // Rank 0 decides a time-out first: it can name the late ranks.
  static constexpr Milliseconds kHubGrace{1000};
  static constexpr Milliseconds kDataFailureGrace{500};  // a lost rank is often seen by the data's way first
  static constexpr Milliseconds kProbeMax{300};          // engines answer at once, whatever their ranks do

 private:
  enum class Phase { kIdle, kAwaitingRanks, kMovingData };

  bool is_hub() const { return rank_ == 0; }
  // Whether its data may travel with the signatures; of a ragged all_to_all ranks may differ in that.
  bool is_small(const Operation& operation) const;
  bool all_are_small() const;

  // Operations (star_protocol.cpp).
  void start_next();
  void arrive_at_hub(int rank, Arrival arrival);
  void reach_verdict();
  void send_verdict(const Verdict& verdict, bool through_hub);
  void handle_verdict(const Frame& frame);
  void start_transfer();
  void finish_current(Status status);
  Activity activity() const;
  std::string doing() const { return oarlock::doing(activity()); }
  std::string operation_name() const;  // of what it does; empty: nothing

  // Time (star_protocol_timers.cpp).
  bool watches_roll_call() const;
  Status silent_hub() const;
  void report_stall(const Signature& signature, Milliseconds timeout);
  void handle_stalled(const Frame& frame);
  void check_stall();
  std::vector<int> silent_ranks() const;
  Status stalled_transfer(const std::vector<int>& silent) const;

  // Sends and receives (star_protocol_transfers.cpp).
  struct Posted {
    std::shared_ptr<Operation> operation;
    TimePoint deadline;  // after rank 0's own
  };
  struct Fetch {
    int sender;
    Signature send;
  };
  void post(const std::shared_ptr<Operation>& operation);
  void post_at_hub(int rank, const Signature& signature, Milliseconds timeout, std::string payload);
  void conclude_transfer(int rank, const Signature& signature, std::string payload);
  bool is_fetched(const Signature& signature) const;  // a large send, whose data rank 0 asks for when it is matched
  void handle_pull(const Frame& frame);
  void give_data(const Signature& signature);
  void handle_data(int rank, const Frame& frame);
  void deliver(int sender, Signature signature, std::string data);
  Status check_fetches(int rank_that_left, std::uint64_t last) const;
  std::deque<Posted>::iterator find_posted(const Signature& signature);
  void handle_matched(const Frame& frame);
  void take_transfer(const Signature& signature, std::string_view payload);
  void check_posts();
  std::optional<TimePoint> next_post_event() const;

  // Peers (star_protocol_peers.cpp).
  void handle(int rank, Frame frame);
  void handle_goodbye(int rank, const Frame& frame);
  void disconnect(int rank);
  void send_to(int rank, std::shared_ptr<const std::string> frame);
  void send_to_all(std::string frame);
  void warn_all(const std::string& text);
  static Status unawaited();
  Status has_left(int rank, std::uint64_t last) const;
  Status hub_has_left(const Signature& wanted, const std::string& name) const;

  const int rank_;
  const int world_size_;
  const std::int64_t inline_bytes_;
  const std::vector<Member> members_;
  Shell& shell_;

  TimePoint now_{};              // of what is being handled
  std::vector<bool> connected_;  // by index of Star::peers
  std::deque<std::shared_ptr<Operation>> queue_;
  std::shared_ptr<Operation> current_;
  Phase phase_ = Phase::kIdle;
  std::uint64_t num_done_ = 0;
  TimePoint deadline_{};                                      // of the current phase, where rank 0 does not decide it
  std::optional<std::pair<TimePoint, Status>> data_failure_;  // a better explanation may still come
  struct Stall {
    Signature signature;
    Milliseconds timeout;
    TimePoint end;
  };
  std::optional<Stall> stall_;      // of data that does not come: while it is looked for who is to blame
  std::vector<bool> has_answered_;  // rank 0, then
  bool failed_ = false;
  Status failure_ = Status::ok();
  std::optional<std::uint64_t> hub_left_after_;
  RollCall roll_call_;              // rank 0
  std::uint64_t num_verdicts_ = 0;  // rank 0
  std::vector<Arrival> arrivals_;   // rank 0
  std::vector<bool> left_;          // rank 0
  TransferBook book_;               // rank 0
  std::deque<Fetch> fetches_;       // rank 0: sends that are matched, and whose data is to come
  const std::shared_ptr<ArrivalSkew> skew_;
  std::vector<std::uint32_t> arrivals_us_;  // rank 0, where it is measured
  std::deque<Posted> posted_;               // this rank's, not yet answered
};

}  // namespace oarlock
