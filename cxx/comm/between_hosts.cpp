#include "comm/between_hosts.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <string>
#include <utility>

#include "base/log.h"
#include "comm/backends/gloo/gloo_transport.h"
#include "comm/backends/mpi/mpi_transport.h"
#include "comm/hierarchy/hierarchy_transport.h"

namespace oarlock {
namespace {

// Makes a transport between some ranks of a star, of which it is one itself.
using MakeBetween = std::function<std::unique_ptr<Transport>(const char* name, const std::vector<int>& ranks)>;

int place_among(const std::vector<int>& ranks, int rank) {
  return static_cast<int>(std::find(ranks.begin(), ranks.end(), rank) - ranks.begin());
}

MakeBetween gloo_between(Star& star, Milliseconds connect_timeout) {
  const auto meeting = gloo_meeting_of(star, connect_timeout);
  return [meeting, rank = star.rank](const char* name, const std::vector<int>& ranks) {
    return make_gloo_transport(meeting, name, place_among(ranks, rank), static_cast<int>(ranks.size()));
  };
}

// All send with one tag: jobs of the leaders and of all ranks are never under way at once.
MakeBetween mpi_between(const Star& star, const MpiPlace& place, int tag) {
  return [place, tag, rank = star.rank](const char*, const std::vector<int>& ranks) {
    MpiParty party{place.link.lock(), {}, place_among(ranks, rank), rank, tag};
    for (const int each : ranks) party.world_ranks.push_back(place.world_ranks[static_cast<std::size_t>(each)]);
    return make_mpi_transport(std::move(party));
  };
}

std::vector<int> all_ranks(const Hosts& hosts) {
  std::vector<int> ranks(static_cast<std::size_t>(hosts.num_ranks()));
  std::iota(ranks.begin(), ranks.end(), 0);
  return ranks;
}

std::vector<int> leaders(const Hosts& hosts) {
  std::vector<int> ranks;
  for (int host = 0; host < hosts.size(); ++host) ranks.push_back(hosts.ranks_of(host).front());
  return ranks;
}

}  // namespace

Result<int> agree_between_hosts(const BetweenHosts& between, int rank, const BytesExchange& exchange) {
  if (between.mpi == nullptr) {
    if (between.by != "mpi") return -1;
    return bad_environment(
        "option comm.between_hosts is 'mpi', but these ranks have no MPI to move data by; a state made by "
        "oar_state_create_with_mpi has");
  }
  int tag = -1;
  if (rank == 0 && between.by != "gloo") {
    const std::shared_ptr<MpiLink> link = between.mpi->link.lock();
    if (link != nullptr) tag = link->draw_tag();
  }
  OAR_ASSIGN(const std::vector<std::string> all, exchange(fmt::format("{} {}", tag, between.by)));
  const auto wanted = [&](std::size_t of) { return all[of].substr(all[of].find(' ') + 1); };
  for (std::size_t other = 1; other < all.size(); ++other) {
    if (wanted(other) == wanted(0)) continue;
    return mismatch("ranks differ in option comm.between_hosts: rank 0 has '{}', rank {} has '{}'", wanted(0), other,
                    wanted(other))
        .with_rank(static_cast<int>(other));
  }
  if (between.by == "gloo") return -1;
  tag = std::atoi(all[0].c_str());
  if (tag >= 0) return tag;
  if (between.by == "mpi") {
    return bad_environment(
        "option comm.between_hosts is 'mpi', but MPI has no tag left for one more group: rank 0 has made all that its "
        "part of MPI_TAG_UB allows; make fewer groups, or set it to 'auto'");
  }
  if (rank == 0) log(LogLevel::kWarning, "comm", "MPI has no tag left for this group, data between hosts goes by gloo");
  return -1;
}

MakeTransport transport_over_hosts(Hosts hosts, std::shared_ptr<SharedMemory> memory,
                                   std::shared_ptr<const MpiPlace> place, int tag) {
  return [hosts = std::move(hosts), memory = std::move(memory), place = std::move(place), tag](
             Star& star, Milliseconds connect_timeout) {
    const MakeBetween between = tag >= 0 ? mpi_between(star, *place, tag) : gloo_between(star, connect_timeout);
    if (memory == nullptr) return between("all", all_ranks(hosts));
    HierarchyParts parts{hosts, star.rank, std::move(*memory), nullptr, between("all", all_ranks(hosts))};
    if (hosts.leader_of(star.rank) == star.rank) parts.leaders = between("leaders", leaders(hosts));
    return make_hierarchy_transport(std::move(parts));
  };
}

}  // namespace oarlock
