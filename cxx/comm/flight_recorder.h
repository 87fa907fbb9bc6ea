// The last operations of a group: what was called, when, and how it ended; and why the group itself has. What
// oar_state_dump writes. Times are of the clock that is common to one host, and of the wall, so that ranks line up.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "comm/call_site.h"
#include "comm/signature.h"

namespace oarlock {

// Any thread.
class FlightRecorder {
 public:
  static constexpr std::size_t kCapacity = 1024;
  enum class Phase : std::uint8_t { kQueued, kAwaitingRanks, kMovingData, kDone, kFailed };

  FlightRecorder() { entries_.reserve(kCapacity); }  // so that no operation can fail by being recorded

  // Needs no memory. Gives the ticket by which later phases name the operation.
  std::uint64_t begin(const Signature& signature, const CallSite& site = {}, Phase phase = Phase::kQueued);
  void advance(std::uint64_t ticket, Phase phase, std::uint64_t sequence, std::string error = {});

  void clear();  // nobody holds a ticket

  // The group is dead. The first reason stays; who calls meanwhile or later waits until `on_end` has run, once, with
  // no lock held.
  void end(const std::string& why);
  void on_end(std::function<void()> run);  // at once if the group is dead already

  // {"failure": why it is dead, if it is, "operations": [oldest first]}
  JsonValue report() const;

  JsonValue to_json() const;  // array, oldest first

 private:
  struct Entry {
    std::uint64_t ticket = 0;
    Signature signature;
    CallSite site;
    Phase phase = Phase::kQueued;
    Clock::TimePoint queued_at{};
    Clock::TimePoint started_at{};
    Clock::TimePoint ended_at{};
    std::string error;
    Phase failed_in = Phase::kDone;  // kDone: it has not failed
  };
  static JsonValue entry_to_json(const Entry& entry, std::chrono::microseconds unix_offset);

  mutable std::mutex mutex_;
  std::uint64_t num_recorded_ = 0;
  std::vector<Entry> entries_;  // a ring once it is full
  std::string failure_;

  std::mutex end_mutex_;  // not with mutex_: on_end_ reads the report
  std::function<void()> on_end_;
};

}  // namespace oarlock
