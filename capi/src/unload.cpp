#include "unload.h"

#include <chrono>
#include <cstdlib>

#include "base/host_code.h"
#include "base/log.h"
#include "base/reaper.h"
#include "base/thread.h"
#include "first_use.h"

namespace oarlock::capi {
namespace {

// Worker threads and sockets end within this, or the operating system ends them.
constexpr std::chrono::milliseconds kUnloadBound{2000};

void at_exit() {
  if (process_is_forked()) return;
  end_host_code();
  deliver_queued_messages();
  if (!on_own_thread()) Reaper::instance().drain_for(kUnloadBound);
}

}  // namespace

// Not a destructor of the library: with a library that came by dlopen it would run after those of libtorch's statics.
void settle_accounts_at_exit() { (void)std::atexit(at_exit); }

}  // namespace oarlock::capi
