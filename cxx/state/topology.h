// This process's place among the others, read from options and environment. Knows nothing of libtorch.
#pragma once

#include <string>

#include "base/options.h"
#include "base/status.h"
#include "state/place.h"

namespace oarlock {

struct Topology {
  int rank = 0;
  int world_size = 1;
  int local_rank = -1;        // -1: nobody said; the meeting with the other ranks tells (state/process_state.cpp)
  int local_world_size = -1;  // the same
  int node_rank = -1;         // the same
  std::string master_address = "127.0.0.1";
  int master_port = 0;
  int listen_fd = -1;        // rank 0 under our launcher: the bound, listening socket where the ranks meet
  bool agent_store = false;  // under torchrun: its agent serves a TCPStore at the master's port
  std::string source;        // who said so: "oarlock launch", "the environment", "options", "SLURM", "one process"
  std::string world_id;      // equal on all ranks of one launch; empty: none given
};

Environment process_environment();

// Options by hand (state.rank and state.world_size) win over the launcher's and torchrun's variables (RANK or
// WORLD_SIZE is set), those over the variables of mpirun, PMI, srun and PMIx (job_variables.h), those over "one
// process". Values that contradict each other (rank >= world size, local beyond global, a rank without a size,
// something that is no number) are OAR_E_ENVIRONMENT with the names, the values and the way out.
Result<Topology> find_topology(const Options& options, const Environment& environment = process_environment());

}  // namespace oarlock
