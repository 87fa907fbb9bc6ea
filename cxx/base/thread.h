// Our own threads: no signal of the host is handled on them, a debugger shows their names, and what must not happen on
// them can ask whether it is on one.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace oarlock {

// Starts `body`, whose exceptions are its own to catch. The name is cut to the 15 characters that Linux keeps. The
// floating-point environment is the caller's; every call comes through the guard, which has masked the traps. Throws
// std::system_error when the system has no thread left.
std::thread start_thread(const std::string& name, std::function<void()> body);

// True on a thread that start_thread() made. The reaper is not drained there: what it ends may be the owner of that
// very thread and wait for it.
bool on_own_thread() noexcept;

}  // namespace oarlock
