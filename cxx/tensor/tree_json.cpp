#include "tensor/tree_json.h"

#include "base/strict_json.h"
#include "base/text.h"
#include "tensor/tree_leaves.h"

namespace oarlock {
namespace {

Result<Tree> number_leaf(const JsonValue& value) {
  if (value.text().find_first_of(".eE") == std::string::npos) {
    if (const auto integer = parse_number<std::int64_t>(value.text())) return Tree(Tree::Value(*integer));
  }
  OAR_ASSIGN(const double number, value.as_double());
  return Tree(Tree::Value(number));
}

Result<Tree> tree_of(const JsonValue& value) {
  switch (value.kind()) {
    case JsonValue::Kind::kNull:
      return Tree();
    case JsonValue::Kind::kBool: {
      OAR_ASSIGN(const bool flag, value.as_bool());
      return Tree(Tree::Value(flag));
    }
    case JsonValue::Kind::kNumber:
      return number_leaf(value);
    case JsonValue::Kind::kString:
      return Tree(Tree::Value(value.text()));
    case JsonValue::Kind::kArray: {
      Tree::List list;
      for (const JsonValue& item : value.items()) {
        OAR_ASSIGN(Tree entry, tree_of(item));
        list.push_back(std::move(entry));
      }
      return Tree(std::move(list));
    }
    case JsonValue::Kind::kObject:
      break;
  }
  Tree::Map map;
  for (const auto& [key, item] : value.members()) {
    OAR_ASSIGN(Tree entry, tree_of(item));
    map.emplace_back(key, std::move(entry));
  }
  return Tree(std::move(map));
}

// A double keeps its point, so that it is read as one again.
JsonValue number_json(double value) {
  JsonValue number = JsonValue::number(value);
  if (!number.is_number() || number.text().find_first_of(".eE") != std::string::npos) return number;
  return JsonValue::number_from_text(number.text() + ".0");
}

Result<JsonValue> json_of(const Tree& tree, const std::string& path) {
  if (const Tree::List* list = tree.list()) {
    JsonValue items = JsonValue::array();
    for (std::size_t i = 0; i < list->size(); ++i) {
      OAR_ASSIGN(JsonValue item, json_of((*list)[i], path_below(path, std::to_string(i))));
      items.append(std::move(item));
    }
    return items;
  }
  if (const Tree::Map* map = tree.map()) {
    std::vector<JsonValue::Member> members;
    for (const auto& [key, entry] : *map) {
      OAR_ASSIGN(JsonValue item, json_of(entry, path_below(path, key)));
      members.emplace_back(key, std::move(item));
    }
    return JsonValue::object(std::move(members));
  }
  if (tree.tensor() != nullptr) {
    return invalid_argument("JSON has no tensors, {} is one; oar_tree_to_numbers makes lists of numbers of it",
                            quoted_path(path));
  }
  if (const auto* value = std::get_if<std::int64_t>(&tree.value())) return JsonValue::integer(*value);
  if (const auto* value = std::get_if<double>(&tree.value())) return number_json(*value);
  if (const auto* value = std::get_if<bool>(&tree.value())) return JsonValue::boolean(*value);
  if (const auto* value = std::get_if<std::string>(&tree.value())) return JsonValue::string(*value);
  return JsonValue();
}

}  // namespace

Result<Tree> tree_from_json(std::string_view text) {
  StrictJsonLimits limits;
  limits.depth_max = kTreeDepthMax;
  Result<JsonValue> parsed = parse_strict_json(text, limits);
  if (!parsed.is_ok()) return invalid_argument("no JSON for a tree: {}", parsed.status().message());
  return tree_of(parsed.value());
}

Result<Tree> tree_from_json_value(const JsonValue& value) { return tree_of(value); }

Result<JsonValue> tree_to_json_value(const Tree& tree) { return json_of(tree, ""); }

Result<std::string> tree_to_json(const Tree& tree) {
  OAR_ASSIGN(const JsonValue value, json_of(tree, ""));
  return value.dump();
}

}  // namespace oarlock
