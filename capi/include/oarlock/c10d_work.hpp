// The operations of c10d.hpp while they run. Not to be included alone.
#ifndef OARLOCK_C10D_WORK_HPP
#define OARLOCK_C10D_WORK_HPP

#include <ATen/core/grad_mode.h>
#include <ATen/core/ivalue.h>
#include <c10/util/Exception.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <oarlock/torch.hpp>
#include <string>
#include <thread>
#include <torch/csrc/distributed/c10d/Work.hpp>
#include <utility>
#include <vector>

namespace oarlock {

// What a failed operation throws: c10d's own kind, with the code (OAR_E_PEER_LOST ...) and the rank that it is about.
class C10dError : public c10::DistBackendError {
 public:
  explicit C10dError(const oarlock::Error& error)
      : DistBackendError({__func__, __FILE__, static_cast<std::uint32_t>(__LINE__)},
                         std::string(error.code_name()) + ": " + error.what()),
        code_(error.code()),
        rank_(error.rank()) {}
  oar_status code() const noexcept { return code_; }
  int rank() const noexcept { return rank_; }  // -1 if none

 private:
  oar_status code_;
  int rank_;
};

namespace detail {

// Runs body; failures of Oarlock leave as the exceptions of c10 that mean the same.
template <class Body>
auto with_c10_errors(Body&& body) {
  try {
    return body();
  } catch (const Error& error) {
    if (error.code() == OAR_E_ARGUMENT) C10_THROW_ERROR(ValueError, error.what());
    if (error.code() == OAR_E_UNSUPPORTED) C10_THROW_ERROR(NotImplementedError, error.what());
    throw C10dError(error);
  }
}

class C10dWork;

// Ends works in the order in which they were started, for futures that nobody waits for: a thread that begins with the
// first future.
class C10dCompletions {
 public:
  C10dCompletions() : queue_(std::make_shared<Queue>()) {}
  // Futures whose operation still runs fail. Waits for the thread, at most one slice of its waiting.
  ~C10dCompletions();
  void add(c10::intrusive_ptr<C10dWork> work);

 private:
  struct Queue {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<c10::intrusive_ptr<C10dWork>> works;
    std::atomic<bool> quit{false};
    void run();
  };
  const std::shared_ptr<Queue> queue_;
  std::thread thread_;  // guarded by the queue's mutex
};

// One operation. Whoever first sees its end (a wait, a question, the thread above) copies results to where they belong,
// completes the future, then tells c10d.
class C10dWork : public c10d::Work {
 public:
  struct Copy {
    at::Tensor to, from;
  };
  // What the caller gets, and the copies that bring it there.
  struct Outcome {
    std::vector<at::Tensor> tensors;
    std::vector<Copy> copies;
  };

  // An empty work: the operation has succeeded.
  C10dWork(int rank, c10d::OpType type, std::uint64_t sequence, oarlock::Work work, Outcome outcome,
           std::weak_ptr<C10dCompletions> completions)
      : c10d::Work(rank, type),
        sequence_(sequence),
        work_(std::move(work)),
        outcome_(std::move(outcome)),
        completions_(std::move(completions)) {
    if (!work_) settle(nullptr);
  }

  bool isCompleted() override {
    if (!c10d::Work::isCompleted() && is_done()) settle_by_error();
    return c10d::Work::isCompleted();
  }
  bool isSuccess() const override {
    std::lock_guard<std::mutex> lock(mutex_);
    return completed_ && exception_ == nullptr;
  }
  std::vector<at::Tensor> result() override { return outcome_.tensors; }
  std::uint64_t getSequencenumber() const override { return sequence_; }
  // On the host: there is no stream that would have to wait.
  void synchronize() override {}

  // Zero waits for the operation's own end. A time-out here throws and leaves the operation running.
  bool wait(std::chrono::milliseconds timeout = kNoTimeout) override {
    if (!wait_for(timeout)) {
      throw C10dError(Error(OAR_E_TIMEOUT, "the operation is not done after " + std::to_string(timeout.count()) + " ms",
                            "c10d.hpp", c10d::opTypeToString(opType_), -1, 0));
    }
    const std::exception_ptr failure = exception();
    if (failure) std::rethrow_exception(failure);
    return true;
  }

  c10::intrusive_ptr<c10::ivalue::Future> getFuture() override {
    c10::intrusive_ptr<c10::ivalue::Future> future;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (future_) return future_;
      future = future_ = make_future();
      if (is_settled_) {
        complete(*future, failure_);
        return future;
      }
    }
    const auto completions = completions_.lock();
    if (completions) {
      completions->add(c10::intrusive_ptr<C10dWork>::reclaim_copy(this));
    } else {
      wait_for(kNoTimeout);  // the backend is gone; what was started ends all the same
    }
    return future;
  }

  // False: not done within `timeout`; zero: the operation's own.
  bool wait_for(std::chrono::milliseconds timeout) {
    if (c10d::Work::isCompleted()) return true;
    // One thread at a time in oar_work_wait; the others find the work done afterwards.
    std::unique_lock<std::timed_mutex> turn(turn_, std::defer_lock);
    if (timeout == kNoTimeout) {
      turn.lock();
    } else if (!turn.try_lock_for(timeout)) {
      return false;
    }
    if (c10d::Work::isCompleted()) return true;
    if (oar_work_wait(work_.get(), timeout.count()) == OAR_OK) {
      settle(nullptr);
    } else if (is_done()) {
      settle_by_error();
    } else {
      return false;
    }
    turn.unlock();
    std::unique_lock<std::mutex> lock(mutex_);
    cv_.wait(lock, [this] { return completed_; });  // another thread may be copying
    return true;
  }

  // The future, if there is one, fails; the operation goes on.
  void give_up() {
    c10::intrusive_ptr<c10::ivalue::Future> future;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      future.swap(future_);
    }
    if (future && !future->completed()) {
      future->setError(std::make_exception_ptr(C10dError(Error(
          OAR_E_ABORTED, "the backend was released before the operation ended", "c10d.hpp", "getFuture", -1, 0))));
    }
  }

 private:
  bool is_done() const {
    std::int32_t done = 0;
    return oar_work_is_done(work_.get(), &done) == OAR_OK && done != 0;
  }

  void settle_by_error() {
    oar_error* owned = nullptr;
    if (oar_work_error(work_.get(), &owned) != OAR_OK || owned == nullptr) return settle(nullptr);
    const ErrorHandle error(owned);
    oar_status code = OAR_E_INTERNAL;
    oar_error_code(owned, &code);
    try {
      throw_error(code, owned);
    } catch (const Error& thrown) {
      settle(std::make_exception_ptr(C10dError(thrown)));
    } catch (...) {
      settle(std::current_exception());
    }
  }

  void settle(std::exception_ptr failure) {
    if (is_claimed_.exchange(true)) return;
    try {
      const at::NoGradGuard no_grad;
      if (!failure) {
        for (const Copy& copy : outcome_.copies) copy.to.detach().copy_(copy.from);
      }
    } catch (...) {  // it must end for those who wait
      failure = std::current_exception();
    }
    outcome_.copies.clear();
    c10::intrusive_ptr<c10::ivalue::Future> future;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      is_settled_ = true;
      failure_ = failure;
      future = future_;
    }
    finish(failure);  // first: whoever sees the future at its end finds the work completed
    if (future) complete(*future, failure);
  }

  c10::intrusive_ptr<c10::ivalue::Future> make_future() const {
    std::vector<c10::Device> devices;
    for (const at::Tensor& tensor : outcome_.tensors) {
      if (!tensor.is_cpu()) devices.push_back(tensor.device());
    }
    return c10::make_intrusive<c10::ivalue::Future>(c10::ListType::create(c10::TensorType::get()), std::move(devices));
  }

  void complete(c10::ivalue::Future& future, const std::exception_ptr& failure) const {
    if (future.completed()) return;
    if (failure) {
      future.setError(failure);
    } else {
      future.markCompleted(c10::IValue(outcome_.tensors));
    }
  }

  const std::uint64_t sequence_;
  const oarlock::Work work_;
  Outcome outcome_;
  const std::weak_ptr<C10dCompletions> completions_;
  std::timed_mutex turn_;
  std::atomic<bool> is_claimed_{false};
  // Guarded by mutex_.
  bool is_settled_ = false;
  std::exception_ptr failure_;
  c10::intrusive_ptr<c10::ivalue::Future> future_;
};

inline void C10dCompletions::Queue::run() {
  constexpr std::chrono::milliseconds slice{50};  // in which a backend that is released is noticed
  std::unique_lock<std::mutex> lock(mutex);
  while (true) {
    changed.wait(lock, [this] { return quit || !works.empty(); });
    if (works.empty()) return;
    c10::intrusive_ptr<C10dWork> work = std::move(works.front());
    works.pop_front();
    lock.unlock();
    while (!work->wait_for(slice) && !quit) {
    }
    if (!work->isCompleted()) work->give_up();
    work.reset();
    lock.lock();
  }
}

inline void C10dCompletions::add(c10::intrusive_ptr<C10dWork> work) {
  std::lock_guard<std::mutex> lock(queue_->mutex);
  queue_->works.push_back(std::move(work));
  if (!thread_.joinable()) thread_ = std::thread([queue = queue_] { queue->run(); });
  queue_->changed.notify_one();
}

inline C10dCompletions::~C10dCompletions() {
  {
    std::lock_guard<std::mutex> lock(queue_->mutex);
    queue_->quit = true;
  }
  queue_->changed.notify_one();
  if (!thread_.joinable()) return;
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();  // the last owner was let go by a callback of a future; the queue lives until its thread ends
  } else {
    thread_.join();
  }
}

}  // namespace detail
}  // namespace oarlock

#endif
