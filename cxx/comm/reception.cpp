#include "comm/reception.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "comm/guest_book.h"
#include "comm/invitation.h"

namespace oarlock {
namespace {

using TimePoint = Clock::TimePoint;
constexpr int kPollMsMax = 50;
constexpr int kAcceptedAtOnce = 64;
constexpr std::uint64_t kHelloBytesMax = 4096;

// A process that has connected and has not said who it is.
struct Visitor {
  GuestBook::Guest guest;
  Connection connection;
};

class Reception {
 public:
  Reception(Meeting& meeting, const Member& self) : meeting_(meeting), book_(meeting, self, steady_clock().now()) {
    star_.world_size = meeting.world_size;
    star_.peers.resize(meeting.world_size);
    star_.inline_bytes = meeting.inline_bytes;
  }

  Result<Star> run() {
    Status status = gather();
    if (status.is_ok()) status = welcome();
    if (status.is_ok()) return std::move(star_);
    refuse_all(status);
    return status;
  }

 private:
  Status gather() {
    while (!book_.is_complete()) {
      const TimePoint now = steady_clock().now();
      OAR_TRY(book_.check_deadline(now));
      if (const std::optional<std::string> warning = book_.late_warning(now)) {
        log(LogLevel::kWarning, "comm", "{}", *warning);
      }
      OAR_TRY(poll_once());
    }
    return Status::ok();
  }

  Status poll_once() {
    const TimePoint now = steady_clock().now();
    const bool is_listening = now >= listens_again_;  // a negative descriptor is skipped
    std::vector<pollfd> waiting{{is_listening ? meeting_.listener.get() : -1, POLLIN, 0}};
    for (const Visitor& visitor : visitors_) waiting.push_back({visitor.connection.fd(), POLLIN, 0});
    for (const Connection& peer : star_.peers) {
      if (peer.is_open()) waiting.push_back({peer.fd(), POLLIN, 0});
    }
    ::poll(waiting.data(), waiting.size(), kPollMsMax);
    OAR_TRY(check_peers());
    for (Visitor& visitor : visitors_) OAR_TRY(hear(visitor));
    for (const GuestBook::Guest silent : book_.take_silent(now)) close(silent);
    std::erase_if(visitors_, [](const Visitor& visitor) { return !visitor.connection.is_open(); });
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
      visitors_.push_back({++num_guests_, Connection(std::move(socket))});
      Visitor& visitor = visitors_.back();
      visitor.connection.limit_body(kHelloBytesMax);
      OAR_TRY(hear(visitor));
      if (!visitor.connection.is_open()) continue;
      if (const auto pushed_out = book_.come(visitor.guest, now)) close(*pushed_out);
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

  void close(GuestBook::Guest guest) {
    for (Visitor& visitor : visitors_) {
      if (visitor.guest == guest) visitor.connection.close();
    }
  }

  Status check_peers() {
    for (std::size_t rank = 1; rank < star_.peers.size(); ++rank) {
      std::vector<Frame> frames;
      if (!star_.peers[rank].is_open() || star_.peers[rank].receive(frames).is_ok()) continue;
      return book_.lose_rank(static_cast<int>(rank));
    }
    return Status::ok();
  }

  Status hear(Visitor& visitor) {
    Connection& connection = visitor.connection;
    if (!connection.is_open()) return Status::ok();
    std::vector<Frame> frames;
    const Status received = connection.receive(frames);
    if (!received.is_ok()) {
      part(connection, book_.lose(visitor.guest, received, connection.foreign_version()));
      return Status::ok();
    }
    if (frames.empty()) return Status::ok();
    Result<GuestBook::Answer> answer =
        book_.hear(visitor.guest, frames.front(), connection.is_at_end(), steady_clock().now());
    if (!answer.is_ok()) {
      static_cast<void>(connection.send(pack_refusal(answer.status())));  // refuse_all tells the others
      return std::move(answer).status();
    }
    if (!answer.value().is_admitted()) {
      part(connection, answer.value());
      return Status::ok();
    }
    Connection& peer = star_.peers[answer.value().rank];
    peer = std::exchange(connection, Connection());
    peer.limit_body(Connection::kBodyBytesMax);
    return Status::ok();
  }

  static void part(Connection& connection, const GuestBook::Answer& answer) {
    if (!answer.farewell.empty()) static_cast<void>(connection.send(answer.farewell));  // it may be gone already
    connection.close();
  }

  Status welcome() {
    star_.members = book_.members();
    star_.hub_address = star_.own_address = star_.peers[1].local_address();
    for (std::size_t rank = 1; rank < star_.peers.size(); ++rank) {
      if (star_.members[rank].host_id != star_.members[0].host_id)
        star_.own_address = star_.peers[rank].local_address();
    }
    if (!meeting_.own_address.empty()) star_.own_address = meeting_.own_address;
    star_.hub_address = star_.own_address;
    complete_contacts();
    OAR_ASSIGN(star_.store_listener, listen_on(star_.one_host() ? "127.0.0.1" : "", 0));
    star_.store_port = listening_port(star_.store_listener.get());
    const auto frame = std::make_shared<const std::string>(pack_welcome(star_));
    for (std::size_t rank = 1; rank < star_.peers.size(); ++rank) {
      Status status = star_.peers[rank].send(frame);
      if (!status.is_ok()) return std::move(status).with_rank(static_cast<int>(rank));
    }
    return Status::ok();
  }

  // A rank's address is the one that it told, or from which it came; of who is on this host it is this rank's.
  void complete_contacts() {
    if (!meeting_.wants_contacts) return;
    star_.contact_token = random_token();
    for (std::size_t rank = 0; rank < star_.members.size(); ++rank) {
      Member& member = star_.members[rank];
      if (!member.address.empty()) continue;
      const bool is_near = member.host_id == star_.members[0].host_id;
      member.address = is_near ? star_.own_address : star_.peers[rank].peer_address();
    }
  }

  void refuse_all(const Status& status) {
    for (Connection& peer : star_.peers) {
      if (peer.is_open()) static_cast<void>(peer.send(pack_refusal(status)));  // a peer that is gone needs no reason
    }
  }

  Meeting& meeting_;
  GuestBook book_;
  std::deque<Visitor> visitors_;  // oldest first
  std::uint64_t num_guests_ = 0;
  TimePoint listens_again_{};
  bool has_warned_of_descriptors_ = false;
  Star star_;
};

}  // namespace

Result<Star> receive_ranks(Meeting& meeting, const Member& self) { return Reception(meeting, self).run(); }

}  // namespace oarlock
