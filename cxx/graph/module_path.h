// Questions about module paths: "encoder.0.fc1", "" is the root.
#pragma once

#include <string_view>

namespace oarlock {

// "a.b" is inside "a", and inside ""; so is "a" itself.
inline bool is_inside(std::string_view path, std::string_view module) {
  if (module.empty() || path == module) return true;
  return path.size() > module.size() && path.substr(0, module.size()) == module && path[module.size()] == '.';
}

// Behind the last dot; without a dot all of it.
inline std::string_view last_part(std::string_view name) { return name.substr(name.rfind('.') + 1); }

}  // namespace oarlock
