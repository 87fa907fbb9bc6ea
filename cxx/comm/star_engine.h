// The thread of a group, and all that the protocol of a star (star_protocol.h) needs of a process: it owns the
// connections and the clock, hands in what threads ask for, and moves large tensors by the data thread behind
// DataTransfer. It never waits for anything but its one poll().
#pragma once

#include <poll.h>

#include <array>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "comm/admission.h"
#include "comm/backends/gloo/gloo_transport.h"
#include "comm/data_transfer.h"
#include "comm/flight_recorder.h"
#include "comm/operation.h"
#include "comm/rendezvous.h"
#include "comm/star_protocol.h"

namespace oarlock {

class StarEngine : private StarProtocol::Shell {
 public:
  using Activity = oarlock::Activity;
  struct Limits {
    Milliseconds late{5000};
    Milliseconds connect_timeout{300000};
    bool arrival_skew = false;  // whether it is measured
  };
  StarEngine(Star star, Limits limits);
  ~StarEngine() override;  // says goodbye and ends the thread

  int rank() const { return star_.rank; }
  int world_size() const { return star_.world_size; }
  const Star& star() const { return star_; }  // what the meeting left; immutable but for the connections
  const Limits& limits() const { return limits_; }
  FlightRecorder& recorder() { return recorder_; }
  const std::shared_ptr<FlightRecorder>& shared_recorder() const { return shared_recorder_; }
  const std::shared_ptr<ArrivalSkew>& skew() const { return skew_; }  // nullptr: not measured

  // Any thread. A dead group refuses; the first to hear of a failure gets its own code, later calls OAR_E_ABORTED.
  Status submit(std::shared_ptr<Operation> operation);
  void abort(std::string_view reason);

  // For who moves data on another way and has the liveness of the ranks from here. Any thread.
  // Ok, or why no operation can begin: the group is closed or dead, the latter told as submit() tells it.
  Status admit(Operator op);
  // The group is dead by `status`, here and on the peers. An earlier failure stays; gives the one that holds.
  Status fail_group(Status status);
  // A warning, said on the engine's thread as all of its own are.
  void warn_soon(std::string text);
  // The group is dead by `status`, which the next operation is to be told.
  void learn_failure(Status status);
  // What an abort by this rank is on every rank.
  Status abort_status(std::string_view reason);
  // Why the group is dead, for the operation that ends by it; ok: it is not.
  Status take_failure();
  // What that other way is doing, for messages, and how it hears that the group is dead. Called on the engine's thread.
  struct Companion {
    std::function<std::optional<Activity>()> activity;               // nothing: what the engine itself does
    std::function<void(const Status& why, bool is_own)> on_failure;  // is_own: the peers hear of it from here
  };
  void attach(Companion companion);  // before operations begin
  // What moves large data, if not gloo between all ranks. `reduces_all`: it has arithmetic for every type that is
  // reduced, which gloo has not. The same on all ranks, before operations begin.
  void set_transport(MakeTransport make, bool reduces_all = false) {
    make_transport_ = std::move(make);
    reduces_all_ = reduces_all;
  }
  void close();                 // goodbye to the peers; operations still running are aborted. Twice is fine
  std::size_t backlog() const;  // collectives not done yet

 private:
  // How the data thread tells that it is done; outlives the engine if the transport does.
  struct DataSignal {
    explicit DataSignal(int wake_fd);
    std::mutex mutex;
    std::optional<Status> result;
    Descriptor wake;
  };

  void wake() const;
  Status end_by(Status status, bool reported);

  void run();
  void run_until_closed();
  void flush_goodbye();
  void take_requests();
  void submit_new();
  void poll_once();
  int wait_for_one(std::vector<pollfd>& waiting, int bound);
  void service(int rank);
  void record_end();

  // What the protocol decides (StarProtocol::Shell). The engine's thread.
  void send(int rank, std::shared_ptr<const std::string> frame) override;
  void close_connection(int rank) override;
  void move_data(const std::shared_ptr<Operation>& operation) override;
  bool can_reduce(c10::ScalarType dtype, ReduceOp op) const override {
    return reduces_all_ || StarProtocol::Shell::can_reduce(dtype, op);
  }
  void advance(const Operation& operation, FlightRecorder::Phase phase) override;
  void finish(const std::shared_ptr<Operation>& operation, Status status) override;
  Status declare_dead(Status status, bool tells_peers) override;
  void stop_moving_data() override;
  void warn(const std::string& text) override;
  std::optional<Activity> activity_elsewhere() override;

  // Memory of ours in the shape of a tensor, row-major; of the larger of this and earlier operations.
  at::Tensor stage(int slot, const at::Tensor& like);
  void take_data_result();

  Star star_;
  Limits limits_;
  const std::shared_ptr<FlightRecorder> shared_recorder_ = std::make_shared<FlightRecorder>();
  FlightRecorder& recorder_ = *shared_recorder_;
  const std::shared_ptr<ArrivalSkew> skew_;
  Descriptor wake_;

  mutable std::mutex mutex_;  // guards the block below
  Admission admission_;
  std::list<std::shared_ptr<Operation>> new_operations_;
  std::size_t num_collectives_ = 0;  // not done yet; sends and receives apart
  std::size_t num_transfers_ = 0;
  std::optional<std::string> abort_reason_;
  std::optional<Status> requested_failure_;
  std::vector<std::string> requested_warnings_;
  bool ended_ = false;
  Companion companion_;  // set once, before operations begin; its functions are called with no lock held

  MakeTransport make_transport_;  // set once, before operations begin; called on the engine's thread
  bool reduces_all_ = false;      // the same

  // Only the engine's thread.
  StarProtocol protocol_;
  std::shared_ptr<Operation> moving_;      // whose data the transfer moves
  std::optional<std::string> end_reason_;  // of the group, not yet recorded
  std::unique_ptr<DataTransfer> transfer_;
  std::shared_ptr<DataSignal> data_signal_;
  std::array<at::Tensor, 2> staging_;  // kept from one operation to the next: fresh pages cost more than copies
  at::Tensor staged_tensor_;           // what the transport works on, where that is not the caller's memory
  at::Tensor staged_output_;

  std::thread thread_;
};

}  // namespace oarlock
