// Walks over the leaves of trees.
#pragma once

#include <utility>

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

}  // namespace oarlock
