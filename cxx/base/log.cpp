#include "base/log.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <mutex>
#include <string>

#include "base/env.h"
#include "base/no_destructor.h"
#include "base/text.h"

namespace oarlock {
namespace {

// One sink. Threads that are inside it share it; the last to let go runs its release.
struct Sink {
  LogSink function;
  void* user_data;
  void (*release)(void*);
  Sink(LogSink function, void* user_data, void (*release)(void*))
      : function(function), user_data(user_data), release(release) {}
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  ~Sink() {
    if (release != nullptr) release(user_data);
  }
};

struct Logger {
  std::mutex mutex;
  std::shared_ptr<Sink> sink;  // nullptr: standard error
};

Logger& logger() {
  static NoDestructor<Logger> instance;
  return *instance;
}

constexpr int kLevelUnread = -1;
std::atomic<int> level_in_force{kLevelUnread};
thread_local bool is_inside_sink = false;

int level_from_environment() {
  const std::optional<std::string> text = env_text("OARLOCK_LOG_LEVEL");
  const std::optional<LogLevel> level = parse_log_level(text ? *text : "warning");
  if (level) return static_cast<int>(*level);
  return static_cast<int>(
      LogLevel::kWarning);  // the option table refuses the value with a text as soon as a state is made
}

const char* level_name(LogLevel level) {
  if (level >= LogLevel::kError) return "error";
  if (level >= LogLevel::kWarning) return "warning";
  return level >= LogLevel::kInfo ? "info" : "debug";
}

// One write per message, so that lines of threads and ranks do not mix.
void write_to_stderr(LogLevel level, const char* component, std::string_view message) {
  const std::string line = fmt::format("oarlock {}: {}: {}\n", level_name(level), component, message);
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nowhere left to complain
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::shared_ptr<Sink> current_sink() {
  std::lock_guard lock(logger().mutex);
  return logger().sink;
}

}  // namespace

std::optional<LogLevel> parse_log_level(std::string_view text) {
  const std::string lower = lower_text(text);
  if (lower == "debug") return LogLevel::kDebug;
  if (lower == "info") return LogLevel::kInfo;
  if (lower == "warning" || lower == "warn") return LogLevel::kWarning;
  if (lower == "error" || lower == "critical") return LogLevel::kError;
  if (lower == "off") return LogLevel::kOff;
  return std::nullopt;
}

bool log_is_on(LogLevel level) {
  int threshold = level_in_force.load(std::memory_order_relaxed);
  if (threshold == kLevelUnread) {
    threshold = level_from_environment();
    int unread = kLevelUnread;
    if (!level_in_force.compare_exchange_strong(unread, threshold)) threshold = unread;  // someone set it meanwhile
  }
  return static_cast<int>(level) >= threshold;
}

void set_log_level(LogLevel level) { level_in_force.store(static_cast<int>(level)); }

void set_log_sink(LogSink sink, void* user_data, void (*release)(void*)) {
  std::shared_ptr<Sink> next;
  if (sink != nullptr) next = std::make_shared<Sink>(sink, user_data, release);
  {
    std::lock_guard lock(logger().mutex);
    logger().sink.swap(next);
  }
  // `next` is the sink before: its release runs here, or on the thread that is still inside it.
}

void log_message(LogLevel level, const char* component, std::string_view message) noexcept {
  const int saved_errno = errno;
  try {
    // A sink that makes the library log again is not entered a second time.
    const std::shared_ptr<Sink> sink = is_inside_sink ? nullptr : current_sink();
    if (sink == nullptr) {
      write_to_stderr(level, component, message);
    } else {
      const std::string text(message);  // ends with NUL
      is_inside_sink = true;
      sink->function(static_cast<int>(level), component, text.c_str(), sink->user_data);
      is_inside_sink = false;
    }
  } catch (...) {  // a message is never worth the host's life: no memory, or a sink that throws
    is_inside_sink = false;
  }
  errno = saved_errno;
}

}  // namespace oarlock
