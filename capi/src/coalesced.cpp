#include "oarlock/coalesced.h"

#include <ATen/core/Tensor.h>

#include "comm/coalesced.h"
#include "guard.h"
#include "start_or_run.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

Result<TensorList> unwrap_list(oar_tensor* const* tensors, size_t count, const char* name) {
  if (count > 0) OAR_TRY(require_argument(tensors, name));
  TensorList list;
  for (size_t i = 0; i < count; ++i) {
    OAR_ASSIGN(const at::Tensor& tensor, unwrap(tensors[i]));
    list.push_back(tensor);
  }
  return list;
}

}  // namespace

oar_status oar_group_all_reduce_coalesced(oar_group* group, oar_tensor* const* tensors, size_t count, int32_t reduce_op,
                                          int64_t timeout_ms, oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_ASSIGN(const TensorList list, unwrap_list(tensors, count, "tensors"));
    return start_or_run(
        self, make_all_reduce_coalesced(self, list, static_cast<ReduceOp>(reduce_op), Milliseconds(timeout_ms)),
        out_work);
  });
}

oar_status oar_group_broadcast_coalesced(oar_group* group, oar_tensor* const* tensors, size_t count, int32_t root,
                                         int64_t timeout_ms, oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_ASSIGN(const TensorList list, unwrap_list(tensors, count, "tensors"));
    return start_or_run(self, make_broadcast_coalesced(self, list, root, Milliseconds(timeout_ms)), out_work);
  });
}

oar_status oar_group_all_gather_coalesced(oar_group* group, oar_tensor* const* inputs, size_t num_inputs,
                                          oar_tensor* const* outputs, size_t num_outputs, int64_t timeout_ms,
                                          oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_ASSIGN(const TensorList from, unwrap_list(inputs, num_inputs, "inputs"));
    OAR_ASSIGN(const TensorList to, unwrap_list(outputs, num_outputs, "outputs"));
    return start_or_run(self, make_all_gather_coalesced(self, from, to, Milliseconds(timeout_ms)), out_work);
  });
}

oar_status oar_group_reduce_scatter_coalesced(oar_group* group, oar_tensor* const* inputs, size_t num_inputs,
                                              oar_tensor* const* outputs, size_t num_outputs, int32_t reduce_op,
                                              int64_t timeout_ms, oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_ASSIGN(const TensorList from, unwrap_list(inputs, num_inputs, "inputs"));
    OAR_ASSIGN(const TensorList to, unwrap_list(outputs, num_outputs, "outputs"));
    return start_or_run(
        self, make_reduce_scatter_coalesced(self, from, to, static_cast<ReduceOp>(reduce_op), Milliseconds(timeout_ms)),
        out_work);
  });
}
