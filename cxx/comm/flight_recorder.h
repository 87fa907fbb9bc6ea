// The last operations of a group: what was called, when, and how it ended. What oar_state_dump writes.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "comm/signature.h"

namespace oarlock {

// Any thread.
class FlightRecorder {
 public:
  static constexpr std::size_t kCapacity = 1024;
  enum class Phase : std::uint8_t { kQueued, kAwaitingRanks, kMovingData, kDone, kFailed };

  // Gives the ticket by which later phases name the operation.
  std::uint64_t begin(const Signature& signature, Phase phase = Phase::kQueued);
  void advance(std::uint64_t ticket, Phase phase, std::uint64_t sequence, std::string error = {});

  void clear();  // nobody holds a ticket

  JsonValue to_json() const;  // array, oldest first

 private:
  struct Entry {
    std::uint64_t ticket = 0;
    Signature signature;
    Phase phase = Phase::kQueued;
    Clock::TimePoint queued_at{};
    Clock::TimePoint started_at{};
    Clock::TimePoint ended_at{};
    std::string error;
  };
  static JsonValue entry_to_json(const Entry& entry, std::chrono::microseconds unix_offset);

  mutable std::mutex mutex_;
  std::uint64_t num_recorded_ = 0;
  std::vector<Entry> entries_;  // a ring once it is full
};

}  // namespace oarlock
