#include "comm/rendezvous.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <thread>

#include "base/log.h"
#include "base/port_holder.h"
#include "comm/address.h"
#include "comm/joining.h"
#include "comm/reception.h"

namespace oarlock {
namespace {

using TimePoint = Clock::TimePoint;
constexpr int kPollMsMax = 50;

// Rank 0 may not listen yet, so a refused connection is tried again until the deadline.
Result<Connection> reach_host(const Meeting& meeting, Joining& joining) {
  while (true) {
    Result<Descriptor> socket = connect_to(meeting.address, meeting.port, joining.attempt_bound(steady_clock().now()));
    if (socket.is_ok()) return Connection(std::move(socket).value());
    OAR_ASSIGN(const Milliseconds pause, joining.miss(socket.status(), steady_clock().now()));
    std::this_thread::sleep_for(pause);  // nothing signals that a port opened
  }
}

Result<Frame> await_answer(Connection& host, const Joining& joining) {
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
    if (!status.is_ok()) return joining.lose(std::move(status));
    const TimePoint now = steady_clock().now();
    OAR_TRY(joining.check_deadline(now));
    pollfd waiting{host.fd(), static_cast<short>(POLLIN | (host.wants_write() ? POLLOUT : 0)), 0};
    ::poll(&waiting, 1, poll_milliseconds(now, joining.answer_deadline(), kPollMsMax));
    OAR_TRY(host.flush());
  }
}

// `local`: of the connection to rank 0. Who shares rank 0's host may have met it by a loopback address, which the ranks
// of other hosts cannot reach; the address at which they reach rank 0 (the welcome says it) is this rank's too.
std::string address_for_peers(const Meeting& meeting, const Star& star, const std::string& local) {
  if (star.one_host()) return local;
  if (!meeting.own_address.empty()) return meeting.own_address;
  return is_loopback(local) ? star.own_address : local;
}

Result<Star> join(const Meeting& meeting, const Member& self) {
  Joining joining(meeting, steady_clock().now());
  OAR_ASSIGN(Connection host, reach_host(meeting, joining));
  OAR_TRY(host.send(joining.hello(self, steady_clock().now())));
  OAR_ASSIGN(const Frame answer, await_answer(host, joining));
  OAR_ASSIGN(Star star, joining.hear(answer));
  star.hub_address = meeting.address;
  star.own_address = address_for_peers(meeting, star, host.local_address());
  star.peers.push_back(std::move(host));
  return star;
}

Status open_listener(Meeting& meeting) {
  if (meeting.listener.is_open()) {
    ::fcntl(meeting.listener.get(), F_SETFL, ::fcntl(meeting.listener.get(), F_GETFL) | O_NONBLOCK);
    return Status::ok();
  }
  const bool is_near = is_loopback(meeting.address);
  const char* number = meeting.address == "::1" ? "::1" : "127.0.0.1";
  Result<Descriptor> listener = listen_on(is_near ? number : "", meeting.port);
  if (listener.is_ok()) {
    meeting.listener = std::move(listener).value();
    return Status::ok();
  }
  if (listener.status().info().vendor_code != EADDRINUSE) return std::move(listener).status();
  const std::string holder = holder_of_port(meeting.port);
  return bad_environment(
             "port {} on this host is in use by {}, so rank 0 cannot wait for the other ranks there; "
             "give all ranks another MASTER_PORT (or state.master_port), or start them with `oarlock launch`, "
             "which finds a free port",
             meeting.port, holder.empty() ? "another program" : holder)
      .with_vendor_code(EADDRINUSE);
}

// A world forms without it, too: that of which the process has no descriptor left cannot shrink.
Descriptor open_contact(const Meeting& meeting) {
  if (!meeting.wants_contacts) return {};
  Result<Descriptor> contact = listen_on(meeting.is_one_host ? "127.0.0.1" : "", 0);
  if (contact.is_ok()) return std::move(contact).value();
  log(LogLevel::kDebug, "comm", "this rank has no port of its own: {}", contact.status().message());
  return {};
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
  // Containers share the machine's boot id but not its loopback address and name.
  struct stat network {};
  if (::stat("/proc/self/ns/net", &network) != 0) network.st_ino = 0;
  member.host_id = fmt::format("{}/{}/{}", boot_id, network.st_ino, member.host_name);
  return member;
}

Member introduce(const Meeting& meeting, const Descriptor& contact) {
  Member self = this_member();
  if (!contact.is_open()) return self;
  self.port = listening_port(contact.get());
  self.address = meeting.own_address;
  return self;
}

std::string name_member(int rank, const Member& member) {
  return fmt::format("rank {} (process {} on {})", rank, member.pid, member.host_name);
}

Result<Star> meet(Meeting meeting) {
  OAR_TRY(check_reach(meeting.address));
  OAR_TRY(check_reach(meeting.own_address));
  Descriptor contact = open_contact(meeting);
  const Member self = introduce(meeting, contact);
  if (meeting.rank == 0) OAR_TRY(open_listener(meeting));
  Result<Star> star = meeting.rank == 0 ? receive_ranks(meeting, self) : join(meeting, self);
  if (star.is_ok()) star.value().contact = std::move(contact);
  return star;
}

}  // namespace oarlock
