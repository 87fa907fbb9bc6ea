#include "oarlock/version.h"

#include "guard.h"
#include "tensor/torch_check.h"

using namespace oarlock;
using namespace oarlock::capi;

#define OARLOCK_TEXT_OF(number) #number
#define OARLOCK_VERSION_TEXT(major, minor, patch) \
  OARLOCK_TEXT_OF(major) "." OARLOCK_TEXT_OF(minor) "." OARLOCK_TEXT_OF(patch)

int32_t oar_abi_version(void) noexcept { return int32_t{OAR_VERSION_MAJOR} << 16 | int32_t{OAR_VERSION_MINOR}; }

const char* oar_version(void) noexcept {
  return OARLOCK_VERSION_TEXT(OAR_VERSION_MAJOR, OAR_VERSION_MINOR, OAR_VERSION_PATCH);
}

oar_status oar_torch_version(char* buf, size_t* len) noexcept {
  return guard_with({.any_torch = true}, [&]() -> Status {
    const TorchLibrary loaded = loaded_torch();
    return copy_text(fmt::format("{} ({})", loaded.version(), loaded.path), buf, len);
  });
}
