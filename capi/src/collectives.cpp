#include "oarlock/collectives.h"

#include <ATen/core/Tensor.h>

#include "comm/group.h"
#include "guard.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_group_all_reduce(oar_group* group, oar_tensor* tensor, int32_t reduce_op, int64_t timeout_ms,
                                oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_ASSIGN(const at::Tensor& value, unwrap(tensor));
    OAR_TRY(require_out(out_work, "out_work"));
    OAR_ASSIGN(std::shared_ptr<Work> work,
               self.all_reduce(value, static_cast<ReduceOp>(reduce_op), Milliseconds(timeout_ms)));
    *out_work = wrap<oar_work>(std::move(work));
    return Status::ok();
  });
}

oar_status oar_group_broadcast(oar_group* group, oar_tensor* tensor, int32_t root, int64_t timeout_ms,
                               oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_ASSIGN(const at::Tensor& value, unwrap(tensor));
    OAR_TRY(require_out(out_work, "out_work"));
    OAR_ASSIGN(std::shared_ptr<Work> work, self.broadcast(value, root, Milliseconds(timeout_ms)));
    *out_work = wrap<oar_work>(std::move(work));
    return Status::ok();
  });
}

oar_status oar_group_all_gather(oar_group* group, oar_tensor* input, oar_tensor* output, int64_t timeout_ms,
                                oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_ASSIGN(const at::Tensor& from, unwrap(input));
    OAR_ASSIGN(const at::Tensor& to, unwrap(output));
    OAR_TRY(require_out(out_work, "out_work"));
    OAR_ASSIGN(std::shared_ptr<Work> work, self.all_gather(from, to, Milliseconds(timeout_ms)));
    *out_work = wrap<oar_work>(std::move(work));
    return Status::ok();
  });
}

oar_status oar_group_barrier(oar_group* group, int64_t timeout_ms, oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_TRY(require_out(out_work, "out_work"));
    OAR_ASSIGN(std::shared_ptr<Work> work, self.start_barrier(Milliseconds(timeout_ms)));
    *out_work = wrap<oar_work>(std::move(work));
    return Status::ok();
  });
}
