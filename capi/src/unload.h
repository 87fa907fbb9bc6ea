// What the process owes when it ends. The library itself is never unmapped (-z nodelete): threads of it may be running.
#pragma once

namespace oarlock::capi {

// Once, at the first use: before anything that libtorch does at exit. From exit on no code of the host is called any
// more; what waits in the reaper gets a bounded time to end.
void settle_accounts_at_exit();

}  // namespace oarlock::capi
