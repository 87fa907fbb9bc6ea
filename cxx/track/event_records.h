// TensorBoard's event files, byte for byte: messages of protocol buffers, each framed with its length and checksums.
//
// Source: tensorboard/compat/proto/{event,summary,tensor}.proto and tensorflow's record format (spec A 7.2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oarlock {

struct EventScalar {
  std::string tag;
  double value;  // kept as float32, as the product does
};
struct EventText {
  std::string tag;  // without "/text_summary"
  std::string text;
};
struct EventSummary {
  std::vector<EventScalar> scalars;
  std::vector<EventText> texts;
};

// Records: append them to a file as they are. The first of a file names the format's version.
std::string first_event_record(double time_seconds);
std::string event_record(double time_seconds, std::int64_t step, const EventSummary& summary);

// CRC-32C (Castagnoli), rotated right by 15 and 0xa282ead8 added.
std::uint32_t masked_crc32c(std::string_view bytes);

}  // namespace oarlock
