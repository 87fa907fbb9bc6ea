// Parts of a model that the host names while it builds or runs it.
#pragma once

#include <string>

namespace oarlock {

struct ModuleScope {
  std::string path;        // from the root: "blocks.0.attention"
  std::string class_name;  // "Attention", or empty
};

}  // namespace oarlock
