// The library's own messages. Goes to the callback that oar_log_set_callback gave, else to standard error. Never to stdout.
#pragma once

#include <fmt/format.h>

#include <string_view>

namespace oarlock {

enum class LogLevel { kDebug = 10, kInfo = 20, kWarning = 30, kError = 40, kOff = 50 };

using LogSink = void (*)(int level, const char* component, const char* message, void* user_data);

bool log_is_on(LogLevel level);
void set_log_level(LogLevel level);
// Replaces the sink; `release(user_data)` of the one before runs when no thread is inside it any more. nullptr: standard error.
void set_log_sink(LogSink sink, void* user_data, void (*release)(void*));
void log_message(LogLevel level, const char* component, std::string_view message) noexcept;

template <class... Args>
void log(LogLevel level, const char* component, fmt::format_string<Args...> text, Args&&... args) {
  if (log_is_on(level)) log_message(level, component, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace oarlock
