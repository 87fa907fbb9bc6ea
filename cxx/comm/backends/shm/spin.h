// How long a wait spins before it sleeps in the kernel.
#pragma once

namespace oarlock {

// With the pause between them, where every rank has a core; else who spins keeps a peer from its core.
constexpr int kSpins = 200;
constexpr int kSpinsCrowded = 20;

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace oarlock
