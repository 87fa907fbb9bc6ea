// A region of autocast as a C++ scope; see oarlock/precision.h.
//
//     {
//       const oarlock::Autocast full_precision(accelerator, false);  // inside of a forward: an fp32 island
//       loss = cross_entropy(logits, labels);
//     }
#ifndef OARLOCK_AUTOCAST_HPP
#define OARLOCK_AUTOCAST_HPP

#include <oarlock/oarlock.hpp>
#include <oarlock/precision.h>

namespace oarlock {

// Begun when made, ended when it goes; keep the accelerator that long. Throws oarlock::Error.
class Autocast {
 public:
  explicit Autocast(oar_accelerator* accelerator, bool enabled = true) : accelerator_(accelerator) {
    check(oar_accelerator_autocast_begin(accelerator, enabled ? 1 : 0));
  }
  ~Autocast() { (void)oar_accelerator_autocast_end(accelerator_); }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  oar_accelerator* accelerator_;
};

}  // namespace oarlock

#endif
