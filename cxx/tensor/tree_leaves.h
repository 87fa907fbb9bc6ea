// Walks over the leaves of trees.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tensor/tree.h"

namespace oarlock {

// A tree of the same structure with change(leaf) for every leaf, in order.
template <class Change>
Tree with_leaves(const Tree& tree, const Change& change) {
  if (const Tree::List* list = tree.list()) {
    Tree::List changed;
    for (const Tree& item : *list) changed.push_back(with_leaves(item, change));
    return Tree(std::move(changed));
  }
  if (const Tree::Map* map = tree.map()) {
    Tree::Map changed;
    for (const auto& [key, item] : *map) changed.emplace_back(key, with_leaves(item, change));
    return Tree(std::move(changed));
  }
  return change(tree);
}

struct TreeLeaf {
  std::string path;  // "a.0"; "" is the tree itself
  Tree* leaf;
};

// What is no list and no map, with its path: lists in order, maps by key, so that trees of the same structure give the
// same order whatever the order in which their keys were set. Valid until the structure changes.
std::vector<TreeLeaf> leaves_of(Tree& tree);

std::string path_below(const std::string& path, const std::string& step);
std::string quoted_path(const std::string& path);  // for texts: 'a.0', or: the tree itself

}  // namespace oarlock
