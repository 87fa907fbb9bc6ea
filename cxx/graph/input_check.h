// Compares what a caller gives with what the program was exported for, before any operator sees it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/ir.h"

namespace oarlock {

// One call's check. A symbol takes the size of its first sight; later ones must equal it.
class InputCheck {
 public:
  InputCheck(const Graph& graph, at::Device device);
  // OAR_E_ARGUMENT names the input, what is expected and what was given.
  Status check(const ProgramInput& input, const c10::IValue& value);

 private:
  Status check_tensor(const ProgramInput& input, const ExportedTensor& expected, const at::Tensor& given);
  Status check_symbol(const ProgramInput& input, const Symbol& symbol, std::size_t index, std::int64_t dim,
                      std::int64_t size);

  struct Binding {
    std::int64_t size = -1;
    const ProgramInput* input = nullptr;
    std::int64_t dim = 0;
  };
  const Graph& graph_;
  at::Device device_;
  std::vector<Binding> bindings_;  // by symbol
};

// "[s0, 8, 8]"
std::string exported_shape_text(const std::vector<ExportedDim>& shape, const std::vector<Symbol>& symbols);

}  // namespace oarlock
