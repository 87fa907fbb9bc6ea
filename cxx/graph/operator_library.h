// Libraries of custom operators (TORCH_LIBRARY), loaded before a program that calls them is read.
//
// A library runs its code when it is loaded, and what it throws there ends the process: the loader's frames cannot be
// unwound. So it is loaded by another process first, the loader itself with a small program (/bin/echo), preceded by
// the libtorch that is loaded here and the libraries that were loaded before. What that process says is the error.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>

#include <string>
#include <string_view>

#include "base/status.h"

namespace oarlock {

// OAR_E_NOT_FOUND no such file; OAR_E_ARGUMENT a file that anybody may write to, or that does not load here, with the
// loader's text or the exception's. A library that was loaded already is loaded no second time. Any thread.
Status load_operator_library(const std::string& path);

// Whether a library loaded by this call has registered the operator ("mine::scale", without overload): programs may
// call those, since the host asked for them.
bool is_of_operator_library(std::string_view name);

// Whether libtorch itself has the operator ("aten::add"): then it is registered as long as the process lives. What
// load_operator_library loaded is too; a library that the host opened itself may be closed.
bool is_of_libtorch(std::string_view name);

// Keeps the handle good, for programs that hold it: once the library that registered the operator is closed, calls
// fail with an error, and run again when it is opened again. Any thread.
void keep_operator(const c10::OperatorHandle& op);

}  // namespace oarlock
