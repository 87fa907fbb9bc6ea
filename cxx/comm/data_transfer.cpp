#include "comm/data_transfer.h"

#include <c10/util/Exception.h>
#include <sched.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "base/thread.h"

namespace oarlock {
namespace {

constexpr std::chrono::microseconds kExpectedFor{200};  // a round trip among engines that are awake

}  // namespace

struct DataTransfer::Worker {
  std::unique_ptr<Transport> transport;  // the thread's, but for interrupt()

  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  std::optional<std::pair<TransferJob, Done>> next;
  bool expected = false;
  bool quit = false;
  bool ended = false;

  std::atomic<bool> has_news = false;  // something of that was set, for who waits without the mutex

  void run();
  void wait(std::unique_lock<std::mutex>& lock);
  Status perform(TransferJob& job);
  void end_transport();
};

Status DataTransfer::Worker::perform(TransferJob& job) {
  try {
    return transport->perform(job);
  } catch (const c10::Error& error) {
    return io_error("{} failed in {}: {}", transport->name(), describe(job.signature), error.what_without_backtrace());
  } catch (const std::exception& error) {  // gloo's own are plain ones; a thread's main catches
    return io_error("{} failed in {}: {}", transport->name(), describe(job.signature), error.what());
  }
}

void DataTransfer::Worker::end_transport() {
  try {
    std::unique_ptr<Transport> last;
    {
      std::lock_guard lock(mutex);  // end_soon() may be interrupting it
      last = std::move(transport);
    }
    last.reset();
  } catch (const std::exception&) {  // a thread's main; the peers' connections end all the same
  }
}

// Until there is a job, or none will be.
void DataTransfer::Worker::wait(std::unique_lock<std::mutex>& lock) {
  const auto has_work = [this] { return quit || next.has_value(); };
  while (!has_work()) {
    changed.wait(lock, [&] { return has_work() || expected; });
    if (!std::exchange(expected, false)) continue;
    lock.unlock();
    const Clock::TimePoint end = steady_clock().now() + kExpectedFor;
    while (!has_news.load(std::memory_order_relaxed) && steady_clock().now() < end) ::sched_yield();
    lock.lock();
  }
}

void DataTransfer::Worker::run() {
  std::unique_lock lock(mutex);
  while (true) {
    wait(lock);
    if (quit) break;
    auto [job, done] = *std::exchange(next, std::nullopt);
    expected = has_news = false;
    lock.unlock();
    Status status = perform(job);
    job = TransferJob();
    done(std::move(status));
    done = nullptr;
    lock.lock();
  }
  lock.unlock();
  end_transport();
  lock.lock();
  ended = true;
  changed.notify_all();
}

DataTransfer::DataTransfer(std::unique_ptr<Transport> transport) : worker_(std::make_shared<Worker>()) {
  worker_->transport = std::move(transport);
  start_thread("oar-data", [worker = worker_] { worker->run(); }).detach();  // the worker lives until its thread ends
}

void DataTransfer::end_soon() {
  std::lock_guard lock(worker_->mutex);
  if (!worker_->quit && worker_->transport != nullptr) worker_->transport->interrupt();
  worker_->quit = true;
  worker_->has_news = true;
  worker_->changed.notify_all();
}

DataTransfer::~DataTransfer() {
  end_soon();
  std::unique_lock lock(worker_->mutex);
  worker_->changed.wait_for(lock, kEndMax, [this] { return worker_->ended; });
}

void DataTransfer::expect() {
  std::lock_guard lock(worker_->mutex);
  worker_->expected = true;
  worker_->changed.notify_all();
}

void DataTransfer::start(TransferJob job, Done done) {
  std::lock_guard lock(worker_->mutex);
  worker_->next.emplace(std::move(job), std::move(done));
  worker_->has_news = true;
  worker_->changed.notify_all();
}

}  // namespace oarlock
