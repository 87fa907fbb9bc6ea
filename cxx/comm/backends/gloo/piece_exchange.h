// Collectives that gloo lacks or copies too much for, out of its sends and receives: every piece goes straight from the
// tensor of one rank into that of another, and what is reduced is reduced in rank order. For the data thread; blocks,
// and throws what gloo throws.
#pragma once

#include <ATen/core/Tensor.h>

#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <vector>

#include "base/clock.h"
#include "comm/group.h"

namespace oarlock {

// All tensors are contiguous; arguments as in Call, of calls that have been compared.
class PieceExchange {
 public:
  PieceExchange(c10d::ProcessGroupGloo& gloo, int rank, int world_size, Milliseconds timeout)
      : gloo_(gloo), rank_(rank), world_size_(world_size), timeout_(timeout) {}

  void reduce(at::Tensor& tensor, ReduceOp op, int root) const;
  void reduce_scatter(const at::Tensor& input, at::Tensor& output, ReduceOp op) const;
  void gather(const at::Tensor& input, const at::Tensor& output, int root) const;
  void scatter(const at::Tensor& input, const at::Tensor& output, int root) const;
  void all_gather_rows(const at::Tensor& input, const at::Tensor& output, const std::vector<std::int64_t>& rows) const;
  // Without rows, in equal parts.
  void all_to_all(const at::Tensor& input, const at::Tensor& output, const std::vector<std::int64_t>& rows,
                  const std::vector<std::int64_t>& received_rows) const;

 private:
  using Pieces = std::vector<at::Tensor>;  // by rank, flat; undefined or empty: nothing to or from it
  // Sends given[r] to each rank r and receives taken[r] from it; this rank's own is copied.
  void run(const Pieces& given, const Pieces& taken) const;
  // What the ranks' parts, of which parts[rank] is each one's, reduce to.
  at::Tensor reduce_in_order(const Pieces& parts, ReduceOp op) const;
  // Room for a part of every rank but this one, whose own it is.
  Pieces room_for(const at::Tensor& own) const;
  Pieces nothing() const { return Pieces(static_cast<std::size_t>(world_size_)); }

  c10d::ProcessGroupGloo& gloo_;
  int rank_;
  int world_size_;
  Milliseconds timeout_;
};

}  // namespace oarlock
