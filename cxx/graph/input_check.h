// Compares what a caller gives with what the program was exported for, before any operator sees it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/ir.h"

namespace oarlock {

// One call's check. A symbol takes the size of its first sight; later ones must equal it. The check of the last input
// (Graph::num_user_inputs) looks at what relates them too: sizes that are expressions ("2*s0"), and guards. Nothing is
// allocated after the first call unless something is wrong.
class InputCheck {
 public:
  InputCheck(const Graph& graph, at::Device device);
  // OAR_E_ARGUMENT names the input, what is expected and what was given. `input` stays where it is until restart().
  Status check(const ProgramInput& input, const c10::IValue& value);
  // Of an input that is not given, in its place: what relates it to others is not looked at.
  Status pass_over();
  void restart();  // for the next call
  // What the inputs seen so far say of an exported size; kSizeUnknown: nothing.
  std::int64_t size_of(const ExportedDim& dim) const;

 private:
  struct Binding {
    std::int64_t size = -1;
    const ProgramInput* input = nullptr;
    std::int64_t dim = 0;  // -1: the input is the number itself
  };
  struct SizeToCheck {
    const ProgramInput* input;
    std::int64_t dim;
    std::size_t expression;
    std::int64_t size;
  };

  Status check_value(const ProgramInput& input, const c10::IValue& value);
  Status check_tensor(const ProgramInput& input, const ExportedTensor& expected, const at::Tensor& given);
  Status check_symbol(const ProgramInput& input, std::size_t index, std::int64_t dim, std::int64_t size);
  void measure(const ProgramInput& input, const c10::IValue& value);
  Status check_relations();
  Status check_size(const SizeToCheck& size);
  Status solve(const SizeToCheck& size);
  Status check_guards() const;
  std::string where(const ProgramInput& input, std::int64_t dim) const;

  const Graph& graph_;
  at::Device device_;
  std::vector<Binding> bindings_;             // by symbol
  std::vector<std::int64_t> symbol_values_;   // by symbol; kSizeUnknown
  std::vector<std::int64_t> measure_values_;  // by measure; kSizeUnknown
  std::vector<std::size_t> measures_by_slot_;
  std::vector<SizeToCheck> sizes_;  // that are expressions
  std::size_t num_seen_ = 0;
};

// "[s0, 8, 2*s0]"
std::string exported_shape_text(const std::vector<ExportedDim>& shape, const Graph& graph);

}  // namespace oarlock
