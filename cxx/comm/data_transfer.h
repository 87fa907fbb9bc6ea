// Moves the data of large operations, once the ranks are known to make the same call. What carries them is a transport
// (gloo, say), which may block and may know no interruption: it works on a thread of its own.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/call.h"
#include "comm/rendezvous.h"
#include "comm/signature.h"

namespace oarlock {

struct TransferJob {
  Signature signature;
  at::Tensor tensor;  // as in Call; contiguous. Written by all_reduce, broadcast, and on the root by reduce
  at::Tensor output;  // as in Call; contiguous
  std::vector<std::int64_t> rows;
  std::vector<std::int64_t> received_rows;
  Milliseconds timeout{0};
  // Of tensors on a device: how results come home, and when the tensors are ready.
  std::vector<Call::Copy> copies = {};
  std::shared_ptr<c10::Event> ready = nullptr;
};

// Made, used and destroyed by one thread, but for interrupt().
class Transport {
 public:
  virtual ~Transport() = default;
  virtual const char* name() const = 0;  // for messages
  // Until the job is done, or failed by its time-out at the latest; a failure may be thrown too. The first job connects
  // the ranks. No job follows one that failed.
  virtual Status perform(TransferJob& job) = 0;
  // Any thread: the group has ended. The job that runs may end early by a failure; nobody looks at it any more.
  virtual void interrupt() {}
};
// `star`: may be moved from, but for ranks, members and addresses.
using MakeTransport = std::function<std::unique_ptr<Transport>(Star& star, Milliseconds connect_timeout)>;

class DataTransfer {
 public:
  // On the thread, with no lock held.
  using Done = std::function<void(Status status)>;

  explicit DataTransfer(std::unique_ptr<Transport> transport);
  // As end_soon(); waits for that at most `kEndMax`, then leaves the transport and its job to the thread.
  ~DataTransfer();
  static constexpr Milliseconds kEndMax{1000};

  // Interrupts the transport and ends it as soon as a running job has ended, without waiting. No start() after it.
  void end_soon();
  // A job is likely to come soon: the thread is awake for it. For a moment only; it may as well not come.
  void expect();
  // One job at a time. The job's tensors are retained until the transport has ended with them.
  void start(TransferJob job, Done done);

 private:
  struct Worker;
  std::shared_ptr<Worker> worker_;
};

}  // namespace oarlock
