#include "comm/star_protocol.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace oarlock {

std::string doing(const Activity& activity) {
  if (!activity.current) return fmt::format("after operation {}", activity.num_done);
  return fmt::format("during operation {}, {}", activity.current->sequence, describe(*activity.current));
}

Status abort_status(int rank, const Activity& activity, std::string_view reason) {
  return aborted("rank {} aborted the group {}: {}", rank, doing(activity), reason).with_rank(rank);
}

StarProtocol::StarProtocol(const Star& star, Milliseconds late, Shell& shell, std::shared_ptr<ArrivalSkew> skew)
    : rank_(star.rank),
      world_size_(star.world_size),
      inline_bytes_(star.inline_bytes),
      members_(star.members),
      shell_(shell),
      connected_(star.rank == 0 ? star.world_size : 1, true),
      roll_call_(star.world_size, late),
      arrivals_(star.world_size),
      left_(star.world_size, false),
      book_(star.world_size, late),
      skew_(std::move(skew)),
      arrivals_us_(skew_ == nullptr ? 0 : star.world_size) {
  if (is_hub()) connected_[0] = false;
}

bool StarProtocol::is_small(const Operation& operation) const {
  const Signature& signature = operation.signature;
  if (signature.on_device) return true;    // there is no data to it
  if (!operation.received_rows.empty()) {  // only this rank knows its own size
    return static_cast<std::int64_t>(operation.tensor.nbytes()) <= inline_bytes_;
  }
  if (signature.bytes() <= inline_bytes_) return true;
  return signature.op == Operator::kAllReduce &&
         !shell_.can_reduce(static_cast<c10::ScalarType>(signature.dtype), static_cast<ReduceOp>(signature.reduce_op));
}

bool StarProtocol::all_are_small() const {
  if (!is_small(*current_)) return false;
  if (current_->received_rows.empty() || current_->signature.on_device) return true;  // equal signatures say it
  return std::all_of(arrivals_.begin() + 1, arrivals_.end(), [this](const Arrival& arrival) {
    const std::int64_t num_rows = std::accumulate(arrival.rows.begin(), arrival.rows.end(), std::int64_t{0});
    return static_cast<std::int64_t>(arrival.payload.size()) == num_rows * current_->signature.bytes();
  });
}

Activity StarProtocol::activity() const {
  if (current_ != nullptr) return {num_done_, current_->signature};
  return shell_.activity_elsewhere().value_or(Activity{num_done_, std::nullopt});
}

std::string StarProtocol::operation_name() const {
  const Activity now = activity();
  return now.current ? operator_name(now.current->op) : "";
}

void StarProtocol::submit(std::shared_ptr<Operation> operation, TimePoint now) {
  now_ = now;
  if (failed_) return shell_.finish(operation, failure_);
  if (operation->signature.is_point_to_point()) return post(operation);
  queue_.push_back(std::move(operation));
  start_next();
}

void StarProtocol::start_next() {
  while (!failed_ && current_ == nullptr && !queue_.empty()) {
    current_ = std::move(queue_.front());
    queue_.pop_front();
    phase_ = Phase::kAwaitingRanks;
    deadline_ = TimePoint{};
    shell_.advance(*current_, FlightRecorder::Phase::kAwaitingRanks);
    const Signature& signature = current_->signature;
    if (is_hub()) {
      arrive_at_hub(0, arrival_of(*current_));
    } else if (hub_left_after_) {
      fail(hub_has_left(signature, fmt::format("operation {}, {},", signature.sequence, describe(signature))), false);
    } else {
      deadline_ = now_ + current_->timeout + kHubGrace;
      send_to(0, std::make_shared<const std::string>(pack_arrival(*current_, rank_, is_small(*current_))));
    }
  }
}

void StarProtocol::arrive_at_hub(int rank, Arrival arrival) {
  if (arrival.signature.sequence != num_verdicts_ + 1) return fail(unawaited(), /*tell_peers=*/true);
  Status status = roll_call_.arrive(rank, arrival.signature, arrival.timeout, now_, arrival.site);
  if (!status.is_ok()) return fail(std::move(status), /*tell_peers=*/true);
  arrivals_[rank] = std::move(arrival);
  if (skew_ != nullptr) arrivals_us_[rank] = ArrivalSkew::us_of(now_);
  if (roll_call_.is_complete()) reach_verdict();
}

void StarProtocol::reach_verdict() {
  Status rows = current_->received_rows.empty() ? Status::ok() : compare_rows(arrivals_);
  if (!rows.is_ok()) return fail(std::move(rows), /*tell_peers=*/true);
  const bool through_hub = all_are_small();
  Verdict verdict;
  if (through_hub) {
    Result<Verdict> result = conclude(*current_, arrivals_);
    if (!result.is_ok()) return fail(std::move(result).status(), /*tell_peers=*/true);
    verdict = std::move(result).value();
  }
  if (skew_ != nullptr) skew_->record(arrivals_us_);
  roll_call_.next();
  ++num_verdicts_;
  for (Arrival& arrival : arrivals_) arrival = Arrival();
  send_verdict(verdict, through_hub);
  if (through_hub) return finish_current(Status::ok());
  start_transfer();
}

void StarProtocol::send_verdict(const Verdict& verdict, bool through_hub) {
  const auto pack = [&](std::string_view payload) {
    FrameWriter writer(FrameType::kVerdict, payload.size());
    writer.put<std::uint64_t>(current_->signature.sequence).put<std::uint8_t>(through_hub).put_raw(payload);
    return std::move(writer).finish();
  };
  if (verdict.by_rank.empty()) return send_to_all(pack(verdict.shared));
  for (std::size_t rank = 1; rank < verdict.by_rank.size(); ++rank) {
    send_to(static_cast<int>(rank), std::make_shared<const std::string>(pack(verdict.by_rank[rank])));
  }
}

void StarProtocol::handle_verdict(const Frame& frame) {
  FrameReader reader(frame.body);
  const Result<std::uint64_t> sequence = reader.get<std::uint64_t>();
  const Result<std::uint8_t> through_hub = reader.get<std::uint8_t>();
  if (current_ == nullptr || phase_ != Phase::kAwaitingRanks || !sequence.is_ok() || !through_hub.is_ok() ||
      sequence.value() != current_->signature.sequence) {
    return fail(Status(OAR_E_VERSION, "rank 0 sent a verdict that nobody awaits; do all ranks run the same version?"),
                true);
  }
  if (through_hub.value() == 0) return start_transfer();
  Status status = apply_verdict(*current_, rank_, reader.rest(), world_size_);
  if (!status.is_ok()) return fail(std::move(status), /*tell_peers=*/true);
  finish_current(Status::ok());
}

void StarProtocol::start_transfer() {
  phase_ = Phase::kMovingData;
  deadline_ = now_ + current_->timeout;
  shell_.advance(*current_, FlightRecorder::Phase::kMovingData);
  shell_.move_data(current_);
}

void StarProtocol::end_transfer(Status status, TimePoint now) {
  now_ = now;
  if (phase_ != Phase::kMovingData) return;
  if (!status.is_ok()) {
    data_failure_.emplace(now_ + kDataFailureGrace,
                          std::move(status).with_operation(operator_name(current_->signature.op)));
    return;
  }
  finish_current(Status::ok());
  start_next();
}

void StarProtocol::finish_current(Status status) {
  if (status.is_ok()) num_done_ = current_->signature.sequence;
  phase_ = Phase::kIdle;
  deadline_ = TimePoint{};
  if (stall_ && stall_->signature == current_->signature) stall_.reset();
  shell_.finish(std::exchange(current_, nullptr), std::move(status));
}

}  // namespace oarlock
