// Sends and receives: apart from the collectives, matched at rank 0 (transfer_book.h). The data of a send travels with
// it, so the receiver has it as soon as both sides have called.
#include <algorithm>
#include <utility>

#include "comm/hub_exchange.h"
#include "comm/star_engine.h"

namespace oarlock {

void StarEngine::start_posts() {
  std::deque<std::shared_ptr<Operation>> started;
  {
    std::lock_guard lock(mutex_);
    if (failed_) return;
    started.swap(new_posts_);
  }
  for (auto& operation : started) {
    recorder_.advance(operation->ticket, FlightRecorder::Phase::kAwaitingRanks, operation->signature.sequence);
    const TimePoint deadline = steady_clock().now() + operation->timeout + kHubGrace;
    posted_.push_back({operation, deadline});
  }
  for (const auto& operation : started) {
    if (failed_) return;
    post(*operation);
  }
}

void StarEngine::post(const Operation& operation) {
  if (is_hub()) {
    std::string payload;
    if (operation.signature.op == Operator::kSend) payload = tensor_bytes(operation.tensor);
    return post_at_hub(0, operation.signature, operation.timeout, std::move(payload));
  }
  if (hub_left_after_) {
    return fail(peer_lost("a rank has left the group: {} closed it after operation {}, so {} cannot complete",
                          name_member(0, star_.members[0]), *hub_left_after_, describe(operation.signature))
                    .with_rank(0)
                    .with_operation(operator_name(operation.signature.op)),
                false);
  }
  const bool sends = operation.signature.op == Operator::kSend;
  send_to(0, std::make_shared<const std::string>(pack_arrival(operation, star_.rank, /*with_payload=*/sends)));
}

void StarEngine::post_at_hub(int rank, const Signature& signature, Milliseconds timeout, std::string payload) {
  auto posted = book_.post(rank, signature, timeout, std::move(payload), steady_clock().now());
  if (!posted.is_ok()) return fail(std::move(posted).status(), /*tell_peers=*/true);
  if (!posted.value()) return;
  TransferBook::Match& match = *posted.value();
  conclude_transfer(match.sender, match.send, "");
  if (!failed_) conclude_transfer(match.receiver, match.receive, std::move(match.payload));
}

void StarEngine::conclude_transfer(int rank, const Signature& signature, std::string payload) {
  if (rank == 0) return take_transfer(signature, payload);
  FrameWriter writer(FrameType::kMatched, payload.size());
  send_to(rank, std::make_shared<const std::string>(std::move(writer.put(signature).put_raw(payload)).finish()));
}

void StarEngine::handle_matched(const Frame& frame) {
  FrameReader reader(frame.body);
  const Result<Signature> signature = reader.get<Signature>();
  if (!signature.is_ok()) return fail(Status(signature.status()), /*tell_peers=*/true);
  take_transfer(signature.value(), reader.rest());
}

void StarEngine::take_transfer(const Signature& signature, std::string_view payload) {
  const auto found = std::find_if(posted_.begin(), posted_.end(),
                                  [&](const Posted& posted) { return posted.operation->signature == signature; });
  if (found == posted_.end()) {
    return fail(Status(OAR_E_VERSION,
                       "rank 0 answered a send or receive that nobody awaits; do all ranks run the same "
                       "version?"),
                /*tell_peers=*/true);
  }
  Status status = Status::ok();
  if (signature.op == Operator::kReceive) status = copy_into(found->operation->tensor, payload);
  if (!status.is_ok()) return fail(std::move(status), /*tell_peers=*/true);
  const std::shared_ptr<Operation> operation = std::move(found->operation);
  posted_.erase(found);
  recorder_.advance(operation->ticket, FlightRecorder::Phase::kDone, signature.sequence);
  operation->finish(Status::ok());
}

void StarEngine::fail_posts(const Status& status) {
  std::deque<std::shared_ptr<Operation>> ended;
  {
    std::lock_guard lock(mutex_);
    ended.swap(new_posts_);
  }
  for (Posted& posted : posted_) ended.push_back(std::move(posted.operation));
  posted_.clear();
  for (const auto& operation : ended) {
    recorder_.advance(operation->ticket, FlightRecorder::Phase::kFailed, operation->signature.sequence,
                      status.message());
    operation->finish(status);
  }
}

void StarEngine::check_posts(TimePoint now) {
  if (is_hub()) {
    if (std::optional<std::string> warning = book_.late_warning(now)) warn_all(*warning);
    Status status = book_.check_deadline(now);
    if (!status.is_ok()) fail(std::move(status), /*tell_peers=*/true);
    return;
  }
  for (const Posted& posted : posted_) {
    if (now < posted.deadline) continue;
    const Signature& signature = posted.operation->signature;
    return fail(timed_out("rank 0 gave no answer to {} within {:.1f} s: its process is stopped, or the network is",
                          describe(signature), std::chrono::duration<double>(posted.operation->timeout).count())
                    .with_rank(0)
                    .with_operation(operator_name(signature.op)),
                /*tell_peers=*/true);
  }
}

std::optional<StarEngine::TimePoint> StarEngine::next_post_event() const {
  if (is_hub()) return book_.next_event();
  std::optional<TimePoint> soonest;
  for (const Posted& posted : posted_) {
    if (!soonest || posted.deadline < *soonest) soonest = posted.deadline;
  }
  return soonest;
}

}  // namespace oarlock
