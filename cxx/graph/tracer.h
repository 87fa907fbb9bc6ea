// What the calls of one run of a forward were (Tracer), and the program that several runs at different sizes make
// together (program_of_recordings).
//
// Note: identity. A tensor is known by its TensorImpl, which the tracer keeps alive. What is neither input, registered
// nor the result of a call is a constant, copied when it is first met. The result of an operator that works in place is
// the tensor it wrote to: from then on that tensor stands for the result.
//
// Note: numbers. Values are numbered in the order in which they are met: inputs, registered tensors, then constants and
// results. So two runs of one forward give their values the same numbers.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/eager_call.h"
#include "graph/ir.h"
#include "graph/module_scope.h"
#include "tensor/named_tensor.h"
#include "tensor/tree.h"

namespace oarlock {

// One value of an argument: what a slot holds, or a number, text or None.
struct RecordedItem {
  SlotId slot = kNoSlot;
  c10::IValue constant;
};

struct RecordedArgument {
  bool is_list = false;
  bool is_wrapped_number = false;  // a number that stands for a tensor
  std::vector<RecordedItem> items;
  c10::IValue whole;  // as it was given; tensors only if they are wrapped numbers
};

struct RecordedCall {
  c10::OperatorHandle op;
  std::vector<RecordedArgument> arguments;
  std::vector<NodeOutput> outputs;
  std::vector<ModuleScope> scopes;
  bool grad = true;  // autograd recorded it
};

struct RecordedConstant {
  SlotId slot = kNoSlot;
  at::Tensor tensor;    // a copy
  at::Tensor original;  // kept alive
};

// A tensor as it was when it was met; undefined: nothing is known.
struct RecordedValue {
  at::ScalarType dtype = at::ScalarType::Undefined;
  std::vector<std::int64_t> shape;
};

// What one run did.
struct Recording {
  std::vector<RecordedCall> calls;
  std::vector<RecordedConstant> constants;
  std::vector<RecordedItem> outputs;  // the leaves of output_tree
  OutputTree output_tree;
  std::vector<RecordedValue> values;  // by number
  std::vector<at::Tensor> made;       // results: no other run may use them
  std::vector<std::int64_t> sizes;    // of the declared dimensions
};

// What all runs of one trace share.
struct TraceSubject {
  std::vector<std::string> input_names;
  std::vector<at::Tensor> examples;                  // that the caller gave; runs get copies
  std::vector<ProgramTensor> tensors;                // parameters and buffers
  const std::vector<ModuleScope>* scopes = nullptr;  // that are open, at any time
};

class Tracer : public CallRecorder {
 public:
  // `earlier`: recordings of the same trace. All must outlive the tracer.
  Tracer(const TraceSubject& subject, std::vector<at::Tensor> inputs, std::span<const Recording> earlier);

  Status before_call(const c10::FunctionSchema& schema, std::span<const c10::IValue> arguments) override;
  Status after_call(const c10::OperatorHandle& op, std::span<const c10::IValue> arguments,
                    std::span<const c10::IValue> results) override;
  // What the forward returned. The tracer has recorded nothing more afterwards.
  Result<Recording> finish(const Tree& outputs);

 private:
  SlotId bind(const at::Tensor& tensor);
  Result<RecordedItem> item_of(const c10::IValue& value, const c10::Argument& argument);
  Result<SlotId> constant_of(const at::Tensor& tensor, const c10::Argument& argument);
  Status check_written(const at::Tensor& tensor, const c10::Argument& argument) const;
  Status check_written(const c10::FunctionSchema& schema, std::span<const c10::IValue> arguments) const;
  Status add_output(const Tree& tree, const std::string& path, OutputTree& shape);
  Status check_inputs_used() const;
  std::string place() const;

  const TraceSubject& subject_;
  std::span<const Recording> earlier_;
  std::set<const at::TensorImpl*> of_earlier_runs_;
  std::map<const at::TensorImpl*, SlotId> slots_;
  std::set<SlotId> used_;
  std::vector<RecordedArgument> pending_;  // of the call that runs
  Recording recording_;
};

// A dimension of an input that has a name.
struct DynamicDim {
  std::size_t input = 0;
  std::int64_t dim = 0;
  std::size_t symbol = 0;  // index into the names
};

// recordings[0] is the base; recordings[1 + s] has only the size of symbol s changed, the last one all of them.
// Integers that follow c0 + c1 * size1 + ... with integer coefficients become symbolic; OAR_E_ARGUMENT names operator,
// argument and scope of any other difference.
Result<Program> program_of_recordings(const TraceSubject& subject, const std::vector<std::string>& symbols,
                                      const std::vector<DynamicDim>& dims, const std::vector<Recording>& recordings);

}  // namespace oarlock
