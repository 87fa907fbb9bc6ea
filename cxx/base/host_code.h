// Whether the host's own code (callbacks, release functions) may still be called. Not once the process is exiting: an
// interpreter that the host embeds, or is, may be gone by then.
#pragma once

namespace oarlock {

bool host_code_may_run() noexcept;
void end_host_code() noexcept;  // from the exit handler; there is no way back

}  // namespace oarlock
