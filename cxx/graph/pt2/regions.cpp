// Higher-order operators: nodes that carry graphs.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "graph/pt2/nodes.h"
#include "graph/pt2/schema.h"

namespace oarlock::pt2 {

// What a higher-order operator is given: values and graphs, in order.
struct RegionCall {
  std::vector<ArgumentItem> values;  // lists are spread
  std::vector<const JsonValue*> bodies;
  std::size_t num_leading = 0;  // values before the first body
  const JsonValue* outputs = nullptr;
};

namespace {

constexpr std::string_view kGradRegion = "torch.ops.higher_order.wrap_with_set_grad_enabled";
constexpr std::string_view kAutocastRegion = "torch.ops.higher_order.wrap_with_autocast";
constexpr std::string_view kConditional = "torch.ops.higher_order.cond";
constexpr std::string_view kPrint = "torch.ops.higher_order.print";

// Their body runs once, where they stand. What else they ask for (compile once, keep no activations) does not change
// what is computed. `num_settings`: constants between the body and its operands.
struct Inlined {
  std::string_view target;
  std::size_t num_settings;
};
constexpr Inlined kInlined[] = {
    {"torch.ops.higher_order.invoke_subgraph", 1},  // a name for what was compiled
    {"torch.ops.higher_order.tag_activation_checkpoint", 0},
    {"torch.ops.higher_order.wrap_activation_checkpoint", 0},
    {"torch.ops.higher_order.wrap", 0},
    {"torch.ops.higher_order.strict_mode", 0},
};

struct Refused {
  std::string_view name;  // a trailing '*' stands for any end
  const char* way_out;
};
constexpr Refused kRefused[] = {
    {"while_loop*", "write the loop with a fixed number of turns, which torch.export unrolls"},
    {"scan*", "write it as a Python loop over a fixed dimension, which torch.export unrolls"},
    {"associative_scan*", "write it as a Python loop over a fixed dimension, or with cumsum and its kin"},
    {"map*", "write it with batched operators, or as a Python loop over a fixed dimension, which torch.export unrolls"},
    {"with_effects*", "export without run_decompositions(), which makes it of operators with side effects"},
    {"auto_functionalized*", "export without run_decompositions(), which makes it of operators that write in place"},
    {"flex_attention*", "use torch.nn.functional.scaled_dot_product_attention"},
    {"triton_kernel*", "call the kernel through a custom operator (torch.library) that a library implements"},
    {"run_with_rng_state*", "export the model before it is compiled"},
    {"executorch_call_delegate", "export the model before it is lowered to a backend"},
    {"aoti_call_delegate", "export the model before it is lowered to a backend"},
    {"call_torchbind", "keep objects of C++ classes out of forward()"},
};

bool is_named(std::string_view name, std::string_view pattern) {
  if (pattern.back() != '*') return name == pattern;
  pattern.remove_suffix(1);
  return name.substr(0, pattern.size()) == pattern;
}

Status refusal(std::string_view target) {
  const std::string_view name = target.substr(target.rfind('.') + 1);
  for (const Refused& refused : kRefused) {
    if (is_named(name, refused.name))
      return unsupported("programs with {} are not supported; {}", name, refused.way_out);
  }
  return unsupported("the higher-order operator is not supported");
}

Node bracket(Opcode opcode, const Node& origin, std::vector<c10::IValue> constants) {
  Node node = origin;
  node.opcode = opcode;
  for (c10::IValue& constant : constants) {
    Argument argument;
    argument.constant = std::move(constant);
    node.arguments.push_back(std::move(argument));
  }
  return node;
}

Argument argument_of(const ArgumentItem& item) {
  Argument argument;
  argument.kind = item.slot == kNoSlot ? ArgumentKind::kConstant : ArgumentKind::kSlot;
  argument.slot = item.slot;
  argument.constant = item.constant;
  return argument;
}

// The value that a tag of inputs and outputs stands for, and its name; nullopt: a constant.
struct NamedValue {
  SlotKind kind;
  std::string name;
};
Result<std::optional<NamedValue>> named_value(const JsonValue& argument) {
  OAR_ASSIGN(const Tagged given, tagged(argument));
  constexpr std::pair<std::string_view, SlotKind> kKinds[] = {{"as_tensor", SlotKind::kTensor},
                                                              {"as_sym_int", SlotKind::kInt},
                                                              {"as_sym_float", SlotKind::kFloat},
                                                              {"as_sym_bool", SlotKind::kBool}};
  for (const auto& [tag, kind] : kKinds) {
    if (tag != given.tag) continue;
    OAR_ASSIGN(std::string name, string_at(*given.value, kind == SlotKind::kTensor ? "name" : "as_name"));
    return std::optional<NamedValue>(NamedValue{kind, std::move(name)});
  }
  if (is_constant_kind(given.tag) || given.tag == "as_tensors") return std::optional<NamedValue>();
  return unsupported("values of the kind {} are not supported here", given.tag);
}

bool is_of_kind(const c10::IValue& constant, SlotKind kind) {
  return (kind == SlotKind::kInt && constant.isInt()) || (kind == SlotKind::kFloat && constant.isDouble()) ||
         (kind == SlotKind::kBool && constant.isBool());
}

Status check_autocast(std::vector<c10::IValue>& settings, at::Device device) {
  if (!settings[0].isString() || !settings[2].isBool()) return corrupt("the region's settings are malformed");
  if (!(settings[1].isInt() || settings[1].isNone()) || !(settings[3].isBool() || settings[3].isNone())) {
    return corrupt("the region's settings are malformed");
  }
  if (settings[0].toStringRef() != "cpu" && settings[0].toStringRef() != "cuda") {
    return unsupported("autocast for {} is not supported", settings[0].toStringRef());
  }
  settings[0] = static_cast<std::int64_t>(device.type());
  return Status::ok();
}

}  // namespace

Result<RegionCall> NodeReader::read_call(const JsonValue& json, const Scope& scope) const {
  RegionCall call;
  OAR_ASSIGN(const JsonValue* inputs, array_at(json, "inputs"));
  OAR_ASSIGN(call.outputs, array_at(json, "outputs"));
  for (const JsonValue& input : inputs->items()) {
    OAR_ASSIGN(const JsonValue* argument, object_at(input, "arg"));
    if (argument->find("as_graph") != nullptr) {
      OAR_ASSIGN(const JsonValue* graph, object_at(*argument, "as_graph"));
      OAR_ASSIGN(const JsonValue* body, object_at(*graph, "graph"));
      if (call.bodies.empty()) call.num_leading = call.values.size();
      call.bodies.push_back(body);
      continue;
    }
    const JsonValue* name = input.find("name");
    if (name != nullptr && name->is_string() && !name->text().empty()) continue;  // a keyword: how, not what
    OAR_ASSIGN(ArgumentValue value, argument_value(*argument, scope, device_));
    for (ArgumentItem& item : value.items) call.values.push_back(std::move(item));
  }
  return call;
}

Status NodeReader::read_higher_order(const JsonValue& json, Scope& scope, Node node) {
  if (node.target == kPrint) {
    log(LogLevel::kInfo, "model", "{}: what the program would print is left out", describe_node(node));
    return Status::ok();
  }
  const auto inlined = std::find_if(std::begin(kInlined), std::end(kInlined),
                                    [&](const Inlined& entry) { return entry.target == node.target; });
  const bool is_region = node.target == kGradRegion || node.target == kAutocastRegion;
  if (!is_region && node.target != kConditional && inlined == std::end(kInlined)) return refusal(node.target);
  OAR_ASSIGN(RegionCall call, read_call(json, scope));
  const std::string outer_path = std::exchange(module_path_, node.module_path);
  const std::string outer_class = std::exchange(module_class_, node.module_class);
  Status status = read_call_of(call, inlined == std::end(kInlined) ? 0 : inlined->num_settings, scope, std::move(node));
  module_path_ = outer_path;
  module_class_ = outer_class;
  return status;
}

Status NodeReader::read_call_of(RegionCall& call, std::size_t num_settings, Scope& scope, Node node) {
  if (node.target == kConditional) return read_conditional(call, scope, std::move(node));
  if (call.bodies.size() != 1) return corrupt("it has {} graphs, 1 is needed", call.bodies.size());
  if (node.target == kGradRegion || node.target == kAutocastRegion) return read_region(call, scope, std::move(node));
  if (call.num_leading != 0 || call.values.size() < num_settings) return corrupt("its arguments are malformed");
  call.values.erase(call.values.begin(), call.values.begin() + static_cast<std::ptrdiff_t>(num_settings));
  return inline_body(*call.bodies[0], call.values, *call.outputs, scope);
}

Status NodeReader::read_region(const RegionCall& call, Scope& scope, Node node) {
  const bool is_grad = node.target == kGradRegion;
  if (call.num_leading != (is_grad ? 1 : 4)) return corrupt("the region has {} settings", call.num_leading);
  std::vector<c10::IValue> settings;
  for (std::size_t i = 0; i < call.num_leading; ++i) {
    if (call.values[i].slot != kNoSlot) return unsupported("the region's settings are not constants");
    settings.push_back(call.values[i].constant);
  }
  if (is_grad && !settings[0].isBool()) return corrupt("the region's setting is no bool");
  if (!is_grad) OAR_TRY(check_autocast(settings, device_));
  const std::vector<ArgumentItem> operands(call.values.begin() + static_cast<std::ptrdiff_t>(call.num_leading),
                                           call.values.end());
  graph_.nodes.push_back(bracket(is_grad ? Opcode::kEnterGradMode : Opcode::kEnterAutocast, node, std::move(settings)));
  OAR_TRY(inline_body(*call.bodies[0], operands, *call.outputs, scope));
  graph_.nodes.push_back(bracket(is_grad ? Opcode::kExitGradMode : Opcode::kExitAutocast, node, {}));
  return Status::ok();
}

Status NodeReader::read_conditional(const RegionCall& call, Scope& scope, Node node) {
  if (call.bodies.size() != 2 || call.num_leading != 1) return corrupt("its arguments are malformed");
  const ArgumentItem& decides = call.values[0];
  const bool fits =
      decides.slot == kNoSlot ? decides.constant.isBool() : graph_.slots[decides.slot].kind != SlotKind::kFloat;
  if (!fits) return corrupt("what decides is no bool");
  node.opcode = Opcode::kConditional;
  for (const ArgumentItem& value : call.values) node.arguments.push_back(argument_of(value));
  const std::vector<ArgumentItem> operands(call.values.begin() + 1, call.values.end());
  for (const JsonValue* body : call.bodies) {
    OAR_ASSIGN(Graph graph, read_body(*body, node, operands));
    node.bodies.push_back(std::move(graph));
  }
  for (const JsonValue& output : call.outputs->items()) {
    const std::size_t index = node.outputs.size();
    OAR_ASSIGN(const std::optional<NamedValue> named, named_value(output));
    if (!named) return unsupported("conditionals that return lists or None are not supported");
    for (const Graph& body : node.bodies) {
      if (index >= body.outputs.size()) return corrupt("a branch returns {} values", body.outputs.size());
      if (body.slots[body.outputs[index]].kind != named->kind)
        return corrupt("output {} of a branch is of another kind", index);
    }
    OAR_ASSIGN(const SlotId slot, define(scope, named->name, named->kind));
    node.outputs.push_back({false, {slot}});
  }
  for (const Graph& body : node.bodies) {
    if (body.outputs.size() != node.outputs.size())
      return corrupt("a branch returns {} values, {} are named", body.outputs.size(), node.outputs.size());
  }
  graph_.nodes.push_back(std::move(node));
  return Status::ok();
}

Result<Graph> NodeReader::read_body(const JsonValue& body, const Node& node,
                                    const std::vector<ArgumentItem>& operands) const {
  Graph graph;
  NodeReader reader(graph, device_, namespaces_);
  reader.module_path_ = node.module_path;
  reader.module_class_ = node.module_class;
  Scope inner;
  OAR_ASSIGN(const JsonValue* parameters, array_at(body, "inputs"));
  if (parameters->items().size() != operands.size())
    return corrupt("a branch takes {} values, {} are given", parameters->items().size(), operands.size());
  for (std::size_t i = 0; i < operands.size(); ++i) {
    OAR_ASSIGN(const std::optional<NamedValue> parameter, named_value(parameters->items()[i]));
    if (!parameter) return unsupported("constants among the operands of a conditional are not supported");
    const bool fits = operands[i].slot != kNoSlot ? graph_.slots[operands[i].slot].kind == parameter->kind
                                                  : is_of_kind(operands[i].constant, parameter->kind);
    if (!fits) return corrupt("operand {} of a branch is of another kind", i);
    OAR_ASSIGN(const SlotId slot, reader.define(inner, parameter->name, parameter->kind));
    graph.inputs.push_back(slot);
  }
  OAR_TRY(reader.read_nodes(body, inner));
  OAR_ASSIGN(const JsonValue* results, array_at(body, "outputs"));
  for (const JsonValue& result : results->items()) {
    OAR_ASSIGN(const ArgumentValue value, argument_value(result, inner, device_));
    if (value.is_list) return unsupported("branches that return lists are not supported");
    SlotId slot = value.items[0].slot;
    if (slot == kNoSlot) {  // a number of the program; outputs are slots, so it gets one
      const c10::IValue& constant = value.items[0].constant;
      SlotKind kind = SlotKind::kInt;
      if (constant.isDouble()) kind = SlotKind::kFloat;
      if (constant.isBool()) kind = SlotKind::kBool;
      if (!is_of_kind(constant, kind))
        return unsupported("branches that return {} are not supported", constant.tagKind());
      slot = static_cast<SlotId>(graph.slots.size());
      graph.slots.push_back(Slot{"constant", kind, std::nullopt});
      Node number;
      number.opcode = Opcode::kSymbolic;
      number.symbolic = SymbolicOp::kPos;
      number.name = "constant";
      number.module_path = node.module_path;
      number.arguments.push_back(argument_of(value.items[0]));
      number.outputs.push_back({false, {slot}});
      graph.nodes.push_back(std::move(number));
    }
    graph.outputs.push_back(slot);
  }
  return graph;
}

Status NodeReader::inline_body(const JsonValue& body, const std::vector<ArgumentItem>& operands,
                               const JsonValue& outputs, Scope& scope) {
  Scope inner;
  OAR_ASSIGN(const JsonValue* parameters, array_at(body, "inputs"));
  if (parameters->items().size() != operands.size()) {
    return corrupt("the region has {} inputs, {} are given", parameters->items().size(), operands.size());
  }
  for (std::size_t i = 0; i < operands.size(); ++i) {
    OAR_ASSIGN(const std::optional<NamedValue> parameter, named_value(parameters->items()[i]));
    if (!parameter) continue;  // a constant: its uses hold it themselves
    if (!inner.emplace(parameter->name, operands[i]).second)
      return corrupt("the name {} is defined twice", parameter->name);
  }
  OAR_TRY(read_nodes(body, inner));
  OAR_ASSIGN(const JsonValue* results, array_at(body, "outputs"));
  if (results->items().size() != outputs.items().size()) {
    return corrupt("the region returns {} values, {} are named", results->items().size(), outputs.items().size());
  }
  // The outer name is the inner value.
  const auto give = [&](const std::string& name, const ArgumentItem& item) -> Status {
    if (!scope.emplace(name, item).second) return corrupt("the name {} is defined twice", name);
    return Status::ok();
  };
  for (std::size_t i = 0; i < results->items().size(); ++i) {
    OAR_ASSIGN(const Tagged output, tagged(outputs.items()[i]));
    if (output.tag == "as_tensors") {
      OAR_ASSIGN(const ArgumentValue result, argument_value(results->items()[i], inner, device_));
      if (!output.value->is_array() || !result.is_list || result.items.size() != output.value->items().size())
        return corrupt("a list that the region returns has another length than its names");
      for (std::size_t j = 0; j < result.items.size(); ++j) {
        OAR_ASSIGN(const std::string name, string_at(output.value->items()[j], "name"));
        OAR_TRY(give(name, result.items[j]));
      }
      continue;
    }
    OAR_ASSIGN(const std::optional<NamedValue> named, named_value(outputs.items()[i]));
    if (!named) continue;
    OAR_ASSIGN(const ArgumentValue result, argument_value(results->items()[i], inner, device_));
    if (result.is_list) return corrupt("the region returns a list where one value is named");
    OAR_TRY(give(named->name, result.items[0]));
  }
  return Status::ok();
}

}  // namespace oarlock::pt2
