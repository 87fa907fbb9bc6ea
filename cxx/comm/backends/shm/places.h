// What the ranks tell each other of where the tensors of an operation lie, so that they need not be copied to be seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "comm/backends/shm/regions.h"
#include "comm/backends/shm/row.h"

namespace oarlock {

// One rank's tensors, as a post carries it.
struct Places {
  std::uint32_t input_region = 0, output_region = 0;  // 0: in none, or there is no such tensor
  std::uint64_t input_offset = 0, output_offset = 0;  // into this rank's piece
};

// The tensors of all ranks, by rank; empty unless all lie in one region: then every rank's own tensor keeps it alive.
using Visible = std::vector<std::byte*>;

Places places_of(Span input, Span output, const SharedRegions& regions, int rank);
Visible visible_inputs(const std::vector<Places>& places, const SharedRegions& regions);
Visible visible_outputs(const std::vector<Places>& places, const SharedRegions& regions);

}  // namespace oarlock
