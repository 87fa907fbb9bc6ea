// What an exception that reaches the C edge means.
#pragma once

#include "base/status.h"

namespace oarlock::capi {

// Call inside a catch block. Never OK. Throws std::bad_alloc when there is no memory for a text.
Status status_of_current_exception();

}  // namespace oarlock::capi
