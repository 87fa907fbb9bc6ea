#include "comm/rendezvous.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <thread>

#include "base/log.h"
#include "comm/greeting.h"
#include "comm/roll_call.h"

namespace oarlock {
namespace {

using TimePoint = Clock::TimePoint;
constexpr int kPollMsMax = 50;
constexpr Milliseconds kAttemptMax{2000};  // for one connect()
constexpr Milliseconds kAnswerGrace{500};  // rank 0 decides first, so that its better text arrives

double seconds(TimePoint::duration duration) { return std::chrono::duration<double>(duration).count(); }

// Rank 0's side of the meeting.
class Host {
 public:
  explicit Host(Meeting& meeting)
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
    std::vector<pollfd> waiting{{meeting_.listener.get(), POLLIN, 0}};
    for (const Connection& guest : guests_) waiting.push_back({guest.fd(), POLLIN, 0});
    for (const Connection& peer : star_.peers) {
      if (peer.is_open()) waiting.push_back({peer.fd(), POLLIN, 0});
    }
    if (::poll(waiting.data(), waiting.size(), kPollMsMax) <= 0) return Status::ok();
    OAR_TRY(check_peers());
    for (std::size_t i = 0; i < guests_.size(); ++i) OAR_TRY(hear(guests_[i]));
    std::erase_if(guests_, [](const Connection& guest) { return !guest.is_open(); });
    accept_guests();
    return Status::ok();
  }

  void accept_guests() {
    while (true) {
      Descriptor socket(::accept4(meeting_.listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!socket.is_open()) return;
      guests_.emplace_back(std::move(socket));
    }
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
    if (!guest.receive(frames).is_ok()) {
      guest.close();
      return Status::ok();
    }
    if (frames.empty()) return Status::ok();
    Result<Hello> hello = unpack_hello(frames.front());
    if (!hello.is_ok() || hello.value().world_id != meeting_.world_id) {
      const Status answer = bad_environment("this is the meeting of another launch ('{}'): the address {}:{} is in use",
                                            meeting_.world_id, meeting_.address, meeting_.port);
      static_cast<void>(guest.send(pack_refusal(answer)));  // a stranger may be gone already
      guest.close();
      return Status::ok();
    }
    Status status = admit(guest, hello.value());
    if (!status.is_ok()) static_cast<void>(guest.send(pack_refusal(status)));  // refuse_all tells the others
    return status;
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
    return Status::ok();
  }

  Status welcome() {
    star_.hub_address = star_.own_address = star_.peers[1].local_address();
    for (std::size_t rank = 1; rank < star_.peers.size(); ++rank) {
      if (star_.members[rank].host_id != star_.members[0].host_id)
        star_.own_address = star_.peers[rank].local_address();
    }
    star_.hub_address = star_.own_address;
    OAR_ASSIGN(star_.store_listener, listen_on(star_.one_host(), 0));
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
  std::vector<Connection> guests_;  // connected, and not heard yet
  Star star_;
};

// The other ranks' side: rank 0 may not listen yet, so a refused connection is tried again until the deadline.
Result<Connection> reach_host(const Meeting& meeting, TimePoint start) {
  Milliseconds pause{2};
  while (true) {
    const Milliseconds left = std::chrono::ceil<Milliseconds>(start + meeting.timeout - steady_clock().now());
    Result<Descriptor> socket =
        connect_to(meeting.address, meeting.port, std::clamp(left, Milliseconds(1), kAttemptMax));
    if (socket.is_ok()) return Connection(std::move(socket).value());
    const TimePoint now = steady_clock().now();
    if (now + pause >= start + meeting.timeout) {
      return timed_out(
                 "rank 0 was not reached at {}:{} within {:.1f} s: {}. Is rank 0 running, and are address and port "
                 "right? (comm.connect_timeout_ms raises the time)",
                 meeting.address, meeting.port, seconds(now - start), socket.status().message())
          .with_rank(0)
          .with_vendor_code(socket.status().info().vendor_code);
    }
    std::this_thread::sleep_for(pause);  // nothing signals that a port opened; the pause doubles up to 50 ms
    pause = std::min(pause * 2, Milliseconds(kPollMsMax));
  }
}

Result<Frame> await_answer(Connection& host, const Meeting& meeting, TimePoint start) {
  while (true) {
    std::vector<Frame> frames;
    Status status = host.receive(frames);
    if (!frames.empty()) {
      // Ranks that were welcomed earlier may have made the group fail by now: that news is for the group.
      Frame answer = std::move(frames.front());
      frames.erase(frames.begin());
      host.put_back(std::move(frames));
      return answer;
    }
    if (!status.is_ok()) {
      return peer_lost("rank 0 at {}:{} ended during the meeting of the ranks: {}", meeting.address, meeting.port,
                       status.message())
          .with_rank(0);
    }
    const TimePoint now = steady_clock().now();
    const TimePoint deadline = start + meeting.timeout + kAnswerGrace;
    if (now >= deadline) {
      return timed_out("rank 0 at {}:{} took the connection and gave no answer within {:.1f} s", meeting.address,
                       meeting.port, seconds(now - start))
          .with_rank(0);
    }
    pollfd waiting{host.fd(), static_cast<short>(POLLIN | (host.wants_write() ? POLLOUT : 0)), 0};
    ::poll(&waiting, 1, poll_milliseconds(now, deadline, kPollMsMax));
    OAR_TRY(host.flush());
  }
}

Result<Star> join(const Meeting& meeting) {
  const TimePoint start = steady_clock().now();
  OAR_ASSIGN(Connection host, reach_host(meeting, start));
  const TimePoint deadline = start + meeting.timeout;
  OAR_TRY(host.send(pack_hello(meeting, std::chrono::ceil<Milliseconds>(deadline - steady_clock().now()))));
  OAR_ASSIGN(const Frame answer, await_answer(host, meeting, start));
  if (answer.type == FrameType::kRefusal) return unpack_refusal(answer);
  if (answer.type != FrameType::kWelcome)
    return Status(OAR_E_VERSION, "rank 0 answered with something that is no welcome");
  Star star;
  star.rank = meeting.rank;
  star.world_size = meeting.world_size;
  star.members.resize(meeting.world_size);
  OAR_TRY(unpack_welcome(answer, star));
  star.own_address = host.local_address();
  star.hub_address = meeting.address;
  star.peers.push_back(std::move(host));
  return star;
}

bool is_loopback(const std::string& address) { return address == "localhost" || address.starts_with("127."); }

Status open_listener(Meeting& meeting) {
  if (meeting.listener.is_open()) {
    ::fcntl(meeting.listener.get(), F_SETFL, ::fcntl(meeting.listener.get(), F_GETFL) | O_NONBLOCK);
    return Status::ok();
  }
  Result<Descriptor> listener = listen_on(is_loopback(meeting.address), meeting.port);
  if (listener.is_ok()) {
    meeting.listener = std::move(listener).value();
    return Status::ok();
  }
  if (listener.status().info().vendor_code != EADDRINUSE) return std::move(listener).status();
  return bad_environment(
             "port {} on this host is in use by another program, so rank 0 cannot wait for the other ranks there; "
             "give all ranks another MASTER_PORT (or state.master_port), or start them with `oarlock launch`, "
             "which finds a free port",
             meeting.port)
      .with_vendor_code(EADDRINUSE);
}

}  // namespace

bool Star::one_host() const {
  return std::all_of(members.begin(), members.end(),
                     [&](const Member& member) { return member.host_id == members[0].host_id; });
}

Member this_member() {
  Member member;
  member.pid = ::getpid();
  char name[256] = "";
  ::gethostname(name, sizeof(name) - 1);
  member.host_name = name;
  std::string boot_id;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot_id);
  // Containers share the machine's boot id but not its network, so the name counts too.
  member.host_id = fmt::format("{}/{}", boot_id, member.host_name);
  return member;
}

std::string name_member(int rank, const Member& member) {
  return fmt::format("rank {} (process {} on {})", rank, member.pid, member.host_name);
}

std::string reachable_address() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return "127.0.0.1";
  std::string found = "127.0.0.1";
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET) continue;
    if ((entry->ifa_flags & IFF_UP) == 0 || (entry->ifa_flags & IFF_LOOPBACK) != 0) continue;
    char text[INET_ADDRSTRLEN] = "";
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr, text, sizeof(text));
    found = text;
    break;
  }
  ::freeifaddrs(list);
  return found;
}

Result<Star> meet(Meeting meeting) {
  if (meeting.rank != 0) return join(meeting);
  OAR_TRY(open_listener(meeting));
  return Host(meeting).run();
}

}  // namespace oarlock
