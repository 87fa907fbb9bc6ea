// What the operators of a model's forwards compute in, when that is not what the program says. Set for prepared models,
// implemented in precision/.
#pragma once

#include <functional>

#include "base/status.h"
#include "tensor/tree.h"

namespace oarlock {

class RunPrecision {
 public:
  virtual ~RunPrecision() = default;
  // Calls `forward` once, on this thread, whose libtorch state is afterwards as before whatever happens.
  virtual Result<Tree> run(const std::function<Result<Tree>()>& forward) const = 0;
  // What the caller of a whole forward gets for the outputs that run() gave. With autograd as the thread has it.
  virtual Tree finish(Tree outputs) const = 0;
};

}  // namespace oarlock
