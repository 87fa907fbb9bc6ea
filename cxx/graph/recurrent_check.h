// Recurrent layers: their kernels take the shapes of weights and states on trust, and read past the end of those that
// are too small.
#pragma once

#include "base/status.h"
#include "graph/call_arguments.h"

namespace oarlock {

Status check_lstm(const CallArguments& call);  // padded sequences, or packed ones with batch_sizes
// Of packed sequences: how many each step has. They end one by one.
Status check_batch_sizes(const CallArguments& call);

}  // namespace oarlock
