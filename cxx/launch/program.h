// The program that the ranks run: found and checked once, before anything is started.
#pragma once

#include <string>

#include "base/status.h"

namespace oarlock::launch {

// The path to execute: `name` itself when it has a slash, else the first executable of that name in PATH.
// OAR_E_NOT_FOUND when there is none, OAR_E_ARGUMENT when it is there but cannot be executed; the text says what to
// type instead.
Result<std::string> find_program(const std::string& name);

}  // namespace oarlock::launch
