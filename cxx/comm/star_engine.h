// The thread of a group: it owns the connections, runs the operations in the order in which they were given, and
// notices whatever happens to peers at any time. It never waits for anything but its one poll(); large tensors are
// moved by the data thread behind DataTransfer meanwhile.
//
// Every operation starts by an arrival at rank 0 (roll_call.h). When all ranks have arrived with equal signatures rank
// 0 sends the verdict: for small operations the result itself, for large ones the permission to let gloo move the data.
// Sends and receives have an order of their own for each pair of ranks and never wait behind collectives.
// Any failure (mismatch, time-out, a lost rank, an abort) makes the group dead on every rank, by the same text.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "comm/backends/gloo/gloo_transport.h"
#include "comm/data_transfer.h"
#include "comm/flight_recorder.h"
#include "comm/hub_exchange.h"
#include "comm/operation.h"
#include "comm/rendezvous.h"
#include "comm/roll_call.h"
#include "comm/transfer_book.h"

namespace oarlock {

class StarEngine {
 public:
  struct Limits {
    Milliseconds late{5000};
    Milliseconds connect_timeout{300000};
  };
  StarEngine(Star star, Limits limits);
  ~StarEngine();  // says goodbye and ends the thread

  int rank() const { return star_.rank; }
  int world_size() const { return star_.world_size; }
  const Star& star() const { return star_; }  // what the meeting left; immutable but for the connections
  const Limits& limits() const { return limits_; }
  FlightRecorder& recorder() { return recorder_; }

  // Any thread. A dead group refuses; the first to hear of a failure gets its own code, later calls OAR_E_ABORTED.
  Status submit(std::shared_ptr<Operation> operation);
  void abort(std::string_view reason);

  // For who moves data on another way and has the liveness of the ranks from here. Any thread.
  // Ok, or why no operation can begin: the group is closed or dead, the latter told as submit() tells it.
  Status admit(Operator op);
  // The group is dead by `status`, here and on the peers. An earlier failure stays; gives the one that holds.
  Status fail_group(Status status);
  // A warning, said on the engine's thread as all of its own are.
  void warn(std::string text);
  // The group is dead by `status`, which the next operation is to be told.
  void learn_failure(Status status);
  // What an abort by this rank is on every rank.
  Status abort_status(std::string_view reason) const;
  // Why the group is dead, for the operation that ends by it; ok: it is not.
  Status take_failure();
  // What that other way is doing, for messages, and how it hears that the group is dead. Called on the engine's thread.
  struct Activity {
    std::uint64_t num_done = 0;
    std::optional<Signature> current;
  };
  struct Companion {
    std::function<Activity()> activity;
    std::function<void(const Status& why, bool is_own)> on_failure;  // is_own: the peers hear of it from here
  };
  void attach(Companion companion);  // before operations begin
  void close();                      // goodbye to the peers; operations still running are aborted. Twice is fine
  std::size_t backlog() const;       // operations not done yet

 private:
  using TimePoint = Clock::TimePoint;
  static constexpr Milliseconds kHubGrace{1000};  // rank 0 decides a time-out first: it can name the late ranks
  enum class Phase { kIdle, kAwaitingRanks, kMovingData };
  // How the data thread tells that it is done; outlives the engine if gloo does.
  struct DataSignal;

  bool is_hub() const { return star_.rank == 0; }
  // Whether its data may travel with the signatures; of a ragged all_to_all ranks may differ in that.
  bool is_small(const Operation& operation) const;
  bool all_are_small() const;
  void wake() const;

  void run();
  void run_until_closed();
  void say_goodbye();
  void poll_once();
  int poll_bound_ms(TimePoint now) const;
  void take_requests();
  void check_timers(TimePoint now);
  Status silent_hub() const;
  void start_probe(TimePoint now);
  void take_answer(int rank);
  std::vector<int> silent_ranks() const;
  Status stalled_transfer(const std::vector<int>& silent) const;

  void start_next();
  void arrive_at_hub(int rank, Arrival arrival);
  void reach_verdict();
  void send_verdict(const Verdict& verdict, bool through_hub);
  void start_transfer();
  // Memory of ours in the shape of a tensor, row-major; of the larger of this and earlier operations.
  at::Tensor stage(int slot, const at::Tensor& like);
  void take_data_result();
  void finish_current(Status status);

  // Sends and receives (star_engine_transfers.cpp).
  struct Posted {
    std::shared_ptr<Operation> operation;
    TimePoint deadline;  // after rank 0's own
  };
  void start_posts();
  void post(const Operation& operation);
  void post_at_hub(int rank, const Signature& signature, Milliseconds timeout, std::string payload);
  void conclude_transfer(int rank, const Signature& signature, std::string payload);
  bool is_fetched(const Signature& signature) const;  // a large send, whose data rank 0 asks for when it is matched
  void handle_pull(const Frame& frame);
  void give_data(const Signature& signature);
  void handle_data(int rank, const Frame& frame);
  void deliver(int sender, Signature signature, std::string data);
  static Status unawaited();
  std::deque<Posted>::iterator find_posted(const Signature& signature);
  void handle_matched(const Frame& frame);
  void take_transfer(const Signature& signature, std::string_view payload);
  void fail_posts(const Status& status);
  void check_posts(TimePoint now);
  std::optional<TimePoint> next_post_event() const;

  void service(int rank);
  void handle(int rank, Frame frame);
  void handle_verdict(const Frame& frame);
  void handle_goodbye(int rank, const Frame& frame);
  void lose_peer(int rank, const Status& why);
  void send_to(int rank, std::shared_ptr<const std::string> frame);
  void send_to_all(std::string frame);
  void warn_all(const std::string& text);

  // Ends everything: the current and all queued operations get `status`, the peers are told unless they told us.
  void fail(Status status, bool tell_peers);
  Status check_open(Operator op);
  Status dead_group_status() const;
  Activity activity() const;
  std::string doing() const;           // "during operation 7, barrier", for messages
  std::string operation_name() const;  // of what it does; empty: nothing

  Star star_;
  Limits limits_;
  FlightRecorder recorder_;
  Descriptor wake_;

  mutable std::mutex mutex_;  // guards the block below
  std::deque<std::shared_ptr<Operation>> queue_;
  std::uint64_t num_submitted_ = 0;
  std::deque<std::shared_ptr<Operation>> new_posts_;              // sends and receives
  std::map<std::pair<Operator, int>, std::uint64_t> num_posted_;  // by what, and to or from whom
  std::optional<std::string> abort_reason_;
  std::optional<Status> requested_failure_;
  std::vector<std::string> requested_warnings_;
  bool close_requested_ = false;
  bool closed_ = false;
  Status failure_ = Status::ok();
  bool failure_reported_ = false;
  std::shared_ptr<Operation> current_;  // changed by the engine's thread only

  MakeTransport make_transport_ = [](Star& star, Milliseconds timeout) { return make_gloo_transport(star, timeout); };
  Companion companion_;  // set once, before operations begin; its functions are called with no lock held

  // Only the engine's thread.
  Phase phase_ = Phase::kIdle;
  std::uint64_t num_done_ = 0;
  TimePoint deadline_{};                                      // of the current phase, where rank 0 does not decide it
  std::optional<std::pair<TimePoint, Status>> data_failure_;  // gloo failed; a better explanation may still come
  std::optional<TimePoint> probe_end_;                        // rank 0, while it looks who stalls a transfer
  std::vector<bool> has_answered_;
  bool failed_ = false;
  std::optional<std::uint64_t> hub_left_after_;
  RollCall roll_call_;             // rank 0
  std::vector<Arrival> arrivals_;  // rank 0
  std::vector<bool> left_;         // rank 0
  TransferBook book_;              // rank 0
  std::deque<Posted> posted_;      // this rank's, not yet answered
  std::unique_ptr<DataTransfer> transfer_;
  std::shared_ptr<DataSignal> data_signal_;
  std::array<at::Tensor, 2> staging_;  // kept from one operation to the next: fresh pages cost more than copies
  at::Tensor staged_tensor_;           // what gloo works on, where that is not the caller's memory
  at::Tensor staged_output_;

  std::thread thread_;
};

}  // namespace oarlock
