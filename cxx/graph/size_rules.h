// Which operators give results whose sizes do not follow their arguments' sizes by one rule at all sizes.
//
// Runs at a few sizes do not tell: x[:100] has as many rows as x when x has few, and pooling by 8 gives one row for 8
// to 15 of them. Nothing that is traced may be described by such sizes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "graph/tracer.h"

namespace oarlock {

// One call of a traced forward, as all its recordings have it.
class TracedCall {
 public:
  TracedCall(std::span<const Recording> recordings, std::size_t index) : recordings_(recordings), index_(index) {}

  const RecordedCall& base() const { return recordings_.front().calls[index_]; }
  // A size of a value in each recording; kSizeUnknown where it has no such dimension.
  std::vector<std::int64_t> sizes_of(SlotId slot, std::int64_t dim) const;
  std::size_t num_dims(SlotId slot) const;  // in the first recording
  bool varies(SlotId slot, std::int64_t dim) const;
  std::vector<SlotId> tensors() const;  // that are given, in order

  // What tensors hold decides on the sizes. Custom operators are taken to do so: they do not always say.
  bool follows_values() const;
  // The result has no dimensions, whatever the arguments are.
  bool gives_number() const;
  // The shape is that of the arguments, broadcast.
  bool is_elementwise() const;
  // Sizes of results are the smaller of two, or rounded, or dimensions go when they are 1, and this concerns sizes that
  // are not the same in all recordings. Not of slices.
  bool is_limited() const;
  // The dimension that a slice cuts to what may be less than what was asked for at other sizes; nullopt: it is none.
  bool is_slice() const;
  std::optional<std::int64_t> cut_dim() const;
  std::int64_t slice_dim() const;

 private:
  const RecordedArgument* argument(const char* name) const;
  std::optional<std::int64_t> integer(const char* name) const;  // the same in all recordings
  std::vector<std::int64_t> integers(const char* name) const;   // of the first recording
  bool is_none(const char* name) const;
  bool number_varies() const;
  bool something_varies() const;
  bool last_dims_vary(std::size_t count) const;  // of the first argument, or any of another one
  bool varies_along(const char* name) const;     // the dimension of the first argument that this argument tells
  bool squeezes_what_varies() const;

  std::span<const Recording> recordings_;
  std::size_t index_;
};

}  // namespace oarlock
