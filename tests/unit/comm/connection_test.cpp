#include "comm/connection.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

namespace oarlock {
namespace {

struct Pair {
  Pair() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    one = Connection(Descriptor(fds[0]));
    other = Connection(Descriptor(fds[1]));
  }
  Connection one;
  Connection other;
};

std::string text_frame(std::string_view text) { return std::move(FrameWriter(FrameType::kLate).put_raw(text)).finish(); }

TEST(Connection, FramesArriveWholeAndInOrder) {
  Pair pair;
  ASSERT_TRUE(pair.one.send(text_frame("first")).is_ok());
  ASSERT_TRUE(pair.one.send(text_frame("")).is_ok());
  std::vector<Frame> frames;
  ASSERT_TRUE(pair.other.receive(frames).is_ok());
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].body, "first");
  EXPECT_EQ(frames[1].body, "");
}

TEST(Connection, AFrameLargerThanTheSocketsBufferArrives) {
  Pair pair;
  const std::string large(5'000'000, 'x');
  ASSERT_TRUE(pair.one.send(text_frame(large)).is_ok());
  EXPECT_TRUE(pair.one.wants_write());
  std::vector<Frame> frames;
  for (int i = 0; i < 10'000 && frames.empty(); ++i) {
    ASSERT_TRUE(pair.other.receive(frames).is_ok());
    ASSERT_TRUE(pair.one.flush().is_ok());
  }
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].body, large);
  EXPECT_FALSE(pair.one.wants_write());
}

TEST(Connection, FramesPutBackComeFirst) {
  Pair pair;
  pair.other.put_back({Frame{FrameType::kFailure, "early"}});
  ASSERT_TRUE(pair.one.send(text_frame("late")).is_ok());
  std::vector<Frame> frames;
  ASSERT_TRUE(pair.other.receive(frames).is_ok());
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].body, "early");
  EXPECT_EQ(frames[1].body, "late");
}

TEST(Connection, WhatWasSentBeforeTheEndIsStillGiven) {
  Pair pair;
  ASSERT_TRUE(pair.one.send(text_frame("last words")).is_ok());
  pair.one.close();
  std::vector<Frame> frames;
  Status status = pair.other.receive(frames);
  if (status.is_ok()) status = pair.other.receive(frames);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].body, "last words");
  EXPECT_EQ(status.code(), OAR_E_PEER_LOST);
}

TEST(Connection, WhatIsNoFrameIsRefused) {
  Pair pair;
  ASSERT_EQ(::send(pair.one.fd(), "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
  std::vector<Frame> frames;
  EXPECT_EQ(pair.other.receive(frames).code(), OAR_E_VERSION);
  EXPECT_TRUE(frames.empty());
}

TEST(Connection, AnEndedPeerIsSeenWhenSending) {
  Pair pair;
  pair.other.close();
  EXPECT_EQ(pair.one.send(text_frame("x")).code(), OAR_E_PEER_LOST);  // and no SIGPIPE
}

}  // namespace
}  // namespace oarlock
