#include "oarlock/point_to_point.h"

#include <ATen/core/Tensor.h>

#include "comm/collectives.h"
#include "guard.h"
#include "start_or_run.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_group_send(oar_group* group, oar_tensor* tensor, int32_t peer, int64_t timeout_ms,
                          oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_ASSIGN(const at::Tensor& value, unwrap(tensor));
    return start_or_run(self, make_send(self, value, peer, Milliseconds(timeout_ms)), out_work);
  });
}

oar_status oar_group_receive(oar_group* group, oar_tensor* tensor, int32_t peer, int64_t timeout_ms,
                             oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_ASSIGN(const at::Tensor& value, unwrap(tensor));
    return start_or_run(self, make_receive(self, value, peer, Milliseconds(timeout_ms)), out_work);
  });
}
