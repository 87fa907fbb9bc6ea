// How the engine hears of its peers: their frames, their leaving, their failures, and its own, told to them.
#include <utility>

#include "base/log.h"
#include "comm/star_engine.h"

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

void StarEngine::send_to(int rank, std::shared_ptr<const std::string> frame) {
  if (!star_.peers[rank].is_open()) return;
  Status status = star_.peers[rank].send(std::move(frame));
  if (!status.is_ok()) service(rank);  // what the peer said before it went is read first
}

void StarEngine::send_to_all(std::string frame) {
  const auto shared = std::make_shared<const std::string>(std::move(frame));
  for (std::size_t rank = 0; rank < star_.peers.size(); ++rank) send_to(static_cast<int>(rank), shared);
}

void StarEngine::warn_all(const std::string& text) {
  log(LogLevel::kWarning, "comm", "{}", text);
  send_to_all(std::move(FrameWriter(FrameType::kLate).put_text(text)).finish());
}

void StarEngine::handle(int rank, Frame frame) {
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
  if (frame.type == FrameType::kPresent && is_hub()) return take_answer(rank);
  if (frame.type == FrameType::kProbe && !is_hub()) {
    return send_to(0, std::make_shared<const std::string>(FrameWriter(FrameType::kPresent).finish()));
  }
  if (frame.type == FrameType::kFailure) {
    return fail(unpack_failure(frame), /*tell_peers=*/is_hub());
  }
  if (frame.type == FrameType::kLate && !is_hub()) {
    FrameReader reader(frame.body);
    Result<std::string> text = reader.get_text();
    if (text.is_ok() && (current_ != nullptr || !posted_.empty())) log(LogLevel::kWarning, "comm", "{}", text.value());
  }
}

void StarEngine::handle_goodbye(int rank, const Frame& frame) {
  FrameReader reader(frame.body);
  Result<std::uint64_t> sequence = reader.get<std::uint64_t>();
  const std::uint64_t last = sequence.is_ok() ? sequence.value() : 0;
  star_.peers[rank].close();
  if (failed_) return;
  if (is_hub()) {
    left_[rank] = true;
    Status status = roll_call_.leave(rank, last);
    if (status.is_ok()) status = book_.leave(rank, last);
    if (!status.is_ok()) fail(std::move(status), /*tell_peers=*/true);
    return;
  }
  hub_left_after_ = last;
  if (phase_ != Phase::kAwaitingRanks && posted_.empty()) return;
  fail(peer_lost("a rank has left the group: {} closed it after operation {}, {}", name_member(0, star_.members[0]),
                 last, doing())
           .with_rank(0)
           .with_operation(current_ != nullptr ? operator_name(current_->signature.op) : "send or receive"),
       /*tell_peers=*/false);
}

void StarEngine::lose_peer(int rank, const Status& why) {
  star_.peers[rank].close();
  if (failed_ || left_[rank]) return;
  Status status = why.code() == OAR_E_VERSION
                      ? why
                      : peer_lost("{} ended without closing its group, {}: {}", name_member(rank, star_.members[rank]),
                                  doing(), why.message());
  fail(std::move(status).with_rank(rank).with_operation(operation_name()).with_vendor_code(why.info().vendor_code),
       true);
}

void StarEngine::fail(Status status, bool tell_peers) {
  if (failed_) return;
  failed_ = true;
  data_failure_.reset();
  std::deque<std::shared_ptr<Operation>> ended;
  std::function<void(const Status&, bool)> on_failure;
  {
    std::lock_guard lock(mutex_);
    if (failure_.is_ok()) failure_ = status;
    status = failure_;
    ended.swap(queue_);
    failure_reported_ =
        failure_reported_ || current_ != nullptr || !ended.empty() || !posted_.empty() || !new_posts_.empty();
    on_failure = companion_.on_failure;
  }
  if (on_failure) on_failure(status, tell_peers);
  if (current_ != nullptr) finish_current(status);
  for (const auto& operation : ended) {
    recorder_.advance(operation->ticket, FlightRecorder::Phase::kFailed, operation->signature.sequence,
                      status.message());
    operation->finish(status);
  }
  fail_posts(status);
  if (tell_peers) send_to_all(pack_failure(status));
  if (transfer_ != nullptr) transfer_->end_soon();  // closes gloo's connections, so that no peer waits there for us
}

}  // namespace oarlock
