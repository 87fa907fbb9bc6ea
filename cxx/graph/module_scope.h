// Parts of a model that the host names while it builds or runs it.
#pragma once

#include <cstdint>
#include <string>

namespace oarlock {

struct ModuleScope {
  std::string path;        // from the root: "blocks.0.attention"
  std::string class_name;  // "Attention", or empty
  std::int32_t call = 0;   // how often a scope of this path was entered before in the same forward
};

}  // namespace oarlock
