// Sends and receives: apart from the collectives, matched at rank 0 (transfer_book.h). The data of a small send travels
// with it, so the receiver has it as soon as both sides have called; that of a large one is fetched then, so that it
// waits in the memory of its own rank.
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
  const bool sends_data = operation.signature.op == Operator::kSend && !is_fetched(operation.signature);
  if (is_hub()) {
    std::string payload;
    if (sends_data) payload = tensor_bytes(operation.tensor);
    return post_at_hub(0, operation.signature, operation.timeout, std::move(payload));
  }
  if (hub_left_after_) {
    return fail(peer_lost("a rank has left the group: {} closed it after operation {}, so {} cannot complete",
                          name_member(0, star_.members[0]), *hub_left_after_, describe(operation.signature))
                    .with_rank(0)
                    .with_operation(operator_name(operation.signature.op)),
                false);
  }
  send_to(0, std::make_shared<const std::string>(pack_arrival(operation, star_.rank, sends_data)));
}

bool StarEngine::is_fetched(const Signature& signature) const { return signature.bytes() > star_.inline_bytes; }

void StarEngine::post_at_hub(int rank, const Signature& signature, Milliseconds timeout, std::string payload) {
  auto posted = book_.post(rank, signature, timeout, std::move(payload), steady_clock().now());
  if (!posted.is_ok()) return fail(std::move(posted).status(), /*tell_peers=*/true);
  if (!posted.value()) return;
  TransferBook::Match& match = *posted.value();
  if (is_fetched(match.send)) {
    if (match.sender == 0) return give_data(match.send);
    FrameWriter writer(FrameType::kPull);
    return send_to(match.sender, std::make_shared<const std::string>(std::move(writer.put(match.send)).finish()));
  }
  conclude_transfer(match.sender, match.send, "");
  if (!failed_) conclude_transfer(match.receiver, match.receive, std::move(match.payload));
}

void StarEngine::conclude_transfer(int rank, const Signature& signature, std::string payload) {
  if (rank == 0) return take_transfer(signature, payload);
  FrameWriter writer(FrameType::kMatched, payload.size());
  send_to(rank, std::make_shared<const std::string>(std::move(writer.put(signature).put_raw(payload)).finish()));
}

void StarEngine::handle_pull(const Frame& frame) {
  FrameReader reader(frame.body);
  const Result<Signature> signature = reader.get<Signature>();
  if (!signature.is_ok()) return fail(Status(signature.status()), /*tell_peers=*/true);
  give_data(signature.value());
}

void StarEngine::give_data(const Signature& signature) {
  const auto found = find_posted(signature);
  if (found == posted_.end()) return fail(unawaited(), /*tell_peers=*/true);
  std::string data = tensor_bytes(found->operation->tensor);
  if (is_hub()) {
    deliver(0, signature, std::move(data));
  } else {
    FrameWriter writer(FrameType::kData, data.size());
    send_to(0, std::make_shared<const std::string>(std::move(writer.put(signature).put_raw(data)).finish()));
  }
  if (!failed_) take_transfer(signature, "");
}

void StarEngine::handle_data(int rank, const Frame& frame) {
  FrameReader reader(frame.body);
  const Result<Signature> signature = reader.get<Signature>();
  if (!signature.is_ok()) return fail(Status(signature.status()), /*tell_peers=*/true);
  const int peer = signature.value().peer;
  if (peer < 0 || peer >= star_.world_size || peer == rank) return fail(unawaited(), /*tell_peers=*/true);
  deliver(rank, signature.value(), std::string(reader.rest()));
}

// The n-th send of a to b is the n-th receive of b from a, so the one signature tells the other.
void StarEngine::deliver(int sender, Signature signature, std::string data) {
  const int receiver = std::exchange(signature.peer, sender);
  signature.op = Operator::kReceive;
  conclude_transfer(receiver, signature, std::move(data));
}

Status StarEngine::unawaited() {
  return Status(OAR_E_VERSION,
                "a rank answered a send or receive that nobody awaits; do all ranks run the same version?");
}

std::deque<StarEngine::Posted>::iterator StarEngine::find_posted(const Signature& signature) {
  return std::find_if(posted_.begin(), posted_.end(),
                      [&](const Posted& posted) { return posted.operation->signature == signature; });
}

void StarEngine::handle_matched(const Frame& frame) {
  FrameReader reader(frame.body);
  const Result<Signature> signature = reader.get<Signature>();
  if (!signature.is_ok()) return fail(Status(signature.status()), /*tell_peers=*/true);
  take_transfer(signature.value(), reader.rest());
}

void StarEngine::take_transfer(const Signature& signature, std::string_view payload) {
  const auto found = find_posted(signature);
  if (found == posted_.end()) return fail(unawaited(), /*tell_peers=*/true);
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
    if (!status.is_ok()) return fail(std::move(status), /*tell_peers=*/true);
  }
  for (const Posted& posted : posted_) {
    if (now < posted.deadline) continue;
    const Signature& signature = posted.operation->signature;
    return fail(timed_out("{} to {} within {:.1f} s: the process of one of the two is stopped, or the network is",
                          is_hub() ? "there came no data" : "rank 0 gave no answer", describe(signature),
                          std::chrono::duration<double>(posted.operation->timeout).count())
                    .with_rank(is_hub() ? signature.peer : 0)
                    .with_operation(operator_name(signature.op)),
                /*tell_peers=*/true);
  }
}

std::optional<StarEngine::TimePoint> StarEngine::next_post_event() const {
  std::optional<TimePoint> soonest = book_.next_event();
  for (const Posted& posted : posted_) {
    if (!soonest || posted.deadline < *soonest) soonest = posted.deadline;
  }
  return soonest;
}

}  // namespace oarlock
