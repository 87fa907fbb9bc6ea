// A world of which this process is one rank and the test plays the others.
#pragma once

#include <memory>

#include "doubles/group.h"
#include "state/process_state.h"

namespace oarlock::doubles {

class ScriptedState : public State {
 public:
  ScriptedState(int rank, int world_size, Options options)
      : scripted(std::make_shared<ScriptedGroup>(rank, world_size)), group_(scripted), options_(std::move(options)) {
    topology_.rank = rank;
    topology_.world_size = world_size;
  }
  const Topology& topology() const override { return topology_; }
  at::Device device() const override { return at::kCPU; }
  const Options& options() const override { return options_; }
  const std::shared_ptr<Group>& group() const override { return group_; }
  Milliseconds timeout() const override { return Milliseconds(1000); }
  Status print(std::string_view) override { return Status::ok(); }
  void set_print_sink(PrintSink) override {}
  void request_stop() noexcept override {}
  Result<bool> should_stop() override { return false; }
  Status dump(const std::string&) const override { return Status::ok(); }
  Status abort(std::string_view reason) override {
    aborted_for = reason;
    return Status::ok();
  }
  Result<std::shared_ptr<State>> shrink(int, Milliseconds) override { return unsupported("a double does not shrink"); }
  Status close() override { return Status::ok(); }

  const std::shared_ptr<ScriptedGroup> scripted;
  std::string aborted_for;

 private:
  std::shared_ptr<Group> group_;
  Options options_;
  Topology topology_;
};

}  // namespace oarlock::doubles
