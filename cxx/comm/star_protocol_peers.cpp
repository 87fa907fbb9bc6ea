// How the protocol hears of its peers: their frames, their leaving, their failures, and its own, told to them.
#include <utility>

#include "comm/star_protocol.h"

namespace oarlock {
namespace {

std::string pack_failure(const Status& status) {
  const ErrorInfo& info = status.info();
  return std::move(FrameWriter(FrameType::kFailure)
                       .put<std::int32_t>(info.code)
                       .put<std::int32_t>(info.rank)
                       .put_text(info.operation)
                       .put_text(info.message))
      .finish();
}

// The failure itself, or why it is unreadable.
Status unpack_failure(const Frame& frame) {
  FrameReader reader(frame.body);
  OAR_ASSIGN(const std::int32_t code, reader.get<std::int32_t>());
  OAR_ASSIGN(const std::int32_t rank, reader.get<std::int32_t>());
  OAR_ASSIGN(std::string operation, reader.get_text());
  OAR_ASSIGN(std::string message, reader.get_text());
  return Status(failure_code(code), std::move(message)).with_rank(rank).with_operation(std::move(operation));
}

}  // namespace

void StarProtocol::send_to(int rank, std::shared_ptr<const std::string> frame) {
  if (connected_[rank]) shell_.send(rank, std::move(frame));
}

void StarProtocol::send_to_all(std::string frame) {
  const auto shared = std::make_shared<const std::string>(std::move(frame));
  for (std::size_t rank = 0; rank < connected_.size(); ++rank) send_to(static_cast<int>(rank), shared);
}

void StarProtocol::warn_all(const std::string& text) {
  shell_.warn(text);
  send_to_all(std::move(FrameWriter(FrameType::kLate).put_text(text)).finish());
}

void StarProtocol::disconnect(int rank) {
  connected_[rank] = false;
  shell_.close_connection(rank);
}

void StarProtocol::receive(int rank, Frame frame, TimePoint now) {
  now_ = now;
  if (!connected_[rank]) return;
  handle(rank, std::move(frame));
  start_next();
}

void StarProtocol::handle(int rank, Frame frame) {
  if (frame.type == FrameType::kGoodbye) return handle_goodbye(rank, frame);
  if (failed_) return;
  if (frame.type == FrameType::kArrival && is_hub()) {
    Result<Arrival> arrival = unpack_arrival(std::move(frame.body));
    if (!arrival.is_ok()) return fail(std::move(arrival).status(), /*tell_peers=*/true);
    Arrival& given = arrival.value();
    if (!given.signature.is_point_to_point()) return arrive_at_hub(rank, std::move(given));
    return post_at_hub(rank, given.signature, given.timeout, std::move(given.payload));
  }
  if (frame.type == FrameType::kMatched && !is_hub()) return handle_matched(frame);
  if (frame.type == FrameType::kPull && !is_hub()) return handle_pull(frame);
  if (frame.type == FrameType::kData && is_hub()) return handle_data(rank, frame);
  if (frame.type == FrameType::kVerdict && !is_hub()) return handle_verdict(frame);
  if (frame.type == FrameType::kPresent && is_hub()) {
    if (stall_) has_answered_[rank] = true;
    return;
  }
  if (frame.type == FrameType::kStalled && is_hub()) return handle_stalled(frame);
  if (frame.type == FrameType::kProbe && !is_hub()) {
    return send_to(0, std::make_shared<const std::string>(FrameWriter(FrameType::kPresent).finish()));
  }
  if (frame.type == FrameType::kFailure) {
    return fail(unpack_failure(frame), /*tell_peers=*/is_hub());
  }
  if (frame.type == FrameType::kLate && !is_hub()) {
    FrameReader reader(frame.body);
    Result<std::string> text = reader.get_text();
    if (text.is_ok() && (current_ != nullptr || !posted_.empty())) shell_.warn(text.value());
  }
}

void StarProtocol::handle_goodbye(int rank, const Frame& frame) {
  FrameReader reader(frame.body);
  Result<std::uint64_t> sequence = reader.get<std::uint64_t>();
  const std::uint64_t last = sequence.is_ok() ? sequence.value() : 0;
  disconnect(rank);
  if (failed_) return;
  // It left in the middle of the operation whose data moves, so that will not come to an end.
  const bool is_missed = phase_ == Phase::kMovingData && last < current_->signature.sequence;
  if (is_hub()) {
    left_[rank] = true;
    Status status = is_missed ? has_left(rank, last) : roll_call_.leave(rank, last);
    if (status.is_ok()) status = book_.leave(rank, last);
    if (status.is_ok()) status = check_fetches(rank, last);
    if (!status.is_ok()) fail(std::move(status), /*tell_peers=*/true);
    return;
  }
  hub_left_after_ = last;
  if (phase_ != Phase::kAwaitingRanks && !is_missed && posted_.empty()) return;
  fail(has_left(0, last), /*tell_peers=*/false);
}

Status StarProtocol::unawaited() {
  return Status(OAR_E_VERSION, "a rank sent a message that nobody awaits; do all ranks run the same version?");
}

Status StarProtocol::has_left(int rank, std::uint64_t last) const {
  return peer_lost("a rank has left the group: {} closed it after operation {}, {}", name_member(rank, members_[rank]),
                   last, doing())
      .with_rank(rank)
      .with_operation(current_ != nullptr ? operator_name(current_->signature.op) : "send or receive");
}

Status StarProtocol::hub_has_left(const Signature& wanted, const std::string& name) const {
  return peer_lost("a rank has left the group: {} closed it after operation {}, so {} cannot complete",
                   name_member(0, members_[0]), *hub_left_after_, name)
      .with_rank(0)
      .with_operation(operator_name(wanted.op));
}

void StarProtocol::lose(int rank, const Status& why, TimePoint now) {
  now_ = now;
  if (!connected_[rank]) return;
  disconnect(rank);
  if (failed_) return;
  Status status = why.code() == OAR_E_VERSION ? why
                                              : peer_lost("{} ended without closing its group, {}: {}",
                                                          name_member(rank, members_[rank]), doing(), why.message());
  fail(std::move(status).with_rank(rank).with_operation(operation_name()).with_vendor_code(why.info().vendor_code),
       true);
}

void StarProtocol::abort(std::string_view reason) {
  if (!failed_) fail(abort_status(rank_, activity(), reason), /*tell_peers=*/true);
}

void StarProtocol::close() {
  if (!failed_) fail(aborted("the group was closed while operations were running"), /*tell_peers=*/false);
  send_to_all(std::move(FrameWriter(FrameType::kGoodbye).put<std::uint64_t>(num_done_)).finish());
}

void StarProtocol::fail(Status status, bool tell_peers) {
  if (failed_) return;
  failed_ = true;
  data_failure_.reset();
  failure_ = shell_.declare_dead(std::move(status), tell_peers);
  if (tell_peers) send_to_all(pack_failure(failure_));  // first: callers who hear of it may end the process
  if (current_ != nullptr) finish_current(failure_);
  for (const auto& operation : std::exchange(queue_, {})) shell_.finish(operation, failure_);
  for (const Posted& posted : std::exchange(posted_, {})) shell_.finish(posted.operation, failure_);
  shell_.stop_moving_data();
}

}  // namespace oarlock
