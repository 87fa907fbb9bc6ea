// Descriptors that a forked child must not keep: while it holds a copy of a rank's connection, the rank's peers do not
// see that the rank has ended. The child only closes; it says nothing on them, and the parent goes on undisturbed.
#pragma once

namespace oarlock {

// Any thread, no lock. Descriptors from kForkTableSize on are not remembered: a child may keep those.
inline constexpr int kForkTableSize = 1 << 16;
void close_in_forked_child(int fd) noexcept;
void forget_in_forked_child(int fd) noexcept;  // before it is closed: the number may be someone else's then

// In the child, by its pthread_atfork handler. Async-signal-safe.
void close_remembered_descriptors() noexcept;

}  // namespace oarlock
