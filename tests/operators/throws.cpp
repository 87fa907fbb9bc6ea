// Throws while it is loaded, as a second registration of one operator does.
#include <stdexcept>

namespace {

const struct Thrower {
  Thrower() { throw std::runtime_error("thrown while loading"); }
} thrower;

}  // namespace
