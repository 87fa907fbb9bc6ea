#include "comm/survivors.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <map>
#include <utility>

#include "base/log.h"
#include "comm/address.h"
#include "comm/invitation.h"
#include "comm/muster.h"
#include "comm/subgroup.h"

namespace oarlock {
namespace {

using TimePoint = Clock::TimePoint;
constexpr int kPollMsMax = 50;
constexpr int kAcceptedAtOnce = 64;
constexpr Milliseconds kDialMax{2000};
constexpr Milliseconds kMeetingMax{10000};        // all are known to be there; one may still die or be stopped
constexpr std::uint64_t kBodyBytesMax = 1 << 20;  // of a decision over many ranks

class Assembly : private Muster::Shell {
 public:
  Assembly(const Contacts& contacts, const Muster::Plan& plan)
      : contacts_(contacts), plan_(plan), muster_(plan, *this, steady_clock().now()) {}

  Result<Muster::Outcome> run(const std::atomic<bool>& is_cancelled) {
    muster_.start(steady_clock().now());
    while (!muster_.is_over()) {
      if (is_cancelled) return aborted("this process aborted the state while it waited for the ranks that go on");
      poll_once();
    }
    return muster_.outcome();
  }
  void dismiss_absent() { muster_.dismiss_absent(); }

 private:
  struct Attempt {
    int rank;
    Descriptor socket;
    TimePoint ends;
  };

  void poll_once() {
    const TimePoint now = steady_clock().now();
    std::vector<pollfd> waiting{{now >= listens_again_ ? contacts_.listener.get() : -1, POLLIN, 0}};
    for (const Attempt& attempt : attempts_) waiting.push_back({attempt.socket.get(), POLLOUT, 0});
    for (const auto& [line, connection] : lines_) waiting.push_back({connection.fd(), POLLIN, 0});
    ::poll(waiting.data(), waiting.size(),
           misses_.empty() ? poll_milliseconds(now, muster_.next_event(), kPollMsMax) : 0);
    // What others say comes after what became of the attempts: whose port is closed may have left a message here first.
    const std::size_t num_attempts = attempts_.size();
    std::vector<bool> has_ended(num_attempts);
    for (std::size_t i = 0; i < num_attempts; ++i) has_ended[i] = waiting[i + 1].revents != 0;
    end_attempts(has_ended);
    accept_guests();
    read_lines();
    muster_.settle(steady_clock().now());
  }

  void end_attempts(const std::vector<bool>& has_ended) {
    const TimePoint now = steady_clock().now();
    std::vector<std::pair<int, Result<Descriptor>>> results;
    for (auto& miss : std::exchange(misses_, {})) results.emplace_back(miss.first, std::move(miss.second));
    std::vector<Attempt> still;
    for (std::size_t i = 0; i < attempts_.size(); ++i) {
      Attempt& attempt = attempts_[i];
      if (i < has_ended.size() && has_ended[i]) {
        results.emplace_back(attempt.rank, end_connecting(std::move(attempt.socket)));
      } else if (now >= attempt.ends) {
        results.emplace_back(attempt.rank, os_error(ETIMEDOUT, "connect"));
      } else {
        still.push_back(std::move(attempt));
      }
    }
    attempts_ = std::move(still);
    for (auto& [rank, socket] : results) {
      if (!socket.is_ok()) {
        muster_.miss(rank, socket.status(), now);
        continue;
      }
      const Muster::Line line = add(std::move(socket).value());
      muster_.reach(rank, line, now);
    }
  }

  Muster::Line add(Descriptor socket) {
    Connection& connection = lines_[++num_lines_] = Connection(std::move(socket));
    connection.limit_body(kBodyBytesMax);
    return num_lines_;
  }

  void accept_guests() {
    for (int i = 0; i < kAcceptedAtOnce; ++i) {
      Descriptor socket(::accept4(contacts_.listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (socket.is_open()) {
        add(std::move(socket));
        continue;
      }
      // For want of descriptors the connection stays in the queue, so poll() would return at once.
      if (errno != EAGAIN && errno != EWOULDBLOCK) listens_again_ = steady_clock().now() + Milliseconds(kPollMsMax);
      return;
    }
  }

  void read_lines() {
    std::vector<Muster::Line> numbers;
    for (const auto& [line, connection] : lines_) numbers.push_back(line);
    const TimePoint now = steady_clock().now();
    for (const Muster::Line line : numbers) {
      const auto found = lines_.find(line);
      if (found == lines_.end()) continue;  // closed by what another one said
      std::vector<Frame> frames;
      const Status received = found->second.receive(frames);
      for (const Frame& frame : frames) muster_.hear(line, frame, now);
      if (received.is_ok() || lines_.erase(line) == 0) continue;
      muster_.lose(line, received, now);
    }
  }

  // Who shares this host is reached here, whatever its address is for others.
  void dial(int rank) override {
    const Member& member = plan_.members[static_cast<std::size_t>(rank)];
    const bool is_near = member.host_id == plan_.members[static_cast<std::size_t>(plan_.rank)].host_id;
    const std::string& address = is_near ? kNear : member.address;
    Result<Descriptor> socket = is_numeric_address(address) ? begin_to_connect(address, member.port)
                                                            : connect_to(address, member.port, kDialMax);
    if (socket.is_ok()) {
      attempts_.push_back({rank, std::move(socket).value(), steady_clock().now() + kDialMax});
    } else {
      misses_.emplace_back(rank, std::move(socket).status());
    }
  }
  void send(Muster::Line line, std::string frame) override {
    const auto found = lines_.find(line);
    if (found != lines_.end())
      static_cast<void>(found->second.send(std::move(frame)));  // a failure shows in the next read
  }
  void close(Muster::Line line) override { lines_.erase(line); }
  void warn(const std::string& text) override { log(LogLevel::kWarning, "comm", "{}", text); }

  inline static const std::string kNear = "127.0.0.1";
  const Contacts& contacts_;
  const Muster::Plan& plan_;
  Muster muster_;
  std::vector<Attempt> attempts_;
  std::vector<std::pair<int, Status>> misses_;  // not told yet: the muster is not called from within its calls
  std::map<Muster::Line, Connection> lines_;
  Muster::Line num_lines_ = 0;
  TimePoint listens_again_{};
};

bool share_a_host(const std::vector<int>& ranks, const std::vector<Member>& members) {
  return std::all_of(ranks.begin(), ranks.end(), [&](int rank) {
    return members[static_cast<std::size_t>(rank)].host_id == members[static_cast<std::size_t>(ranks[0])].host_id;
  });
}

Result<Star> meet_at(const Muster::Outcome& outcome, const Contacts& contacts, const SurvivorTerms& terms, Host host) {
  Meeting meeting;
  meeting.world_size = static_cast<int>(outcome.ranks.size());
  const auto own = std::find(outcome.ranks.begin(), outcome.ranks.end(), terms.rank);
  meeting.rank = static_cast<int>(own - outcome.ranks.begin());
  OAR_ASSIGN(const Invitation invitation, unpack_invitation(outcome.invitation));
  place_meeting(meeting, invitation);
  meeting.own_address = terms.own_address;
  if (meeting.rank == 0) meeting.listener = std::move(host.listener);
  meeting.timeout = kMeetingMax;
  meeting.late = terms.late;
  meeting.inline_bytes = terms.inline_bytes;
  meeting.wants_contacts = true;
  meeting.is_one_host = share_a_host(outcome.ranks, contacts.members);
  Result<Star> star = meet(std::move(meeting));
  if (star.is_ok()) return star;
  return name_world_ranks(std::move(star).status(), outcome.ranks)
      .within("the ranks that go on did not meet, and may try again");
}

}  // namespace

Contacts take_contacts(Star& star) { return {std::move(star.contact), star.contact_token, star.members}; }

Status with_survivors(Contacts& contacts, const SurvivorTerms& terms, const std::atomic<bool>& is_cancelled,
                      const FormWorld& form) {
  OAR_ASSIGN(Host host, invite(terms.own_address));
  const Muster::Plan plan{terms.rank,
                          contacts.members,
                          contacts.token,
                          terms.min_size,
                          terms.timeout,
                          terms.late,
                          pack_invitation(host.invitation)};
  Assembly assembly(contacts, plan);
  OAR_ASSIGN(const Muster::Outcome outcome, assembly.run(is_cancelled));
  Star star;
  if (outcome.ranks.size() > 1) {
    OAR_ASSIGN(star, meet_at(outcome, contacts, terms, std::move(host)));
  }
  OAR_TRY(form(outcome.ranks, std::move(star)));
  if (outcome.ranks.front() == terms.rank) assembly.dismiss_absent();
  contacts.listener.reset();
  return Status::ok();
}

}  // namespace oarlock
