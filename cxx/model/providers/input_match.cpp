#include "model/providers/input_match.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace oarlock {
namespace {

// Leaves in order with their paths.
struct Leaf {
  std::string path;
  const Tree* tree;
};

void flatten(const Tree& tree, const std::string& path, std::vector<Leaf>& leaves) {
  const std::string prefix = path.empty() ? "" : path + ".";
  if (const Tree::List* list = tree.list()) {
    for (std::size_t i = 0; i < list->size(); ++i) flatten((*list)[i], fmt::format("{}{}", prefix, i), leaves);
  } else if (const Tree::Map* map = tree.map()) {
    for (const auto& [key, item] : *map) flatten(item, prefix + key, leaves);
  } else {
    leaves.push_back({path, &tree});
  }
}

bool is_leaf(const Tree& tree) { return tree.list() == nullptr && tree.map() == nullptr; }

std::string input_list(const Program& program) {
  std::vector<std::string> names;
  for (const ProgramInput& input : program.inputs) names.push_back(input.name);
  return join_text(names, ", ");
}

// The usual calls: one leaf per input, by position or by name. False: it is not such a call, or not a right one.
bool match_flat(const Program& program, const Tree& inputs, std::vector<const Tree*>& leaves) {
  const std::size_t count = program.inputs.size();
  leaves.assign(count, nullptr);
  if (const Tree::List* list = inputs.list()) {
    if (list->size() != count || !std::all_of(list->begin(), list->end(), is_leaf)) return false;
    for (std::size_t i = 0; i < count; ++i) leaves[i] = &(*list)[i];
    return true;
  }
  const Tree::Map* map = inputs.map();
  if (map == nullptr || map->size() != count) return false;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& [key, item] = (*map)[i];
    std::size_t input = i;  // most callers keep the program's order
    if (program.inputs[i].name != key) {
      const auto found = std::find_if(program.inputs.begin(), program.inputs.end(),
                                      [&](const ProgramInput& candidate) { return candidate.name == key; });
      if (found == program.inputs.end()) return false;
      input = static_cast<std::size_t>(found - program.inputs.begin());
    }
    if (!is_leaf(item) || leaves[input] != nullptr) return false;
    leaves[input] = &item;
  }
  return true;
}

Status no_input_named(const Program& program, const std::string& path) {
  std::vector<std::string_view> names;
  for (const ProgramInput& input : program.inputs) names.emplace_back(input.name);
  const std::optional<std::string_view> nearest = nearest_text(path, names);
  return invalid_argument("the model has no input {}{} {}", path,
                          nearest ? fmt::format("; did you mean '{}'? It takes", *nearest) : "; it takes",
                          input_list(program));
}

Status match_by_name(const Program& program, const std::vector<Leaf>& given, std::vector<const Tree*>& leaves) {
  for (const Leaf& leaf : given) {
    const auto found = std::find_if(program.inputs.begin(), program.inputs.end(),
                                    [&](const ProgramInput& input) { return input.name == leaf.path; });
    if (found == program.inputs.end()) return no_input_named(program, leaf.path);
    leaves[static_cast<std::size_t>(found - program.inputs.begin())] = leaf.tree;
  }
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (leaves[i] != nullptr) continue;
    return invalid_argument("input {} is missing; the model takes {}", program.inputs[i].name, input_list(program));
  }
  return Status::ok();
}

}  // namespace

Status match_inputs(const Program& program, const Tree& inputs, std::vector<const Tree*>& out_leaves) {
  if (match_flat(program, inputs, out_leaves)) return Status::ok();
  out_leaves.assign(program.inputs.size(), nullptr);
  std::vector<Leaf> given;
  const Tree::List* list = inputs.list();
  // A list with lists or maps in it is the call's own arguments, not the flat inputs.
  if (list != nullptr && !program.arguments.empty() && !std::all_of(list->begin(), list->end(), is_leaf)) {
    if (list->size() != program.arguments.size()) {
      return invalid_argument("the model takes {} arguments ({}), {} given", program.arguments.size(),
                              join_text(program.arguments, ", "), list->size());
    }
    for (std::size_t i = 0; i < list->size(); ++i) flatten((*list)[i], program.arguments[i], given);
    return match_by_name(program, given, out_leaves);
  }
  flatten(inputs, "", given);
  if (inputs.map() != nullptr) return match_by_name(program, given, out_leaves);
  if (given.size() != program.inputs.size()) {
    return invalid_argument("the model takes {} inputs ({}), {} given", program.inputs.size(), input_list(program),
                            given.size());
  }
  for (std::size_t i = 0; i < given.size(); ++i) out_leaves[i] = given[i].tree;
  return Status::ok();
}

}  // namespace oarlock
