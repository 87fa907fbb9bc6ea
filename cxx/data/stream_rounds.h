// What one rank gets of one pass over a stream: the rounds and parts of BatchShard, whose number of samples is known
// only at the end. Every rank reads the whole stream and keeps its own part.
//
// A tail that is filled up needs the samples of the first round: a seekable stream gives them again, of any other one
// they are kept, so memory holds two rounds at most.
//
// Source: Accelerate 1.15 IterableDatasetShard (spec B 1.5).
// Differs: even_batches false leaves the tail uneven, as for samples with numbers.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "base/status.h"
#include "data/batch_shard.h"
#include "data/sample_stream.h"

namespace oarlock {

struct StreamRound {
  std::vector<Tree> samples;          // this rank's
  std::int64_t samples_in_round = 0;  // of all ranks, those that fill up not counted
};

class StreamRounds {
 public:
  // `shard`: its num_samples says nothing. Reads begin at round `first_round`; of a stream that is not seekable the
  // samples before it are read and dropped.
  StreamRounds(const SampleStream& stream, const BatchShard& shard, std::int64_t epoch, std::int64_t first_round);

  // Rounds are asked for in order; one that failed may be asked for again and goes on at the sample that failed.
  // nullopt: this rank has no more. OAR_E_ARGUMENT: the stream ended before the round it was to begin at.
  Result<std::optional<StreamRound>> read(std::int64_t round);

 private:
  Status skip();
  Status fill();
  Result<std::optional<StreamRound>> take_tail();
  Result<Tree> sample_of_first_round(std::int64_t position) const;
  Status failure_at(std::int64_t index, Status failure) const;
  bool keeps_first_round() const;

  const SampleStream& stream_;
  const BatchShard shard_;
  const std::int64_t epoch_;
  std::mutex mutex_;          // a worker of a cancelled run may still be inside
  std::int64_t first_round_;  // to begin at
  std::int64_t next_round_;
  std::int64_t next_index_ = 0;  // of the stream
  bool has_ended_ = false;
  std::vector<Tree> first_;  // samples of round 0, if they are kept
  std::vector<Tree> own_;    // of the round that is being read
};

}  // namespace oarlock
