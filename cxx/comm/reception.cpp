#include "comm/reception.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "comm/greeting.h"
#include "comm/roll_call.h"

namespace oarlock {
namespace {

using TimePoint = Clock::TimePoint;
constexpr int kPollMsMax = 50;
constexpr int kAcceptedAtOnce = 64;
constexpr std::size_t kStrangersMax = 64;  // beyond one guest per rank; the oldest go
constexpr std::uint64_t kHelloBytesMax = 4096;

double seconds(TimePoint::duration duration) { return std::chrono::duration<double>(duration).count(); }

// A process that has connected and has not said who it is.
struct Guest {
  Connection connection;
  TimePoint since;
};

class Reception {
 public:
  explicit Reception(Meeting& meeting)
      : meeting_(meeting),
        start_(steady_clock().now()),
        deadline_(start_ + meeting.timeout),
        next_warning_(start_ + meeting.late),
        hellos_(meeting.world_size) {
    star_.world_size = meeting.world_size;
    star_.peers.resize(meeting.world_size);
    star_.members.resize(meeting.world_size);
    star_.members[0] = this_member();
    star_.inline_bytes = meeting.inline_bytes;
    hellos_[0] = true;
  }

  Result<Star> run() {
    Status status = gather();
    if (status.is_ok()) status = welcome();
    if (status.is_ok()) return std::move(star_);
    refuse_all(status);
    return status;
  }

 private:
  std::vector<int> missing() const {
    std::vector<int> ranks;
    for (std::size_t rank = 0; rank < hellos_.size(); ++rank) {
      if (!hellos_[rank]) ranks.push_back(static_cast<int>(rank));
    }
    return ranks;
  }

  Status gather() {
    while (!missing().empty()) {
      const TimePoint now = steady_clock().now();
      if (now >= deadline_) {
        const std::vector<int> late = missing();
        return timed_out(
                   "{} did not come to the meeting at {}:{} within {:.1f} s; {} of {} ranks came. Were all ranks "
                   "started, "
                   "with the same address and port? (comm.connect_timeout_ms raises the time)",
                   list_ranks(late), meeting_.address, meeting_.port, seconds(now - start_),
                   hellos_.size() - late.size(), hellos_.size())
            .with_rank(late.front());
      }
      if (now >= next_warning_) {
        log(LogLevel::kWarning, "comm", "waiting at {}:{} for {} since {:.1f} s", meeting_.address, meeting_.port,
            list_ranks(missing()), seconds(now - start_));
        next_warning_ = now + meeting_.late;
      }
      OAR_TRY(poll_once());
    }
    return Status::ok();
  }

  Status poll_once() {
    const TimePoint now = steady_clock().now();
    const bool is_listening = now >= listens_again_;  // a negative descriptor is skipped
    std::vector<pollfd> waiting{{is_listening ? meeting_.listener.get() : -1, POLLIN, 0}};
    for (const Guest& guest : guests_) waiting.push_back({guest.connection.fd(), POLLIN, 0});
    for (const Connection& peer : star_.peers) {
      if (peer.is_open()) waiting.push_back({peer.fd(), POLLIN, 0});
    }
    ::poll(waiting.data(), waiting.size(), kPollMsMax);
    OAR_TRY(check_peers());
    for (Guest& guest : guests_) OAR_TRY(hear(guest.connection));
    const TimePoint too_old = now - meeting_.hello_within;
    std::erase_if(guests_, [&](const Guest& guest) { return !guest.connection.is_open() || guest.since < too_old; });
    return is_listening ? accept_guests(now) : Status::ok();
  }

  // A few at a time: a rank's hello is heard before those who come behind it can push it out.
  Status accept_guests(TimePoint now) {
    for (int i = 0; i < kAcceptedAtOnce; ++i) {
      Descriptor socket(::accept4(meeting_.listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!socket.is_open()) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) pause_listening(now, errno);
        return Status::ok();
      }
      Guest guest{Connection(std::move(socket)), now};
      guest.connection.limit_body(kHelloBytesMax);
      OAR_TRY(hear(guest.connection));
      if (guest.connection.is_open()) guests_.push_back(std::move(guest));
      if (guests_.size() > static_cast<std::size_t>(meeting_.world_size) + kStrangersMax) guests_.pop_front();
    }
    return Status::ok();
  }

  // The connection stays in the queue, so poll() would return at once for as long as there is no descriptor.
  void pause_listening(TimePoint now, int error_number) {
    listens_again_ = now + Milliseconds(kPollMsMax);
    if (std::exchange(has_warned_of_descriptors_, true)) return;
    log(LogLevel::kWarning, "comm", "no connection of another rank can be taken at {}:{}: {}", meeting_.address,
        meeting_.port, std::system_category().message(error_number));
  }

  // A rank that has come must stay until all have.
  Status check_peers() {
    for (std::size_t rank = 1; rank < star_.peers.size(); ++rank) {
      std::vector<Frame> frames;
      if (!star_.peers[rank].is_open() || star_.peers[rank].receive(frames).is_ok()) continue;
      return peer_lost("a rank ended while the others were still awaited: {}",
                       name_member(static_cast<int>(rank), star_.members[rank]))
          .with_rank(static_cast<int>(rank));
    }
    return Status::ok();
  }

  // Strangers (port scanners, other protocols, other launches) are sent away; only a rank of this launch that
  // contradicts what is known ends the meeting.
  Status hear(Connection& guest) {
    std::vector<Frame> frames;
    const Status received = guest.receive(frames);
    if (!received.is_ok()) {
      if (guest.foreign_version() != 0) turn_away(guest, received, guest.foreign_version());
      guest.close();
      return Status::ok();
    }
    if (frames.empty()) return Status::ok();
    Result<Hello> hello = unpack_hello(frames.front());
    if (!hello.is_ok() || hello.value().world_id != meeting_.world_id) {
      const Status answer = bad_environment("this is the meeting of another launch ('{}'): the address {}:{} is in use",
                                            meeting_.world_id, meeting_.address, meeting_.port);
      turn_away(guest, answer, FrameHeader::kVersion);
      return Status::ok();
    }
    if (guest.is_at_end()) {  // an attempt that its rank gave up before rank 0 listened; the rank may try again
      guest.close();
      return Status::ok();
    }
    Status status = admit(guest, hello.value());
    if (!status.is_ok()) static_cast<void>(guest.send(pack_refusal(status)));  // refuse_all tells the others
    return status;
  }

  static void turn_away(Connection& guest, const Status& answer, std::uint16_t version) {
    log(LogLevel::kDebug, "comm", "a stranger was sent away: {}", answer.message());
    static_cast<void>(guest.send(pack_refusal(answer, version)));  // it may be gone already
    guest.close();
  }

  Status admit(Connection& guest, const Hello& hello) {
    if (hello.world_size != meeting_.world_size) {
      return bad_environment("ranks disagree on the world size: rank 0 has {}, {} has {}", meeting_.world_size,
                             name_member(hello.rank, hello.member), hello.world_size)
          .with_rank(hello.rank);
    }
    if (hello.rank <= 0 || hello.rank >= meeting_.world_size || hellos_[hello.rank]) {
      const int other = std::clamp(hello.rank, 0, meeting_.world_size - 1);
      return bad_environment("two processes have the same rank: {} and {}", name_member(hello.rank, hello.member),
                             name_member(other, star_.members[other]))
          .with_rank(hello.rank);
    }
    deadline_ = std::min(deadline_, steady_clock().now() + hello.left);
    hellos_[hello.rank] = true;
    star_.members[hello.rank] = hello.member;
    star_.peers[hello.rank] = std::move(guest);
    star_.peers[hello.rank].limit_body(Connection::kBodyBytesMax);
    return Status::ok();
  }

  Status welcome() {
    star_.hub_address = star_.own_address = star_.peers[1].local_address();
    for (std::size_t rank = 1; rank < star_.peers.size(); ++rank) {
      if (star_.members[rank].host_id != star_.members[0].host_id)
        star_.own_address = star_.peers[rank].local_address();
    }
    if (!meeting_.own_address.empty()) star_.own_address = meeting_.own_address;
    star_.hub_address = star_.own_address;
    OAR_ASSIGN(star_.store_listener, listen_on(star_.one_host() ? "127.0.0.1" : "", 0));
    star_.store_port = listening_port(star_.store_listener.get());
    const auto frame = std::make_shared<const std::string>(pack_welcome(star_));
    for (std::size_t rank = 1; rank < star_.peers.size(); ++rank) {
      Status status = star_.peers[rank].send(frame);
      if (!status.is_ok()) return std::move(status).with_rank(static_cast<int>(rank));
    }
    return Status::ok();
  }

  void refuse_all(const Status& status) {
    for (Connection& peer : star_.peers) {
      if (peer.is_open()) static_cast<void>(peer.send(pack_refusal(status)));  // a peer that is gone needs no reason
    }
  }

  Meeting& meeting_;
  TimePoint start_;
  TimePoint deadline_;  // of the rank that gives up first: it shall learn here who is missing
  TimePoint next_warning_;
  std::vector<bool> hellos_;
  std::deque<Guest> guests_;  // oldest first
  TimePoint listens_again_{};
  bool has_warned_of_descriptors_ = false;
  Star star_;
};

}  // namespace

Result<Star> receive_ranks(Meeting& meeting) { return Reception(meeting).run(); }

}  // namespace oarlock
