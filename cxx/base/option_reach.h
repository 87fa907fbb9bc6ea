// Which call reads which option, so that a value that a program set never ends where nobody looks.
//
// A state reads what concerns the process and hands its options on to accelerators, models and trackers, whose create
// calls take the state. A loader is made from a data set, an optimizer from a model, a schedule from an optimizer: no
// config reaches those calls, they take JSON and the environment only.
#pragma once

#include "base/options.h"

namespace oarlock {

// OAR_E_ARGUMENT when a key of loaders, optimizers or schedules differs from what their create calls take without it
// (default, environment). The text names key, value and the call to give it to.
Status check_reach_of_state(const Options& options);

// The same for an accelerator's own config: also keys that only the state reads, if they differ from the state's.
Status check_reach_of_accelerator(const Options& options, const Options& state_options);

}  // namespace oarlock
