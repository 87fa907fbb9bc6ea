#include "comm/backends/nccl/nccl_transport.h"

#include <ATen/core/grad_mode.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/no_destructor.h"
#include "comm/backends/nccl/nccl_launch.h"

namespace oarlock {
namespace {

using TimePoint = Clock::TimePoint;

constexpr Milliseconds kDrainMax{5000};     // for the device to leave an operation that was aborted
constexpr Milliseconds kFinalizeMax{1000};  // for the peers to leave a communicator that ends well
constexpr int kNumSpins = 200;
constexpr std::chrono::microseconds kPauseMax{500};

// Memory that the device may still use, of operations that failed.
void keep_for_ever(TransferJob job) {
  static NoDestructor<std::mutex> mutex;
  static NoDestructor<std::vector<TransferJob>> kept;
  std::lock_guard lock(*mutex);
  kept->push_back(std::move(job));
}

class NcclTransport : public Transport {
 public:
  NcclTransport(const NcclCalls& calls, NcclPlace place) : calls_(calls), place_(std::move(place)) {}
  ~NcclTransport() override { end(); }
  const char* name() const override { return "NCCL"; }
  Status perform(TransferJob& job) override;
  void interrupt() override {
    {
      std::lock_guard lock(mutex_);
      is_interrupted_ = true;
    }
    changed_.notify_all();
  }

 private:
  Status connect(c10::Device device, Milliseconds timeout);
  Status run(TransferJob& job, TimePoint deadline);
  // Until is_done() gives true; its failure, NCCL's, the deadline's or the interruption's else.
  template <class IsDone>
  Status wait_until(const char* what, TimePoint deadline, IsDone is_done);
  // Whether the communicator has done what it was asked; its failure.
  Result<bool> is_ready();
  Status failed(const char* what, NcclResult result);
  void give_up(TransferJob& job);
  void end();

  const NcclCalls& calls_;
  const NcclPlace place_;
  void* comm_ = nullptr;
  std::optional<c10::Stream> stream_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> is_interrupted_{false};
};

Status NcclTransport::failed(const char* what, NcclResult result) {
  const char* more = comm_ != nullptr ? calls_.last_error(comm_) : nullptr;
  return io_error("NCCL failed in {}: {}{}{}", what, calls_.error_text(result),
                  more != nullptr && *more != '\0' ? ", " : "", more != nullptr ? more : "")
      .with_rank(place_.rank)
      .with_vendor_code(result);
}

Result<bool> NcclTransport::is_ready() {
  NcclResult state = kNcclSuccess;
  const NcclResult asked = calls_.async_error(comm_, &state);
  if (asked != kNcclSuccess) return failed("asking for its state", asked);
  if (state == kNcclInProgress) return false;
  if (state != kNcclSuccess) return failed("the background", state);
  return true;
}

template <class IsDone>
Status NcclTransport::wait_until(const char* what, TimePoint deadline, IsDone is_done) {
  std::chrono::microseconds pause{1};
  for (int i = 0;; ++i) {
    OAR_ASSIGN(const bool done, is_done());
    if (done) return Status::ok();
    if (is_interrupted_) return aborted("the group ended while NCCL was busy with {}", what);
    if (steady_clock().now() >= deadline) {
      return timed_out("NCCL did not finish {} on rank {} in time, though all ranks had called it", what, place_.rank)
          .with_rank(place_.rank);
    }
    if (i < kNumSpins) {
      std::this_thread::yield();
      continue;
    }
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, pause, [this] { return is_interrupted_.load(); });
    pause = std::min(pause * 2, kPauseMax);
  }
}

Status NcclTransport::connect(c10::Device device, Milliseconds timeout) {
  stream_ = c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device, /*isHighPriority=*/true);
  const NcclResult result = calls_.init_rank(&comm_, place_.world_size, place_.id.data(), place_.rank);
  if (result != kNcclSuccess && result != kNcclInProgress) return failed("ncclCommInitRankConfig", result);
  const TimePoint deadline = steady_clock().now() + std::min(timeout, place_.connect_timeout);
  return wait_until("connecting the ranks", deadline, [this] { return is_ready(); });
}

Status NcclTransport::run(TransferJob& job, TimePoint deadline) {
  const std::string what = describe(job.signature);
  if (job.ready != nullptr) job.ready->block(*stream_);
  const NcclMember member{place_.rank, place_.world_size, comm_, stream_->native_handle()};
  const NcclResult result = launch_job(calls_, member, job);
  if (result != kNcclSuccess) return failed(what.c_str(), result);
  // Whatever is still to be launched is on the stream when the communicator is ready again.
  OAR_TRY(wait_until(what.c_str(), deadline, [this] { return is_ready(); }));
  if (!job.copies.empty()) {
    const at::NoGradGuard no_grad;
    const c10::StreamGuard on_stream(*stream_);
    for (const Call::Copy& copy : job.copies) copy.to.copy_(copy.from, /*non_blocking=*/true);
  }
  c10::Event end(stream_->device_type());
  end.record(*stream_);
  return wait_until(what.c_str(), deadline, [&]() -> Result<bool> {
    if (end.query()) return true;
    OAR_TRY(is_ready().status());
    return false;
  });
}

Status NcclTransport::perform(TransferJob& job) {
  const TimePoint deadline = steady_clock().now() + job.timeout;
  const c10::Device device = (job.tensor.defined() ? job.tensor : job.output).device();
  try {
    const c10::DeviceGuard on_device(device);
    Status status = comm_ == nullptr ? connect(device, job.timeout) : Status::ok();
    if (status.is_ok()) status = run(job, deadline);
    if (!status.is_ok()) give_up(job);
    return status;
  } catch (const std::exception&) {  // of the device, told by who called
    give_up(job);
    throw;
  }
}

// Ends the communicator, and keeps the tensors as long as the device may use them.
void NcclTransport::give_up(TransferJob& job) {
  if (void* comm = std::exchange(comm_, nullptr)) calls_.abort(comm);
  if (!stream_) return;
  try {
    c10::Event end(stream_->device_type());
    end.record(*stream_);
    const TimePoint deadline = steady_clock().now() + kDrainMax;
    while (!end.query()) {
      if (steady_clock().now() >= deadline) return keep_for_ever(job);
      std::this_thread::sleep_for(kPauseMax);
    }
  } catch (const std::exception&) {  // the device itself has failed
    keep_for_ever(job);
  }
}

void NcclTransport::end() {
  if (comm_ == nullptr) return;
  is_interrupted_ = false;  // that the group ends is known; the jobs have ended well
  const NcclResult result = calls_.finalize(comm_);
  const bool is_flushed =
      (result == kNcclSuccess || result == kNcclInProgress) &&
      wait_until("the end", steady_clock().now() + kFinalizeMax, [this] { return is_ready(); }).is_ok();
  is_flushed ? calls_.destroy(comm_) : calls_.abort(comm_);
  comm_ = nullptr;
}

}  // namespace

std::unique_ptr<Transport> make_nccl_transport(const NcclCalls& calls, NcclPlace place) {
  return std::make_unique<NcclTransport>(calls, std::move(place));
}

}  // namespace oarlock
