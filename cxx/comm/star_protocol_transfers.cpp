// Sends and receives: apart from the collectives, matched at rank 0 (transfer_book.h). The data of a small send travels
// with it, so the receiver has it as soon as both sides have called; that of a large one is fetched then, so that it
// waits in the memory of its own rank.
#include <algorithm>
#include <utility>

#include "comm/hub_exchange.h"
#include "comm/star_protocol.h"

namespace oarlock {

void StarProtocol::post(const std::shared_ptr<Operation>& operation) {
  const Signature& signature = operation->signature;
  shell_.advance(*operation, FlightRecorder::Phase::kAwaitingRanks);
  posted_.push_back({operation, now_ + operation->timeout + kHubGrace});
  const bool sends_data = signature.op == Operator::kSend && !signature.on_device && !is_fetched(signature);
  if (is_hub()) {
    std::string payload;
    if (sends_data) payload = tensor_bytes(operation->tensor);
    return post_at_hub(0, signature, operation->timeout, std::move(payload));
  }
  if (hub_left_after_) return fail(hub_has_left(signature, describe(signature)), /*tell_peers=*/false);
  send_to(0, std::make_shared<const std::string>(pack_arrival(*operation, rank_, sends_data)));
}

bool StarProtocol::is_fetched(const Signature& signature) const {
  return !signature.on_device && signature.bytes() > inline_bytes_;
}

void StarProtocol::post_at_hub(int rank, const Signature& signature, Milliseconds timeout, std::string payload) {
  auto posted = book_.post(rank, signature, timeout, std::move(payload), now_);
  if (!posted.is_ok()) return fail(std::move(posted).status(), /*tell_peers=*/true);
  if (!posted.value()) return;
  TransferBook::Match& match = *posted.value();
  if (is_fetched(match.send)) {
    if (match.sender == 0) return give_data(match.send);
    fetches_.push_back({match.sender, match.send});
    FrameWriter writer(FrameType::kPull);
    return send_to(match.sender, std::make_shared<const std::string>(std::move(writer.put(match.send)).finish()));
  }
  conclude_transfer(match.sender, match.send, "");
  if (!failed_) conclude_transfer(match.receiver, match.receive, std::move(match.payload));
}

void StarProtocol::conclude_transfer(int rank, const Signature& signature, std::string payload) {
  if (rank == 0) return take_transfer(signature, payload);
  FrameWriter writer(FrameType::kMatched, payload.size());
  send_to(rank, std::make_shared<const std::string>(std::move(writer.put(signature).put_raw(payload)).finish()));
}

void StarProtocol::handle_pull(const Frame& frame) {
  FrameReader reader(frame.body);
  const Result<Signature> signature = reader.get<Signature>();
  if (!signature.is_ok()) return fail(Status(signature.status()), /*tell_peers=*/true);
  give_data(signature.value());
}

void StarProtocol::give_data(const Signature& signature) {
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

void StarProtocol::handle_data(int rank, const Frame& frame) {
  FrameReader reader(frame.body);
  const Result<Signature> signature = reader.get<Signature>();
  if (!signature.is_ok()) return fail(Status(signature.status()), /*tell_peers=*/true);
  const auto is_awaited = [&](const Fetch& fetch) { return fetch.sender == rank && fetch.send == signature.value(); };
  const auto found = std::find_if(fetches_.begin(), fetches_.end(), is_awaited);
  if (found == fetches_.end()) return fail(unawaited(), /*tell_peers=*/true);
  fetches_.erase(found);
  deliver(rank, signature.value(), std::string(reader.rest()));
}

Status StarProtocol::check_fetches(int rank_that_left, std::uint64_t last) const {
  for (const Fetch& fetch : fetches_) {
    if (fetch.sender != rank_that_left) continue;
    return peer_lost("a rank has left the group: {} closed it after operation {}, so its {} cannot complete",
                     name_member(fetch.sender, members_[fetch.sender]), last, describe(fetch.send))
        .with_rank(fetch.sender)
        .with_operation(operator_name(fetch.send.op));
  }
  return Status::ok();
}

// The n-th send of a to b is the n-th receive of b from a, so the one signature tells the other.
void StarProtocol::deliver(int sender, Signature signature, std::string data) {
  const int receiver = std::exchange(signature.root, sender);
  signature.op = Operator::kReceive;
  conclude_transfer(receiver, signature, std::move(data));
}

std::deque<StarProtocol::Posted>::iterator StarProtocol::find_posted(const Signature& signature) {
  return std::find_if(posted_.begin(), posted_.end(),
                      [&](const Posted& posted) { return posted.operation->signature == signature; });
}

void StarProtocol::handle_matched(const Frame& frame) {
  FrameReader reader(frame.body);
  const Result<Signature> signature = reader.get<Signature>();
  if (!signature.is_ok()) return fail(Status(signature.status()), /*tell_peers=*/true);
  take_transfer(signature.value(), reader.rest());
}

void StarProtocol::take_transfer(const Signature& signature, std::string_view payload) {
  const auto found = find_posted(signature);
  if (found == posted_.end()) return fail(unawaited(), /*tell_peers=*/true);
  Status status = Status::ok();
  if (signature.op == Operator::kReceive && !signature.on_device) {
    status = copy_into(found->operation->tensor, payload);
  }
  if (!status.is_ok()) return fail(std::move(status), /*tell_peers=*/true);
  const std::shared_ptr<Operation> operation = std::move(found->operation);
  posted_.erase(found);
  shell_.finish(operation, Status::ok());
}

void StarProtocol::check_posts() {
  if (is_hub()) {
    if (std::optional<std::string> warning = book_.late_warning(now_)) warn_all(*warning);
    Status status = book_.check_deadline(now_);
    if (!status.is_ok()) return fail(std::move(status), /*tell_peers=*/true);
  }
  for (const Posted& posted : posted_) {
    if (now_ < posted.deadline) continue;
    const Signature& signature = posted.operation->signature;
    return fail(timed_out("{} to {} within {:.1f} s: the process of one of the two is stopped, or the network is",
                          is_hub() ? "there came no data" : "rank 0 gave no answer", describe(signature),
                          std::chrono::duration<double>(posted.operation->timeout).count())
                    .with_rank(is_hub() ? signature.peer() : 0)
                    .with_operation(operator_name(signature.op)),
                /*tell_peers=*/true);
  }
}

std::optional<StarProtocol::TimePoint> StarProtocol::next_post_event() const {
  std::optional<TimePoint> soonest = book_.next_event();
  for (const Posted& posted : posted_) {
    if (!soonest || posted.deadline < *soonest) soonest = posted.deadline;
  }
  return soonest;
}

}  // namespace oarlock
