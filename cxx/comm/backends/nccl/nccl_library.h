// NCCL through liboarlock_cuda.so, which is loaded when a group asks for it and never unloaded.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "comm/backends/nccl/nccl_calls.h"

namespace oarlock {

struct NcclNames {
  std::string library;            // liboarlock_cuda.so
  std::vector<std::string> nccl;  // libnccl, in the order in which they are tried
};
// Beside the library that this code is in, else by the loader's own search; libnccl by its name (where libtorch's CUDA
// part is loaded, that one), else that of the wheel whose libtorch this process has.
NcclNames default_nccl_names();

// OAR_E_ENVIRONMENT says what is missing and what to do; OAR_E_VERSION: liboarlock_cuda.so is of another build. Any
// thread; the first that succeeds holds for the process.
Result<const NcclCalls*> load_nccl(const NcclNames& names);

}  // namespace oarlock
