// Runs a graph: one boxed operator call after the other, on the caller's thread.
//
// Compiled once into steps that hold no strings, look nothing up, and know which values end with them; a run allocates
// one Frame. A range of steps may be run on its own: steps are the graph's nodes one to one, a value ends where its
// last reader in the whole graph stands, so that what a range computes for later ones is there when it ends. Autograd
// is recorded as the calling thread's grad mode says (and the program's own regions), random operators take libtorch's
// default generator in program order and nothing else touches it. run() is const: two threads may run one plan.
#pragma once

#include <ATen/core/ivalue.h>
#include <ATen/core/stack.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/call_check.h"
#include "graph/ir.h"
#include "graph/short_call.h"

namespace oarlock {

// The values of one run, by slot.
class Frame {
 public:
  void set(SlotId slot, c10::IValue value) { values_[static_cast<std::size_t>(slot)] = std::move(value); }
  const c10::IValue& get(SlotId slot) const { return values_[static_cast<std::size_t>(slot)]; }
  void clear() noexcept;  // holds no value any more, not even of a run that failed

 private:
  friend class Executor;
  std::vector<c10::IValue> values_;
  std::vector<Frame> bodies_;  // one per body that has run, kept for the next time
  torch::jit::Stack stack_;
};

// The grad-mode and autocast regions that a program has opened on this thread. What is still open when it goes is
// closed in reverse order: the thread is as before whatever happened.
class Regions {
 public:
  Regions() = default;
  Regions(const Regions&) = delete;
  Regions& operator=(const Regions&) = delete;
  ~Regions();
  void enter_grad_mode(bool enabled);
  void enter_autocast(const torch::jit::Stack& arguments);  // of kEnterAutocast
  void leave();

 private:
  struct Saved {
    bool is_grad_mode;
    at::DeviceType device;
    bool enabled;
    at::ScalarType dtype;
    bool cache_enabled;
  };
  std::vector<Saved> saved_;
};

class Executor {
 public:
  // `keep`: slots that outlive the run besides graph.outputs.
  static Executor compile(const Graph& graph, const std::vector<SlotId>& keep = {});

  Frame make_frame() const;
  // The graph's inputs must be set. A failing operator's text names node, target and module; the thread's grad mode and
  // autocast state are as before whatever happens.
  Status run(Frame& frame) const;
  // Only the steps [begin, end): what they read must be in the frame. `regions` is the run's, the same for all ranges
  // of one run in order; a range that is run alone opens by open_regions what stands open before it.
  Status run(Frame& frame, Regions& regions, std::size_t begin, std::size_t end) const;
  Status open_regions(Regions& regions, std::size_t before) const;

  std::size_t num_steps() const { return steps_.size(); }
  std::size_t num_slots() const { return num_slots_; }

 private:
  // Where one argument comes from.
  struct Source {
    ArgumentKind kind = ArgumentKind::kConstant;
    bool take = false;       // kSlot: nobody reads the slot afterwards, so its value moves
    std::int32_t index = 0;  // kConstant: in constants_; kSlot, kNumber*: the slot; lists: first of items_
    std::int32_t count = 0;  // lists
  };
  struct Output {
    bool is_list = false;
    std::int32_t first = 0;  // in output_slots_
    std::int32_t count = 0;
  };
  struct Range {
    std::int32_t begin = 0, end = 0;
  };
  struct Step {
    Opcode opcode;
    SymbolicOp symbolic;
    std::int32_t op;  // in operators_
    Range sources, outputs, frees;
    Range bodies;  // in bodies_
  };
  void push_arguments(const Step& step, Frame& frame) const;
  Status take_outputs(const Step& step, Frame& frame) const;
  Status run_conditional(const Step& step, Frame& frame) const;
  Status run_step(const Step& step, Frame& frame, Regions& regions) const;
  Status named_failure(std::size_t step, Status status) const;
  void compile_node(const Node& node, const std::vector<std::int32_t>& last_use, std::int32_t index);

  std::vector<Step> steps_;
  std::vector<c10::OperatorHandle> operators_;
  std::vector<CallCheck> checks_;       // of each operator; nullptr: none
  std::vector<ShortCall> short_calls_;  // the same
  std::vector<Source> sources_;
  std::vector<c10::IValue> constants_;
  std::vector<ArgumentItem> items_;
  std::vector<Output> outputs_;
  std::vector<SlotId> output_slots_;
  std::vector<SlotId> frees_;
  std::vector<Executor> bodies_;
  std::vector<SlotId> inputs_, graph_outputs_;  // of the graph, in order
  std::vector<std::int32_t> unread_inputs_;     // indices of those that no node reads
  std::vector<std::string> descriptions_;       // per step, for failures
  std::size_t num_slots_ = 0;
  std::size_t stack_size_max_ = 0;
};

}  // namespace oarlock
