// Many worlds of a simulation, each made from one seed.
//
// A run takes 5,000 seeds, other ones each day, or 100,000 with OARLOCK_TEST_FULL=1. OARLOCK_TEST_SEED=n takes that one
// alone and prints what happened.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string>
#include <string_view>

namespace oarlock::simulation {

// A World(seed, traces) runs by run(), tells what it is and what happened by told(), and which rules were broken by
// judge(): a text each.
template <class World>
std::string broken_rules(std::uint64_t seed, std::string_view test) {
  World world(seed, /*traces=*/false);
  world.run();
  if (world.judge().empty()) return "";
  World again(seed, /*traces=*/true);
  again.run();
  std::string text = again.told();
  for (const std::string& wrong : again.judge()) text += "WRONG: " + wrong + "\n";
  return text + fmt::format("repeat it by OARLOCK_TEST_SEED={} unit_comm --gtest_filter='{}'", seed, test);
}

template <class World>
void expect_rules_in_every_world(std::string_view test) {
  if (const char* const one = std::getenv("OARLOCK_TEST_SEED"); one != nullptr) {
    World world(std::strtoull(one, nullptr, 10), /*traces=*/true);
    world.run();
    std::cout << world.told();
    for (const std::string& wrong : world.judge()) ADD_FAILURE() << wrong;
    return;
  }
  const char* const full = std::getenv("OARLOCK_TEST_FULL");
  const std::uint64_t num_seeds = full != nullptr && std::string_view(full) == "1" ? 100000 : 5000;
  const std::uint64_t first = static_cast<std::uint64_t>(std::time(nullptr) / 86400) * 100000;
  std::cout << fmt::format("seeds {} to {}\n", first, first + num_seeds - 1);
  int num_broken = 0;
  for (std::uint64_t seed = first; seed < first + num_seeds; ++seed) {
    const std::string text = broken_rules<World>(seed, test);
    if (text.empty()) continue;
    ADD_FAILURE() << "seed " << seed << ": " << text;
    if (++num_broken == 5) break;  // more tell little more
  }
}

}  // namespace oarlock::simulation
