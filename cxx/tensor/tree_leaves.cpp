#include "tensor/tree_leaves.h"

#include <algorithm>

namespace oarlock {
namespace {

void collect(Tree& tree, const std::string& path, std::vector<TreeLeaf>& leaves) {
  Tree::Value& value = tree.value();
  if (auto* list = std::get_if<Tree::List>(&value)) {
    for (std::size_t i = 0; i < list->size(); ++i) collect((*list)[i], path_below(path, std::to_string(i)), leaves);
    return;
  }
  if (auto* map = std::get_if<Tree::Map>(&value)) {
    std::vector<std::pair<std::string, Tree>*> entries;
    for (auto& entry : *map) entries.push_back(&entry);
    std::ranges::sort(entries, {}, [](const auto* entry) -> const std::string& { return entry->first; });
    for (auto* entry : entries) collect(entry->second, path_below(path, entry->first), leaves);
    return;
  }
  leaves.push_back({path, &tree});
}

}  // namespace

std::string path_below(const std::string& path, const std::string& step) {
  return path.empty() ? step : path + "." + step;
}

std::string quoted_path(const std::string& path) {
  return path.empty() ? std::string("the tree itself") : fmt::format("'{}'", path);
}

std::vector<TreeLeaf> leaves_of(Tree& tree) {
  std::vector<TreeLeaf> leaves;
  collect(tree, "", leaves);
  return leaves;
}

}  // namespace oarlock
