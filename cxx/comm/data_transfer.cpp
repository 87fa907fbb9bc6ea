#include "comm/data_transfer.h"

#include <c10/util/Exception.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "base/thread.h"

namespace oarlock {

struct DataTransfer::Worker {
  std::unique_ptr<Transport> transport;  // the thread's, but for interrupt()

  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  std::optional<std::pair<TransferJob, Done>> next;
  bool quit = false;
  bool ended = false;

  void run();
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

void DataTransfer::Worker::run() {
  std::unique_lock lock(mutex);
  while (true) {
    changed.wait(lock, [this] { return quit || next.has_value(); });
    if (quit) break;
    auto [job, done] = *std::exchange(next, std::nullopt);
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
  worker_->changed.notify_all();
}

DataTransfer::~DataTransfer() {
  end_soon();
  std::unique_lock lock(worker_->mutex);
  worker_->changed.wait_for(lock, kEndMax, [this] { return worker_->ended; });
}

void DataTransfer::start(TransferJob job, Done done) {
  std::lock_guard lock(worker_->mutex);
  worker_->next.emplace(std::move(job), std::move(done));
  worker_->changed.notify_all();
}

}  // namespace oarlock
