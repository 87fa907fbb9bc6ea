// Is the libtorch in this process the one that the library was built for? Another minor version loads without a word
// when the host has loaded it first, and everything after that is undefined behaviour.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace oarlock {

struct TorchLibrary {
  int major = 0;  // 0: older than 2.7, which does not say
  int minor = 0;
  int patch = 0;
  std::string path;  // of libtorch_cpu.so

  std::string version() const;  // "2.11.0"
};

TorchLibrary built_torch();   // headers and path at build time
TorchLibrary loaded_torch();  // what the process has

// Patch levels of one minor version are compatible; anything else is OAR_E_VERSION with both versions and paths.
Status compare_torch(const TorchLibrary& built, const TorchLibrary& loaded);
Status check_torch();  // compare_torch of the two above
// For tensors that cross as C++ objects: the version ("2.11.0") of the headers that the other side was compiled with.
// OAR_E_VERSION names both; OAR_E_ARGUMENT: no version.
Status check_headers(std::string_view version);

}  // namespace oarlock
