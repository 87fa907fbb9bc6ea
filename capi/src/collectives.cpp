#include "oarlock/collectives.h"

#include <ATen/core/Tensor.h>

#include "comm/collectives.h"
#include "guard.h"
#include "start_or_run.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

// NULL is a tensor that is not there.
Result<at::Tensor> unwrap_or_none(oar_tensor* tensor) {
  if (tensor == nullptr) return at::Tensor();
  OAR_ASSIGN(const at::Tensor& value, unwrap(tensor));
  return value;
}

Result<std::vector<std::int64_t>> read_rows(const int64_t* rows, size_t count, const char* name) {
  OAR_TRY(require_argument(rows, name));
  return std::vector<std::int64_t>(rows, rows + count);
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

oar_status oar_group_reduce(oar_group* group, oar_tensor* tensor, int32_t root, int32_t reduce_op, int64_t timeout_ms,
                            oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_ASSIGN(const at::Tensor& value, unwrap(tensor));
    return start_or_run(
        self, make_reduce(self, value, root, static_cast<ReduceOp>(reduce_op), Milliseconds(timeout_ms)), out_work);
  });
}

oar_status oar_group_all_gather_rows(oar_group* group, oar_tensor* input, oar_tensor* output, const int64_t* rows,
                                     size_t num_rows, int64_t timeout_ms, oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_ASSIGN(const at::Tensor& from, unwrap(input));
    OAR_ASSIGN(const at::Tensor& to, unwrap(output));
    OAR_ASSIGN(std::vector<std::int64_t> by_rank, read_rows(rows, num_rows, "rows"));
    return start_or_run(self, make_all_gather_rows(self, from, to, std::move(by_rank), Milliseconds(timeout_ms)),
                        out_work);
  });
}

oar_status oar_group_reduce_scatter(oar_group* group, oar_tensor* input, oar_tensor* output, int32_t reduce_op,
                                    int64_t timeout_ms, oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_ASSIGN(const at::Tensor& from, unwrap(input));
    OAR_ASSIGN(const at::Tensor& to, unwrap(output));
    return start_or_run(self,
                        make_reduce_scatter(self, from, to, static_cast<ReduceOp>(reduce_op), Milliseconds(timeout_ms)),
                        out_work);
  });
}

oar_status oar_group_gather(oar_group* group, oar_tensor* input, oar_tensor* output, int32_t root, int64_t timeout_ms,
                            oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_ASSIGN(const at::Tensor& from, unwrap(input));
    OAR_ASSIGN(const at::Tensor to, unwrap_or_none(output));
    return start_or_run(self, make_gather(self, from, to, root, Milliseconds(timeout_ms)), out_work);
  });
}

oar_status oar_group_scatter(oar_group* group, oar_tensor* input, oar_tensor* output, int32_t root, int64_t timeout_ms,
                             oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_ASSIGN(const at::Tensor from, unwrap_or_none(input));
    OAR_ASSIGN(const at::Tensor& to, unwrap(output));
    return start_or_run(self, make_scatter(self, from, to, root, Milliseconds(timeout_ms)), out_work);
  });
}

oar_status oar_group_all_to_all(oar_group* group, oar_tensor* input, oar_tensor* output, int64_t timeout_ms,
                                oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_ASSIGN(const at::Tensor& from, unwrap(input));
    OAR_ASSIGN(const at::Tensor& to, unwrap(output));
    return start_or_run(self, make_all_to_all(self, from, to, Milliseconds(timeout_ms)), out_work);
  });
}

oar_status oar_group_all_to_all_rows(oar_group* group, oar_tensor* input, oar_tensor* output, const int64_t* rows,
                                     size_t num_rows, const int64_t* received_rows, size_t num_received_rows,
                                     int64_t timeout_ms, oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_ASSIGN(const at::Tensor& from, unwrap(input));
    OAR_ASSIGN(const at::Tensor& to, unwrap(output));
    OAR_ASSIGN(std::vector<std::int64_t> sent, read_rows(rows, num_rows, "rows"));
    OAR_ASSIGN(std::vector<std::int64_t> received, read_rows(received_rows, num_received_rows, "received_rows"));
    return start_or_run(
        self, make_all_to_all_rows(self, from, to, std::move(sent), std::move(received), Milliseconds(timeout_ms)),
        out_work);
  });
}

oar_status oar_group_barrier(oar_group* group, int64_t timeout_ms, oar_work** out_work) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    return start_or_run(self, make_barrier(self, Milliseconds(timeout_ms)), out_work);
  });
}
