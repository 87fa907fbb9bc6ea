// What the process owes when the library goes: at exit, or by dlclose.
#include <chrono>

#include "base/reaper.h"
#include "first_use.h"

namespace {

// Worker threads and sockets end within this, or the operating system ends them.
constexpr std::chrono::milliseconds kUnloadBound{2000};

__attribute__((destructor)) void drain_at_unload() {
  if (!oarlock::capi::process_is_forked()) oarlock::Reaper::instance().drain_for(kUnloadBound);
}

}  // namespace
