// Scopes that set libtorch's thread-locals for the length of one call and put them back.
#pragma once

#include <c10/core/GradMode.h>

namespace oarlock {

// Autograd recorded or not, whatever the host's thread had.
class GradModeScope {
 public:
  explicit GradModeScope(bool enabled) : guard_(enabled) {}

 private:
  c10::AutoGradMode guard_;
};

}  // namespace oarlock
