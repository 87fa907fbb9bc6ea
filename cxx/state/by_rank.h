// Small services in which the ranks take part one by one or follow the first.
#pragma once

#include <optional>
#include <string_view>

#include "base/json.h"
#include "base/log.h"
#include "base/status.h"
#include "state/process_state.h"

namespace oarlock {

enum class LogRanks { kMain = 0, kEach = 1, kInOrder = 2 };  // the numbers of log.h

// "[RANK r] text" of component "program". kInOrder is collective.
Status log_by_rank(const State& state, LogLevel level, LogRanks ranks, std::string_view text);
// The default generator's state of rank 0 on every rank. Collective.
Status synchronize_rng(const State& state);
// Ends the state's profile; with a folder for traces collective: a failure on one rank is one on all.
Result<std::optional<JsonValue>> end_profile(State& state);

}  // namespace oarlock
