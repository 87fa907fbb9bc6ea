#include "graph/input_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>

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

std::string expression_text(const SizeExpression& expression, const Graph& graph) {
  return expression.text([&](std::int64_t index) { return graph.symbols[static_cast<std::size_t>(index)].name; });
}

// Bounds up to 2 come from the tracer's treatment of sizes 0 and 1 and are not enforced, as in torch
// (torch/_export/utils.py, _check_input_constraints_for_graph).
constexpr std::int64_t kSmallestBoundChecked = 3;

}  // namespace

std::string exported_shape_text(const std::vector<ExportedDim>& shape, const Graph& graph) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i != 0) text += ", ";
    if (shape[i].symbol >= 0) {
      text += graph.symbols[static_cast<std::size_t>(shape[i].symbol)].name;
    } else if (shape[i].symbol == ExportedDim::kFixed) {
      text += fmt::format("{}", shape[i].value);
    } else if (shape[i].value == ExportedDim::kNoExpression) {
      text += "?";
    } else {
      text += expression_text(graph.expressions[static_cast<std::size_t>(shape[i].value)], graph);
    }
  }
  return text + "]";
}

InputCheck::InputCheck(const Graph& graph, at::Device device)
    : graph_(graph),
      device_(device),
      bindings_(graph.symbols.size()),
      symbol_values_(graph.symbols.size()),
      measure_values_(graph.measures.size()),
      measures_by_slot_(graph.measures.size()) {
  std::iota(measures_by_slot_.begin(), measures_by_slot_.end(), std::size_t{0});
  std::ranges::stable_sort(measures_by_slot_, {}, [&](std::size_t i) { return graph_.measures[i].slot; });
  restart();
}

void InputCheck::restart() {
  std::fill(bindings_.begin(), bindings_.end(), Binding());
  std::fill(symbol_values_.begin(), symbol_values_.end(), kSizeUnknown);
  std::fill(measure_values_.begin(), measure_values_.end(), kSizeUnknown);
  sizes_.clear();
  num_seen_ = 0;
}

std::int64_t InputCheck::size_of(const ExportedDim& dim) const {
  if (dim.symbol >= 0) return symbol_values_[static_cast<std::size_t>(dim.symbol)];
  if (dim.symbol == ExportedDim::kFixed) return dim.value;
  if (dim.value == ExportedDim::kNoExpression) return kSizeUnknown;
  return graph_.expressions[static_cast<std::size_t>(dim.value)].evaluate(symbol_values_).value_or(kSizeUnknown);
}

Status InputCheck::check(const ProgramInput& input, const c10::IValue& value) {
  OAR_TRY(check_value(input, value));
  measure(input, value);
  return pass_over();
}

Status InputCheck::pass_over() { return ++num_seen_ == graph_.num_user_inputs ? check_relations() : Status::ok(); }

Status InputCheck::check_value(const ProgramInput& input, const c10::IValue& value) {
  const Slot& slot = graph_.slots[input.slot];
  if (!is_of_kind(value, slot.kind)) {
    return invalid_argument("input {}: {} expected, {} given", input.name, kind_name(slot.kind), value.tagKind());
  }
  if (slot.symbol >= 0) return check_symbol(input, static_cast<std::size_t>(slot.symbol), -1, value.toInt());
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
  const auto refuse = [&](const std::string& why) {
    return invalid_argument("input {}: shape {} expected, {} given{}", input.name,
                            exported_shape_text(expected.shape, graph_), shape_text(given.sizes()), why);
  };
  if (static_cast<std::size_t>(given.dim()) != expected.shape.size()) return refuse("");
  for (std::size_t i = 0; i < expected.shape.size(); ++i) {
    const ExportedDim& dim = expected.shape[i];
    if (dim.symbol != ExportedDim::kFixed || given.size(static_cast<std::int64_t>(i)) == dim.value) continue;
    return refuse(fmt::format("; dimension {} was not made dynamic when the program was exported or traced", i));
  }
  for (std::size_t i = 0; i < expected.shape.size(); ++i) {
    const ExportedDim& dim = expected.shape[i];
    const std::int64_t size = given.size(static_cast<std::int64_t>(i));
    if (dim.symbol >= 0) {
      OAR_TRY(check_symbol(input, static_cast<std::size_t>(dim.symbol), static_cast<std::int64_t>(i), size));
    } else if (dim.symbol == ExportedDim::kExpression && dim.value != ExportedDim::kNoExpression) {
      sizes_.push_back({&input, static_cast<std::int64_t>(i), static_cast<std::size_t>(dim.value), size});
    }
  }
  return Status::ok();
}

std::string InputCheck::where(const ProgramInput& input, std::int64_t dim) const {
  return dim < 0 ? fmt::format("input {}", input.name) : fmt::format("input {}: dimension {}", input.name, dim);
}

Status InputCheck::check_symbol(const ProgramInput& input, std::size_t index, std::int64_t dim, std::int64_t size) {
  const Symbol& symbol = graph_.symbols[index];
  Binding& binding = bindings_[index];
  if (binding.input == nullptr) {
    if (symbol.min >= kSmallestBoundChecked && size < symbol.min) {
      return invalid_argument("{} must be at least {}, {} given", where(input, dim), symbol.min, size);
    }
    if (size > symbol.max) {
      return invalid_argument("{} must be at most {}, {} given", where(input, dim), symbol.max, size);
    }
    binding = {size, &input, dim};
    symbol_values_[index] = size;
    return Status::ok();
  }
  if (binding.size == size) return Status::ok();
  const std::string other = binding.dim < 0 ? "input " + binding.input->name
                                            : fmt::format("dimension {} of input {}", binding.dim, binding.input->name);
  return invalid_argument("{} must equal {} ({}): {} expected, {} given", where(input, dim), other, symbol.name,
                          binding.size, size);
}

void InputCheck::measure(const ProgramInput& input, const c10::IValue& value) {
  const auto own = std::ranges::equal_range(measures_by_slot_, input.slot, {},
                                            [&](std::size_t i) { return graph_.measures[i].slot; });
  for (const std::size_t i : own) {
    const Measure& measure = graph_.measures[i];
    if (measure.kind == MeasureKind::kSize && value.isTensor() && measure.dim < value.toTensor().dim()) {
      measure_values_[i] = value.toTensor().size(measure.dim);
    } else if (measure.kind == MeasureKind::kValue && value.isInt()) {
      measure_values_[i] = value.toInt();
    }
  }
}

Status InputCheck::check_relations() {
  for (const SizeToCheck& size : sizes_) OAR_TRY(solve(size));
  for (const SizeToCheck& size : sizes_) OAR_TRY(check_size(size));
  return check_guards();
}

// A symbol that stands in no input by itself takes its value from "a*s + b".
Status InputCheck::solve(const SizeToCheck& size) {
  const SizeExpression& expression = graph_.expressions[size.expression];
  std::size_t unknown = SIZE_MAX;
  for (const SizeTerm& term : expression.terms()) {
    if (term.op == SizeOp::kConstant || term.op == SizeOp::kAdd || term.op == SizeOp::kMul) continue;
    if (term.op != SizeOp::kVariable) return Status::ok();
    const auto index = static_cast<std::size_t>(term.value);
    if (symbol_values_[index] != kSizeUnknown || index == unknown) continue;
    if (unknown != SIZE_MAX) return Status::ok();
    unknown = index;
  }
  if (unknown == SIZE_MAX) return Status::ok();
  std::optional<std::int64_t> at[3];
  for (std::int64_t i = 0; i < 3; ++i) {
    symbol_values_[unknown] = i;
    at[i] = expression.evaluate(symbol_values_);
  }
  symbol_values_[unknown] = kSizeUnknown;
  if (!at[0] || !at[1] || !at[2]) return Status::ok();
  std::int64_t slope = 0, next = 0, rest = 0;
  if (__builtin_sub_overflow(*at[1], *at[0], &slope) || __builtin_sub_overflow(*at[2], *at[1], &next) ||
      __builtin_sub_overflow(size.size, *at[0], &rest) || slope != next || slope == 0 || slope == -1) {
    return Status::ok();
  }
  if (rest % slope != 0) {
    return invalid_argument("{} must be {} with a whole number {}, {} given", where(*size.input, size.dim),
                            expression_text(expression, graph_), graph_.symbols[unknown].name, size.size);
  }
  const std::int64_t value = rest / slope;
  Status status = check_symbol(*size.input, unknown, size.dim, value);
  if (status.is_ok()) return status;
  const Symbol& symbol = graph_.symbols[unknown];
  return invalid_argument("{} must be {} with {} in [{}, {}], {} given", where(*size.input, size.dim),
                          expression_text(expression, graph_), symbol.name, symbol.min, symbol.max, size.size);
}

Status InputCheck::check_size(const SizeToCheck& size) {
  const SizeExpression& expression = graph_.expressions[size.expression];
  const std::optional<std::int64_t> expected = expression.evaluate(symbol_values_);
  if (!expected || *expected == size.size) return Status::ok();
  std::string symbols;
  std::set<std::int64_t> named;
  for (const SizeTerm& term : expression.terms()) {
    if (term.op != SizeOp::kVariable || !named.insert(term.value).second) continue;
    const Binding& binding = bindings_[static_cast<std::size_t>(term.value)];
    const std::string of = binding.dim < 0 ? "input " : fmt::format("dimension {} of input ", binding.dim);
    symbols +=
        fmt::format("{}{} = {} from {}{}", symbols.empty() ? "" : ", ",
                    graph_.symbols[static_cast<std::size_t>(term.value)].name, binding.size, of, binding.input->name);
  }
  return invalid_argument("{} must be {} ({}): {} expected, {} given", where(*size.input, size.dim),
                          expression_text(expression, graph_), symbols, *expected, size.size);
}

Status InputCheck::check_guards() const {
  for (const Guard& guard : graph_.guards) {
    const std::optional<std::int64_t> holds = guard.condition.evaluate(measure_values_);
    if (!holds || *holds != 0) continue;
    std::string given;
    std::set<std::int64_t> named;
    for (const SizeTerm& term : guard.condition.terms()) {
      if (term.op != SizeOp::kVariable || !named.insert(term.value).second) continue;
      const auto index = static_cast<std::size_t>(term.value);
      given += fmt::format("{}{} = {}", given.empty() ? "" : ", ", graph_.measures[index].text, measure_values_[index]);
    }
    return invalid_argument("the program was exported for inputs with {}; given: {}", guard.text, given);
  }
  return Status::ok();
}

}  // namespace oarlock
