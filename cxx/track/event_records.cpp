#include "track/event_records.h"

#include <array>
#include <bit>
#include <cstring>

namespace oarlock {
namespace {

constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
    table[byte] = crc;
  }
  return table;
}();

// Little endian, as every platform of the library is.
template <class T>
std::string fixed(T value) {
  static_assert(std::endian::native == std::endian::little);
  std::string bytes(sizeof(value), '\0');
  std::memcpy(bytes.data(), &value, sizeof(value));
  return bytes;
}

// One message of protocol buffers, field by field.
class Message {
 public:
  Message& varint(int field, std::uint64_t value) {
    key(field, 0);
    append_varint(value);
    return *this;
  }
  template <class T>
  Message& number(int field, T value) {  // double or float
    key(field, sizeof(T) == 8 ? 1 : 5);
    bytes_ += fixed(value);
    return *this;
  }
  Message& bytes(int field, std::string_view value) {
    key(field, 2);
    append_varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& message(int field, const Message& value) { return bytes(field, value.bytes_); }
  const std::string& text() const { return bytes_; }

 private:
  void key(int field, int wire_type) { append_varint(static_cast<std::uint64_t>(field) << 3 | wire_type); }
  void append_varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7f) | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

std::string framed(const Message& event) {
  const std::string length = fixed<std::uint64_t>(event.text().size());
  return length + fixed(masked_crc32c(length)) + event.text() + fixed(masked_crc32c(event.text()));
}

Message scalar_value(const EventScalar& scalar) {
  constexpr int kTag = 1, kSimpleValue = 2;
  return Message().bytes(kTag, scalar.tag).number(kSimpleValue, static_cast<float>(scalar.value));
}

Message text_value(const EventText& text) {
  constexpr int kTag = 1, kTensor = 8, kMetadata = 9, kString = 7;
  const Message one_element = Message().message(2, Message().varint(1, 1));  // TensorShapeProto.dim.size
  const Message tensor = Message().varint(1, kString).message(2, one_element).bytes(8, text.text);
  const Message plugin = Message().bytes(1, "text").bytes(2, "");
  return Message()
      .bytes(kTag, text.tag + "/text_summary")
      .message(kTensor, tensor)
      .message(kMetadata, Message().message(1, plugin));
}

}  // namespace

std::uint32_t masked_crc32c(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) crc = kCrcTable[(crc ^ static_cast<unsigned char>(byte)) & 0xff] ^ (crc >> 8);
  return std::rotr(~crc, 15) + 0xa282ead8U;
}

std::string first_event_record(double time_seconds) {
  constexpr int kWallTime = 1, kFileVersion = 3;
  return framed(Message().number(kWallTime, time_seconds).bytes(kFileVersion, "brain.Event:2"));
}

std::string event_record(double time_seconds, std::int64_t step, const EventSummary& summary) {
  constexpr int kWallTime = 1, kStep = 2, kSummary = 5, kValue = 1;
  Message values;
  for (const EventScalar& scalar : summary.scalars) values.message(kValue, scalar_value(scalar));
  for (const EventText& text : summary.texts) values.message(kValue, text_value(text));
  return framed(Message()
                    .number(kWallTime, time_seconds)
                    .varint(kStep, static_cast<std::uint64_t>(step))
                    .message(kSummary, values));
}

}  // namespace oarlock
