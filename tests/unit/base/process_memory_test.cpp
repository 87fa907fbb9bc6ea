#include "base/process_memory.h"

#include <gtest/gtest.h>

namespace oarlock {
namespace {

TEST(ProcessMemory, ReadsTheKernelsLines) {
  const auto memory = parse_process_memory(
      "Name:\tx\nVmHWM:\t  30 kB\nVmRSS:\t      21 kB\nRssAnon:\t 10 kB\nRssFile:\t 8 kB\nRssShmem:\t 3 kB\n");
  ASSERT_TRUE(memory.is_ok()) << memory.status().message();
  EXPECT_EQ(memory.value().rss, 21 * 1024);
  EXPECT_EQ(memory.value().rss_anonymous, 10 * 1024);
  EXPECT_EQ(memory.value().rss_file, 8 * 1024);
  EXPECT_EQ(memory.value().rss_shared, 3 * 1024);
  EXPECT_EQ(memory.value().rss_peak, 30 * 1024);
}

TEST(ProcessMemory, NamesALineThatIsMissingOrStrange) {
  EXPECT_NE(parse_process_memory("").status().message().find("VmRSS"), std::string::npos);
  EXPECT_NE(parse_process_memory("\nVmRSS:\tmuch\n").status().message().find("much"), std::string::npos);
}

}  // namespace
}  // namespace oarlock
