#include "graph/pt2/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "graph/memory_roots.h"
#include "graph/pt2/archive.h"
#include "graph/pt2/arguments.h"
#include "graph/pt2/guards.h"
#include "graph/pt2/nodes.h"
#include "graph/pt2/schema.h"

namespace oarlock {
namespace pt2 {
namespace {

class ProgramReader {
 public:
  ProgramReader(const JsonValue& json, StoredTensors weights, StoredTensors constants, at::Device device,
                std::vector<std::string> namespaces)
      : json_(json),
        weights_(std::move(weights)),
        constants_(std::move(constants)),
        nodes_(program_.graph, device, std::move(namespaces)),
        device_(device) {}

  Result<Program> read() {
    OAR_TRY(check_version());
    OAR_ASSIGN(const JsonValue* module, object_at(json_, "graph_module"));
    OAR_ASSIGN(const JsonValue* graph, object_at(*module, "graph"));
    OAR_ASSIGN(const JsonValue* signature, object_at(*module, "signature"));
    OAR_TRY(read_inputs(*graph, *signature));
    OAR_TRY(nodes_.read_nodes(*graph, scope_));
    OAR_TRY(check_tensors());
    OAR_TRY(check_writes());
    OAR_TRY(read_outputs(*signature));
    OAR_TRY(read_ranges());
    OAR_TRY(read_trees(*module));
    read_guards(json_, program_);
    return std::move(program_);
  }

 private:
  Status check_version();
  Status read_inputs(const JsonValue& graph, const JsonValue& signature);
  Status read_input(const Tagged& spec);
  Status read_user_input(const JsonValue& spec);
  Status add_tensor(const JsonValue& spec, TensorRole role, std::string_view name_key);
  Status check_tensors();
  Status check_writes();
  Status read_outputs(const JsonValue& signature);
  Status read_output(const Tagged& spec);
  Status read_ranges();
  Status read_trees(const JsonValue& module);
  Status name_inputs(const JsonValue& signature, const JsonValue* namedtuple_fields);

  const JsonValue& json_;
  StoredTensors weights_, constants_;
  Program program_;
  NodeReader nodes_;
  at::Device device_;
  Scope scope_;
  std::map<std::string, std::size_t> buffers_;  // their tensors, by name
  std::vector<SlotId> leaves_;                  // user inputs and constants of the call, in order; kNoSlot: a constant
};

Status ProgramReader::check_version() {
  OAR_ASSIGN(const JsonValue* version, object_at(json_, "schema_version"));
  OAR_ASSIGN(const std::int64_t major, integer_at(*version, "major"));
  if (major == kSchemaMajor) return Status::ok();
  return wrong_version("the program has export schema version {}, this build reads version {}", major, kSchemaMajor);
}

Status ProgramReader::add_tensor(const JsonValue& spec, TensorRole role, std::string_view name_key) {
  ProgramTensor tensor;
  tensor.role = role;
  OAR_ASSIGN(tensor.name, string_at(spec, name_key));
  if (role == TensorRole::kBuffer) {
    OAR_ASSIGN(tensor.persistent, flag_at(spec, "persistent"));
  } else if (role == TensorRole::kConstant) {
    tensor.persistent = false;
  }
  const StoredTensors& stored = tensor.persistent ? weights_ : constants_;
  const auto found = stored.find(tensor.name);
  if (found == stored.end()) return corrupt("{}: the archive holds no tensor of that name", tensor.name);
  tensor.tensor = found->second.tensor;
  OAR_ASSIGN(const JsonValue* arg, object_at(spec, "arg"));
  OAR_ASSIGN(const std::string name, string_at(*arg, "name"));
  OAR_ASSIGN(tensor.slot, nodes_.define(scope_, name, SlotKind::kTensor));
  program_.graph.inputs.push_back(tensor.slot);
  if (role == TensorRole::kBuffer) buffers_.emplace(tensor.name, program_.tensors.size());
  program_.tensors.push_back(std::move(tensor));
  return Status::ok();
}

Status ProgramReader::read_user_input(const JsonValue& spec) {
  OAR_ASSIGN(const JsonValue* arg, object_at(spec, "arg"));
  OAR_ASSIGN(const Tagged given, tagged(*arg));
  std::string name;
  SlotKind kind = SlotKind::kTensor;
  if (given.tag == "as_tensor") {
    OAR_ASSIGN(name, string_at(*given.value, "name"));
  } else if (given.tag == "as_sym_int" || given.tag == "as_sym_float" || given.tag == "as_sym_bool") {
    kind = given.tag == "as_sym_int"     ? SlotKind::kInt
           : given.tag == "as_sym_float" ? SlotKind::kFloat
                                         : SlotKind::kBool;
    OAR_ASSIGN(name, string_at(*given.value, "as_name"));
  } else {
    if (!is_constant_kind(given.tag)) return unsupported("inputs of the kind {} are not supported", given.tag);
    leaves_.push_back(kNoSlot);  // a plain constant of the call
    return Status::ok();
  }
  OAR_ASSIGN(const SlotId slot, nodes_.define(scope_, name, kind));
  program_.graph.inputs.push_back(slot);
  program_.inputs.push_back({name, slot});
  leaves_.push_back(slot);
  return Status::ok();
}

Status ProgramReader::read_input(const Tagged& spec) {
  if (spec.tag == "parameter") return add_tensor(*spec.value, TensorRole::kParameter, "parameter_name");
  if (spec.tag == "buffer") return add_tensor(*spec.value, TensorRole::kBuffer, "buffer_name");
  if (spec.tag == "tensor_constant") return add_tensor(*spec.value, TensorRole::kConstant, "tensor_constant_name");
  if (spec.tag == "user_input") return read_user_input(*spec.value);
  if (spec.tag == "constant_input") {
    OAR_ASSIGN(const JsonValue* constant, object_at(*spec.value, "value"));
    OAR_ASSIGN(const Tagged given, tagged(*constant));
    if (!is_constant_kind(given.tag)) return unsupported("inputs of the kind {} are not supported", given.tag);
    leaves_.push_back(kNoSlot);
    return Status::ok();
  }
  return unsupported("inputs of the kind {} are not supported", spec.tag);
}

Status ProgramReader::read_inputs(const JsonValue& graph, const JsonValue& signature) {
  OAR_ASSIGN(const JsonValue* placeholders, array_at(graph, "inputs"));
  OAR_ASSIGN(const JsonValue* specs, array_at(signature, "input_specs"));
  if (placeholders->items().size() != specs->items().size()) {
    return corrupt("the graph has {} inputs, its signature {}", placeholders->items().size(), specs->items().size());
  }
  for (std::size_t i = 0; i < specs->items().size(); ++i) {
    OAR_ASSIGN(const Tagged spec, tagged(specs->items()[i]));
    Status status = read_input(spec);
    if (!status.is_ok()) return std::move(status).within(fmt::format("input {}", i));
  }
  return Status::ok();
}

// The stored tensors are what the graph was exported for.
Status ProgramReader::check_tensors() {
  for (const ProgramTensor& tensor : program_.tensors) {
    const std::optional<ExportedTensor>& exported = program_.graph.slots[tensor.slot].exported;
    if (!exported) continue;
    bool fits = tensor.tensor.scalar_type() == exported->dtype &&
                static_cast<std::size_t>(tensor.tensor.dim()) == exported->shape.size();
    for (std::size_t i = 0; fits && i < exported->shape.size(); ++i) {
      const ExportedDim& dim = exported->shape[i];
      fits = dim.symbol != ExportedDim::kFixed || dim.value == tensor.tensor.size(static_cast<std::int64_t>(i));
    }
    if (!fits) return corrupt("tensor {}: dtype or shape in the archive is not that of the graph", tensor.name);
  }
  return Status::ok();
}

// Optimizers, ranks and checkpoints take parameters to change in steps only.
Status ProgramReader::check_writes() {
  const std::vector<std::set<SlotId>> written = memory_roots(program_.graph, Sharing::kCertain).written;
  for (std::size_t i = 0; i < written.size(); ++i) {
    if (written[i].empty()) continue;
    for (const ProgramTensor& tensor : program_.tensors) {
      if (tensor.role != TensorRole::kParameter || !written[i].contains(tensor.slot)) continue;
      return unsupported(
          "node {} writes to the parameter {}, which programs that Oarlock runs do not; keep what changes in buffers "
          "(of an embedding: leave max_norm out)",
          program_.graph.nodes[i].name, tensor.name);
    }
  }
  return Status::ok();
}

Status ProgramReader::read_output(const Tagged& spec) {
  OAR_ASSIGN(const JsonValue* arg, object_at(*spec.value, "arg"));
  if (spec.tag == "user_output" || spec.tag == "loss_output") {
    JsonValue as_tensor = JsonValue::object();  // a loss is given without its tag
    if (spec.tag == "loss_output") as_tensor.set("as_tensor", *arg);
    Result<ArgumentValue> value = argument_value(spec.tag == "loss_output" ? as_tensor : *arg, scope_, device_);
    if (!value.is_ok()) return std::move(value).status();
    if (value.value().is_list) return unsupported("an output that is a list inside a leaf");
    program_.outputs.push_back(value.value().items[0]);
    if (value.value().items[0].slot != kNoSlot) program_.graph.outputs.push_back(value.value().items[0].slot);
    return Status::ok();
  }
  if (spec.tag == "user_input_mutation") return Status::ok();  // the caller's tensors stay as they are
  if (spec.tag == "parameter_mutation") {
    return unsupported(
        "programs that write to their parameters are not supported (outputs of the kind parameter_mutation); keep what "
        "changes in buffers, or export without run_decompositions()");
  }
  if (spec.tag != "buffer_mutation") return unsupported("outputs of the kind {} are not supported", spec.tag);
  OAR_ASSIGN(const std::string name, string_at(*arg, "name"));
  OAR_ASSIGN(const std::string buffer, string_at(*spec.value, "buffer_name"));
  OAR_ASSIGN(const ArgumentItem item, look_up(scope_, name));
  const auto found = buffers_.find(buffer);
  if (found == buffers_.end() || item.slot == kNoSlot || program_.graph.slots[item.slot].kind != SlotKind::kTensor) {
    return corrupt("the new value of buffer {} is none", buffer);
  }
  program_.buffer_updates.push_back({found->second, item.slot});
  program_.graph.outputs.push_back(item.slot);
  return Status::ok();
}

Status ProgramReader::read_outputs(const JsonValue& signature) {
  OAR_ASSIGN(const JsonValue* specs, array_at(signature, "output_specs"));
  for (std::size_t i = 0; i < specs->items().size(); ++i) {
    OAR_ASSIGN(const Tagged spec, tagged(specs->items()[i]));
    Status status = read_output(spec);
    if (!status.is_ok()) return std::move(status).within(fmt::format("output {}", i));
  }
  return Status::ok();
}

Status ProgramReader::read_ranges() {
  const JsonValue* ranges = json_.find("range_constraints");
  if (ranges == nullptr) return Status::ok();
  program_.graph.num_user_inputs = program_.inputs.size();
  std::map<std::string_view, const JsonValue*> by_name;
  for (const auto& [name, range] : ranges->members()) by_name.emplace(name, &range);
  for (Symbol& symbol : program_.graph.symbols) {
    const auto range = by_name.find(symbol.name);
    if (range == by_name.end()) continue;
    const JsonValue* low = range->second->find("min_val");
    const JsonValue* high = range->second->find("max_val");
    if (low != nullptr && low->is_number()) {
      OAR_ASSIGN(symbol.min, integer_of(*low));
    }
    if (high != nullptr && high->is_number()) {
      OAR_ASSIGN(symbol.max, integer_of(*high));
    }
  }
  return Status::ok();
}

// args[i] is called forward_arg_names[i]; kwargs have their own names; nested leaves are "name.key".
Status ProgramReader::name_inputs(const JsonValue& signature, const JsonValue* namedtuple_fields) {
  OAR_ASSIGN(const std::string in_spec, string_at(signature, "in_spec"));
  OAR_ASSIGN(OutputTree tree, tree_of_treespec(in_spec, namedtuple_fields));
  if (tree.children.size() != 2) return Status::ok();
  OutputTree& arguments = tree.children[0];
  const JsonValue* names = signature.find("forward_arg_names");
  if (names != nullptr && names->is_array() && names->items().size() >= arguments.children.size()) {
    for (std::size_t i = 0; i < arguments.children.size(); ++i) arguments.keys.push_back(names->items()[i].text());
  }
  std::vector<std::string> paths = leaf_paths(arguments);
  for (std::string& path : leaf_paths(tree.children[1])) paths.push_back(std::move(path));
  if (paths.size() != leaves_.size()) return Status::ok();
  if (std::set<std::string>(paths.begin(), paths.end()).size() != paths.size()) return Status::ok();
  std::size_t input = 0;
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    if (leaves_[i] != kNoSlot) program_.inputs[input++].name = paths[i];
  }
  std::set<std::string_view> names_of_inputs;
  for (const ProgramInput& given : program_.inputs) names_of_inputs.insert(given.name);
  std::vector<std::string> candidates = arguments.keys;
  candidates.insert(candidates.end(), tree.children[1].keys.begin(), tree.children[1].keys.end());
  for (std::string& name : candidates) {
    const auto inside = names_of_inputs.lower_bound(name + ".");
    const bool holds_input =
        names_of_inputs.contains(name) || (inside != names_of_inputs.end() && inside->starts_with(name + "."));
    if (holds_input) program_.arguments.push_back(std::move(name));
  }
  return Status::ok();
}

Status ProgramReader::read_trees(const JsonValue& module) {
  OAR_ASSIGN(const JsonValue* calls, array_at(module, "module_call_graph"));
  const JsonValue* signature = nullptr;
  for (const JsonValue& call : calls->items()) {
    const JsonValue* fqn = call.find("fqn");
    if (fqn != nullptr && fqn->is_string() && fqn->text().empty()) signature = call.find("signature");
  }
  if (signature == nullptr || !signature->is_object())
    return corrupt("the program has no signature of its root module");
  const JsonValue* fields = module.find("treespec_namedtuple_fields");
  Status named = name_inputs(*signature, fields);
  if (!named.is_ok()) return std::move(named).within("in_spec");
  OAR_ASSIGN(const std::string out_spec, string_at(*signature, "out_spec"));
  Result<OutputTree> tree = tree_of_treespec(out_spec, fields);
  if (!tree.is_ok()) return std::move(tree).status().within("out_spec");
  const std::size_t num_leaves = leaf_paths(tree.value()).size();
  if (num_leaves != program_.outputs.size()) {
    return corrupt("the output tree has {} leaves, the program returns {}", num_leaves, program_.outputs.size());
  }
  program_.output_tree = std::move(tree).value();
  if (program_.output_tree.kind == OutputTree::Kind::kLeaf) {
    program_.output_tree = OutputTree{OutputTree::Kind::kList, {}, {OutputTree()}};
  }
  return Status::ok();
}

}  // namespace

Result<Program> program_of(const JsonValue& document, StoredTensors weights, StoredTensors constants, at::Device device,
                           std::vector<std::string> namespaces, const Extra& extra) {
  OAR_TRY(tie(extra, weights));
  ProgramReader reader(document, std::move(weights), std::move(constants), device, std::move(namespaces));
  OAR_ASSIGN(Program program, reader.read());
  program.graph.module_classes.insert(extra.modules.begin(), extra.modules.end());
  name_sizes(extra, program);
  const std::vector<std::string> outputs = leaf_paths(program.output_tree);
  if (!extra.loss.empty() && std::find(outputs.begin(), outputs.end(), extra.loss) == outputs.end()) {
    return corrupt("extra/oarlock.json: the loss is {}, and the program returns {}", extra.loss,
                   join_text(outputs, ", "));
  }
  program.loss = extra.loss;
  return program;
}

}  // namespace pt2

Result<Program> read_program(const std::string& path, at::Device device, std::vector<std::string> namespaces,
                             bool weights_follow) {
  const auto read = [&]() -> Result<Program> {
    OAR_ASSIGN(const pt2::Archive archive, pt2::Archive::open(path));
    OAR_ASSIGN(const JsonValue json, archive.program());
    OAR_ASSIGN(pt2::StoredTensors weights, archive.weights(device, weights_follow));
    OAR_ASSIGN(pt2::StoredTensors constants, archive.constants(device));
    OAR_ASSIGN(const std::optional<JsonValue> record, archive.extra());
    pt2::Extra extra;
    if (record) {
      Result<pt2::Extra> parsed = pt2::parse_extra(*record);
      if (!parsed.is_ok()) return std::move(parsed).status().within("extra/oarlock.json");
      extra = std::move(parsed).value();
    }
    return pt2::program_of(json, std::move(weights), std::move(constants), device, std::move(namespaces), extra);
  };
  Result<Program> program = read();
  if (program.is_ok()) return program;
  Status status = std::move(program).status();
  if (status.message().find(path) != std::string::npos) return status;
  return std::move(status).within(path);
}

}  // namespace oarlock
