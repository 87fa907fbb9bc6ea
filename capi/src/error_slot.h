// This thread's last error.
#pragma once

#include <memory>

#include "base/status.h"

namespace oarlock::capi {

void clear_error() noexcept;
// Clears it too, but gives what oar_last_error's text lies in, so that it lives as long as the call that was given it.
std::unique_ptr<ErrorInfo> detach_error() noexcept;
void store_error(std::unique_ptr<ErrorInfo> error) noexcept;
// OAR_E_OUT_OF_MEMORY with a text that was made when the library was loaded.
void store_out_of_memory() noexcept;
const ErrorInfo* current_error() noexcept;  // nullptr: none
// Moves it out, nullptr if there is none; throws std::bad_alloc, and leaves it, if it is the prepared one and memory is
// short.
std::unique_ptr<ErrorInfo> take_error();

}  // namespace oarlock::capi
