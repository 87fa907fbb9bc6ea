// What several runs of a traced forward tell of sizes: which follow the declared ones, and how.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "graph/ir.h"
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
// hold, and no size where it could be another one at sizes that were not run.
class TracedShapes {
 public:
  // Both must outlive this; expressions are added to the graph.
  TracedShapes(std::span<const Recording> recordings, Graph& graph) : recordings_(recordings), graph_(graph) {}
  // Of the call with this index in all recordings, whose slots are those of the graph.
  void add(std::size_t call);

 private:
  bool depends_on_values(const RecordedCall& call) const;
  std::optional<ExportedTensor> exported(SlotId slot) const;
  ExportedDim exported_dim(const std::vector<std::int64_t>& sizes) const;
  bool varies(SlotId slot) const;
  std::vector<std::int64_t> sizes_of(SlotId slot, std::size_t dim) const;  // by recording
  void note_clamped(const RecordedCall& call);

  std::span<const Recording> recordings_;
  Graph& graph_;
  std::set<SlotId> open_;           // their shapes depend on what tensors hold
  std::set<std::int64_t> clamped_;  // sizes that are fixed only as long as a declared one is large enough: x[:5]
};

}  // namespace oarlock
