// The end of every collective: started with a place for the work, else run.
#pragma once

#include "comm/group.h"
#include "comm/peers_waiting.h"
#include "guard.h"

namespace oarlock::capi {

// Without a place for the work the call waits itself.
inline Status start_or_run(Group& group, Result<Call>&& made, oar_work** out_work) {
  if (!made.is_ok()) return std::move(made).status();
  if (out_work == nullptr) return group.run(made.value());
  OAR_ASSIGN(std::shared_ptr<Work> work, group.start(std::move(made).value()));
  *out_work = while_peers_wait(group, "the start of an operation", [&] { return wrap<oar_work>(std::move(work)); });
  return Status::ok();
}

}  // namespace oarlock::capi
