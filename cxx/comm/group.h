// Ranks that communicate. One rank works without any backend. Not thread-safe but for abort().
//
// Every operation carries a sequence number and a signature that ranks compare before data moves, so a mismatch is
// OAR_E_MISMATCH on every rank with both sides named, never wrong data and never a dead process.
// Tensors may have any strides unless said; results do not depend on the ranks' order of arrival.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/status.h"
#include "comm/work.h"

namespace oarlock {

enum class ReduceOp { kSum = 1, kAverage = 2, kMax = 3, kMin = 4, kProduct = 5 };  // the numbers of collectives.h

class Group {
 public:
  virtual ~Group() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;

  // In place. kAverage divides after the sum; integers are refused for it.
  virtual Result<std::shared_ptr<Work>> all_reduce(at::Tensor tensor, ReduceOp op, Milliseconds timeout) = 0;
  virtual Result<std::shared_ptr<Work>> broadcast(at::Tensor tensor, int root, Milliseconds timeout) = 0;
  // output has shape [n * size, ...] for an input [n, ...]; rank r's rows at [r*n, (r+1)*n).
  virtual Result<std::shared_ptr<Work>> all_gather(at::Tensor input, at::Tensor output, Milliseconds timeout) = 0;
  virtual Result<std::shared_ptr<Work>> start_barrier(Milliseconds timeout) = 0;
  Status barrier(Milliseconds timeout) {
    OAR_ASSIGN(const std::shared_ptr<Work> work, start_barrier(timeout));
    return work->wait(Milliseconds(0));
  }
  virtual Result<std::vector<std::string>> all_gather_bytes(std::string_view mine, Milliseconds timeout) = 0;
  virtual Result<std::string> broadcast_bytes(std::string_view bytes, int root, Milliseconds timeout) = 0;

  // From any thread: every blocked and every later call returns OAR_E_ABORTED with the reason.
  virtual Status abort(std::string_view reason) = 0;
  // Leaves the group: peers that still call it get OAR_E_PEER_LOST. Later calls here are OAR_E_STATE. Twice is fine.
  virtual void close() = 0;
  // The last operations (flight_recorder.h), an array. Any thread.
  virtual JsonValue history() const = 0;
};

// Runs body on every rank's behalf and makes the ranks agree on the outcome: ok on all, or on all the failure of the
// lowest rank that failed (its text, its rank). Collective. What multi-rank saves and loads end with.
Status agree(Group& group, const Status& mine, Milliseconds timeout);

}  // namespace oarlock
