// Memory that allocators keep for later.
#pragma once

#include <c10/core/Device.h>

namespace oarlock {

// Gives it back to the system, and to the device if it is another one than the CPU. What is in use stays.
void release_cached_memory(at::Device device);

}  // namespace oarlock
