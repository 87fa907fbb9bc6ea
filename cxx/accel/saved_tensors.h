// What a checkpoint holds for one rank, read before the first object is changed.
#pragma once

#include <string_view>
#include <vector>

#include "accel/accelerator.h"

namespace oarlock {

// Views of the files, whose checksums have been verified.
struct Accelerator::SavedTensors {
  std::vector<NamedTensors> models, optimizers;
  NamedTensors random_state;
  // This rank's own; none when another number of ranks saved.
  NamedTensors gradients, weights, buffers, comm_hooks, local;
  NamedTensors local_outer;
};

// OAR_E_CORRUPT: there is none.
Result<const at::Tensor*> find_tensor(const NamedTensors& tensors, std::string_view name);

}  // namespace oarlock
