// Arguments that kernels of libtorch take on trust: a wrong one would end the process, or let it read and write where
// nothing of its own lies. They are looked at before the call, in eager calls and in programs.
//
// Only operators that models call have a check; programs may not call the others (pt2/allowed.cpp).
#pragma once

#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>

#include "base/status.h"
#include "graph/call_arguments.h"

namespace oarlock {

using CallCheck = Status (*)(const CallArguments& call);

// nullptr: the operator checks its arguments itself.
CallCheck call_check(const c10::FunctionSchema& schema);

// Whether a call writes to its argument number `index`: what the schema says, and the running statistics of
// normalisations, of which it does not say so. `training`: the flag that decides about those; kNone where only the call
// knows it.
bool writes_argument(const c10::FunctionSchema& schema, std::size_t index, const c10::IValue& training);

// The number of the argument that decides whether a normalisation writes its running statistics; -1: it has none.
int statistics_flag(const c10::FunctionSchema& schema);

}  // namespace oarlock
