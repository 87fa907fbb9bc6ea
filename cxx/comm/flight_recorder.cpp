#include "comm/flight_recorder.h"

#include <utility>

namespace oarlock {
namespace {

const char* phase_name(FlightRecorder::Phase phase) {
  switch (phase) {
    case FlightRecorder::Phase::kQueued:
      return "queued";
    case FlightRecorder::Phase::kAwaitingRanks:
      return "awaiting ranks";
    case FlightRecorder::Phase::kMovingData:
      return "moving data";
    case FlightRecorder::Phase::kDone:
      return "done";
    case FlightRecorder::Phase::kFailed:
      return "failed";
  }
  return "unknown";
}

JsonValue microseconds(Clock::TimePoint time) {
  if (time == Clock::TimePoint{}) return JsonValue();
  return JsonValue::integer(std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count());
}

}  // namespace

std::uint64_t FlightRecorder::begin(const Signature& signature, const CallSite& site, Phase phase) {
  const Clock::TimePoint now = steady_clock().now();
  std::lock_guard lock(mutex_);
  const std::uint64_t ticket = num_recorded_++;
  if (entries_.size() < kCapacity) entries_.emplace_back();
  Entry& entry = entries_[ticket % kCapacity];
  entry.ticket = ticket;
  entry.signature = signature;
  entry.site = site;
  entry.phase = phase;
  entry.queued_at = now;
  entry.started_at = phase == Phase::kQueued ? Clock::TimePoint{} : now;
  entry.ended_at = {};
  entry.error.clear();
  entry.failed_in = Phase::kDone;
  return ticket;
}

void FlightRecorder::clear() {
  std::lock_guard lock(mutex_);
  entries_.clear();
  num_recorded_ = 0;
}

void FlightRecorder::advance(std::uint64_t ticket, Phase phase, std::uint64_t sequence, std::string error) {
  const Clock::TimePoint now = steady_clock().now();
  std::lock_guard lock(mutex_);
  Entry& entry = entries_[ticket % kCapacity];
  if (entry.ticket != ticket) return;  // overwritten by a newer one since
  if (phase == Phase::kFailed) entry.failed_in = entry.phase;
  entry.phase = phase;
  entry.signature.sequence = sequence;
  if (phase == Phase::kAwaitingRanks) entry.started_at = now;
  if (phase == Phase::kDone || phase == Phase::kFailed) entry.ended_at = now;
  entry.error = std::move(error);
}

JsonValue FlightRecorder::entry_to_json(const Entry& entry, std::chrono::microseconds unix_offset) {
  JsonValue json = JsonValue::object();
  json.set("sequence", JsonValue::integer(static_cast<std::int64_t>(entry.signature.sequence)));
  json.set("operation", JsonValue::string(operator_name(entry.signature.op)));
  json.set("call", JsonValue::string(describe(entry.signature) + CallSite{nullptr, entry.site.tag}.text()));
  if (const std::string_view function = entry.site.telling_function(); !function.empty()) {
    json.set("function", JsonValue::string(std::string(function)));
  }
  json.set("state", JsonValue::string(phase_name(entry.phase)));
  if (entry.failed_in != Phase::kDone) json.set("failed_in", JsonValue::string(phase_name(entry.failed_in)));
  if (entry.signature.is_point_to_point()) json.set("peer", JsonValue::integer(entry.signature.peer()));
  json.set("queued_at_unix_us", microseconds(entry.queued_at + unix_offset));
  json.set("queued_at_us", microseconds(entry.queued_at));
  json.set("started_at_us", microseconds(entry.started_at));
  json.set("ended_at_us", microseconds(entry.ended_at));
  if (!entry.error.empty()) json.set("error", JsonValue::string(entry.error));
  return json;
}

void FlightRecorder::on_end(std::function<void()> run) {
  std::lock_guard end_lock(end_mutex_);
  bool has_ended = false;
  {
    std::lock_guard lock(mutex_);
    has_ended = !failure_.empty();
  }
  if (has_ended) return run();
  on_end_ = std::move(run);
}

void FlightRecorder::end(const std::string& why) {
  std::lock_guard end_lock(end_mutex_);
  {
    std::lock_guard lock(mutex_);
    if (failure_.empty()) failure_ = why;
  }
  if (const auto run = std::exchange(on_end_, nullptr)) run();
}

JsonValue FlightRecorder::report() const {
  JsonValue json = JsonValue::object();
  {
    std::lock_guard lock(mutex_);
    if (!failure_.empty()) json.set("failure", JsonValue::string(failure_));
  }
  json.set("operations", to_json());
  return json;
}

JsonValue FlightRecorder::to_json() const {
  // Calls take one time; the wall clock's is told by what the two differ by now.
  const auto wall = std::chrono::system_clock::now().time_since_epoch(),
             steady = steady_clock().now().time_since_epoch();
  const auto unix_offset = std::chrono::duration_cast<std::chrono::microseconds>(wall - steady);
  std::lock_guard lock(mutex_);
  JsonValue list = JsonValue::array();
  const std::size_t oldest = entries_.size() < kCapacity ? 0 : num_recorded_ % kCapacity;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    list.append(entry_to_json(entries_[(oldest + i) % entries_.size()], unix_offset));
  }
  return list;
}

}  // namespace oarlock
