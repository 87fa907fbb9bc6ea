// Starts one rank's process.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "launch/descriptor.h"

namespace oarlock::launch {

using Variables = std::vector<std::pair<std::string, std::string>>;

struct SpawnRequest {
  std::string path;                    // to execute
  std::vector<std::string> arguments;  // arguments[0] is the name the program sees
  Variables variables;                 // set on top of this process's environment
  std::vector<std::string> unset;      // variables to take away
  int input = 0;                       // becomes the rank's standard input, output, error
  int output = 1;
  int error = 2;
  pid_t group = 0;   // process group to join; 0: to lead its own
  int inherit = -1;  // one more descriptor to leave open across exec
};

// The process is killed when this process ends, has default signals, and none of our descriptors
// but those named. Failures of exec come back as a status: OAR_E_ARGUMENT for a file in no format that can be run.
Result<pid_t> spawn(const SpawnRequest& request);

}  // namespace oarlock::launch
