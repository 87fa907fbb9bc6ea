#include "oarlock/log.h"

#include "base/log.h"
#include "guard.h"
#include "handles.h"
#include "state/by_rank.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_log_set_callback(int32_t flags, oar_log_fn fn, void* user_data, oar_release_fn release) noexcept {
  return guard_owning(user_data, release, [&](UserData& owner) -> Status {
    if ((flags & ~OAR_CALLBACK_ANY_THREAD) != 0) {
      return invalid_argument("flags must be 0 or OAR_CALLBACK_ANY_THREAD (1), got {}", flags);
    }
    if (fn == nullptr) {
      set_log_sink(nullptr, nullptr, nullptr);  // and the guard ends user_data
      return Status::ok();
    }
    set_log_sink(fn, owner.data(), release,
                 flags == OAR_CALLBACK_ANY_THREAD ? SinkThreads::kAny : SinkThreads::kHostsOnly);
    owner.give_away();  // now, not before: a sink that could not be made runs nothing
    return Status::ok();
  });
}

oar_status oar_log_set_level(int32_t level) noexcept {
  return guard([&]() -> Status {
    if (level < OAR_LOG_DEBUG || level > OAR_LOG_OFF || level % 10 != 0) {
      return invalid_argument("level must be one of OAR_LOG_DEBUG (10), INFO, WARNING, ERROR, OFF (50), got {}", level);
    }
    set_log_level(static_cast<LogLevel>(level));
    return Status::ok();
  });
}

oar_status oar_state_log(oar_state* state, int32_t level, int32_t ranks, const char* text) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const State& self, unwrap(state));
    OAR_TRY(require_argument(text, "text"));
    if (level < OAR_LOG_DEBUG || level > OAR_LOG_ERROR || level % 10 != 0) {
      return invalid_argument("level must be one of OAR_LOG_DEBUG (10), INFO, WARNING, ERROR (40), got {}", level);
    }
    if (ranks < OAR_LOG_MAIN || ranks > OAR_LOG_IN_ORDER) {
      return invalid_argument("ranks must be OAR_LOG_MAIN (0), OAR_LOG_EACH (1) or OAR_LOG_IN_ORDER (2), got {}",
                              ranks);
    }
    return log_by_rank(self, static_cast<LogLevel>(level), static_cast<LogRanks>(ranks), text);
  });
}
