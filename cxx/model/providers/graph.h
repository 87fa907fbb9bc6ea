// A model over a program: one plan for training, one for evaluation, compiled when the program or its units change.
//
// Note: the short way. With nobody watching units, a forward is one run of the executor over all nodes; whatever units
// cost is paid by forwards that use them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "graph/executor.h"
#include "graph/graph_pass.h"
#include "graph/input_check.h"
#include "graph/ir.h"
#include "graph/profiler.h"
#include "graph/recompute.h"
#include "graph/unit.h"
#include "graph/unit_backward.h"
#include "graph/unit_observer.h"
#include "model/lora.h"
#include "model/model.h"

namespace oarlock {

class GraphModel : public Model {
 public:
  GraphModel(Program program, at::Device device);
  ~GraphModel() override;

  const NamedTensors& parameters() const override { return parameters_; }
  const NamedTensors& buffers() const override { return buffers_; }
  NamedTensors state_dict() const override;
  Status load_state_dict(const NamedTensors& tensors) override;
  Result<at::Tensor> tensor(std::string_view name) const override;
  Result<at::Tensor> gradient(std::string_view name) const override;
  const std::vector<std::string>& input_names() const override { return input_names_; }
  std::span<const std::string> output_names() const override { return output_names_; }
  Result<std::unique_ptr<InSituRun>> make_in_situ() const override;
  Result<InSituRun*> own_in_situ() override;
  void set_training(bool training) override;
  bool is_training() const override { return training_; }
  Result<Tree> forward(const Tree& inputs) override;
  void add_observer(std::weak_ptr<UnitObserver> observer) override { observers_.push_back(std::move(observer)); }
  void seal() override { sealed_ = true; }

  // Rewrites the program and compiles it anew. Nothing is changed on failure. OAR_E_STATE once sealed.
  Status apply(GraphPass& pass);
  // The same for a pass that leaves what the model computes alone: also once sealed. Units whose modules it takes away
  // are units no more.
  Status apply_any_time(GraphPass& pass);

  // graph_units.cpp. Until then the root is the only unit. OAR_E_STATE once sealed.
  Status set_units(const UnitPolicy& policy);
  const Units& units() const { return *units_; }
  Result<std::string> unit_name(std::int64_t index) const;
  // From the next forward on, units that fit the pattern drop their activations and compute them again in the backward
  // (recompute.h), or no longer do so. A unit that cannot is left as it is and logged with the reason.
  Status set_recompute(std::string_view pattern, bool enabled);
  // One unit alone: in and out goes what flows into and out of it, by the names of the values.
  Result<Tree> forward_unit(std::string_view path, const Tree& inputs);
  // The outputs, and what the program computes on the way: names of values, or of modules for the last value that each
  // computes. As it is at the end of the forward: a later operator that writes in place is seen.
  struct Forward {
    Tree outputs, values;
  };
  Result<Forward> forward_with_values(const Tree& inputs, const std::vector<std::string>& names);

  Result<std::int64_t> freeze(std::string_view pattern, bool frozen) override;
  bool is_sealed() const { return sealed_; }
  const Program& program() const { return program_; }
  std::optional<Lora>& lora() { return lora_; }  // nullopt: no adapters
  const std::optional<Lora>& lora() const { return lora_; }

  // Until stopped, the units are measured; a new start forgets what was. Choosing units forgets it too.
  void start_profile();
  void stop_profile();
  Result<const Profiler*> profile() const;  // OAR_E_STATE: never started
  std::unique_ptr<Profiler::MemoryScope> count_memory() override;

  // What names there are: capi/include/oarlock/unit.h says in which form.
  JsonValue describe() const;  // graph_describe.cpp

 private:
  using Recomputed = std::vector<std::shared_ptr<const RecomputePlan>>;
  struct Plan {
    std::shared_ptr<const Executor> executor;  // a backward that runs units again may outlive the plan
    UnitPlan units;
    SegmentRunners runners;                    // empty in evaluation
    std::vector<std::size_t> copied_tensors;   // program tensors that the run writes to and must not change
    std::vector<SlotId> copied_inputs;         // inputs that the run writes to: they are the caller's
    std::vector<std::size_t> written_tensors;  // of the program's own, those that it writes to
  };

  Result<const ProgramTensor*> find(std::string_view name) const;
  Status set_inputs(const Tree& inputs, Frame& frame);
  GraphModel* as_graph() override { return this; }
  Status rewrite(GraphPass& pass, bool units_may_go);
  void compile();
  void list_tensors();
  Plan make_plan(const Graph& graph, const std::vector<SlotId>& written, const std::vector<SlotId>& kept) const;
  Plan make_kept_plan(const std::vector<SlotId>& kept) const;
  const Plan& plan() const { return training_ ? training_plan_ : evaluation_plan_; }
  void bind_tensors(const Plan& plan, Frame& frame) const;
  Recomputed plan_recomputed(Plan& plan) const;  // per segment; nullptr: not wanted
  Status run(const Plan& plan, const UnitObservers& observers, Frame& frame);
  Status run_nodes(const Plan& plan, const UnitObservers& observers, Frame& frame);
  Result<Tree> forward(const Plan& plan, const Tree& inputs, Frame& frame);
  Result<Tree> run_forward(const Plan& plan, const Tree& inputs, Frame& frame);
  Result<Tree> run_unit(std::string_view path, const Tree& inputs);
  Result<UnitBackward*> watch_backward(const UnitObservers& observers);
  Result<SlotId> find_value(std::string_view name) const;
  void rebind_buffers(const Frame& frame);
  UnitObservers live_observers();

  Program program_;
  UnitPolicy policy_;
  std::vector<bool> is_recomputed_;  // per unit; empty: none
  std::shared_ptr<const Units> units_;
  at::Device device_;
  Plan training_plan_, evaluation_plan_;
  std::optional<InputCheck> input_check_;
  std::vector<const Tree*> given_;         // by input; of the running call
  std::vector<std::size_t> buffer_index_;  // program tensor -> entry of buffers_, or npos
  NamedTensors parameters_, buffers_;
  std::vector<std::string> input_names_, output_names_;
  std::vector<std::weak_ptr<UnitObserver>> observers_;
  std::shared_ptr<Profiler> profiler_;
  bool is_profiling_ = false;
  std::shared_ptr<UnitBackward> backward_;  // nullptr: no observer has asked yet
  std::vector<std::string> kept_names_;     // of kept_plan_
  std::vector<SlotId> kept_slots_;          // the same as slots
  std::optional<Plan> kept_plan_;           // of the last forward_with_values
  bool kept_training_ = true;               // the mode that kept_plan_ is for
  bool sealed_ = false;
  std::vector<std::string> random_nodes_;  // that evaluation leaves random; empty when that was said
  std::optional<Lora> lora_;
  bool training_ = true;
  std::unique_ptr<InSituRun> in_situ_;  // reads program_: ends before it
};

}  // namespace oarlock
