// A group whose peers are played by the test: it records what was launched, in order, and answers as told.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <string>
#include <vector>

#include "comm/group.h"

namespace oarlock::doubles {

class FinishedWork : public Work {
 public:
  explicit FinishedWork(Status outcome) : outcome_(std::move(outcome)) {}
  Status wait(Milliseconds) override { return outcome_; }
  bool is_done() const override { return true; }
  Status error() const override { return outcome_; }

 private:
  Status outcome_;
};

// In flight for ever.
class PendingWork : public Work {
 public:
  Status wait(Milliseconds) override { return timed_out("this work never ends"); }
  bool is_done() const override { return false; }
  Status error() const override { return Status::ok(); }
};

class ScriptedGroup : public Group {
 public:
  ScriptedGroup(int rank, int size) : rank_(rank), size_(size) {}
  int rank() const override { return rank_; }
  int size() const override { return size_; }

  Result<std::shared_ptr<Work>> all_reduce(at::Tensor tensor, ReduceOp, Milliseconds) override {
    launched.push_back("all_reduce " + std::to_string(tensor.numel()));
    if (on_all_reduce) on_all_reduce(tensor);
    if (!stays_in_flight) return finished();
    in_flight.push_back(tensor);
    return std::shared_ptr<Work>(std::make_shared<PendingWork>());
  }
  Result<std::shared_ptr<Work>> broadcast(at::Tensor tensor, int, Milliseconds) override {
    launched.push_back("broadcast " + std::to_string(tensor.numel()));
    if (on_broadcast) on_broadcast(tensor);
    return finished();
  }
  Result<std::shared_ptr<Work>> all_gather(at::Tensor input, at::Tensor output, Milliseconds) override {
    launched.push_back("all_gather " + std::to_string(input.numel()));
    if (on_all_gather) on_all_gather(input, output);
    return finished();
  }
  Result<std::shared_ptr<Work>> start_barrier(Milliseconds) override { return finished(); }
  Result<std::vector<std::string>> all_gather_bytes(std::string_view mine, Milliseconds) override {
    launched.push_back("all_gather_bytes");
    if (on_all_gather_bytes) return on_all_gather_bytes(std::string(mine));
    return std::vector<std::string>(static_cast<std::size_t>(size_), std::string(mine));
  }
  Result<std::string> broadcast_bytes(std::string_view bytes, int, Milliseconds) override {
    return on_broadcast_bytes ? on_broadcast_bytes(std::string(bytes)) : std::string(bytes);
  }
  Status abort(std::string_view reason) override {
    aborted_for = reason;
    return Status::ok();
  }
  void close() override {}
  JsonValue history() const override { return JsonValue::array(); }

  std::vector<std::string> launched;
  // What the peers do to this rank's tensor. Unset: they contribute zeros, and send what this rank has.
  std::function<void(at::Tensor)> on_all_reduce, on_broadcast;
  std::function<void(at::Tensor, at::Tensor)> on_all_gather;
  std::function<std::vector<std::string>(std::string)> on_all_gather_bytes;
  std::function<std::string(std::string)> on_broadcast_bytes;
  Status outcome = Status::ok();  // of every wait
  bool stays_in_flight = false;   // an all_reduce's work does not end; its tensors are kept here
  std::vector<at::Tensor> in_flight;
  std::string aborted_for;

 private:
  std::shared_ptr<Work> finished() { return std::make_shared<FinishedWork>(outcome); }
  int rank_, size_;
};

}  // namespace oarlock::doubles
