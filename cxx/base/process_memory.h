// How much memory this process holds, as the kernel counts it.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.h"

namespace oarlock {

struct ProcessMemory {  // bytes
  std::int64_t rss = 0;
  std::int64_t rss_anonymous = 0;
  std::int64_t rss_file = 0;
  std::int64_t rss_shared = 0;
  std::int64_t rss_peak = 0;  // since the process began
};

Result<ProcessMemory> process_memory();
// Of the text of /proc/<pid>/status. OAR_E_CORRUPT: a line is missing or no number of kB.
Result<ProcessMemory> parse_process_memory(std::string_view status);

}  // namespace oarlock
