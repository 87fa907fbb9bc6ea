#include "comm/store.h"

#include <atomic>
#include <future>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "base/thread.h"

namespace oarlock {
namespace {

constexpr Milliseconds kSlice{50};

c10d::TCPStoreOptions client_options(int port, Milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(port);
  options.waitWorkers = false;
  options.timeout = timeout;
  return options;
}

// What the thread below works for; it may outlive the caller.
struct AgentQuestion {
  std::string address;
  int port;
  std::string key;
  std::string value;
  bool is_publisher;
  Milliseconds timeout;
  std::atomic<bool> given_up{false};
  std::promise<Result<std::string>> answer;
};

Result<std::string> ask(AgentQuestion& question) {
  auto store = c10::make_intrusive<c10d::TCPStore>(question.address, client_options(question.port, question.timeout));
  if (question.is_publisher) {
    store->set(question.key, std::vector<std::uint8_t>(question.value.begin(), question.value.end()));
    return question.value;
  }
  while (!question.given_up && !store->check({question.key}))
    std::this_thread::sleep_for(kSlice);  // a store cannot call back
  if (question.given_up) return aborted("nobody waits any more");
  const std::vector<std::uint8_t> bytes = store->get(question.key);
  return std::string(bytes.begin(), bytes.end());
}

void run_question(const std::shared_ptr<AgentQuestion>& question) {
  try {
    question->answer.set_value(ask(*question));
  } catch (const std::exception& error) {  // a thread's main: nothing above it catches
    question->answer.set_value(
        io_error("torchrun's store at {}:{} failed: {}", question->address, question->port, error.what()));
  }
}

}  // namespace

c10::intrusive_ptr<c10d::Store> open_data_store(Descriptor listener, const std::string& address, int port,
                                                bool is_server, Milliseconds timeout) {
  c10d::TCPStoreOptions options = client_options(port, timeout);
  options.isServer = is_server;
  if (is_server) options.masterListenFd = listener.release();  // the server closes it
  return c10::make_intrusive<c10d::TCPStore>(address, options);
}

Result<std::string> exchange_by_agent(const std::string& address, int port, const std::string& key,
                                      const std::string& value, bool is_publisher, Milliseconds timeout) {
  auto question = std::make_shared<AgentQuestion>();
  question->address = address;
  question->port = port;
  question->key = key;
  question->value = value;
  question->is_publisher = is_publisher;
  question->timeout = timeout;
  auto answer = question->answer.get_future();
  start_thread("oar-agent", [question] { run_question(question); }).detach();
  if (answer.wait_for(timeout) != std::future_status::ready) {
    question->given_up = true;
    return timed_out("torchrun's store at {}:{} gave no answer within {} ms: rank 0 has not published where it waits",
                     address, port, timeout.count())
        .with_rank(0);
  }
  return answer.get();
}

}  // namespace oarlock
