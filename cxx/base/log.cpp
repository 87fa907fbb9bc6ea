#include "base/log.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/env.h"
#include "base/host_code.h"
#include "base/no_destructor.h"
#include "base/text.h"
#include "base/thread.h"
#include "base/write_signals.h"

namespace oarlock {
namespace {

// One sink. Threads that are inside it share it; the last to let go runs its release.
struct Sink {
  LogSink function;
  void* user_data;
  void (*release)(void*);
  SinkThreads threads;
  Sink(LogSink function, void* user_data, void (*release)(void*), SinkThreads threads)
      : function(function), user_data(user_data), release(release), threads(threads) {}
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  ~Sink() {
    if (release != nullptr && host_code_may_run()) release(user_data);
  }
};

struct Message {
  LogLevel level;
  std::string component;
  std::string text;
};

constexpr std::size_t kQueuedMax = 1000;

struct Logger {
  std::mutex mutex;
  std::shared_ptr<Sink> sink;  // nullptr: standard error
  std::deque<Message> queued;
  std::size_t num_dropped = 0;  // since the queue was last taken
  std::atomic<bool> has_queued{false};
};

Logger& logger() {
  static NoDestructor<Logger> instance;
  return *instance;
}

constexpr int kLevelUnread = -1;
std::atomic<int> level_in_force{kLevelUnread};
thread_local bool is_inside_sink = false;

int level_from_environment() {
  std::optional<std::string> text = env_text("OARLOCK_LOG_LEVEL");
  if (!text) text = env_text("ACCELERATE_LOG_LEVEL");
  const std::optional<LogLevel> level = parse_log_level(text ? *text : "warning");
  if (level) return static_cast<int>(*level);
  return static_cast<int>(LogLevel::kWarning);  // State::create refuses the value with a text
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
  const NoWriteSignals scope;
  while (!rest.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nowhere left to complain
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

// nullptr: standard error. A sink that makes the library log again is not entered a second time.
std::shared_ptr<Sink> current_sink() {
  if (is_inside_sink || !host_code_may_run()) return nullptr;
  std::lock_guard lock(logger().mutex);
  return logger().sink;
}

void hand_over(Sink* sink, LogLevel level, const char* component, const std::string& text) {
  if (sink == nullptr) return write_to_stderr(level, component, text);
  struct Inside {
    Inside() { is_inside_sink = true; }
    ~Inside() { is_inside_sink = false; }
  } const inside;
  sink->function(static_cast<int>(level), component, text.c_str(), sink->user_data);
}

void enqueue(LogLevel level, const char* component, std::string text) {
  std::lock_guard lock(logger().mutex);
  if (logger().queued.size() < kQueuedMax) {
    logger().queued.push_back({level, component, std::move(text)});
  } else {
    ++logger().num_dropped;
  }
  logger().has_queued.store(true, std::memory_order_relaxed);
}

std::deque<Message> take_queued() {
  std::lock_guard lock(logger().mutex);
  logger().has_queued.store(false, std::memory_order_relaxed);
  std::deque<Message> messages = std::exchange(logger().queued, {});
  const std::size_t num_dropped = std::exchange(logger().num_dropped, 0);
  if (num_dropped != 0) {
    messages.push_back({LogLevel::kWarning, "log",
                        fmt::format("{} more messages were dropped: {} wait at the most for the program's next call",
                                    num_dropped, kQueuedMax)});
  }
  return messages;
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

void set_log_sink(LogSink sink, void* user_data, void (*release)(void*), SinkThreads threads) {
  std::shared_ptr<Sink> next;
  if (sink != nullptr) next = std::make_shared<Sink>(sink, user_data, release, threads);
  {
    std::lock_guard lock(logger().mutex);
    logger().sink.swap(next);
  }
  // `next` is the sink before: its release runs here, or on the thread that is still inside it.
}

void log_message(LogLevel level, const char* component, std::string_view message) noexcept {
  const int saved_errno = errno;
  try {
    const std::shared_ptr<Sink> sink = current_sink();
    if (sink != nullptr && sink->threads == SinkThreads::kHostsOnly && on_own_thread()) {
      enqueue(level, component, std::string(message));
    } else {
      hand_over(sink.get(), level, component, std::string(message));
    }
  } catch (...) {  // a message is never worth the host's life: no memory, or a sink that throws
  }
  errno = saved_errno;
}

void deliver_queued_messages() noexcept {
  if (!logger().has_queued.load(std::memory_order_relaxed) || on_own_thread() || is_inside_sink) return;
  const int saved_errno = errno;
  try {
    const std::shared_ptr<Sink> sink = current_sink();
    for (const Message& message : take_queued()) {
      hand_over(sink.get(), message.level, message.component.c_str(), message.text);
    }
  } catch (...) {  // as in log_message
  }
  errno = saved_errno;
}

}  // namespace oarlock
