// The library's own messages. Goes to the callback that oar_log_set_callback gave, else to standard error. Never to
// stdout.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string_view>

namespace oarlock {

enum class LogLevel { kDebug = 10, kInfo = 20, kWarning = 30, kError = 40, kOff = 50 };

using LogSink = void (*)(int level, const char* component, const char* message, void* user_data);
// Where a sink may be called: on any thread, or on the host's alone, inside calls of the host.
enum class SinkThreads { kAny, kHostsOnly };

// debug info warning (warn) error (critical) off, any case.
std::optional<LogLevel> parse_log_level(std::string_view text);

// The level starts as OARLOCK_LOG_LEVEL says, else as ACCELERATE_LOG_LEVEL does, else at warning.
bool log_is_on(LogLevel level);
void set_log_level(LogLevel level);
// Replaces the sink; `release(user_data)` of the one before runs when no thread is inside it any more. nullptr:
// standard error, one line per message. No lock is held while a sink runs; what a sink makes the library log goes to
// standard error. What our own threads have to say to a sink that takes the host's only is queued.
void set_log_sink(LogSink sink, void* user_data, void (*release)(void*), SinkThreads threads = SinkThreads::kAny);
// Hands the queued messages over, oldest first; on our own threads it does nothing. Costs one relaxed load if there are
// none. Called at the ends of calls and by those that wait long.
void deliver_queued_messages() noexcept;
// Hands the message to the sink whatever the level in force; keeps errno.
void log_message(LogLevel level, const char* component, std::string_view message) noexcept;

template <class... Args>
void log(LogLevel level, const char* component, fmt::format_string<Args...> text, Args&&... args) {
  if (log_is_on(level)) log_message(level, component, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace oarlock
