// Samples that can be had by number, or one after the other.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/status.h"
#include "data/sample_stream.h"
#include "tensor/named_tensor.h"
#include "tensor/tree.h"

namespace oarlock {

// Thread-safe, except that a host's callbacks may be bound to the thread that calls (see runs_on_any_thread): else
// loader workers call fetch and sample from several threads at once.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual std::int64_t size() const = 0;
  // The batch of these samples: a map by column name, each tensor with a leading dimension indices.size(); where
  // samples are made one by one, what collate() makes of them.
  virtual Result<Tree> fetch(std::span<const std::int64_t> indices) const = 0;
  // One sample by itself: the rows of fetch, without their leading dimension.
  virtual Result<Tree> sample(std::int64_t index) const;
  virtual bool gives_samples() const { return false; }  // sample() is the source, fetch() collates
  virtual bool runs_on_any_thread() const { return true; }
  // Not null: there are no numbers, size() is 0 and fetch and sample fail; only the stream gives samples.
  virtual const SampleStream* stream() const { return nullptr; }

 protected:
  Status check_index(std::int64_t index) const;  // OAR_E_ARGUMENT: there is no sample of that number
};

}  // namespace oarlock
