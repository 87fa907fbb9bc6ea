// How the ranks of a world find each other: every rank connects to rank 0, says who it is, and learns who the others
// are. Every wait has a deadline, and what is reported then names the ranks that did not come.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/connection.h"

namespace oarlock {

struct Member {
  std::int32_t pid = 0;
  std::string host_name;
  std::string host_id;  // equal means: the same machine and boot
  // Where it listens when its group is dead (survivors.h); port 0: nowhere.
  std::string address{};
  std::int32_t port = 0;
};

// Where and as whom a rank meets the others.
struct Meeting {
  int rank = 0;
  int world_size = 1;
  std::string address;         // of rank 0
  int port = 0;                // of rank 0
  std::string own_address;     // of this rank, as other hosts reach it (comm.address); empty: not said
  std::string world_id;        // equal on all ranks of one launch
  Descriptor listener;         // rank 0: already bound; else rank 0 binds the port
  std::shared_ptr<void> kept;  // lives as long as the meeting
  Milliseconds timeout{0};
  Milliseconds late{5000};           // rank 0 says by a warning whom it waits for, every so often
  std::int64_t inline_bytes = 0;     // rank 0's value becomes everyone's
  Milliseconds hello_within{10000};  // rank 0: who connects and does not say in this time who he is, is sent away
  bool wants_contacts = false;       // all ranks: each listens at a port of its own, too, and all learn where
  bool is_one_host = false;          // known beforehand: that port is then reached from this host only
};

// What a finished meeting leaves: connections in the shape of a star around rank 0.
struct Star {
  int rank = 0;
  int world_size = 1;
  std::vector<Connection> peers;  // rank 0: by rank, its own unused; other ranks: only [0]
  std::vector<Member> members;    // by rank
  std::string hub_address;        // of rank 0, as this rank reaches it
  std::string own_address;        // of this rank, as peers reach it
  int store_port = 0;             // of the store that the data backend meets at
  Descriptor store_listener;      // rank 0: bound to that port
  std::int64_t inline_bytes = 0;
  std::string whose_ranks;    // of a group of some ranks of a world: told at the end of each warning (subgroup.h)
  Descriptor contact;         // this rank's own port, where the meeting wanted it
  std::string contact_token;  // equal on all ranks of this world, and of no other
  bool one_host() const;
};

Result<Star> meet(Meeting meeting);

Member this_member();
// What this rank tells of itself: this_member(), and where it listens if the meeting wants contacts.
Member introduce(const Meeting& meeting, const Descriptor& contact);
std::string name_member(int rank, const Member& member);  // "rank 1 (process 4711 on node7)"

}  // namespace oarlock
