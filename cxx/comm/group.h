// Ranks that communicate. One rank works without any backend. Not thread-safe but for abort().
//
// Every operation carries a sequence number and a signature that ranks compare before data moves, so a mismatch is
// OAR_E_MISMATCH on every rank with both sides named, never wrong data and never a dead process.
// Tensors may have any strides unless said; results do not depend on the ranks' order of arrival.
#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/arrival_skew.h"
#include "comm/call.h"
#include "comm/descendants.h"
#include "comm/flight_recorder.h"
#include "comm/work.h"

namespace oarlock {

enum class ReduceOp {  // the numbers of collectives.h
  kSum = 1,
  kAverage = 2,
  kMax = 3,
  kMin = 4,
  kProduct = 5,
  kBitwiseAnd = 6,
  kBitwiseOr = 7,
  kBitwiseXor = 8
};

struct MpiPlace;  // backends/mpi/mpi_link.h

// What moves data between hosts, where ranks are on several.
struct BetweenHosts {
  std::string by = "auto";              // as the option comm.between_hosts: "auto", "gloo", "mpi"
  std::shared_ptr<const MpiPlace> mpi;  // nullptr: the group's ranks have no MPI to give it to
};

// How a group was made; groups of some of its ranks (subgroup.h) are made alike.
struct GroupMaking {
  std::string backend = "auto";
  std::int64_t inline_bytes = 0;
  Milliseconds late{5000};
  Milliseconds connect_timeout{300000};
  bool arrival_skew = false;
  std::string own_address;  // of this rank, as peers on other hosts reach it
  BetweenHosts between;
  std::string data_by;  // what carries large data, for people: "shm", "shm inside hosts, mpi between them"
};

class Group {
 public:
  virtual ~Group() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual Milliseconds timeout() const = 0;  // what a time-out of zero means
  // Where tensors may lie.
  virtual bool takes(c10::Device device) const { return device.is_cpu(); }

  // A name for the collectives that this rank calls from now on; empty: none. Ranks compare it: calls of different tags
  // are a mismatch. Any thread.
  Status set_tag(std::string_view tag);
  std::shared_ptr<const std::string> tag() const;

  // Operations as collectives.h prepares them. start() does not wait: the work tells the end. run() waits at once,
  // which is quicker, and leaves in `call` what it gathered. Operations run in the order of these calls.
  virtual Result<std::shared_ptr<Work>> start(Call call) = 0;
  virtual Status run(Call& call) = 0;

  // The same by name: made and started, or run.
  Result<std::shared_ptr<Work>> all_reduce(const at::Tensor& tensor, ReduceOp op, Milliseconds timeout);
  Result<std::shared_ptr<Work>> broadcast(const at::Tensor& tensor, int root, Milliseconds timeout);
  Result<std::shared_ptr<Work>> all_gather(const at::Tensor& input, const at::Tensor& output, Milliseconds timeout);
  Status barrier(Milliseconds timeout);
  Result<std::vector<std::string>> all_gather_bytes(std::string_view mine, Milliseconds timeout);
  Result<std::string> broadcast_bytes(std::string_view bytes, int root, Milliseconds timeout);

  // Memory for a tensor, zeros, that operations of this group read and write where it lies if the ranks share memory;
  // else ordinary memory. Collective, with equal sizes and dtype. May outlive the group.
  virtual Result<at::Tensor> alloc_shared(at::IntArrayRef sizes, at::ScalarType dtype, Milliseconds timeout);

  // From any thread: every blocked and every later call returns OAR_E_ABORTED with the reason.
  virtual Status abort(std::string_view reason) = 0;
  // Leaves the group: peers that still call it get OAR_E_PEER_LOST. Later calls here are OAR_E_STATE. Twice is fine.
  virtual void close() = 0;
  // Its last operations, and why it is dead. Outlives the group for who keeps it.
  virtual std::shared_ptr<FlightRecorder> recorder() const = 0;
  // What is measured of the ranks' arrivals, where this rank sees them; nullptr: nothing (comm.arrival_skew is off).
  virtual std::shared_ptr<const ArrivalSkew> skew() const { return nullptr; }

  // Which rank of the world, the group that a state was made with, the group's `rank` is.
  virtual int world_rank(int rank) const { return rank; }
  virtual const Group* world() const { return this; }  // to compare; lives as long as this group
  // The groups made of this one. An abort of this one, by whatever rank, ends them; who closes it closes them first.
  const std::shared_ptr<Descendants>& descendants() const { return descendants_; }
  const GroupMaking& making() const { return making_; }
  void set_making(GroupMaking making) { making_ = std::move(making); }  // before anybody else has the group

 protected:
  std::shared_ptr<Descendants> descendants_ = std::make_shared<Descendants>();

 private:
  GroupMaking making_;
  std::atomic<bool> is_tagged_{false};
  mutable std::mutex tag_mutex_;
  std::shared_ptr<const std::string> tag_;
};

// Runs body on every rank's behalf and makes the ranks agree on the outcome: ok on all, or on all the failure of the
// lowest rank that failed (its text, its rank). Collective. What multi-rank saves and loads end with.
Status agree(Group& group, const Status& mine, Milliseconds timeout);
// The same with bytes: those of all ranks, in rank order, or the failure that is told in place of them.
Result<std::vector<std::string>> agree_on_all(Group& group, const Result<std::string>& mine, Milliseconds timeout);
// How late the ranks came to the last operations (arrival_skew.h), as rank 0 has seen it: the JSON of skew_to_json, the
// same on all ranks. Collective. OAR_E_STATE: it is not measured.
Result<std::string> arrival_skew(Group& group, Milliseconds timeout);
// The root's bytes, or its failure. What others give is not looked at.
Result<std::string> agree_on_root(Group& group, const Result<std::string>& mine, int root, Milliseconds timeout);

}  // namespace oarlock
