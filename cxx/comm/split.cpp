#include "comm/split.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "comm/backends/mpi/mpi_link.h"
#include "comm/backends/self.h"
#include "comm/collectives.h"
#include "comm/frame.h"
#include "comm/invitation.h"
#include "comm/make_group.h"
#include "comm/subgroup.h"

namespace oarlock {
namespace {

constexpr std::string_view kMark = "oarlock split\n";  // other bytes come from a rank that makes another call

// What a rank asks for, and where it listens if it may come to be rank 0 of a new group.
struct Request {
  std::string call;        // "create_subgroup" or "split"
  std::vector<int> ranks;  // of create_subgroup
  SplitEntry entry;        // of split
  std::string invitation;  // empty: it does not listen
};

std::string pack_request(const Request& request) {
  FrameWriter writer(FrameType::kArrival);
  writer.put_text(request.call).put(request.entry).put_text(request.invitation);
  for (const int rank : request.ranks) writer.put<std::int32_t>(rank);
  return std::string(kMark) + std::move(writer).finish().substr(sizeof(FrameHeader));
}

Result<Request> unpack_request(std::string_view bytes, std::size_t rank) {
  if (!bytes.starts_with(kMark)) {
    return mismatch("rank {} sent other bytes where ranks tell what group they make; the ranks' calls are out of step",
                    rank)
        .with_rank(static_cast<int>(rank));
  }
  FrameReader reader(bytes.substr(kMark.size()));
  Request request;
  OAR_ASSIGN(request.call, reader.get_text());
  OAR_ASSIGN(request.entry, reader.get<SplitEntry>());
  OAR_ASSIGN(request.invitation, reader.get_text());
  while (!reader.rest().empty()) {
    OAR_ASSIGN(const std::int32_t member, reader.get<std::int32_t>());
    request.ranks.push_back(member);
  }
  return request;
}

std::string list_text(const std::vector<int>& ranks) {
  std::vector<std::string> texts;
  for (const int rank : ranks) texts.push_back(std::to_string(rank));
  return join_text(texts, ", ");
}

Status compare_requests(const std::vector<Request>& requests) {
  const Request& first = requests.front();
  for (std::size_t rank = 1; rank < requests.size(); ++rank) {
    const Request& other = requests[rank];
    if (other.call != first.call) {
      return mismatch("ranks make groups in different ways: rank 0 calls {}, rank {} calls {}", first.call, rank,
                      other.call)
          .with_rank(static_cast<int>(rank));
    }
    if (other.ranks != first.ranks) {
      return mismatch("ranks give different lists for one group: rank 0 gives {}, rank {} gives {}",
                      list_text(first.ranks), rank, list_text(other.ranks))
          .with_rank(static_cast<int>(rank));
    }
  }
  return Status::ok();
}

// Every rank's request, or the failure that all ranks get alike. `checked`: what this rank found wrong with its own.
Result<std::vector<Request>> exchange_requests(Group& parent, const Request& mine, const Status& checked,
                                               Milliseconds wait) {
  const Result<std::string> packed = checked.is_ok() ? Result<std::string>(pack_request(mine)) : checked;
  OAR_ASSIGN(const std::vector<std::string> all, agree_on_all(parent, packed, wait));
  std::vector<Request> requests;
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    OAR_ASSIGN(Request request, unpack_request(all[rank], rank));
    requests.push_back(std::move(request));
  }
  OAR_TRY(compare_requests(requests));
  parent.descendants()->count_made();
  return requests;
}

// The members' part: they meet where their first one listens.
Result<std::shared_ptr<Group>> meet_members(const Group& parent, const std::vector<int>& members,
                                            const std::vector<int>& world_ranks, const std::string& place,
                                            Descriptor listener, SplitTimes times) {
  const GroupMaking& making = parent.making();
  Meeting meeting;
  meeting.world_size = static_cast<int>(members.size());
  meeting.rank = static_cast<int>(std::find(members.begin(), members.end(), parent.rank()) - members.begin());
  OAR_ASSIGN(const Invitation invitation, unpack_invitation(place));
  place_meeting(meeting, invitation);
  meeting.own_address = making.own_address;
  meeting.listener = std::move(listener);
  meeting.timeout = bounded_wait(times.wait);
  meeting.late = making.late;
  meeting.inline_bytes = making.inline_bytes;
  OAR_ASSIGN(Star star, meet(std::move(meeting)));
  star.whose_ranks = whose_ranks(-1, world_ranks);
  const StarEngine::Limits limits{making.late, std::min(making.connect_timeout, times.wait), making.arrival_skew};
  BetweenHosts between = making.between;
  if (between.mpi != nullptr) {
    between.mpi = std::make_shared<const MpiPlace>(MpiPlace{between.mpi->link, world_ranks});
  }
  return make_group(std::move(star), limits, times.own, making.backend, default_nccl_names(), between);
}

// nullptr: this rank is none of the members.
Result<std::shared_ptr<Group>> form_group(const std::shared_ptr<Group>& parent, const std::vector<int>& members,
                                          const std::vector<Request>& requests, Descriptor listener, SplitTimes times) {
  if (std::find(members.begin(), members.end(), parent->rank()) == members.end()) return std::shared_ptr<Group>();
  std::vector<int> world_ranks;
  for (const int member : members) world_ranks.push_back(parent->world_rank(member));
  if (members.size() == 1) return make_subgroup(parent, make_self_group(), std::move(world_ranks), times.own);
  if (members.front() != parent->rank()) listener.reset();
  Result<std::shared_ptr<Group>> group =
      meet_members(*parent, members, world_ranks, requests[members.front()].invitation, std::move(listener), times);
  if (!group.is_ok()) return name_world_ranks(std::move(group).status(), world_ranks);
  return make_subgroup(parent, std::move(group).value(), std::move(world_ranks), times.own);
}

// A member may wait twice, in its meeting and in the new group's first exchange, before it comes to this one.
Result<std::shared_ptr<Group>> agree_on_group(Group& parent, Result<std::shared_ptr<Group>> mine, SplitTimes times) {
  const Status all = agree(parent, mine.status(), bounded_wait(3 * times.wait));
  if (all.is_ok()) return mine;
  if (mine.is_ok() && mine.value() != nullptr) mine.value()->close();
  return all;
}

Status settle_times(const Group& parent, SplitTimes& times) {
  OAR_ASSIGN(times.own, resolve_timeout(times.own, parent.timeout()));
  OAR_ASSIGN(times.wait, resolve_timeout(times.wait, parent.timeout()));
  return Status::ok();
}

// Listens where this rank may become rank 0 of a group of several.
Status prepare(const Group& parent, bool may_lead, Request& request, Descriptor& listener) {
  if (!may_lead || parent.size() == 1) return Status::ok();
  OAR_ASSIGN(Host host, invite(parent.making().own_address));
  request.invitation = pack_invitation(host.invitation);
  listener = std::move(host.listener);
  return Status::ok();
}

}  // namespace

Status check_subgroup(const std::vector<int>& ranks, int parent_size) {
  if (ranks.empty()) return invalid_argument("a group needs at least one rank, got an empty list");
  std::vector<int> place_of(static_cast<std::size_t>(parent_size), -1);
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    if (ranks[i] < 0 || ranks[i] >= parent_size) {
      return invalid_argument("ranks[{}] must lie in [0, {}), got {}", i, parent_size, ranks[i]);
    }
    if (place_of[ranks[i]] >= 0) {
      return invalid_argument("a group has every rank once; ranks[{}] and ranks[{}] are both {}", place_of[ranks[i]], i,
                              ranks[i]);
    }
    place_of[ranks[i]] = static_cast<int>(i);
  }
  return Status::ok();
}

std::vector<int> plan_split(const std::vector<SplitEntry>& entries, int rank) {
  std::vector<int> members;
  if (entries[rank].color < 0) return members;
  for (std::size_t other = 0; other < entries.size(); ++other) {
    if (entries[other].color == entries[rank].color) members.push_back(static_cast<int>(other));
  }
  std::stable_sort(members.begin(), members.end(), [&](int a, int b) { return entries[a].key < entries[b].key; });
  return members;
}

Result<std::shared_ptr<Group>> create_subgroup(const std::shared_ptr<Group>& parent, const std::vector<int>& ranks,
                                               SplitTimes times) {
  OAR_TRY(settle_times(*parent, times));
  Request mine{"create_subgroup", ranks, {}, ""};
  Descriptor listener;
  Status checked = check_subgroup(ranks, parent->size());
  if (checked.is_ok()) checked = prepare(*parent, ranks.front() == parent->rank() && ranks.size() > 1, mine, listener);
  OAR_ASSIGN(const std::vector<Request> requests, exchange_requests(*parent, mine, checked, times.wait));
  return agree_on_group(*parent, form_group(parent, ranks, requests, std::move(listener), times), times);
}

Result<std::shared_ptr<Group>> split_group(const std::shared_ptr<Group>& parent, int color, int key, SplitTimes times) {
  OAR_TRY(settle_times(*parent, times));
  Request mine{"split", {}, {color, key}, ""};
  Descriptor listener;
  const Status checked = prepare(*parent, color >= 0, mine, listener);
  OAR_ASSIGN(const std::vector<Request> requests, exchange_requests(*parent, mine, checked, times.wait));
  std::vector<SplitEntry> entries;
  for (const Request& request : requests) entries.push_back(request.entry);
  const std::vector<int> members = plan_split(entries, parent->rank());
  return agree_on_group(*parent, form_group(parent, members, requests, std::move(listener), times), times);
}

}  // namespace oarlock
