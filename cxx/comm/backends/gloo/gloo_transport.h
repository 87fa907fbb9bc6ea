// Large tensors between ranks by c10d's gloo. Only called when all ranks are known to make the same call: gloo ends the
// process or gives wrong data when they do not. It blocks and knows no interruption.
#pragma once

#include <memory>
#include <string>

#include "comm/data_transfer.h"
#include "comm/group.h"

namespace oarlock {

struct GlooPlace {
  int rank = 0;
  int world_size = 1;
  std::string own_address;    // where gloo listens
  std::string store_address;  // where rank 0's store is
  int store_port = 0;
  Milliseconds connect_timeout{0};
};

// `store_listener`: rank 0's, bound to that port.
std::unique_ptr<Transport> make_gloo_transport(GlooPlace place, Descriptor store_listener);
// Between all ranks of the star.
std::unique_ptr<Transport> make_gloo_transport(Star& star, Milliseconds connect_timeout);

// Whether gloo has arithmetic for this; if not, the bytes go through rank 0 at any size.
bool gloo_can_reduce(c10::ScalarType dtype, ReduceOp op);

}  // namespace oarlock
