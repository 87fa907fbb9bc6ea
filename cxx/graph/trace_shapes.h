// What several runs of a traced forward tell of sizes: which follow the declared ones, and how.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "graph/ir.h"
#include "graph/size_rules.h"
#include "graph/tracer.h"

namespace oarlock {

// c0 + coefficients[s] * size of symbol s.
struct Affine {
  std::int64_t constant = 0;
  std::vector<std::int64_t> coefficients;
  auto operator<=>(const Affine&) const = default;
};

// The function of the declared sizes that gives all values, one per recording (see program_of_recordings); nullopt:
// there is none. The last recording, where every size is another, checks it.
std::optional<Affine> fit_sizes(std::span<const Recording> recordings, const std::vector<std::int64_t>& values);

// An integer, or a float that is whole and exact.
std::optional<std::int64_t> whole_number(const c10::IValue& value);

// Dtype and shape of what the calls gave, in their order. Nothing is said of values whose shape depends on what tensors
// hold, or on sizes in another way than it did in the recordings (size_rules.h). A dimension that a slice cuts is open,
// the others of such a value are known.
class TracedShapes {
 public:
  // Both must outlive this; expressions are added to the graph.
  TracedShapes(std::span<const Recording> recordings, Graph& graph) : recordings_(recordings), graph_(graph) {}
  // Of the call with this index in all recordings, whose slots are those of the graph.
  void add(std::size_t index);

 private:
  bool is_open(const TracedCall& call) const;
  bool is_cut(SlotId slot, std::size_t dim) const;
  std::vector<bool> cut_by_slice(const TracedCall& call) const;
  std::vector<bool> cut_by_broadcast(const TracedCall& call, SlotId result) const;
  std::optional<ExportedTensor> exported(const TracedCall& call, SlotId slot) const;
  ExportedDim exported_dim(const std::vector<std::int64_t>& sizes) const;

  std::span<const Recording> recordings_;
  Graph& graph_;
  std::set<SlotId> open_;                    // nothing is said of them
  std::map<SlotId, std::vector<bool>> cut_;  // by dimension: open, for a slice cut it
};

}  // namespace oarlock
