#include "graph/pt2/nodes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/text.h"
#include "graph/operator_index.h"
#include "graph/operator_library.h"
#include "graph/pt2/allowed.h"
#include "graph/pt2/schema.h"
#include "graph/symeval.h"

namespace oarlock::pt2 {
namespace {

constexpr std::size_t kModulePathBytesMax = 4096;  // what looks at every part of every node's path takes its square
constexpr std::string_view kHigherOrder = "torch.ops.higher_order.";

// Checks of what the exporter saw. They pin dtypes and devices, so that a program under autocast or on another device
// would fail; shapes are checked at the door instead (input_check.h). Those of numbers that the program computes
// (_assert_scalar) stay.
constexpr std::string_view kSkipped[] = {
    "torch.ops.aten._assert_tensor_metadata.default",
    "torch.ops.aten.sym_constrain_range.default",
    "torch.ops.aten.sym_constrain_range_for_size.default",
};

// One entry of nn_module_stack: "key,path,class". Commas inside brackets do not count. The key of a module's second
// call ends in "@1".
struct ModuleEntry {
  std::string_view key, path, class_name;
};

std::optional<ModuleEntry> module_entry(std::string_view text) {
  std::vector<std::string_view> parts;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size() && parts.size() < 2; ++i) {
    if (text[i] == '[') ++depth;
    if (text[i] == ']') --depth;
    if (text[i] != ',' || depth != 0) continue;
    parts.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  // What the exporter itself put in (sizes of inputs) has a key, path and class of "_empty_nn_module_stack_...".
  if (parts.size() < 2 || parts[1].substr(0, 6) == "_empty") return std::nullopt;
  return ModuleEntry{parts[0], parts[1], text.substr(begin)};
}

std::int32_t call_of(std::string_view key) {
  const std::size_t at = key.rfind('@');
  if (at == key.npos) return 0;
  return parse_number<std::int32_t>(key.substr(at + 1)).value_or(0);
}

// Entries are joined by ';', the innermost module last.
Status read_module(const JsonValue& json, Node& node, std::map<std::string, std::string>& classes) {
  const JsonValue* metadata = json.find("metadata");
  const JsonValue* stack = metadata != nullptr ? metadata->find("nn_module_stack") : nullptr;
  if (stack == nullptr || !stack->is_string()) return Status::ok();
  std::string_view rest = stack->text();
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    const std::optional<ModuleEntry> entry = module_entry(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!entry) continue;
    if (entry->path.size() > kModulePathBytesMax) {
      return corrupt("a module path has {} bytes, at most {} are read", entry->path.size(), kModulePathBytesMax);
    }
    node.module_path = std::string(entry->path);
    node.module_class = std::string(entry->class_name);
    classes.try_emplace(node.module_path, node.module_class);
    if (const std::int32_t call = call_of(entry->key); call > 0) {
      node.repeated_calls.push_back({node.module_path, call});
    }
  }
  return Status::ok();
}

bool is_tensor_list(const c10::Type& type) {
  return type.kind() == c10::TypeKind::ListType &&
         strip_optional(*type.containedType(0)).kind() == c10::TypeKind::TensorType;
}

}  // namespace

Result<SlotId> NodeReader::define(Scope& scope, const std::string& name, SlotKind kind) {
  const auto slot = static_cast<SlotId>(graph_.slots.size());
  if (!scope.emplace(name, ArgumentItem{c10::IValue(), slot}).second)
    return corrupt("the name {} is defined twice", name);
  graph_.slots.push_back(Slot{name, kind, std::nullopt});
  return slot;
}

Status NodeReader::attach_exported(const JsonValue& graph_json, const Scope& scope) {
  OAR_ASSIGN(const JsonValue* values, object_at(graph_json, "tensor_values"));
  for (const auto& [name, meta] : values->members()) {
    const auto found = scope.find(name);
    if (found == scope.end() || found->second.slot == kNoSlot) continue;  // of a region's own outputs that nobody uses
    Slot& slot = graph_.slots[found->second.slot];
    if (slot.kind != SlotKind::kTensor || slot.exported) continue;
    Result<ExportedTensor> exported = shapes_.tensor(meta);
    if (!exported.is_ok()) return std::move(exported).status().within(fmt::format("tensor value {}", name));
    slot.exported = std::move(exported).value();
  }
  const JsonValue* numbers = graph_json.find("sym_int_values");
  if (numbers == nullptr) return Status::ok();
  for (const auto& [name, number] : numbers->members()) {
    const auto found = scope.find(name);
    if (found == scope.end() || found->second.slot == kNoSlot) continue;
    Slot& slot = graph_.slots[found->second.slot];
    if (slot.kind != SlotKind::kInt) continue;
    Result<ExportedDim> dim = shapes_.dim(number);
    if (dim.is_ok() && dim.value().symbol >= 0) slot.symbol = dim.value().symbol;  // an expression is no input's
  }
  return Status::ok();
}

Status NodeReader::read_nodes(const JsonValue& graph_json, Scope& scope) {
  OAR_ASSIGN(const JsonValue* nodes, array_at(graph_json, "nodes"));
  for (std::size_t i = 0; i < nodes->items().size(); ++i) {
    Status status = read_node(nodes->items()[i], scope);
    if (!status.is_ok()) return status;
  }
  return attach_exported(graph_json, scope);
}

Status NodeReader::read_node(const JsonValue& json, Scope& scope) {
  Node node;
  OAR_ASSIGN(node.target, string_at(json, "target"));
  if (const JsonValue* name = json.find("name"); name != nullptr && name->is_string()) node.name = name->text();
  if (std::find(std::begin(kSkipped), std::end(kSkipped), node.target) != std::end(kSkipped)) return Status::ok();
  node.module_path = module_path_;
  node.module_class = module_class_;
  OAR_TRY(read_module(json, node, graph_.module_classes).within(fmt::format("node {}", node.name)));
  const std::string where = describe_node(node);
  Status status = Status::ok();
  if (const std::optional<SymbolicOp> op = symbolic_op_of_target(node.target)) {
    node.opcode = Opcode::kSymbolic;
    node.symbolic = *op;
    status = read_symbolic(json, scope, std::move(node));
  } else if (node.target.compare(0, kHigherOrder.size(), kHigherOrder) == 0) {
    status = read_higher_order(json, scope, std::move(node));
  } else {
    status = read_operator(json, scope, std::move(node));
  }
  if (status.is_ok()) return status;
  // bind_argument blames its caller; here that is the file.
  if (status.code() == OAR_E_ARGUMENT) status = corrupt("{}", status.message());
  return std::move(status).within(where);
}

Status NodeReader::read_operator(const JsonValue& json, Scope& scope, Node node) {
  OAR_ASSIGN(c10::OperatorHandle op, find_operator(node.target));
  keep_operator(op);
  const c10::FunctionSchema& schema = op.schema();
  OAR_TRY(check_allowed(schema, namespaces_));
  std::vector<std::optional<Argument>> bound(schema.arguments().size());
  OAR_ASSIGN(const JsonValue* inputs, array_at(json, "inputs"));
  for (const JsonValue& input : inputs->items()) {
    OAR_ASSIGN(const std::string name, string_at(input, "name"));
    const auto index = schema.argumentIndexWithName(name);
    if (!index) return unsupported("the operator has no argument \"{}\" in this libtorch", name);
    if (bound[*index]) return corrupt("argument {} is given twice", name);
    OAR_ASSIGN(const JsonValue* argument, object_at(input, "arg"));
    Result<ArgumentValue> value = argument_value(*argument, scope, device_);
    if (!value.is_ok()) return std::move(value).status().within(fmt::format("argument {}", name));
    OAR_ASSIGN(bound[*index], bind_argument(value.value(), schema.arguments()[*index], graph_.slots));
  }
  for (std::size_t i = 0; i < bound.size(); ++i) {
    if (!bound[i]) {
      OAR_ASSIGN(bound[i], default_argument(schema.arguments()[i]));
    }
    node.arguments.push_back(std::move(*bound[i]));
  }
  OAR_ASSIGN(const JsonValue* outputs, array_at(json, "outputs"));
  if (outputs->items().size() > schema.returns().size()) {
    return corrupt("it has {} outputs, the operator returns {}", outputs->items().size(), schema.returns().size());
  }
  for (std::size_t i = 0; i < outputs->items().size(); ++i) {
    OAR_ASSIGN(NodeOutput output, read_output(outputs->items()[i], scope, schema.returns()[i].real_type().get()));
    node.outputs.push_back(std::move(output));
  }
  node.op = op;
  graph_.nodes.push_back(std::move(node));
  return Status::ok();
}

Result<NodeOutput> NodeReader::read_output(const JsonValue& output, Scope& scope, const c10::Type* type) {
  OAR_ASSIGN(const Tagged given, tagged(output));
  NodeOutput result;
  if (given.tag == "as_none") {
    result.slots.push_back(kNoSlot);
    return result;
  }
  if (given.tag == "as_tensors") {
    if (type == nullptr || !is_tensor_list(*type)) return corrupt("the operator does not return a list of tensors");
    if (!given.value->is_array()) return corrupt("as_tensors is not a list");
    result.is_list = true;
    for (const JsonValue& item : given.value->items()) {
      OAR_ASSIGN(const std::string name, string_at(item, "name"));
      OAR_ASSIGN(const SlotId slot, define(scope, name, SlotKind::kTensor));
      result.slots.push_back(slot);
    }
    return result;
  }
  if (given.tag == "as_tensor") {
    if (type == nullptr || strip_optional(*type).kind() != c10::TypeKind::TensorType) {
      return corrupt("the operator does not return a tensor there");
    }
    OAR_ASSIGN(const std::string name, string_at(*given.value, "name"));
    OAR_ASSIGN(const SlotId slot, define(scope, name, SlotKind::kTensor));
    result.slots.push_back(slot);
    return result;
  }
  constexpr std::pair<std::string_view, SlotKind> kNumbers[] = {
      {"as_sym_int", SlotKind::kInt}, {"as_sym_float", SlotKind::kFloat}, {"as_sym_bool", SlotKind::kBool}};
  for (const auto& [tag, kind] : kNumbers) {
    if (tag != given.tag) continue;
    if (type != nullptr && !is_number_type(*type)) return corrupt("the operator does not return a number there");
    OAR_ASSIGN(const std::string name, string_at(*given.value, "as_name"));
    OAR_ASSIGN(const SlotId slot, define(scope, name, kind));
    result.slots.push_back(slot);
    return result;
  }
  return unsupported("outputs of the kind {} are not supported", given.tag);
}

Status NodeReader::read_symbolic(const JsonValue& json, Scope& scope, Node node) {
  OAR_ASSIGN(const JsonValue* inputs, array_at(json, "inputs"));
  for (const JsonValue& input : inputs->items()) {
    OAR_ASSIGN(const JsonValue* json_argument, object_at(input, "arg"));
    OAR_ASSIGN(const ArgumentValue value, argument_value(*json_argument, scope, device_));
    if (value.is_list) return corrupt("a size operator takes no lists");
    Argument argument;
    argument.slot = value.items[0].slot;
    argument.constant = value.items[0].constant;
    argument.kind = argument.slot == kNoSlot ? ArgumentKind::kConstant : ArgumentKind::kSlot;
    node.arguments.push_back(std::move(argument));
  }
  // sym_size's dimension may be omitted when it equals a default that the schema lacks: there is none.
  if (node.arguments.size() != num_symbolic_arguments(node.symbolic)) {
    return corrupt("it has {} operands, {} are needed", node.arguments.size(), num_symbolic_arguments(node.symbolic));
  }
  OAR_ASSIGN(const JsonValue* outputs, array_at(json, "outputs"));
  if (outputs->items().size() != 1) return corrupt("it has {} outputs, 1 is needed", outputs->items().size());
  // A size that is fixed after all is a constant of the program.
  OAR_ASSIGN(const Tagged output, tagged(outputs->items()[0]));
  if (output.tag != "as_sym_int" && output.tag != "as_sym_float" && output.tag != "as_sym_bool") {
    return unsupported("outputs of the kind {} are not supported", output.tag);
  }
  OAR_ASSIGN(NodeOutput read, read_output(outputs->items()[0], scope, nullptr));
  node.outputs.push_back(std::move(read));
  graph_.nodes.push_back(std::move(node));
  return Status::ok();
}

}  // namespace oarlock::pt2
