#include "base/clock.h"

#include "base/no_destructor.h"

namespace oarlock {
namespace {

class SteadyClock final : public Clock {
 public:
  TimePoint now() override { return std::chrono::steady_clock::now(); }
};

}  // namespace

Clock& steady_clock() {
  static NoDestructor<SteadyClock> clock;
  return *clock;
}

}  // namespace oarlock
