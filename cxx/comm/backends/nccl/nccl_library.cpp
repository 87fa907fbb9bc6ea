#include "comm/backends/nccl/nccl_library.h"

#include <c10/core/CPUAllocator.h>
#include <dlfcn.h>

#include <array>
#include <filesystem>
#include <mutex>

namespace oarlock {
namespace {

constexpr const char* kLibraryName = "liboarlock_cuda.so";
constexpr const char* kNcclName = "libnccl.so.2";

std::filesystem::path folder_of(const void* address) {
  Dl_info info{};
  if (dladdr(address, &info) == 0 || info.dli_fname == nullptr) return {};
  return std::filesystem::path(info.dli_fname).parent_path();
}

Result<NcclEntry> open_library(const std::string& name) {
  void* library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);  // never closed
  if (library == nullptr) {
    const char* error = dlerror();
    return bad_environment(
        "NCCL needs {}, which could not be loaded ({}); install it beside liboarlock.so: a build with the headers of "
        "NCCL and CUDA makes it (OARLOCK_WITH_CUDA)",
        kLibraryName, error != nullptr ? error : name);
  }
  void* entry = dlsym(library, kNcclEntryName);
  if (entry == nullptr) return Status(OAR_E_VERSION, fmt::format("{} is no {} of Oarlock", name, kLibraryName));
  return reinterpret_cast<NcclEntry>(entry);
}

Status another_build(const std::string& name) {
  return Status(OAR_E_VERSION, fmt::format("{} is of another build than liboarlock.so; install the two of one build "
                                           "together",
                                           name));
}

}  // namespace

NcclNames default_nccl_names() {
  NcclNames names{kLibraryName, {kNcclName}};
  std::error_code ignored;
  const std::filesystem::path beside = folder_of(reinterpret_cast<const void*>(&default_nccl_names)) / kLibraryName;
  if (std::filesystem::exists(beside, ignored)) names.library = beside.string();
  // Of torch/lib/libc10.so in a wheel: nvidia/nccl/lib is a sibling of torch.
  const auto c10 = folder_of(reinterpret_cast<const void*>(&c10::GetDefaultCPUAllocator));
  const std::filesystem::path wheel = c10 / "../../nvidia/nccl/lib" / kNcclName;
  if (std::filesystem::exists(wheel, ignored)) names.nccl.push_back(wheel.string());
  return names;
}

Result<const NcclCalls*> load_nccl(const NcclNames& names) {
  static std::mutex mutex;
  std::lock_guard lock(mutex);
  OAR_ASSIGN(const NcclEntry entry, open_library(names.library));
  std::vector<const char*> nccl;
  for (const std::string& name : names.nccl) nccl.push_back(name.c_str());
  std::array<char, 1024> reason{};
  const NcclCalls* calls = entry(OARLOCK_NCCL_BUILD, nccl.data(), nccl.size(), reason.data(), reason.size());
  if (calls != nullptr)
    return calls->build == OARLOCK_NCCL_BUILD ? Result<const NcclCalls*>(calls) : another_build(names.library);
  if (std::string_view(reason.data()).find("another build") != std::string_view::npos) {
    return another_build(names.library);
  }
  return bad_environment(
      "NCCL could not be loaded ({}); install libnccl 2.18 or later where the loader finds it, as the one of a "
      "libtorch "
      "for CUDA is",
      reason.data());
}

}  // namespace oarlock
