// Named tensors into named tensors: strict, all or nothing; and the files that hold them.
#pragma once

#include <string>

#include "base/fs.h"
#include "base/status.h"
#include "tensor/named_tensor.h"

namespace oarlock {

// Copies `source` into the tensors of `target` (their memory, no autograd). Of tied tensors (the same memory, dtype,
// shape and strides) one name is enough: safetensors.torch.save_model writes one. OAR_E_ARGUMENT lists every missing
// and unexpected name and every dtype and shape that differs; nothing was changed then.
Status copy_state_dict(const NamedTensors& source, const NamedTensors& target);

// A safetensors file, old or new whatever happens.
Status save_state_dict(Fs& fs, const NamedTensors& tensors, const std::string& path);
Result<NamedTensors> read_state_dict(const std::string& path);  // views of the mapped file

}  // namespace oarlock
