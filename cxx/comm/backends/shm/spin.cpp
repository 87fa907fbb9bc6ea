#include "comm/backends/shm/spin.h"

namespace oarlock {

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace oarlock
