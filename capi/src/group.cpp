#include "oarlock/group.h"

#include <ATen/core/Tensor.h>

#include <memory>

#include "base/thread.h"
#include "comm/group.h"
#include "comm/peers_waiting.h"
#include "comm/split.h"
#include "comm/subgroup.h"
#include "guard.h"
#include "tensor/dtype.h"
#include "wrap_text.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

// NULL for a rank that is not in the new group.
oar_group* wrap_if_member(std::shared_ptr<Group> group) {
  return group == nullptr ? nullptr : wrap<oar_group>(std::move(group));
}

}  // namespace

oar_status oar_group_create_subgroup(oar_group* group, const int32_t* ranks, size_t num_ranks, int64_t group_timeout_ms,
                                     int64_t timeout_ms, oar_group** out_group) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const std::shared_ptr<Group> parent, unwrap_shared(group));
    if (num_ranks > 0) OAR_TRY(require_argument(ranks, "ranks"));
    OAR_TRY(require_out(out_group, "out_group"));
    const SplitTimes times{Milliseconds(group_timeout_ms), Milliseconds(timeout_ms)};
    OAR_ASSIGN(std::shared_ptr<Group> made, create_subgroup(parent, {ranks, ranks + num_ranks}, times));
    *out_group = wrap_if_member(std::move(made));
    return Status::ok();
  });
}

oar_status oar_group_split(oar_group* group, int32_t color, int32_t key, int64_t group_timeout_ms, int64_t timeout_ms,
                           oar_group** out_group) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const std::shared_ptr<Group> parent, unwrap_shared(group));
    OAR_TRY(require_out(out_group, "out_group"));
    const SplitTimes times{Milliseconds(group_timeout_ms), Milliseconds(timeout_ms)};
    OAR_ASSIGN(std::shared_ptr<Group> made, split_group(parent, color, key, times));
    *out_group = wrap_if_member(std::move(made));
    return Status::ok();
  });
}

oar_status oar_group_world_ranks(const oar_group* group, int32_t* ranks, size_t* count) noexcept {
  return guard_any_thread([&]() -> Status {
    OAR_ASSIGN(const Group& self, unwrap(group));
    std::vector<int32_t> all;
    for (int rank = 0; rank < self.size(); ++rank) all.push_back(self.world_rank(rank));
    return copy_array(all, ranks, count);
  });
}

oar_status oar_group_translate_rank(const oar_group* group, int32_t rank, const oar_group* other,
                                    int32_t* out_rank) noexcept {
  return guard_any_thread([&]() -> Status {
    OAR_ASSIGN(const Group& from, unwrap(group));
    OAR_ASSIGN(const Group& to, unwrap(other));
    OAR_TRY(require_out(out_rank, "out_rank"));
    OAR_ASSIGN(*out_rank, translate_rank(from, rank, to));
    return Status::ok();
  });
}

oar_status oar_group_close(oar_group* group) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    if (self.world() == &self) {
      return invalid_argument("this is the group of all ranks, which lives and ends with its state: oar_state_close");
    }
    if (on_own_thread()) {
      return invalid_state(
          "the group cannot be closed from a callback on a thread of Oarlock's, for which closing waits; close it on a "
          "thread of the program");
    }
    self.close();
    return Status::ok();
  });
}

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
    *out = while_peers_wait(self, "alloc_shared", [&] { return wrap<oar_tensor>(std::move(tensor)); });
    return Status::ok();
  });
}

oar_status oar_group_arrival_skew(oar_group* group, int64_t timeout_ms, oar_bytes** out_json) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_TRY(require_out(out_json, "out_json"));
    OAR_ASSIGN(std::string json, arrival_skew(self, Milliseconds(timeout_ms)));
    *out_json = wrap_text(std::move(json));
    return Status::ok();
  });
}

oar_status oar_group_set_tag(oar_group* group, const char* tag) noexcept {
  return guard_any_thread([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    return self.set_tag(tag == nullptr ? "" : tag);
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
