// The messages with which ranks meet: a hello to rank 0, and its welcome or refusal.
#pragma once

#include <string>

#include "comm/frame.h"
#include "comm/rendezvous.h"

namespace oarlock {

struct Hello {
  int rank = -1;
  int world_size = 0;
  Milliseconds left{0};  // how long this rank goes on waiting; never negative
  std::string world_id;
  Member member;
};

std::string pack_hello(const Meeting& meeting, const Member& self, Milliseconds left);
Result<Hello> unpack_hello(const Frame& frame);
std::string pack_welcome(const Star& star);
Status unpack_welcome(const Frame& frame, Star& star);  // own_address becomes rank 0's
// Laid out alike in every version of the protocol, so that the reason can be given to a peer of another one.
std::string pack_refusal(const Status& status, std::uint16_t version = FrameHeader::kVersion);
Status unpack_refusal(const Frame& frame);

}  // namespace oarlock
