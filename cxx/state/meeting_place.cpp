#include "state/meeting_place.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

#include "base/no_destructor.h"
#include "comm/address.h"
#include "comm/hosts.h"
#include "comm/invitation.h"
#include "comm/store.h"
#include "state/meeting_file.h"

namespace oarlock {
namespace {

// What every rank gives to the host's all-gather. Fixed size, zero-filled: it crosses foreign code as plain bytes.
struct Card {
  static constexpr std::uint32_t kMagic = 0x4f415243;
  std::uint32_t magic = kMagic;
  std::int32_t rank = 0;
  std::int32_t world_size = 0;
  std::int32_t port = 0;
  std::array<char, 64> token{};
  std::array<char, 64> address{};
  std::array<char, 320> host_id{};
};

template <std::size_t N>
void put_text(std::array<char, N>& field, const std::string& text) {
  text.copy(field.data(), N - 1);
}

template <std::size_t N>
std::string text_of(const std::array<char, N>& field) {
  return std::string(field.data(), ::strnlen(field.data(), N));
}

Meeting basic_meeting(int rank, int world_size, const Options& options) {
  Meeting meeting;
  meeting.rank = rank;
  meeting.world_size = world_size;
  meeting.timeout = bounded_wait(Milliseconds(options.integer("comm.connect_timeout_ms")));
  meeting.late = bounded_wait(Milliseconds(options.integer("comm.late_ms")));
  meeting.own_address = options.text("comm.address");
  meeting.inline_bytes = options.integer("comm.inline_bytes");
  meeting.wants_contacts = true;
  return meeting;
}

std::string address_to_tell(const Meeting& meeting) {
  return meeting.own_address.empty() ? reachable_address() : meeting.own_address;
}

Status take_inherited_socket(Meeting& meeting, const Topology& topology) {
  if (listening_port(topology.listen_fd) != topology.master_port) {
    return bad_environment(
        "OARLOCK_LISTEN_FD={} is not a socket that listens on MASTER_PORT={}; a program between `oarlock "
        "launch` and this one closed it: start this program directly, or unset OARLOCK_LISTEN_FD",
        topology.listen_fd, topology.master_port);
  }
  // A copy: the inherited one stays for the next state of this process.
  meeting.listener = Descriptor(::fcntl(topology.listen_fd, F_DUPFD_CLOEXEC, 0));
  if (!meeting.listener.is_open()) return os_error(errno, "dup of OARLOCK_LISTEN_FD");
  // Programs that this one starts must not hold the port, or ranks that are left over would knock there for ever.
  ::fcntl(topology.listen_fd, F_SETFD, FD_CLOEXEC);
  return Status::ok();
}

// How many states of this process have met under that name before: all ranks make them in the same order.
int count_meeting(const std::string& world_id) {
  static std::mutex mutex;
  static NoDestructor<std::map<std::string, int>> counts;
  std::lock_guard lock(mutex);
  return (*counts)[world_id]++;
}

// torchrun's agent keeps MASTER_PORT for its own store; through that rank 0 says where it listens itself.
Status meet_by_agent(Meeting& meeting, const Topology& topology) {
  const std::string key = fmt::format("oarlock/{}/{}", meeting.world_id, count_meeting(meeting.world_id));
  std::string value;
  if (meeting.rank == 0) {
    OAR_ASSIGN(meeting.listener, listen_on("", 0));
    value = fmt::format("{}\n{}\n{}", listening_port(meeting.listener.get()), address_to_tell(meeting),
                        this_member().host_id);
  }
  OAR_ASSIGN(value, exchange_by_agent(topology.master_address, topology.master_port, key, value, meeting.rank == 0,
                                      meeting.timeout));
  const std::size_t first = value.find('\n');
  const std::size_t second = value.find('\n', first + 1);
  if (second == std::string::npos)
    return Status(OAR_E_VERSION, fmt::format("torchrun's store holds no address under {}", key));
  meeting.port = std::atoi(value.c_str());
  const bool same_host = value.substr(second + 1) == this_member().host_id;
  meeting.address = same_host ? "127.0.0.1" : value.substr(first + 1, second - first - 1);
  return Status::ok();
}

Status check_cards(const std::vector<Card>& cards, int rank, int world_size) {
  for (int from = 0; from < world_size; ++from) {
    if (cards[from].magic == Card::kMagic && cards[from].rank == from && cards[from].world_size == world_size) continue;
    return mismatch(
               "the exchange callback gave rank {} no proper entry for rank {}: entries must lie in rank order, and "
               "all "
               "ranks must give the same world size (this one: {}, entry: rank {} of {})",
               rank, from, world_size, cards[from].rank, cards[from].world_size)
        .with_rank(from);
  }
  return Status::ok();
}

}  // namespace

Result<Meeting> find_meeting(const Topology& topology, const Options& options) {
  Meeting meeting = basic_meeting(topology.rank, topology.world_size, options);
  meeting.address = topology.master_address;
  meeting.port = topology.master_port;
  meeting.world_id = topology.world_id;
  const std::int64_t generation = options.integer("state.generation");
  if (generation < 0) return invalid_argument("option state.generation must not be negative, got {}", generation);
  if (generation > 0) meeting.world_id += fmt::format("/generation {}", generation);
  if (options.is_set("state.meeting_file")) {
    OAR_TRY(meet_by_file(meeting, options.text("state.meeting_file")));
  } else if (topology.agent_store) {
    OAR_TRY(meet_by_agent(meeting, topology));
  } else if (topology.listen_fd >= 0) {
    OAR_TRY(take_inherited_socket(meeting, topology));
  }
  const bool is_by_address = !options.is_set("state.meeting_file") && !topology.agent_store;
  meeting.is_one_host = is_by_address && is_loopback(meeting.address);  // rank 0 listens there only, so all are here
  return meeting;
}

Result<Meeting> exchange_meeting(int rank, int world_size, const State::Exchange& exchange, const Options& options) {
  Meeting meeting = basic_meeting(rank, world_size, options);
  Card mine;
  mine.rank = rank;
  mine.world_size = world_size;
  put_text(mine.host_id, this_member().host_id);
  if (rank == 0) {
    OAR_ASSIGN(Host host, invite(meeting.own_address));
    meeting.listener = std::move(host.listener);
    mine.port = host.invitation.port;
    put_text(mine.token, host.invitation.token);
    put_text(mine.address, host.invitation.address);
  }
  std::vector<Card> cards(world_size);
  if (const int failed = exchange(&mine, sizeof(mine), cards.data()); failed != 0) {
    return callback_failed("the exchange callback returned {}", failed).with_vendor_code(failed);
  }
  OAR_TRY(check_cards(cards, rank, world_size));
  place_meeting(meeting,
                {cards[0].port, text_of(cards[0].address), text_of(cards[0].host_id), text_of(cards[0].token)});
  return meeting;
}

void complete_topology(Topology& topology, const std::vector<Member>& members) {
  const Hosts hosts(members);
  const int host = hosts.host_of(topology.rank);
  if (topology.local_rank < 0) topology.local_rank = hosts.local_rank_of(topology.rank);
  if (topology.local_world_size < 0) topology.local_world_size = static_cast<int>(hosts.ranks_of(host).size());
  if (topology.node_rank < 0) topology.node_rank = host;
}

}  // namespace oarlock
