#include "graph/ir.h"

#include <fmt/format.h>

namespace oarlock {

std::string describe_node(const Node& node) {
  return fmt::format("node {} ({}) in module {}", node.name, node.target,
                     node.module_path.empty() ? "<root>" : node.module_path);
}

}  // namespace oarlock
