// How long a wait spins before it sleeps in the kernel.
#pragma once

namespace oarlock {

// With relax() between them, where every rank has a core; else who spins keeps a peer from its core.
constexpr int kSpins = 200;
constexpr int kSpinsCrowded = 20;

void relax();  // a short pause of this core

}  // namespace oarlock
