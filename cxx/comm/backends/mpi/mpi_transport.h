// Large tensors between ranks by an MPI that the host lends, out of its sends and receives. Only called when all ranks
// are known to make the same call.
//
// Every piece goes straight from the tensor of one rank into that of another. What is reduced is cut into as many
// shares as there are ranks, each of which reduces one, in the order of the ranks, by the kernels of shared memory: the
// same bits on every rank and in every run, whatever the type, where MPI's own reductions promise neither and know no
// bfloat16. In segments, of which one is sent while the one before is reduced.
#pragma once

#include <memory>

#include "comm/backends/mpi/mpi_messages.h"
#include "comm/data_transfer.h"

namespace oarlock {

// Root and rows of its jobs are of the parties. Tensors that MPI still works on when a job has failed are kept until it
// has ended with them; if that takes longer than 500 ms after the group has ended, for ever.
std::unique_ptr<Transport> make_mpi_transport(MpiParty party);

}  // namespace oarlock
