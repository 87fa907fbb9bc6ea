// Several recordings of one forward as one program.
#include <ATen/ops/equal.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/check.h"
#include "graph/operator_library.h"
#include "graph/trace_shapes.h"
#include "graph/tracer.h"

namespace oarlock {
namespace {

bool same_constant(const c10::IValue& a, const c10::IValue& b) {
  if (a.isDouble() && b.isDouble())
    return a.toDouble() == b.toDouble() || (a.toDouble() != a.toDouble() && b.toDouble() != b.toDouble());
  if (a.isInt() && b.isInt()) return a.toInt() == b.toInt();
  if (a.isBool() && b.isBool()) return a.toBool() == b.toBool();
  if (a.isString() && b.isString()) return a.toStringRef() == b.toStringRef();
  if (a.isDevice() && b.isDevice()) return a.toDevice() == b.toDevice();
  return a.isNone() && b.isNone();
}

bool same_shape(const OutputTree& a, const OutputTree& b) {
  return a.kind == b.kind && a.keys == b.keys &&
         std::ranges::equal(a.children, b.children,
                            [](const OutputTree& mine, const OutputTree& theirs) { return same_shape(mine, theirs); });
}

std::string place_of(const RecordedCall& call) {
  return call.scopes.empty() ? "the root scope" : "scope " + call.scopes.back().path;
}

std::string text_of(const c10::IValue& value) {
  if (value.isDouble()) return fmt::format("{}", value.toDouble());
  if (value.isInt()) return fmt::format("{}", value.toInt());
  return c10::str(value);
}

class Merger {
 public:
  Merger(const TraceSubject& subject, const std::vector<std::string>& symbols, const std::vector<DynamicDim>& dims,
         const std::vector<Recording>& recordings)
      : subject_(subject), symbols_(symbols), dims_(dims), recordings_(recordings), base_(recordings.front()) {}

  Result<Program> merge();

 private:
  Graph& graph() { return program_.graph; }
  void add_values();
  Status add_constants();
  Status check_same_calls() const;
  Status add_call(std::size_t index);
  void add_bracket(Opcode opcode, Node origin);
  Result<Argument> argument_of(std::size_t index, std::size_t position);
  Result<ArgumentItem> item_of(std::size_t index, std::size_t position, std::size_t element);
  Status add_outputs();
  SlotId new_slot(std::string name, SlotKind kind);
  SlotId size_slot(std::size_t symbol);
  SlotId affine_slot(const Affine& affine);
  std::optional<ArgumentItem> following(const std::vector<c10::IValue>& values);
  SlotId symbolic(SymbolicOp op, std::vector<ArgumentItem> operands, const std::string& name);
  Status differs(const RecordedCall& call, std::string_view what) const;
  std::string name_of(const c10::OperatorHandle& op);

  const TraceSubject& subject_;
  const std::vector<std::string>& symbols_;
  const std::vector<DynamicDim>& dims_;
  const std::vector<Recording>& recordings_;
  const Recording& base_;
  Program program_;
  std::vector<Node> sizes_;  // stand before all others
  std::map<std::size_t, SlotId> size_slots_;
  std::map<Affine, SlotId> affine_slots_;
  std::map<SlotId, SlotId> float_slots_;  // of integer slots
  std::map<std::string, int> names_;
};

SlotId Merger::new_slot(std::string name, SlotKind kind) {
  graph().slots.push_back({std::move(name), kind, {}});
  return static_cast<SlotId>(graph().slots.size()) - 1;
}

void Merger::add_values() {
  graph().slots.resize(base_.values.size());
  for (const std::string& name : symbols_) graph().symbols.push_back({name});
  for (std::size_t i = 0; i < subject_.input_names.size(); ++i) {
    const at::Tensor& example = subject_.examples[i];
    ExportedTensor exported{example.scalar_type(), {}, false};
    for (const std::int64_t size : example.sizes()) exported.shape.push_back({size});
    for (const DynamicDim& dim : dims_) {
      if (dim.input == i)
        exported.shape[static_cast<std::size_t>(dim.dim)].symbol = static_cast<std::int32_t>(dim.symbol);
    }
    graph().slots[i] = {subject_.input_names[i], SlotKind::kTensor, std::move(exported)};
    graph().inputs.push_back(static_cast<SlotId>(i));
    program_.inputs.push_back({subject_.input_names[i], static_cast<SlotId>(i)});
  }
  for (const ProgramTensor& given : subject_.tensors) {
    ProgramTensor entry = given;
    entry.slot = static_cast<SlotId>(graph().inputs.size());
    graph().slots[static_cast<std::size_t>(entry.slot)].name = entry.name;
    graph().inputs.push_back(entry.slot);
    program_.tensors.push_back(std::move(entry));
  }
}

Status Merger::add_constants() {
  for (std::size_t i = 0; i < base_.constants.size(); ++i) {
    const RecordedConstant& constant = base_.constants[i];
    for (const Recording& other : recordings_) {
      if (other.constants.size() == base_.constants.size() && other.constants[i].slot == constant.slot &&
          other.constants[i].tensor.scalar_type() == constant.tensor.scalar_type() &&
          at::equal(other.constants[i].tensor, constant.tensor)) {
        continue;
      }
      return invalid_argument(
          "a tensor that the forward makes without an operator (number {} of them) is not the same at all sizes; make "
          "it "
          "by operators (aten::arange, aten::full), or give it as an input",
          i + 1);
    }
    const std::string name = fmt::format("constant_{}", i);
    graph().slots[static_cast<std::size_t>(constant.slot)].name = name;
    graph().inputs.push_back(constant.slot);
    program_.tensors.push_back({name, TensorRole::kConstant, false, constant.slot, constant.tensor});
  }
  return Status::ok();
}

Status Merger::differs(const RecordedCall& call, std::string_view what) const {
  return invalid_argument("{} in {}: {}", operator_text(call.op.schema()), place_of(call), what);
}

// All runs called the same operators on the same values.
Status Merger::check_same_calls() const {
  for (const Recording& other : recordings_) {
    for (std::size_t i = 0; i < std::min(base_.calls.size(), other.calls.size()); ++i) {
      const RecordedCall &mine = base_.calls[i], &theirs = other.calls[i];
      const bool same_op = mine.op.operator_name() == theirs.op.operator_name() && place_of(mine) == place_of(theirs);
      if (!same_op) {
        return differs(mine, fmt::format("another run, at other sizes, calls {} in {} here; a traced forward calls the "
                                         "same operators at all sizes",
                                         operator_text(theirs.op.schema()), place_of(theirs)));
      }
      if (mine.grad != theirs.grad) return differs(mine, "it records autograd at some sizes only");
      for (std::size_t o = 0; o < mine.outputs.size(); ++o) {
        if (mine.outputs[o].slots.size() == theirs.outputs[o].slots.size()) continue;
        return differs(mine,
                       fmt::format("it gives {} tensors here and {} at other sizes; split into a fixed number of parts",
                                   mine.outputs[o].slots.size(), theirs.outputs[o].slots.size()));
      }
    }
    if (other.calls.size() != base_.calls.size()) {
      return invalid_argument(
          "the forward calls {} operators at one size and {} at another; a traced forward calls the same "
          "operators at all sizes",
          base_.calls.size(), other.calls.size());
    }
  }
  return Status::ok();
}

SlotId Merger::symbolic(SymbolicOp op, std::vector<ArgumentItem> operands, const std::string& name) {
  Node node;
  node.opcode = Opcode::kSymbolic;
  node.symbolic = op;
  node.name = name;
  node.target = op == SymbolicOp::kSize      ? "torch.ops.aten.sym_size.int"
                : op == SymbolicOp::kMul     ? "_operator.mul"
                : op == SymbolicOp::kToFloat ? "torch.sym_float"
                                             : "_operator.add";
  for (ArgumentItem& operand : operands) {
    Argument argument;
    argument.kind = operand.slot == kNoSlot ? ArgumentKind::kConstant : ArgumentKind::kSlot;
    argument.constant = std::move(operand.constant);
    argument.slot = operand.slot;
    node.arguments.push_back(std::move(argument));
  }
  const SlotId slot = new_slot(name, op == SymbolicOp::kToFloat ? SlotKind::kFloat : SlotKind::kInt);
  node.outputs.push_back({false, {slot}});
  sizes_.push_back(std::move(node));
  return slot;
}

SlotId Merger::size_slot(std::size_t symbol) {
  if (const auto known = size_slots_.find(symbol); known != size_slots_.end()) return known->second;
  for (const DynamicDim& dim : dims_) {
    if (dim.symbol != symbol) continue;
    return size_slots_[symbol] = symbolic(SymbolicOp::kSize, {{{}, static_cast<SlotId>(dim.input)}, {dim.dim, kNoSlot}},
                                          symbols_[symbol]);
  }
  OAR_CHECK(false);
  return kNoSlot;
}

SlotId Merger::affine_slot(const Affine& affine) {
  if (const auto known = affine_slots_.find(affine); known != affine_slots_.end()) return known->second;
  SlotId sum = kNoSlot;
  const auto name = [&] { return fmt::format("size_{}", sizes_.size()); };
  for (std::size_t s = 0; s < symbols_.size(); ++s) {
    const std::int64_t coefficient = affine.coefficients[s];
    if (coefficient == 0) continue;
    SlotId term = size_slot(s);
    if (coefficient != 1) term = symbolic(SymbolicOp::kMul, {{{}, term}, {coefficient, kNoSlot}}, name());
    sum = sum == kNoSlot ? term : symbolic(SymbolicOp::kAdd, {{{}, sum}, {{}, term}}, name());
  }
  if (affine.constant != 0) sum = symbolic(SymbolicOp::kAdd, {{{}, sum}, {affine.constant, kNoSlot}}, name());
  return affine_slots_[affine] = sum;
}

// Numbers that follow the declared sizes. A float stays one, whose dtype the results have.
std::optional<ArgumentItem> Merger::following(const std::vector<c10::IValue>& values) {
  std::vector<std::int64_t> numbers;
  bool is_float = false;
  for (const c10::IValue& value : values) {
    const std::optional<std::int64_t> number = whole_number(value);
    if (!number) return std::nullopt;
    numbers.push_back(*number);
    is_float = is_float || value.isDouble();
  }
  const std::optional<Affine> affine = fit_sizes(recordings_, numbers);
  if (!affine) return std::nullopt;
  const bool is_fixed = std::ranges::count(affine->coefficients, 0) == std::ssize(affine->coefficients);
  if (is_fixed) return ArgumentItem{values.front(), kNoSlot};
  const SlotId slot = affine_slot(*affine);
  if (!is_float) return ArgumentItem{{}, slot};
  const auto [known, is_new] = float_slots_.try_emplace(slot, kNoSlot);
  if (is_new) known->second = symbolic(SymbolicOp::kToFloat, {{{}, slot}}, fmt::format("size_{}", sizes_.size()));
  return ArgumentItem{{}, known->second};
}

// The element of an argument: the same slot in all runs, the same constant, or an integer that follows the sizes.
Result<ArgumentItem> Merger::item_of(std::size_t index, std::size_t position, std::size_t element) {
  const RecordedCall& call = base_.calls[index];
  const c10::Argument& schema = call.op.schema().arguments()[position];
  const RecordedItem& mine = call.arguments[position].items[element];
  std::vector<c10::IValue> values;
  bool all_equal = true;
  for (const Recording& other : recordings_) {
    const RecordedItem& theirs = other.calls[index].arguments[position].items[element];
    if (mine.slot != theirs.slot) {
      return differs(call, fmt::format("argument {} is another tensor at other sizes", schema.name()));
    }
    values.push_back(theirs.constant);
    all_equal = all_equal && same_constant(mine.constant, theirs.constant);
  }
  if (mine.slot != kNoSlot || all_equal) return ArgumentItem{mine.constant, mine.slot};
  if (std::optional<ArgumentItem> item = following(values)) return *std::move(item);
  std::string texts;
  for (std::size_t i = 0; i < values.size(); ++i) {
    texts += fmt::format("{}{} where ", i == 0 ? "" : ", ", text_of(values[i]));
    for (std::size_t s = 0; s < symbols_.size(); ++s) {
      texts += fmt::format("{}{} is {}", s == 0 ? "" : " and ", symbols_[s], recordings_[i].sizes[s]);
    }
  }
  return differs(call,
                 fmt::format("argument {} is {}; that is no linear function of the declared dimensions. Write -1 in "
                             "a view, use aten::flatten, or compute it with operators",
                             schema.name(), texts));
}

Result<Argument> Merger::argument_of(std::size_t index, std::size_t position) {
  const RecordedCall& call = base_.calls[index];
  const c10::Argument& schema = call.op.schema().arguments()[position];
  const RecordedArgument& recorded = call.arguments[position];
  for (const Recording& other : recordings_) {
    if (other.calls[index].arguments[position].items.size() != recorded.items.size()) {
      return differs(call, fmt::format("argument {} is a list of another length at other sizes", schema.name()));
    }
  }
  ArgumentValue value{recorded.is_list, {}};
  bool has_slots = false;
  for (std::size_t element = 0; element < recorded.items.size(); ++element) {
    OAR_ASSIGN(ArgumentItem item, item_of(index, position, element));
    has_slots = has_slots || item.slot != kNoSlot;
    value.items.push_back(std::move(item));
  }
  if (!has_slots) {
    Argument constant;
    const bool keeps_whole = recorded.is_wrapped_number || !recorded.whole.isNone();
    if (keeps_whole) {
      constant.constant = recorded.whole;
      return constant;
    }
  }
  Result<Argument> bound = bind_argument(value, schema, graph().slots);
  if (!bound.is_ok()) return std::move(bound).status().within(operator_text(call.op.schema()));
  return bound;
}

std::string Merger::name_of(const c10::OperatorHandle& op) {
  std::string name = op.schema().name();
  name.erase(0, name.find("::") + 2);
  const int count = names_[name]++;
  return count == 0 ? name : fmt::format("{}_{}", name, count);
}

// A call that records nothing is a region of its own, where the call stands.
void Merger::add_bracket(Opcode opcode, Node origin) {
  origin.opcode = opcode;
  origin.op.reset();
  origin.arguments.clear();
  origin.outputs.clear();
  if (opcode == Opcode::kEnterGradMode) origin.arguments.emplace_back().constant = false;
  origin.target = "torch.no_grad";
  graph().nodes.push_back(std::move(origin));
}

Status Merger::add_call(std::size_t index) {
  const RecordedCall& call = base_.calls[index];
  Node node;
  keep_operator(call.op);
  node.op = call.op;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    OAR_ASSIGN(Argument argument, argument_of(index, i));
    node.arguments.push_back(std::move(argument));
  }
  node.outputs = call.outputs;
  node.name = name_of(call.op);
  for (std::size_t o = 0, count = 0; o < call.outputs.size(); ++o) {
    for (const SlotId slot : call.outputs[o].slots) {
      if (slot != kNoSlot)
        graph().slots[static_cast<std::size_t>(slot)].name =
            count == 0 ? node.name : fmt::format("{}.{}", node.name, count);
      ++count;
    }
  }
  const std::string& overload = call.op.schema().overload_name();
  std::string qualified = call.op.schema().name();
  qualified.replace(qualified.find("::"), 2, ".");
  node.target = fmt::format("torch.ops.{}.{}", qualified, overload.empty() ? "default" : overload);
  node.module_class = "Model";
  for (const ModuleScope& scope : call.scopes) {
    node.module_path = scope.path;
    node.module_class = scope.class_name.empty() ? "Scope" : scope.class_name;
    graph().module_classes.try_emplace(scope.path, node.module_class);
    if (scope.call > 0) node.repeated_calls.push_back({scope.path, scope.call});
  }
  if (!call.grad) add_bracket(Opcode::kEnterGradMode, node);
  graph().nodes.push_back(node);
  if (!call.grad) add_bracket(Opcode::kExitGradMode, std::move(node));
  return Status::ok();
}

Status Merger::add_outputs() {
  const auto is_alike = [&](const Recording& other) { return same_shape(other.output_tree, base_.output_tree); };
  if (!std::ranges::all_of(recordings_, is_alike))
    return invalid_argument("the forward gives other outputs at other sizes");
  for (std::size_t i = 0; i < base_.outputs.size(); ++i) {
    ArgumentItem item{base_.outputs[i].constant, base_.outputs[i].slot};
    std::vector<c10::IValue> values;
    bool all_equal = true;
    for (const Recording& other : recordings_) {
      if (other.outputs[i].slot != item.slot)
        return invalid_argument("output number {} is another tensor at other sizes", i + 1);
      all_equal = all_equal && same_constant(item.constant, other.outputs[i].constant);
      values.push_back(other.outputs[i].constant);
    }
    if (!all_equal) {
      std::optional<ArgumentItem> followed = following(values);
      if (!followed)
        return invalid_argument("output number {} differs between sizes, and is no linear function of them", i + 1);
      item = *std::move(followed);
    }
    if (item.slot != kNoSlot) graph().outputs.push_back(item.slot);
    program_.outputs.push_back(std::move(item));
  }
  program_.output_tree = base_.output_tree;
  return Status::ok();
}

Result<Program> Merger::merge() {
  add_values();
  OAR_TRY(check_same_calls());
  OAR_TRY(add_constants());
  graph().module_classes.try_emplace("", "Model");
  TracedShapes shapes(recordings_, graph());
  for (std::size_t i = 0; i < base_.calls.size(); ++i) {
    OAR_TRY(add_call(i));
    shapes.add(i);
  }
  OAR_TRY(add_outputs());
  graph().nodes.insert(graph().nodes.begin(), std::make_move_iterator(sizes_.begin()),
                       std::make_move_iterator(sizes_.end()));
  return std::move(program_);
}

}  // namespace

Result<Program> program_of_recordings(const TraceSubject& subject, const std::vector<std::string>& symbols,
                                      const std::vector<DynamicDim>& dims, const std::vector<Recording>& recordings) {
  return Merger(subject, symbols, dims, recordings).merge();
}

}  // namespace oarlock
