#include "data/stream_rounds.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace oarlock {

StreamRounds::StreamRounds(const SampleStream& stream, const BatchShard& shard, std::int64_t epoch,
                           std::int64_t first_round)
    : stream_(stream), shard_(shard), epoch_(epoch), first_round_(first_round), next_round_(first_round) {}

bool StreamRounds::keeps_first_round() const {
  const BatchShardOptions& options = shard_.options();
  return options.even_batches && !options.drop_last && !stream_.is_seekable();
}

Status StreamRounds::failure_at(std::int64_t index, Status failure) const {
  return std::move(failure).within(fmt::format("loader: epoch {}, sample {} of the stream", epoch_, index));
}

// To the first sample of first_round_. What was read before a failure is not read again.
Status StreamRounds::skip() {
  const std::int64_t begin = first_round_ * shard_.samples_per_round();
  if (stream_.is_seekable()) {
    next_index_ = std::max(next_index_, begin);
    return Status::ok();
  }
  if (next_index_ == 0 && begin > 0) {
    log(LogLevel::kInfo, "data", "a stream that cannot seek is read again from its start: {} samples", begin);
  }
  while (next_index_ < begin && !has_ended_) {
    Result<std::optional<Tree>> sample = stream_.read(epoch_, next_index_);
    if (!sample.is_ok()) return failure_at(next_index_, std::move(sample).status());
    has_ended_ = !sample.value();
    if (has_ended_) break;
    if (keeps_first_round() && next_index_ < shard_.samples_per_round()) first_.push_back(std::move(*sample.value()));
    ++next_index_;
  }
  return Status::ok();
}

// The rest of the round, or of the stream.
Status StreamRounds::fill() {
  const std::int64_t size = shard_.samples_per_round();
  const std::int64_t begin = next_round_ * size;
  const std::int64_t part_size = size / shard_.options().world_size;
  const std::int64_t part_begin = begin + shard_.options().rank * part_size;
  while (next_index_ < begin + size && !has_ended_) {
    Result<std::optional<Tree>> sample = stream_.read(epoch_, next_index_);
    if (!sample.is_ok()) return failure_at(next_index_, std::move(sample).status());
    has_ended_ = !sample.value();
    if (has_ended_) break;
    if (next_round_ == 0 && keeps_first_round()) first_.push_back(*sample.value());
    if (next_index_ >= part_begin && next_index_ < part_begin + part_size) own_.push_back(std::move(*sample.value()));
    ++next_index_;
  }
  return Status::ok();
}

Result<Tree> StreamRounds::sample_of_first_round(std::int64_t position) const {
  if (keeps_first_round()) return first_.at(static_cast<std::size_t>(position));
  Result<std::optional<Tree>> sample = stream_.read(epoch_, position);
  if (!sample.is_ok()) return failure_at(position, std::move(sample).status());
  if (!sample.value()) {
    return failure_at(position,
                      callback_failed("a seekable stream of {} samples gave none when it was asked for this one "
                                      "again",
                                      next_index_));
  }
  return std::move(*sample.value());
}

Result<std::optional<StreamRound>> StreamRounds::take_tail() {
  BatchShardOptions known = shard_.options();
  known.num_samples = next_index_;
  OAR_ASSIGN(const BatchShard shard, BatchShard::create(known));
  if (next_round_ >= shard.num_batches()) return std::optional<StreamRound>();
  StreamRound round{own_, shard.samples_in_round(next_round_)};  // a copy: what follows may fail and be repeated
  const std::vector<std::int64_t> positions = shard.positions(next_round_);
  for (std::size_t i = round.samples.size(); i < positions.size(); ++i) {
    OAR_ASSIGN(Tree sample, sample_of_first_round(positions[i]));
    round.samples.push_back(std::move(sample));
  }
  ++next_round_;
  own_.clear();
  return std::optional<StreamRound>(std::move(round));
}

Result<std::optional<StreamRound>> StreamRounds::read(std::int64_t round) {
  const std::lock_guard lock(mutex_);
  if (round != next_round_) return internal_error("round {} was asked for where {} is next", round, next_round_);
  const std::int64_t size = shard_.samples_per_round();
  if (round == first_round_) OAR_TRY(skip());
  if (!has_ended_) OAR_TRY(fill());
  if (!has_ended_) {
    ++next_round_;
    return std::optional<StreamRound>(StreamRound{std::exchange(own_, {}), size});
  }
  if (round == first_round_ && round > 0 && !stream_.is_seekable() && next_index_ <= (round - 1) * size) {
    return invalid_argument("the stream ended after {} samples; {} batches, rounds of {} samples, were to be left out",
                            next_index_, round, size);
  }
  if (next_index_ % size == 0) return std::optional<StreamRound>();
  return take_tail();
}

}  // namespace oarlock
