#include "graph/input_check.h"

#include <fmt/format.h>

#include "tensor/describe.h"
#include "tensor/dtype.h"

namespace oarlock {
namespace {

const char* kind_name(SlotKind kind) {
  constexpr const char* kNames[] = {"a tensor", "an integer", "a float", "a bool"};
  return kNames[static_cast<std::size_t>(kind)];
}

bool is_of_kind(const c10::IValue& value, SlotKind kind) {
  switch (kind) {
    case SlotKind::kTensor:
      return value.isTensor() && value.toTensor().defined();
    case SlotKind::kInt:
      return value.isInt();
    case SlotKind::kFloat:
      return value.isDouble();
    case SlotKind::kBool:
      return value.isBool();
  }
  return false;
}

}  // namespace

std::string exported_shape_text(const std::vector<ExportedDim>& shape, const std::vector<Symbol>& symbols) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i != 0) text += ", ";
    if (shape[i].symbol >= 0) {
      text += symbols[shape[i].symbol].name;
    } else {
      text += shape[i].symbol == ExportedDim::kFixed ? fmt::format("{}", shape[i].value) : "?";
    }
  }
  return text + "]";
}

InputCheck::InputCheck(const Graph& graph, at::Device device)
    : graph_(graph), device_(device), bindings_(graph.symbols.size()) {}

Status InputCheck::check(const ProgramInput& input, const c10::IValue& value) {
  const Slot& slot = graph_.slots[input.slot];
  if (!is_of_kind(value, slot.kind)) {
    return invalid_argument("input {}: {} expected, {} given", input.name, kind_name(slot.kind), value.tagKind());
  }
  if (slot.kind != SlotKind::kTensor || !slot.exported) return Status::ok();
  return check_tensor(input, *slot.exported, value.toTensor());
}

Status InputCheck::check_tensor(const ProgramInput& input, const ExportedTensor& expected, const at::Tensor& given) {
  if (given.scalar_type() != expected.dtype) {
    return invalid_argument("input {}: dtype {} expected, {} given", input.name, dtype_name(expected.dtype),
                            dtype_name(given.scalar_type()));
  }
  if (given.device() != device_) {
    return invalid_argument("input {}: device {} expected, {} given", input.name, device_.str(), given.device().str());
  }
  if (given.layout() != at::kStrided)
    return invalid_argument("input {}: a strided tensor expected, a sparse one given", input.name);
  bool fits = static_cast<std::size_t>(given.dim()) == expected.shape.size();
  for (std::size_t i = 0; fits && i < expected.shape.size(); ++i) {
    const ExportedDim& dim = expected.shape[i];
    fits = dim.symbol != ExportedDim::kFixed || given.size(static_cast<std::int64_t>(i)) == dim.value;
  }
  if (!fits) {
    return invalid_argument("input {}: shape {} expected, {} given", input.name,
                            exported_shape_text(expected.shape, graph_.symbols), shape_text(given.sizes()));
  }
  for (std::size_t i = 0; i < expected.shape.size(); ++i) {
    const std::int32_t symbol = expected.shape[i].symbol;
    if (symbol < 0) continue;
    OAR_TRY(check_symbol(input, graph_.symbols[symbol], static_cast<std::size_t>(symbol), static_cast<std::int64_t>(i),
                         given.size(static_cast<std::int64_t>(i))));
  }
  return Status::ok();
}

Status InputCheck::check_symbol(const ProgramInput& input, const Symbol& symbol, std::size_t index, std::int64_t dim,
                                std::int64_t size) {
  Binding& binding = bindings_[index];
  if (binding.input == nullptr) {
    binding = {size, &input, dim};
    // Bounds up to 2 come from the tracer's treatment of sizes 0 and 1 and are not enforced, as in torch
    // (torch/_export/utils.py, _check_input_constraints_for_graph).
    if (symbol.min > 2 && size < symbol.min) {
      return invalid_argument("input {}: dimension {} must be at least {}, {} given", input.name, dim, symbol.min,
                              size);
    }
    if (size > symbol.max) {
      return invalid_argument("input {}: dimension {} must be at most {}, {} given", input.name, dim, symbol.max, size);
    }
    return Status::ok();
  }
  if (binding.size == size) return Status::ok();
  return invalid_argument("input {}: dimension {} must equal dimension {} of input {} ({}): {} expected, {} given",
                          input.name, dim, binding.dim, binding.input->name, symbol.name, binding.size, size);
}

}  // namespace oarlock
