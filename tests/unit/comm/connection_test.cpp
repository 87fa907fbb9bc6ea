#include "comm/connection.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
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

std::string text_frame(std::string_view text) {
  return std::move(FrameWriter(FrameType::kLate).put_raw(text)).finish();
}

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

std::string header_of(std::uint16_t version, std::uint64_t body_bytes) {
  FrameHeader header;
  header.version = version;
  header.body_bytes = body_bytes;
  return std::string(reinterpret_cast<const char*>(&header), sizeof(header));
}

void send_raw(const Connection& connection, std::string_view bytes) {
  ASSERT_EQ(::send(connection.fd(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
}

TEST(Connection, AnAnnouncedSizeTakesNoMemory) {
  Pair pair;
  send_raw(pair.one, header_of(FrameHeader::kVersion, Connection::kBodyBytesMax));
  std::vector<Frame> frames;
  EXPECT_TRUE(pair.other.receive(frames).is_ok());  // and nothing throws for want of 1 TiB
  EXPECT_TRUE(frames.empty());
}

TEST(Connection, ABodyBeyondTheLimitIsRefused) {
  Pair pair;
  pair.other.limit_body(4096);
  send_raw(pair.one, header_of(FrameHeader::kVersion, 4097));
  std::vector<Frame> frames;
  EXPECT_EQ(pair.other.receive(frames).code(), OAR_E_VERSION);
  EXPECT_EQ(pair.other.foreign_version(), 0);
}

TEST(Connection, AnotherVersionOfTheProtocolIsNamed) {
  Pair pair;
  send_raw(pair.one, header_of(77, 0));
  std::vector<Frame> frames;
  const Status status = pair.other.receive(frames);
  EXPECT_EQ(status.code(), OAR_E_VERSION);
  EXPECT_NE(status.message().find("version 77"), std::string::npos) << status.message();
  EXPECT_EQ(pair.other.foreign_version(), 77);
}

TEST(Connection, TheEndIsSeenWithoutReading) {
  Pair pair;
  EXPECT_FALSE(pair.other.is_at_end());
  ASSERT_TRUE(pair.one.send(text_frame("x")).is_ok());
  pair.one.close();
  EXPECT_FALSE(pair.other.is_at_end());
  std::vector<Frame> frames;
  ASSERT_TRUE(pair.other.receive(frames).is_ok());
  EXPECT_TRUE(pair.other.is_at_end());
}

// Connects to each of the addresses at a socket that listens at `listening`; gives how the listener's side names
// itself.
std::string met_at(const char* listening, const char* address) {
  Result<Descriptor> listener = listen_on(listening, 0);
  if (!listener.is_ok()) return listener.status().message();
  const Result<Descriptor> guest =
      connect_to(address, listening_port(listener.value().get()), std::chrono::milliseconds(5000));
  if (!guest.is_ok()) return guest.status().message();
  return Connection(Descriptor(::accept4(listener.value().get(), nullptr, nullptr, SOCK_CLOEXEC))).local_address();
}

bool has_ipv6() { return listen_on("::1", 0).is_ok(); }

TEST(Listener, OfEveryInterfaceIsReachedByBothFamilies) {
  EXPECT_EQ(met_at("", "127.0.0.1"), "127.0.0.1");  // not ::ffff:127.0.0.1: gloo is given this
  if (has_ipv6()) {
    EXPECT_EQ(met_at("", "::1"), "::1");
  }
}

TEST(Listener, OfALoopbackAddressIsReachedThere) {
  EXPECT_EQ(met_at("127.0.0.1", "localhost"), "127.0.0.1");
  if (has_ipv6()) {
    EXPECT_EQ(met_at("::1", "::1"), "::1");
  }
}

// The kernel picks the client's port from the range that rank 0's port is in too; when it picks that very port, the
// socket is connected with itself. One attempt in some ten thousand.
TEST(Connecting, ASocketIsNeverItsOwnPeer) {
  sockaddr_in own{};  // of a client: the kernel gives clients and listeners even and odd ports, if it can
  {
    const Result<Descriptor> listener = listen_on("127.0.0.1", 0);
    const Result<Descriptor> client =
        connect_to("127.0.0.1", listening_port(listener.value().get()), std::chrono::milliseconds(5000));
    socklen_t size = sizeof(own);
    ASSERT_EQ(::getsockname(client.value().get(), reinterpret_cast<sockaddr*>(&own), &size), 0);
    const linger at_once{1, 0};  // leaves the port free
    ::setsockopt(client.value().get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  }
  const int port = ntohs(own.sin_port);
  for (int i = 0; i < 60'000; ++i) {
    const Result<Descriptor> socket = connect_to("127.0.0.1", port, std::chrono::milliseconds(1000));
    ASSERT_FALSE(socket.is_ok()) << "attempt " << i;
  }
}

TEST(Connection, AnEndedPeerIsSeenWhenSending) {
  Pair pair;
  pair.other.close();
  EXPECT_EQ(pair.one.send(text_frame("x")).code(), OAR_E_PEER_LOST);  // and no SIGPIPE
}

}  // namespace
}  // namespace oarlock
