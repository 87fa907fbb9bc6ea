// Tensors of a device between ranks by NCCL, on a stream of its own. Only called when all ranks are known to make the
// same call. Nothing is waited for inside of NCCL: communicators are non-blocking, their state and the stream's events
// are asked until they are there, the deadline is over, or the group has ended; then the communicator is aborted.
#pragma once

#include <memory>
#include <string>

#include "comm/backends/nccl/nccl_calls.h"
#include "comm/data_transfer.h"

namespace oarlock {

struct NcclPlace {
  int rank = 0;
  int world_size = 1;
  std::string id;  // the communicator's, of rank 0, kNcclIdBytes long
  Milliseconds connect_timeout{0};
};

// `calls` stays valid. Tensors of a job that failed while the device may still use them are kept until it is known not
// to; if that takes longer than 5 s, for ever.
std::unique_ptr<Transport> make_nccl_transport(const NcclCalls& calls, NcclPlace place);

}  // namespace oarlock
