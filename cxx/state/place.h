// Numbers that say where a process stands among the others, each with the name of the variable or option it was read
// from.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/status.h"
#include "base/text.h"

namespace oarlock {

// What getenv() is to find_topology; a test gives its own.
using Environment = std::function<std::optional<std::string>(const char* name)>;

// A number and where it was read: every message names the variable or option.
struct Place {
  std::string name;
  std::optional<int> value;
  std::string text() const { return value ? fmt::format("{}={}", name, *value) : fmt::format("{} (not set)", name); }
};

// The same six facts, from options or from variables.
struct Places {
  Place rank, world_size, local_rank, local_world_size, node_rank, port;
  std::string address;  // of rank 0; empty: not said
  std::string way_out;  // what to do about a contradiction: the end of its message
};

// Without a value where the variable is not set or empty; OAR_E_ENVIRONMENT where it holds no whole number.
Result<Place> read_variable(const Environment& environment, const char* name);

}  // namespace oarlock
