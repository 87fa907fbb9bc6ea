// The meeting of the ranks as a guest sees it who is no rank, or one that behaves badly.
#include "comm/rendezvous.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <future>

#include "comm/greeting.h"

namespace oarlock {
namespace {

constexpr Milliseconds kPatience{20000};

Meeting meeting_at(int rank, int port) {
  Meeting meeting;
  meeting.rank = rank;
  meeting.world_size = 2;
  meeting.address = "127.0.0.1";
  meeting.port = port;
  meeting.timeout = kPatience;
  return meeting;
}

// Rank 0 of a world of two, which waits for rank 1 on a thread of its own.
class Hosting {
 public:
  Hosting() : listener_(listen_on("127.0.0.1", 0).value()), port(listening_port(listener_.get())) {}
  void start(Milliseconds hello_within = kPatience) {
    Meeting meeting = meeting_at(0, port);
    meeting.listener = std::move(listener_);
    meeting.hello_within = hello_within;
    star_ = std::async(std::launch::async,
                       [meeting = std::make_shared<Meeting>(std::move(meeting))] { return meet(std::move(*meeting)); });
  }
  // The proper rank 1 comes: both sides must be content.
  void expect_that_rank_one_is_welcome() {
    const Result<Star> mine = meet(meeting_at(1, port));
    EXPECT_TRUE(mine.is_ok()) << mine.status().message();
    const Result<Star> theirs = star_.get();
    EXPECT_TRUE(theirs.is_ok()) << theirs.status().message();
  }

 private:
  Descriptor listener_;
  std::future<Result<Star>> star_;

 public:
  const int port;
};

Connection guest_at(int port) { return Connection(connect_to("127.0.0.1", port, kPatience).value()); }

// The frames that come before the end of the stream; waits for that.
std::vector<Frame> hear_out(Connection& guest) {
  std::vector<Frame> frames;
  pollfd waiting{guest.fd(), POLLIN, 0};
  while (::poll(&waiting, 1, static_cast<int>(kPatience.count())) > 0) {
    if (!guest.receive(frames).is_ok()) return frames;
  }
  ADD_FAILURE() << "rank 0 did not close the connection";
  return frames;
}

std::string header_of(std::uint16_t version, std::uint64_t body_bytes) {
  FrameHeader header;
  header.version = version;
  header.type = FrameType::kHello;
  header.body_bytes = body_bytes;
  return std::string(reinterpret_cast<const char*>(&header), sizeof(header));
}

TEST(Meeting, AStrangerWhoAnnouncesATebibyteIsSentAway) {
  Hosting host;
  host.start();
  Connection stranger = guest_at(host.port);
  ASSERT_TRUE(stranger.send(header_of(FrameHeader::kVersion, std::uint64_t{1} << 40)).is_ok());
  EXPECT_TRUE(hear_out(stranger).empty());
  host.expect_that_rank_one_is_welcome();
}

TEST(Meeting, ASilentStrangerIsSentAway) {
  Hosting host;
  host.start(/*hello_within=*/Milliseconds(200));
  Connection stranger = guest_at(host.port);
  EXPECT_TRUE(hear_out(stranger).empty());
  host.expect_that_rank_one_is_welcome();
}

TEST(Meeting, OfManyStrangersTheOldestGo) {
  Hosting host;
  host.start();
  std::vector<Connection> strangers;
  for (int i = 0; i < 200; ++i) strangers.push_back(guest_at(host.port));
  EXPECT_TRUE(hear_out(strangers.front()).empty());
  host.expect_that_rank_one_is_welcome();
}

TEST(Meeting, AnotherVersionOfTheProtocolIsToldSoInItsOwn) {
  Hosting host;
  host.start();
  const Descriptor stranger = connect_to("127.0.0.1", host.port, kPatience).value();
  const std::string hello = header_of(99, 0);
  ASSERT_EQ(::send(stranger.get(), hello.data(), hello.size(), 0), static_cast<ssize_t>(hello.size()));
  std::string answer;
  char buffer[1024];
  pollfd waiting{stranger.get(), POLLIN, 0};
  while (::poll(&waiting, 1, static_cast<int>(kPatience.count())) > 0) {
    const ssize_t size = ::recv(stranger.get(), buffer, sizeof(buffer), 0);
    if (size <= 0) break;
    answer.append(buffer, static_cast<std::size_t>(size));
  }
  FrameHeader header;
  ASSERT_GT(answer.size(), sizeof(header));
  std::memcpy(&header, answer.data(), sizeof(header));
  EXPECT_EQ(header.version, 99);
  const Status refusal = unpack_refusal(Frame{header.type, answer.substr(sizeof(header))});
  EXPECT_EQ(refusal.code(), OAR_E_VERSION);
  EXPECT_NE(refusal.message().find("version 99"), std::string::npos) << refusal.message();
  host.expect_that_rank_one_is_welcome();
}

TEST(Meeting, AnAttemptThatWasGivenUpDoesNotTakeTheRanksPlace) {
  Hosting host;
  {
    Connection early = guest_at(host.port);  // the kernel takes it; rank 0 does not look yet
    ASSERT_TRUE(early.send(pack_hello(meeting_at(1, host.port), this_member(), kPatience)).is_ok());
  }
  host.start();
  host.expect_that_rank_one_is_welcome();
}

// A port that is reached when the group is dead: each rank has one, and all know all.
TEST(Meeting, EveryRankLearnsWhereEachOtherListens) {
  Descriptor listener = listen_on("127.0.0.1", 0).value();
  const int port = listening_port(listener.get());
  const auto meet_as = [port](int rank, Descriptor own) {
    auto meeting = std::make_shared<Meeting>(meeting_at(rank, port));
    meeting->listener = std::move(own);
    meeting->wants_contacts = meeting->is_one_host = true;
    return std::async(std::launch::async, [meeting] { return meet(std::move(*meeting)); });
  };
  auto host = meet_as(0, std::move(listener));
  auto guest = meet_as(1, Descriptor());
  const Result<Star> stars[] = {host.get(), guest.get()};
  for (const Result<Star>& star : stars) {
    ASSERT_TRUE(star.is_ok()) << star.status().message();
    EXPECT_EQ(star.value().contact_token, stars[0].value().contact_token);
    for (int rank = 0; rank < 2; ++rank) {
      const Member& member = star.value().members[rank];
      EXPECT_EQ(member.port, listening_port(stars[rank].value().contact.get()));
      EXPECT_EQ(member.address, "127.0.0.1");
    }
  }
  EXPECT_FALSE(stars[0].value().contact_token.empty());
}

TEST(Meeting, WithoutTheWishForThemThereAreNoPorts) {
  Hosting host;
  host.start();
  const Result<Star> star = meet(meeting_at(1, host.port));
  ASSERT_TRUE(star.is_ok()) << star.status().message();
  EXPECT_FALSE(star.value().contact.is_open());
  EXPECT_EQ(star.value().members[0].port, 0);
}

// Rank 1 meets a rank 0 of its own host by 127.0.0.1, in a world whose rank 2 is elsewhere.
Result<Star> welcomed_among_hosts(const std::string& own_address) {
  const Descriptor listener = listen_on("127.0.0.1", 0).value();
  Meeting meeting = meeting_at(1, listening_port(listener.get()));
  meeting.world_size = 3;
  meeting.own_address = own_address;
  auto joining = std::async(std::launch::async, [shared = std::make_shared<Meeting>(std::move(meeting))] {
    return meet(std::move(*shared));
  });
  pollfd waiting{listener.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, static_cast<int>(kPatience.count())), 1);
  Connection host(Descriptor(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)));
  Star star;
  star.members = {this_member(), this_member(), Member{1, "elsewhere", "another boot/elsewhere"}};
  star.own_address = "192.0.2.1";  // where rank 2 reaches rank 0
  EXPECT_TRUE(host.send(pack_welcome(star)).is_ok());
  return joining.get();
}

TEST(Meeting, ANeighbourOfRankZeroTellsOtherHostsNoLoopbackAddress) {
  EXPECT_EQ(welcomed_among_hosts("").value().own_address, "192.0.2.1");
}

TEST(Meeting, TheAddressThatWasGivenIsTaken) {
  EXPECT_EQ(welcomed_among_hosts("192.0.2.7").value().own_address, "192.0.2.7");
}

TEST(Meeting, AnAddressOfOneLinkIsRefusedAtOnce) {
  Meeting meeting = meeting_at(1, 29500);
  meeting.address = "fe80::1%eth0";
  const Status refused = meet(std::move(meeting)).status();
  EXPECT_EQ(refused.code(), OAR_E_ENVIRONMENT);
  EXPECT_NE(refused.message().find("fe80::1%eth0"), std::string::npos) << refused.message();
}

}  // namespace
}  // namespace oarlock
