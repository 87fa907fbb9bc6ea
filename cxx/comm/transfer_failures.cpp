#include "comm/transfer_failures.h"

namespace oarlock {
namespace {

double seconds(Clock::TimePoint::duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

Status compare_sides(int sender, const Signature& send, int receiver, const Signature& receive) {
  if (send.sequence != receive.sequence) {
    return Status(OAR_E_VERSION, "a rank posted a send or receive out of turn; do all ranks run the same version?");
  }
  if (send.numel == receive.numel && send.dtype == receive.dtype && send.on_device == receive.on_device) {
    return Status::ok();
  }
  return mismatch("transfer {} from rank {} to rank {} differs on its two sides: rank {} called {}, rank {} called {}",
                  send.sequence, sender, receiver, sender, describe(send), receiver, describe(receive))
      .with_rank(receiver)
      .with_operation(operator_name(send.op));
}

Status peer_has_left(int rank, const Signature& signature, std::uint64_t last) {
  return peer_lost("a rank has left the group: rank {} closed it after operation {}, so rank {}'s {} cannot complete",
                   signature.peer(), last, rank, describe(signature))
      .with_rank(signature.peer())
      .with_operation(operator_name(signature.op));
}

Status transfer_timed_out(int rank, const Signature& signature, Clock::TimePoint::duration waited) {
  return timed_out(
             "rank {} waited {:.1f} s in {}, and rank {} did not {} it; look at what that rank is doing, or "
             "raise the time-out (comm.timeout_ms)",
             rank, seconds(waited), describe(signature), signature.peer(),
             signature.op == Operator::kSend ? "receive" : "send")
      .with_rank(signature.peer())
      .with_operation(operator_name(signature.op));
}

std::string transfer_is_late(int rank, const Signature& signature, Clock::TimePoint::duration waited) {
  return fmt::format("rank {} waits in {} for {:.1f} s, and rank {} has not called the other side of it", rank,
                     describe(signature), seconds(waited), signature.peer());
}

}  // namespace oarlock
