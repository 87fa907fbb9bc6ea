// One collective operation on its way through the engine of a group.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/call.h"
#include "comm/frame.h"

namespace oarlock {

// Invariants: 1. the engine writes tensors and results before finish() and never after. Only gloo may still write into
// the tensors of an operation that failed while it moved the data, where they are libtorch's own memory: they are
// retained until it has ended, and undefined. 2. finish() happens exactly once, so whoever has seen is_done() may read
// the results of a success, or let go of the tensors.
class Operation : public Call {
 public:
  explicit Operation(Call call = {}) : Call(std::move(call)) {}
  std::uint64_t ticket = 0;  // in the flight recorder

  void finish(Status status);
  bool is_done() const;
  Status status() const;  // ok while it runs
  // False: not done within `bound`.
  bool wait(Milliseconds bound) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable done_changed_;
  bool done_ = false;
  Status status_ = Status::ok();
};

// Small operations go through rank 0 with the signatures: each rank's part travels there, rank 0 reduces in rank order
// 0..N-1 (so every rank gets the same bits), and the result travels back.
std::string pack_arrival(const Operation& operation, int rank, bool with_payload);
struct Arrival {
  Signature signature;
  Milliseconds timeout{0};
  std::string payload;
};
Result<Arrival> unpack_arrival(std::string body);

// Rank 0: computes the result from the other ranks' payloads (payloads[0] unused), puts it into the operation and gives
// the bytes that the others need.
Result<std::string> conclude(Operation& operation, const std::vector<std::string>& payloads);
// Other ranks: puts what conclude() gave into the operation.
Status apply_verdict(Operation& operation, int rank, std::string_view payload, int world_size);

}  // namespace oarlock
