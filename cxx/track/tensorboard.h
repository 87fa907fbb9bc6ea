// TensorBoard: a directory of a run with an event file, and one directory beside it for each series of a group.
//
// A number or truth value is a scalar, a text a text summary, an object a group of scalars in one chart: {"loss":
// {"train": 0.5}} goes to <run directory>/loss_train under the tag "loss", as torch's add_scalars does. Each call's
// records reach the kernel in one append per file. A resumed run adds files; TensorBoard shows them as one run.
#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "base/status.h"
#include "track/tracker.h"

namespace oarlock {

// Makes the directory, with parents, and the event file in it.
Result<std::shared_ptr<Tracker>> open_tensorboard_tracker(const std::string& directory);

// What it can hold, else OAR_E_ARGUMENT with the name.
Status check_tensorboard_values(const JsonValue& values);

}  // namespace oarlock
