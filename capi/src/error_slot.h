// This thread's last error.
#pragma once

#include "base/status.h"

namespace oarlock::capi {

void clear_error() noexcept;
void store_error(Status status) noexcept;
const ErrorInfo* current_error() noexcept;          // nullptr: none
std::unique_ptr<ErrorInfo> take_error() noexcept;

}  // namespace oarlock::capi
