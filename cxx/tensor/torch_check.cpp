#include "tensor/torch_check.h"

#include <dlfcn.h>
#include <torch/version.h>

#include <optional>
#include <vector>

#include "base/text.h"

// Part of libtorch's stable C interface: major << 56 | minor << 48 | patch << 40. Weak, so that a libtorch without it
// is refused with a text instead of by the dynamic linker.
extern "C" __attribute__((weak)) std::uint64_t aoti_torch_abi_version();

namespace oarlock {

std::string TorchLibrary::version() const {
  return major == 0 ? "older than 2.7" : fmt::format("{}.{}.{}", major, minor, patch);
}

TorchLibrary built_torch() {
  return TorchLibrary{TORCH_VERSION_MAJOR, TORCH_VERSION_MINOR, TORCH_VERSION_PATCH,
                      OARLOCK_TORCH_PATH "/lib/libtorch_cpu.so"};
}

TorchLibrary loaded_torch() {
  TorchLibrary loaded;
  loaded.path = "an unknown path";
  if (aoti_torch_abi_version == nullptr) return loaded;
  const std::uint64_t version = aoti_torch_abi_version();
  loaded.major = static_cast<int>(version >> 56 & 0xFF);
  loaded.minor = static_cast<int>(version >> 48 & 0xFF);
  loaded.patch = static_cast<int>(version >> 40 & 0xFF);
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&aoti_torch_abi_version), &info) != 0 && info.dli_fname != nullptr)
    loaded.path = info.dli_fname;
  return loaded;
}

Status compare_torch(const TorchLibrary& built, const TorchLibrary& loaded) {
  if (built.major == loaded.major && built.minor == loaded.minor) return Status::ok();
  return wrong_version(
      "this build of Oarlock is for another libtorch than the one that this process has loaded: built for {} ({}), "
      "loaded {} "
      "({}); load the right one first, or build Oarlock against the other",
      built.version(), built.path, loaded.version(), loaded.path);
}

Status check_torch() { return compare_torch(built_torch(), loaded_torch()); }

Status check_headers(std::string_view version) {
  const std::vector<std::string> parts = split_text(version, '.');
  const std::optional<int> major = parse_number<int>(parts[0]);
  const std::optional<int> minor = parts.size() < 3 ? std::nullopt : parse_number<int>(parts[1]);
  if (!major || !minor)
    return invalid_argument("'{}' is no version of libtorch; it must be TORCH_VERSION of its headers", version);
  const TorchLibrary built = built_torch();
  if (*major == built.major && *minor == built.minor) return Status::ok();
  return wrong_version(
      "this build of Oarlock is for libtorch {} ({}), the caller was compiled with headers of {}; compile it with the "
      "headers of {}.{}, or take an Oarlock that was built for {}.{}",
      built.version(), built.path, version, built.major, built.minor, *major, *minor);
}

}  // namespace oarlock
