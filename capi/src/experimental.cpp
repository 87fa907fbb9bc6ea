#include "oarlock/experimental.h"

#include <c10/util/Exception.h>

#include <new>
#include <stdexcept>
#include <string_view>

#include "guard.h"
#include "mpi_calls.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

oar_status count_live_handles(int64_t* out_count) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_out(out_count, "out_count"));
    *out_count = live_handle_count();
    return Status::ok();
  });
}

oar_status throw_inside_core(int32_t kind) noexcept {
  return guard([&]() -> Status {
    switch (kind) {
      case OAR_THROW_STANDARD:
        throw std::runtime_error("thrown on request");
      case OAR_THROW_TORCH:
        TORCH_CHECK(false, "thrown on request");
      case OAR_THROW_UNKNOWN:
        throw kind;
      case OAR_THROW_OUT_OF_MEMORY:
        throw std::bad_alloc();
      case OAR_THROW_UNSUPPORTED:
        TORCH_CHECK_NOT_IMPLEMENTED(false, "thrown on request");
      default:
        return invalid_argument("kind must be one of OAR_THROW_*, got {}", kind);
    }
  });
}

struct Entry {
  std::string_view name;
  oar_function function;
};

const Entry kFunctions[] = {
    {"live_handle_count", reinterpret_cast<oar_function>(&count_live_handles)},
    {"throw_inside_core", reinterpret_cast<oar_function>(&throw_inside_core)},
    {"state_create_with_mpi_calls", reinterpret_cast<oar_function>(&create_with_mpi_calls)},
};

}  // namespace

oar_status oar_experimental_get(const char* name, oar_function* out) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_argument(name, "name"));
    OAR_TRY(require_out(out, "out"));
    for (const Entry& entry : kFunctions) {
      if (entry.name != name) continue;
      *out = entry.function;
      return Status::ok();
    }
    return not_found("this release has no experimental function '{}'", name);
  });
}
