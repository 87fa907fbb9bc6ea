// JSON lines: one object per line, {"step":12,"time":1767225599.123,"loss":0.5}; time is UTC in seconds since 1970.
//
// Each line reaches the kernel in one append, so a killed run loses no line that log() returned for, and readers never
// see lines of two processes mixed. A resumed run appends. What a crash of the machine may leave, a last line cut
// short, is mended when the file is opened, so that every line parses.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/status.h"
#include "track/tracker.h"

namespace oarlock {

// Makes the parent directories and the file where missing. OAR_E_CORRUPT: the file's last line is no metrics at all, so
// it is left alone.
Result<std::shared_ptr<Tracker>> open_jsonl_tracker(const std::string& path);

// What a line can hold: an object. The names "step" and "time" are the line's own. Else OAR_E_ARGUMENT.
Status check_jsonl_values(const JsonValue& values);

// One line, with its newline. OAR_E_ARGUMENT: what check_jsonl_values refuses. Numbers that are not
// finite become the strings "NaN", "Infinity" and "-Infinity", since JSON has no such numbers.
Result<std::string> jsonl_line(std::int64_t step, double time_seconds, const JsonValue& values);

// What to do about bytes after the last newline.
enum class TailRepair {
  kNone,      // there are none
  kComplete,  // a whole object that only lacks its newline: give it one
  kCut,       // the beginning of a line: cut it off
  kForeign,   // nothing that jsonl_line ever began: not our file
};
TailRepair plan_tail_repair(std::string_view tail);

}  // namespace oarlock
