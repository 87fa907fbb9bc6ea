#include "tensor/device_memory.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <malloc.h>

namespace oarlock {

void release_cached_memory(at::Device device) {
  if (!device.is_cpu()) at::getDeviceAllocator(device.type())->emptyCache();
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace oarlock
