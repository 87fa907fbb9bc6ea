// Large tensors between ranks by c10d's gloo. Only called when all ranks are known to make the same call: gloo ends the
// process or gives wrong data when they do not. It blocks and knows no interruption.
#pragma once

#include <memory>
#include <string>

#include "comm/data_transfer.h"
#include "comm/group.h"

namespace oarlock {

// Where the transports of a star meet: at a store, which that of them serves on rank 0 that connects first.
struct GlooMeeting {
  std::string own_address;    // where gloo listens
  std::string store_address;  // where rank 0's store is
  int store_port = 0;
  Descriptor store_listener;  // rank 0: bound to that port
  Milliseconds connect_timeout{0};
};
std::shared_ptr<GlooMeeting> gloo_meeting_of(Star& star, Milliseconds connect_timeout);

// Between `world_size` ranks. Transports of one meeting that connect different ranks have different names; one of them
// connects at a time.
std::unique_ptr<Transport> make_gloo_transport(std::shared_ptr<GlooMeeting> meeting, const std::string& name, int rank,
                                               int world_size);

// Whether gloo has arithmetic for this; if not, the bytes go through rank 0 at any size.
bool gloo_can_reduce(c10::ScalarType dtype, ReduceOp op);

}  // namespace oarlock
