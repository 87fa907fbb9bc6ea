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

  Milliseconds timeout() const override { return Milliseconds(1000); }

  Result<std::shared_ptr<Work>> start(Call call) override {
    perform(call);
    if (call.signature.op != Operator::kAllReduce || !stays_in_flight) return finished();
    in_flight.push_back(call.tensor);
    return std::shared_ptr<Work>(std::make_shared<PendingWork>());
  }
  Status run(Call& call) override {
    perform(call);
    return outcome;
  }
  Status abort(std::string_view reason) override {
    aborted_for = reason;
    return Status::ok();
  }
  void close() override {}
  std::shared_ptr<FlightRecorder> recorder() const override { return nullptr; }

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
  void perform(Call& call) {
    const Signature& signature = call.signature;
    if (signature.op == Operator::kBarrier) return;
    const bool is_bytes = signature.op == Operator::kAllGatherBytes || signature.op == Operator::kBroadcastBytes;
    launched.push_back(std::string(operator_name(signature.op)) +
                       (is_bytes ? "" : " " + std::to_string(signature.numel)));
    if (signature.op == Operator::kAllReduce && on_all_reduce) on_all_reduce(call.tensor);
    if (signature.op == Operator::kBroadcast && on_broadcast) on_broadcast(call.tensor);
    if (signature.op == Operator::kAllGather && on_all_gather) on_all_gather(call.tensor, call.output);
    if (signature.op == Operator::kBroadcastBytes) {
      call.gathered = {on_broadcast_bytes ? on_broadcast_bytes(call.bytes) : call.bytes};
    } else if (on_all_gather_bytes) {
      call.gathered = on_all_gather_bytes(call.bytes);
    } else {
      call.gathered.assign(static_cast<std::size_t>(size_), call.bytes);
    }
  }
  std::shared_ptr<Work> finished() { return std::make_shared<FinishedWork>(outcome); }
  int rank_, size_;
};

}  // namespace oarlock::doubles
