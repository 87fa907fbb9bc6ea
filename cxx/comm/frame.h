// The messages between the ranks of a group, and the packing of plain values into them.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/status.h"

namespace oarlock {

enum class FrameType : std::uint16_t {
  kHello = 1,  // to rank 0: who I am
  kWelcome,    // from rank 0: all are here
  kRefusal,    // from rank 0: why the meeting failed
  kArrival,    // to rank 0: signature, time-out, rows, payload
  kVerdict,    // from rank 0: all agree; payload
  kFailure,    // both ways: the group is dead, and why
  kLate,       // from rank 0: text of a warning
  kGoodbye,    // both ways: closed on purpose
  kProbe,      // from rank 0: does your engine run?
  kPresent,    // to rank 0: the answer to that
  kMatched,    // from rank 0: both sides of a send are there; payload
  kPull,       // from rank 0: both sides of a large send are there; its data may come
  kData,       // to rank 0: that data
  kStalled,    // to rank 0: the data of an operation does not come; signature, time-out
  kSurvivor,   // to the rank that gathers the survivors (muster.h): I have come
  kAwake,      // from it: I have heard
  kSummons,    // from it, to a rank that has not come
  kDecision,   // from it: who goes on and where they meet, or why nobody does
};

// In front of every body. The magic number also tells another byte order.
struct FrameHeader {
  static constexpr std::uint32_t kMagic = 0x4f41524b;
  std::uint32_t magic = kMagic;
  static constexpr std::uint16_t kVersion = 4;
  std::uint16_t version = kVersion;
  FrameType type = FrameType::kGoodbye;
  std::uint64_t body_bytes = 0;
};

struct Frame {
  FrameType type;
  std::string body;
};

// Builds a frame: header first, then values as they lie in memory.
class FrameWriter {
 public:
  explicit FrameWriter(FrameType type, std::size_t payload_bytes = 0) : type_(type) {
    bytes_.reserve(sizeof(FrameHeader) + payload_bytes + 128);
    bytes_.resize(sizeof(FrameHeader));
  }
  template <class T>
  FrameWriter& put(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));
    return *this;
  }
  FrameWriter& put_text(std::string_view text) { return put<std::uint64_t>(text.size()).put_raw(text); }
  FrameWriter& put_raw(std::string_view bytes) {
    bytes_.append(bytes);
    return *this;
  }
  // Room for bytes that the caller fills before finish().
  char* grow(std::size_t bytes) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + bytes);
    return bytes_.data() + at;
  }
  std::string finish(std::uint16_t version = FrameHeader::kVersion) && {
    FrameHeader header;
    header.type = type_;
    header.version = version;
    header.body_bytes = bytes_.size() - sizeof(FrameHeader);
    std::memcpy(bytes_.data(), &header, sizeof(header));
    return std::move(bytes_);
  }

 private:
  FrameType type_;
  std::string bytes_;
};

// A failure's code from a peer; one that is none would pass for a success.
inline oar_status failure_code(std::int32_t from_peer) { return from_peer > OAR_OK ? from_peer : OAR_E_VERSION; }

// Takes values out of a frame's body. A body that is too short is OAR_E_VERSION: the peer speaks another protocol.
class FrameReader {
 public:
  explicit FrameReader(std::string_view body) : rest_(body) {}
  template <class T>
  Result<T> get() {
    static_assert(std::is_trivially_copyable_v<T>);
    if (rest_.size() < sizeof(T)) return too_short();
    T value;
    std::memcpy(&value, rest_.data(), sizeof(T));
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  Result<std::string> get_text() {
    OAR_ASSIGN(const std::uint64_t size, get<std::uint64_t>());
    if (rest_.size() < size) return too_short();
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }
  std::string_view rest() const { return rest_; }

 private:
  static Status too_short() {
    return Status(OAR_E_VERSION, "a peer's message is too short; do all ranks run the same version of Oarlock?");
  }
  std::string_view rest_;
};

}  // namespace oarlock
