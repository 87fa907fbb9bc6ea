// How the engine moves the data of large operations.
#include <ATen/ops/empty.h>
#include <c10/core/CPUAllocator.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "comm/star_engine.h"

namespace oarlock {
namespace {

constexpr Milliseconds kGlooGrace{2000};  // gloo's own time-out comes after ours

// Whether gloo may work on the caller's memory itself: row-major, and ours to keep. Memory that the host gave by
// pointer may be freed by the host once a call has failed, while gloo still writes.
bool gloo_may_use(const at::Tensor& tensor) {
  return tensor.is_contiguous() &&
         tensor.storage().data_ptr().get_deleter() == c10::GetDefaultCPUAllocator()->raw_deleter();
}

// Whether the operation's result is in its `tensor`.
bool writes_tensor(const Signature& signature, int rank) {
  const Operator op = signature.op;
  return op == Operator::kAllReduce || op == Operator::kBroadcast ||
         (op == Operator::kReduce && signature.root == rank);
}

}  // namespace

StarEngine::DataSignal::DataSignal(int wake_fd) : wake(::fcntl(wake_fd, F_DUPFD_CLOEXEC, 0)) {}

void StarEngine::move_data(const std::shared_ptr<Operation>& operation) {
  moving_ = operation;
  if (transfer_ == nullptr) {
    transfer_ =
        std::make_unique<DataTransfer>(make_transport_(star_, std::min(limits_.connect_timeout, operation->timeout)));
  }
  TransferJob job{operation->signature, operation->tensor,        operation->output,
                  operation->rows,      operation->received_rows, operation->timeout + kGlooGrace};
  if (job.tensor.defined() && !gloo_may_use(job.tensor)) {
    job.tensor = staged_tensor_ = stage(0, operation->tensor);
    job.tensor.copy_(operation->tensor);
  }
  if (job.output.defined() && !gloo_may_use(job.output)) job.output = staged_output_ = stage(1, operation->output);
  transfer_->start(std::move(job), [signal = data_signal_](Status status) {
    {
      std::lock_guard lock(signal->mutex);
      signal->result = std::move(status);
    }
    const std::uint64_t one = 1;
    while (::write(signal->wake.get(), &one, sizeof(one)) < 0 && errno == EINTR) {
    }
  });
}

at::Tensor StarEngine::stage(int slot, const at::Tensor& like) {
  const auto bytes = static_cast<std::int64_t>(like.nbytes());
  at::Tensor& buffer = staging_[slot];
  if (!buffer.defined() || buffer.numel() < bytes) buffer = at::empty({bytes}, at::kByte);
  return buffer.narrow(0, 0, bytes).view(like.scalar_type()).view(like.sizes());
}

void StarEngine::take_data_result() {
  std::optional<Status> result;
  {
    std::lock_guard lock(data_signal_->mutex);
    result.swap(data_signal_->result);
  }
  if (!result || moving_ == nullptr) return;
  if (result->is_ok()) {
    if (staged_tensor_.defined() && writes_tensor(moving_->signature, star_.rank)) {
      moving_->tensor.copy_(staged_tensor_);
    }
    if (staged_output_.defined()) moving_->output.copy_(staged_output_);
  }
  protocol_.end_transfer(std::move(*result), steady_clock().now());
}

// Closes the transport's connections, so that no peer waits there for us.
void StarEngine::stop_moving_data() {
  if (transfer_ != nullptr) transfer_->end_soon();
}

}  // namespace oarlock
