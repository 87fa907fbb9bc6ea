// Which calls of NCCL an operation is. Pure: no streams, no waiting.
#pragma once

#include "base/status.h"
#include "comm/backends/nccl/nccl_calls.h"
#include "comm/data_transfer.h"
#include "comm/group.h"

namespace oarlock {

// How NCCL is told of a reduction; complex numbers are pairs of real ones.
struct NcclReduction {
  NcclType type;
  NcclOp op;
  std::size_t num_per_element = 1;
};
// OAR_E_UNSUPPORTED for what NCCL has no arithmetic for: bitwise reductions, int16, products of complex numbers.
Result<NcclReduction> nccl_reduction(c10::ScalarType dtype, ReduceOp op);

struct NcclMember {
  int rank = 0;
  int num_ranks = 1;
  void* comm = nullptr;
  void* stream = nullptr;
};
// Gives the job's calls to NCCL as one group of calls, which is closed whatever fails. Tensors are contiguous; what is
// not reduced is moved as bytes. The first result that is neither success nor in progress, else success.
NcclResult launch_job(const NcclCalls& calls, const NcclMember& member, const TransferJob& job);

}  // namespace oarlock
