// What mpirun, PMI, srun and PMIx tell a process by variables: its place, and, as far as they tell, where rank 0 is.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "state/place.h"

namespace oarlock {

struct Job {
  std::string source;    // "Open MPI", "MVAPICH", "PMI", "SLURM"; empty: no variable tells of a job
  std::string world_id;  // equal on all ranks of the job and of no other; empty: the launcher tells none
  Places places;
};

// The first of these whose variable of the rank is set: Open MPI, MVAPICH, PMI (MPICH, Intel MPI), SLURM within a step
// of srun, PMIx. `address` is what the program or the user said, or empty. Where nobody did, it is this host if all
// ranks are here, else the first host of SLURM's list, else the call fails with OAR_E_ENVIRONMENT: mpirun does not tell
// the ranks each other's hosts. So does PMIx alone, which tells no number of ranks by a variable.
Result<Job> find_job(const Environment& environment, const std::string& address);

// A port for the ranks of a job to meet at where nobody gave one: equal on all ranks, most likely another one for
// another job of the host. Below the ports that systems give to outgoing connections.
int port_of_world(std::string_view world_id);

// The first of SLURM's list of hosts: "node07" of "node[07-09,12],gpu1".
std::string first_host(std::string_view node_list);

}  // namespace oarlock
