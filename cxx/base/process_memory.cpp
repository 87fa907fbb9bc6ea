#include "base/process_memory.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "base/text.h"

namespace oarlock {
namespace {

// The line "VmRSS:     1234 kB".
Result<std::int64_t> bytes_of(std::string_view status, std::string_view name) {
  const std::string begin = "\n" + std::string(name) + ":";
  const std::size_t at = status.find(begin);
  if (at == status.npos) return corrupt("/proc/self/status has no line {}", name);
  std::string_view line = status.substr(at + begin.size());
  line = line.substr(0, line.find('\n'));
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const auto kilobytes = parse_number<std::int64_t>(line.substr(0, line.find(' ')));
  if (!kilobytes || !line.ends_with(" kB")) return corrupt("/proc/self/status gives {} as '{}'", name, line);
  return *kilobytes * 1024;
}

}  // namespace

Result<ProcessMemory> parse_process_memory(std::string_view status) {
  ProcessMemory memory;
  OAR_ASSIGN(memory.rss, bytes_of(status, "VmRSS"));
  OAR_ASSIGN(memory.rss_anonymous, bytes_of(status, "RssAnon"));
  OAR_ASSIGN(memory.rss_file, bytes_of(status, "RssFile"));
  OAR_ASSIGN(memory.rss_shared, bytes_of(status, "RssShmem"));
  OAR_ASSIGN(memory.rss_peak, bytes_of(status, "VmHWM"));
  return memory;
}

Result<ProcessMemory> process_memory() {
  std::ifstream file("/proc/self/status");  // has no size, so read_file would read nothing
  const std::string status{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return parse_process_memory(status);
}

}  // namespace oarlock
