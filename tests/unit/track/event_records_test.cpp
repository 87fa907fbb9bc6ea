#include "track/event_records.h"

#include <gtest/gtest.h>

#include <bit>

namespace oarlock {
namespace {

// RFC 3720, appendix B.4: CRC-32C of known bytes, in the byte order of the number.
TEST(EventRecords, ChecksumsAreThoseOfTheRfc) {
  const auto masked = [](std::uint32_t crc) { return std::rotr(crc, 15) + 0xa282ead8U; };
  EXPECT_EQ(masked_crc32c(std::string(32, '\0')), masked(0x8a9136aaU));
  EXPECT_EQ(masked_crc32c(std::string(32, '\xff')), masked(0x62a8ab43U));
  std::string rising(32, '\0');
  for (int i = 0; i < 32; ++i) rising[static_cast<std::size_t>(i)] = static_cast<char>(i);
  EXPECT_EQ(masked_crc32c(rising), masked(0x46dd794eU));
}

}  // namespace
}  // namespace oarlock
