// A program run forward only, on arrays of the caller, by one thread.
//
// What holds:
//  1. Results are bit for bit those of a forward in evaluation, as long as outputs that operators write themselves are
//     laid out as these operators would lay them out (row-major, as a rule).
//  2. Nothing is allocated here once a run with the same outputs wanted and arrays of the same shapes was made.
//  3. Inputs are read where they lie. Outputs are written where they lie: by their operator (write_outputs.h) or, where
//     that cannot be, by one copy. When an output shares memory with an input, a weight or another output, everything
//     is computed before anything is written, so such a call is right too; it takes one copy.
//  4. No value of a run outlives it. Weights are read where the model has them: what trains or loads them is seen.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "graph/executor.h"
#include "graph/input_check.h"
#include "graph/ir.h"

namespace oarlock {

class InSituRun {
 public:
  // `program` must outlive this; `device` is where its tensors are.
  InSituRun(const Program& program, at::Device device);
  // Before the arrays of a run are set: follows a program that was rewritten since.
  void refresh();

  // Where the caller puts the arrays of one run, in the program's order; nullptr: not given, not wanted. Untouched by
  // run().
  std::vector<const at::Tensor*>& inputs() { return inputs_; }
  std::vector<at::Tensor*>& outputs() { return outputs_; }

  // OAR_E_ARGUMENT names the input or output that does not fit, what is expected and what was given. When a failure
  // comes from an operator in the middle of the program, outputs may hold anything.
  Status run();

  // Whether an output's own operator writes it, with all outputs wanted and no memory shared. Of the program as it is
  // now.
  Result<bool> writes_in_place(std::int64_t output);

 private:
  // The program for one choice of outputs. Slots: of the frame.
  struct Plan {
    std::vector<char> is_wanted;               // by output
    std::vector<char> is_read;                 // by input
    std::vector<SlotId> destinations;          // by output: where its tensor goes; kNoSlot: copied afterwards
    std::vector<std::size_t> written_inputs;   // by the program: they are the caller's, so it gets copies
    std::vector<std::size_t> written_tensors;  // of the program, that evaluation must not change: the same
    std::vector<SlotId> transient;             // emptied when a run ends
    Executor executor, weight_views;           // the second makes what the first needs of the weights alone
    Frame frame, views_frame;
    std::vector<SlotId> view_slots;
    std::int64_t weights_revision = -1;  // of aliases_, and what was made of them, in the frame
  };
  // The bytes from the first to the last element.
  struct Span {
    std::uintptr_t begin = 0, end = 0;
    bool operator==(const Span&) const = default;
    bool meets(const Span& other) const { return begin < other.end && other.begin < end; }
  };
  class Destinations;

  void set_up();
  static Span span_of(const at::Tensor& tensor);
  std::vector<std::pair<SlotId, int>> known_ranks() const;
  Plan make_plan(std::vector<char> is_wanted) const;
  Plan& plan_for(const std::vector<char>& is_wanted);
  Plan& current_plan();
  void find_weights();
  Status bind_weights(Plan& plan);
  Status bind_inputs(Plan& plan);
  Status check_outputs(const Plan& plan);
  bool shares_memory();
  bool some_output_is_lazy() const;
  bool some_output_meets(std::size_t output) const;
  Status compute(Plan& plan);
  Status write_rest(Plan& plan, bool shared);

  const Program& program_;
  at::Device device_;
  std::vector<std::string> output_names_;
  std::int64_t revision_ = 0;  // of the program, that all of this was made of
  std::optional<InputCheck> check_;
  std::vector<const at::Tensor*> inputs_;
  std::vector<at::Tensor*> outputs_;
  std::vector<char> wanted_;
  std::vector<std::unique_ptr<Plan>> plans_;
  std::vector<bool> writes_in_place_;  // by output, all of them wanted
  Plan* plan_ = nullptr;               // the last one used
  std::vector<at::Tensor> weights_;    // the program's tensors as they were last seen
  std::vector<at::Tensor> aliases_;    // the same memory, with reference counts that no other thread touches
  std::int64_t weights_revision_ = 0;
  std::vector<at::Tensor> input_room_, weight_room_, output_room_;  // copies, kept for the next run
  std::vector<at::Tensor> destinations_;                            // by output: what its operator writes to
  std::vector<Span> spans_, last_spans_;                            // of inputs, then outputs
  std::int64_t last_revision_ = -1;
  bool last_shares_ = false;
};

}  // namespace oarlock
