// A group of several ranks: small operations and signatures over own connections around rank 0, large tensors by gloo.
#pragma once

#include <memory>

#include "comm/group.h"
#include "comm/star_engine.h"

namespace oarlock {

// `timeout` is what a time-out of zero means.
std::shared_ptr<Group> make_star_group(std::unique_ptr<StarEngine> engine, Milliseconds timeout);
std::shared_ptr<Group> make_star_group(Star star, StarEngine::Limits limits, Milliseconds timeout);

}  // namespace oarlock
