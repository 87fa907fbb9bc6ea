#include "comm/call.h"

#include <ATen/core/grad_mode.h>

namespace oarlock {

void Call::copy_all() {
  const at::NoGradGuard no_grad;
  for (Copy& copy : copies) copy.to.copy_(copy.from);
  copies.clear();
}

}  // namespace oarlock
