// Worlds of ranks under a simulated network and clock: delays, orders, restarts, faults; each made from one seed
// (seeds.h).
#include <gtest/gtest.h>

#include "unit/comm/simulation/seeds.h"
#include "unit/comm/simulation/world.h"

namespace oarlock::simulation {
namespace {

TEST(Simulation, EveryWorldKeepsTheRules) { expect_rules_in_every_world<World>("Simulation.*"); }

}  // namespace
}  // namespace oarlock::simulation
