#include "graph/ir.h"

#include <fmt/format.h>

namespace oarlock {
namespace {

void add_names(const OutputTree& tree, const std::string& path, std::vector<std::string>& names) {
  if (tree.kind == OutputTree::Kind::kLeaf) {
    names.push_back(path);
    return;
  }
  const std::string prefix = path.empty() ? "" : path + ".";
  for (std::size_t i = 0; i < tree.children.size(); ++i) {
    const bool is_map = tree.kind == OutputTree::Kind::kMap;
    add_names(tree.children[i], prefix + (is_map ? tree.keys[i] : fmt::format("{}", i)), names);
  }
}

}  // namespace

std::vector<std::string> output_names(const OutputTree& tree) {
  std::vector<std::string> names;
  add_names(tree, "", names);
  return names;
}

std::string describe_node(const Node& node) {
  return fmt::format("node {} ({}) in module {}", node.name, node.target,
                     node.module_path.empty() ? "<root>" : node.module_path);
}

}  // namespace oarlock
