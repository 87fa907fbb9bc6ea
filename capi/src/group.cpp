#include "oarlock/group.h"

#include <ATen/core/Tensor.h>

#include <memory>

#include "comm/group.h"
#include "guard.h"
#include "tensor/dtype.h"

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

oar_status oar_group_alloc_shared(oar_group* group, int32_t dtype, const int64_t* shape, size_t num_dims,
                                  int64_t timeout_ms, oar_tensor** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    if (num_dims > 0) OAR_TRY(require_argument(shape, "shape"));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(const at::ScalarType type, dtype_from_code(dtype));
    auto tensor = std::make_shared<at::Tensor>();
    OAR_ASSIGN(*tensor, self.alloc_shared({shape, num_dims}, type, Milliseconds(timeout_ms)));
    *out = wrap<oar_tensor>(std::move(tensor));
    return Status::ok();
  });
}

oar_status oar_group_arrival_skew(oar_group* group, int64_t timeout_ms, oar_bytes** out_json) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_TRY(require_out(out_json, "out_json"));
    OAR_ASSIGN(std::string json, arrival_skew(self, Milliseconds(timeout_ms)));
    *out_json = wrap<oar_bytes>(std::make_shared<std::string>(std::move(json)));
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
