// This process's place among the others, read from options and environment. Knows nothing of libtorch.
#pragma once

#include <string>

#include "base/options.h"
#include "base/status.h"

namespace oarlock {

struct Topology {
  int rank = 0;
  int world_size = 1;
  int local_rank = 0;
  int local_world_size = 1;
  int node_rank = 0;
  std::string master_address = "127.0.0.1";
  int master_port = 0;
  int listen_fd = -1;       // rank 0 under our launcher: the bound, listening socket of the store
  std::string source;       // "oarlock launch", "torchrun", "options", "one process": for messages
};

// Variables that contradict each other (rank >= world size, local beyond global, a size without a rank) are
// OAR_E_ENVIRONMENT with the names and values.
Result<Topology> find_topology(const Options& options);

}  // namespace oarlock
