#include "oarlock/objects.h"

#include <string>
#include <vector>

#include "comm/group.h"
#include "comm/peers_waiting.h"
#include "guard.h"
#include "wrap_text.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

Status require_bytes(const void* data, std::size_t size) {
  return size == 0 ? Status::ok() : require_argument(data, "data");
}

std::string_view view_of(const void* data, std::size_t size) {
  return size == 0 ? std::string_view() : std::string_view(static_cast<const char*>(data), size);
}

}  // namespace

oar_status oar_group_all_gather_bytes(oar_group* group, const void* data, size_t size, int64_t timeout_ms,
                                      uint64_t* sizes, size_t* count, oar_bytes** out_bytes) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_TRY(require_bytes(data, size));
    OAR_TRY(require_out(count, "count"));
    OAR_TRY(require_out(out_bytes, "out_bytes"));
    // Before communicating: afterwards the peers would have what this rank has no room for.
    const auto num_ranks = static_cast<std::size_t>(self.size());
    if (sizes == nullptr || *count < num_ranks) return copy_array(std::vector<uint64_t>(num_ranks), sizes, count);
    OAR_ASSIGN(const std::vector<std::string> parts,
               self.all_gather_bytes(view_of(data, size), Milliseconds(timeout_ms)));
    *out_bytes = while_peers_wait(self, "all_gather_bytes", [&] {
      auto all = std::make_shared<std::string>();
      for (const std::string& part : parts) *all += part;
      return wrap<oar_bytes>(std::move(all));
    });
    for (std::size_t rank = 0; rank < parts.size(); ++rank) sizes[rank] = parts[rank].size();
    *count = parts.size();
    return Status::ok();
  });
}

oar_status oar_group_broadcast_bytes(oar_group* group, const void* data, size_t size, int32_t root, int64_t timeout_ms,
                                     oar_bytes** out_bytes) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_TRY(require_bytes(data, size));
    OAR_TRY(require_out(out_bytes, "out_bytes"));
    OAR_ASSIGN(std::string bytes, self.broadcast_bytes(view_of(data, size), root, Milliseconds(timeout_ms)));
    *out_bytes = while_peers_wait(self, "broadcast_bytes", [&] { return wrap_text(std::move(bytes)); });
    return Status::ok();
  });
}
