#include "graph/pt2/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/strict_json.h"
#include "base/text.h"
#include "graph/pt2/expressions.h"

namespace oarlock::pt2 {
namespace {

Status wrong_kind(std::string_view key, std::string_view wanted) {
  return corrupt("member \"{}\" is not {}", key, wanted);
}

// The names of a container's children, if its context gives exactly one each.
std::vector<std::string> context_names(const JsonValue& context, std::size_t count) {
  const JsonValue* list = &context;
  // A dataclass's context is [[names], [names of those that are None]], a defaultdict's [factory, [keys]].
  if (list->is_array() && list->items().size() == 2 && list->items()[0].is_array()) {
    list = &list->items()[0];
  } else if (list->is_array() && list->items().size() == 2 && list->items()[1].is_array()) {
    list = &list->items()[1];
  }
  std::vector<std::string> names;
  if (!list->is_array() || list->items().size() != count) return names;
  for (const JsonValue& item : list->items()) {
    if (!item.is_string() && !item.is_number()) return {};
    names.push_back(item.text());
  }
  return names;
}

std::vector<std::string> namedtuple_names(const JsonValue* fields, const std::string& context) {
  std::vector<std::string> names;
  const JsonValue* definition = fields != nullptr ? fields->find(context) : nullptr;
  const JsonValue* list = definition != nullptr ? definition->find("field_names") : nullptr;
  if (list == nullptr || !list->is_array()) return names;
  for (const JsonValue& item : list->items()) names.push_back(item.text());
  return names;
}

Result<OutputTree> tree_of_spec(const JsonValue& spec, const JsonValue* namedtuple_fields) {
  OAR_ASSIGN(const JsonValue* children, array_at(spec, "children_spec"));
  const JsonValue* type = spec.find("type");
  OutputTree tree;
  if (type == nullptr || type->is_null()) {
    if (!children->items().empty()) return corrupt("a leaf of the tree has children");
    return tree;
  }
  if (!type->is_string()) return wrong_kind("type", "a string");
  for (const JsonValue& child : children->items()) {
    OAR_ASSIGN(OutputTree parsed, tree_of_spec(child, namedtuple_fields));
    tree.children.push_back(std::move(parsed));
  }
  tree.kind = OutputTree::Kind::kList;
  if (type->text() == "builtins.tuple" || type->text() == "builtins.list") return tree;
  const JsonValue* context = spec.find("context");
  if (context == nullptr || !context->is_string()) return tree;
  if (type->text() == "collections.namedtuple") {
    tree.keys = namedtuple_names(namedtuple_fields, context->text());
  } else {
    Result<JsonValue> parsed = parse_strict_json(context->text());
    if (!parsed.is_ok()) return tree;
    tree.keys = parsed.value().is_string() ? namedtuple_names(namedtuple_fields, parsed.value().text())
                                           : context_names(parsed.value(), tree.children.size());
  }
  if (tree.keys.size() == tree.children.size()) {
    tree.kind = OutputTree::Kind::kMap;
  } else {
    tree.keys.clear();
  }
  return tree;
}

void collect_paths(const OutputTree& tree, const std::string& path, std::vector<std::string>& paths) {
  if (tree.kind == OutputTree::Kind::kLeaf) {
    paths.push_back(path);
    return;
  }
  for (std::size_t i = 0; i < tree.children.size(); ++i) {
    const std::string part = tree.keys.empty() ? fmt::format("{}", i) : tree.keys[i];
    collect_paths(tree.children[i], path.empty() ? part : path + "." + part, paths);
  }
}

}  // namespace

Result<at::ScalarType> dtype_of_schema(std::int64_t number) {
  switch (number) {
    case 1:
      return at::kByte;
    case 2:
      return at::kChar;
    case 3:
      return at::kShort;
    case 4:
      return at::kInt;
    case 5:
      return at::kLong;
    case 6:
      return at::kHalf;
    case 7:
      return at::kFloat;
    case 8:
      return at::kDouble;
    case 9:
      return at::kComplexHalf;
    case 10:
      return at::kComplexFloat;
    case 11:
      return at::kComplexDouble;
    case 12:
      return at::kBool;
    case 13:
      return at::kBFloat16;
    case 28:
      return at::kUInt16;
    case 29:
      return at::kFloat8_e4m3fn;
    case 30:
      return at::kFloat8_e5m2;
    case 31:
      return at::kFloat8_e4m3fnuz;
    case 32:
      return at::kFloat8_e5m2fnuz;
    case 33:
      return at::kFloat8_e8m0fnu;
    case 34:
      return at::kUInt32;
    case 35:
      return at::kUInt64;
    default:
      return unsupported("element type {} of the export schema is not known", number);
  }
}

Result<at::Layout> layout_of_schema(std::int64_t number) {
  if (number == 7) return at::kStrided;
  return unsupported("layout {} of the export schema is not supported; only strided tensors are", number);
}

Result<at::MemoryFormat> memory_format_of_schema(std::int64_t number) {
  switch (number) {
    case 1:
      return at::MemoryFormat::Contiguous;
    case 2:
      return at::MemoryFormat::ChannelsLast;
    case 3:
      return at::MemoryFormat::ChannelsLast3d;
    case 4:
      return at::MemoryFormat::Preserve;
    default:
      return unsupported("memory format {} of the export schema is not known", number);
  }
}

Result<const JsonValue*> object_at(const JsonValue& value, std::string_view key) {
  const JsonValue* member = value.find(key);
  if (member == nullptr || !member->is_object()) return wrong_kind(key, "an object");
  return member;
}

Result<const JsonValue*> array_at(const JsonValue& value, std::string_view key) {
  const JsonValue* member = value.find(key);
  if (member == nullptr || !member->is_array()) return wrong_kind(key, "a list");
  return member;
}

Result<std::string> string_at(const JsonValue& value, std::string_view key) {
  const JsonValue* member = value.find(key);
  if (member == nullptr || !member->is_string()) return wrong_kind(key, "a string");
  return member->text();
}

Result<std::int64_t> integer_at(const JsonValue& value, std::string_view key) {
  const JsonValue* member = value.find(key);
  if (member == nullptr) return wrong_kind(key, "an integer");
  Result<std::int64_t> number = integer_of(*member);
  if (!number.is_ok()) return wrong_kind(key, "an integer");
  return number;
}

Result<bool> flag_at(const JsonValue& value, std::string_view key) {
  const JsonValue* member = value.find(key);
  if (member == nullptr || !member->is_bool()) return wrong_kind(key, "true or false");
  return member->as_bool();
}

Result<std::int64_t> integer_of(const JsonValue& value) {
  const std::optional<std::int64_t> number =
      value.is_number() ? parse_number<std::int64_t>(value.text()) : std::nullopt;
  if (!number) return corrupt("an integer is expected");
  return *number;
}

Result<double> real_of(const JsonValue& value) {
  Result<double> number = value.as_double();
  if (number.is_ok()) return number;
  return corrupt("a number is expected");
}

Result<Tagged> tagged(const JsonValue& value) {
  if (!value.is_object() || value.members().size() != 1) return corrupt("an object with one tag is expected");
  const auto& [tag, member] = value.members().front();
  return Tagged{tag, &member};
}

std::int32_t ShapeReader::symbol_index(const std::string& name) {
  const auto [known, is_new] = symbols_.try_emplace(name, static_cast<std::int32_t>(graph_.symbols.size()));
  if (is_new) graph_.symbols.push_back(Symbol{name, 0, INT64_MAX});
  return known->second;
}

Result<ExportedDim> ShapeReader::dim(const JsonValue& size) {
  OAR_ASSIGN(const Tagged given, tagged(size));
  ExportedDim result;
  if (given.tag == "as_int") {
    OAR_ASSIGN(result.value, integer_of(*given.value));
    if (result.value < 0) return corrupt("a size is negative: {}", result.value);
    return result;
  }
  if (given.tag != "as_expr") return corrupt("a size has the unknown tag {}", given.tag);
  OAR_ASSIGN(const std::string text, string_at(*given.value, "expr_str"));
  if (const auto known = dims_.find(text); known != dims_.end()) return known->second;
  result = {ExportedDim::kNoExpression, ExportedDim::kExpression};
  std::optional<SizeExpression> expression =
      parse_sympy(text, [&](const std::string& name) { return symbol_index(name); });
  if (expression && expression->terms().size() == 1 && expression->terms()[0].op == SizeOp::kVariable) {
    result.symbol = static_cast<std::int32_t>(expression->terms()[0].value);
  } else if (expression) {
    result.value = static_cast<std::int64_t>(graph_.expressions.size());
    graph_.expressions.push_back(std::move(*expression));
  }
  dims_.emplace(text, result);
  return result;
}

Result<ExportedTensor> ShapeReader::tensor(const JsonValue& meta) {
  ExportedTensor tensor;
  OAR_ASSIGN(const std::int64_t dtype, integer_at(meta, "dtype"));
  OAR_ASSIGN(tensor.dtype, dtype_of_schema(dtype));
  OAR_ASSIGN(tensor.requires_grad, flag_at(meta, "requires_grad"));
  OAR_ASSIGN(const JsonValue* sizes, array_at(meta, "sizes"));
  for (const JsonValue& size : sizes->items()) {
    OAR_ASSIGN(const ExportedDim read, dim(size));
    tensor.shape.push_back(read);
  }
  return tensor;
}

Result<OutputTree> tree_of_treespec(std::string_view text, const JsonValue* namedtuple_fields) {
  OAR_ASSIGN(const JsonValue spec, parse_strict_json(text));
  if (!spec.is_array() || spec.items().size() != 2) return corrupt("a tree is not [version, tree]");
  OAR_ASSIGN(const std::int64_t version, integer_of(spec.items()[0]));
  if (version != 1) return wrong_version("tree format {} is not supported, only 1", version);
  return tree_of_spec(spec.items()[1], namedtuple_fields);
}

std::vector<std::string> leaf_paths(const OutputTree& tree) {
  std::vector<std::string> paths;
  collect_paths(tree, "", paths);
  return paths;
}

}  // namespace oarlock::pt2
