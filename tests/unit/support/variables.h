// An environment and options as a test gives them to find_topology.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>

#include "state/topology.h"

namespace oarlock {

using Variables = std::map<std::string, std::string>;

inline Environment environment_of(Variables variables) {
  return [variables](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
}

inline Options default_options(std::string_view json = "{}") {
  Options options = Options::from_environment().value();
  EXPECT_TRUE(options.merge_json(json).is_ok());
  return options;
}

}  // namespace oarlock
