#include "oarlock/group.h"

#include "comm/group.h"
#include "guard.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_group_rank(const oar_group* group, int32_t* out_rank) noexcept {
  return guard_any_thread([&]() -> Status {
    OAR_ASSIGN(const Group& self, unwrap(group));
    OAR_TRY(require_out(out_rank, "out_rank"));
    *out_rank = self.rank();
    return Status::ok();
  });
}

oar_status oar_group_size(const oar_group* group, int32_t* out_size) noexcept {
  return guard_any_thread([&]() -> Status {
    OAR_ASSIGN(const Group& self, unwrap(group));
    OAR_TRY(require_out(out_size, "out_size"));
    *out_size = self.size();
    return Status::ok();
  });
}

oar_status oar_group_abort(oar_group* group, const char* reason) noexcept {
  return guard_any_thread([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_TRY(require_argument(reason, "reason"));
    return self.abort(reason);
  });
}

oar_status oar_group_retain(oar_group* group) noexcept {
  return guard_any_thread([&] { return retain_handle(group, HandleKind::kGroup); });
}

void oar_group_release(oar_group* group) noexcept { release(group); }
