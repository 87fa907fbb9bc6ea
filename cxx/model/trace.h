// A foreign model's forward, recorded once, as a program.
#pragma once

#include <memory>
#include <string_view>

#include "base/status.h"
#include "model/providers/foreign.h"
#include "tensor/tree.h"

namespace oarlock {

// Runs the forward on copies of `inputs` (a map of tensors), once more per name of `dynamic_dims` with that size
// changed and once with all of them changed, and makes a model that shares the parameters and buffers. dynamic_dims:
// JSON as oar_model_trace describes it; "": none. Random state, buffers, mode and scopes are as before whatever
// happens.
Result<std::shared_ptr<Model>> trace_model(ForeignModel& model, const Tree& inputs, std::string_view dynamic_dims);

}  // namespace oarlock
