// Any bytes as a peer sends them: no frame, or frames that are unpacked or refused.
#include <sys/socket.h>

#include "base/check.h"
#include "comm/greeting.h"
#include "comm/hub_exchange.h"

namespace {

oarlock::Status unpack(oarlock::Frame frame) {
  using oarlock::FrameType;
  if (frame.type == FrameType::kHello) return oarlock::unpack_hello(frame).status();
  if (frame.type == FrameType::kArrival) return oarlock::unpack_arrival(std::move(frame.body)).status();
  if (frame.type == FrameType::kRefusal) {
    OAR_CHECK(oarlock::unpack_refusal(frame).code() != OAR_OK);
    return oarlock::Status::ok();
  }
  oarlock::Star star;
  star.members.resize(2);
  return frame.type == FrameType::kWelcome ? oarlock::unpack_welcome(frame, star) : oarlock::Status::ok();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  int fds[2];
  OAR_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
  oarlock::Connection peer{oarlock::Descriptor(fds[0])};
  const oarlock::Descriptor stranger(fds[1]);
  peer.limit_body(4096);
  OAR_CHECK(::send(stranger.get(), data, size, 0) == static_cast<ssize_t>(size));
  std::vector<oarlock::Frame> frames;
  const oarlock::Status status = peer.receive(frames);
  OAR_CHECK(status.is_ok() || status.code() == OAR_E_VERSION);
  for (oarlock::Frame& frame : frames) {
    const oarlock::Status unpacked = unpack(std::move(frame));
    OAR_CHECK(unpacked.is_ok() || unpacked.code() == OAR_E_VERSION);
  }
  return 0;
}
