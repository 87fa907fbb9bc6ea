#include "oarlock/collectives.h"

#include <ATen/core/Tensor.h>

#include "comm/collectives.h"
#include "guard.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

// Without a place for the work the call waits itself.
Status start_or_run(Group& group, Result<Call> made, oar_work** out_work) {
  OAR_ASSIGN(Call call, std::move(made));
  if (out_work == nullptr) return group.run(call);
  OAR_ASSIGN(std::shared_ptr<Work> work, group.start(std::move(call)));
  *out_work = wrap<oar_work>(std::move(work));
  return Status::ok();
}

}  // namespace

oar_status oar_group_all_reduce(oar_group* group, oar_tensor* tensor, int32_t reduce_op, int64_t timeout_ms,
                                oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_ASSIGN(const at::Tensor& value, unwrap(tensor));
    return start_or_run(self, make_all_reduce(self, value, static_cast<ReduceOp>(reduce_op), Milliseconds(timeout_ms)),
                        out_work);
  });
}

oar_status oar_group_broadcast(oar_group* group, oar_tensor* tensor, int32_t root, int64_t timeout_ms,
                               oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_ASSIGN(const at::Tensor& value, unwrap(tensor));
    return start_or_run(self, make_broadcast(self, value, root, Milliseconds(timeout_ms)), out_work);
  });
}

oar_status oar_group_all_gather(oar_group* group, oar_tensor* input, oar_tensor* output, int64_t timeout_ms,
                                oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_ASSIGN(const at::Tensor& from, unwrap(input));
    OAR_ASSIGN(const at::Tensor& to, unwrap(output));
    return start_or_run(self, make_all_gather(self, from, to, Milliseconds(timeout_ms)), out_work);
  });
}

oar_status oar_group_barrier(oar_group* group, int64_t timeout_ms, oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    return start_or_run(self, make_barrier(self, Milliseconds(timeout_ms)), out_work);
  });
}
