// The ranks of one host exchange data in rounds. In a round every rank puts what the others need into its slot, posts,
// and reads the others' slots when they have posted. Slots are used in turns of two, so that one synchronisation per
// round is enough: who has posted round k+1 has read round k, and only then is a slot of round k written again.
//
// A post is one cache line: the round's number, the operation's signature, and up to kInlineBytes of data, so that
// small operations move one line per rank.
//
// Waits spin a little (ranks may outnumber the cores), then sleep in the kernel, and end when all have posted, when the
// deadline is over, when a peer has left, or by interrupt().
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "comm/backends/shm/memory.h"
#include "comm/call_site.h"
#include "comm/signature.h"

namespace oarlock {

class Rounds {
 public:
  static constexpr std::size_t kSlotBytes = 512 * 1024;
  static constexpr std::size_t kInlineBytes = 24;

  // `memory`: of memory_bytes(size), the same on all ranks, zeros when the first of them is made.
  Rounds(SharedMemory memory, int rank, int size);
  static std::size_t memory_bytes(int size);
  int rank() const { return rank_; }
  int size() const { return size_; }
  // What the memory has behind these bytes: of who asked for more.
  std::byte* memory_behind() const { return memory_.data() + memory_bytes(size_); }

  // This rank's for the coming round.
  std::byte* slot() { return slot_of(rank_, next_); }
  std::byte* inline_data() { return post_of(rank_, next_).data; }
  // The first round of an operation carries what is called, from where, and when; later ones nothing. `arrived_us`: 0
  // is not said.
  void sign(const Signature& signature, const CallSite& site, std::uint32_t arrived_us) {
    Post& mine = post_of(rank_, next_);
    mine.signature = signature;
    mine.arrived_us = arrived_us;
    if (site != signed_sites_[next_ & 1]) write_site(site);
  }

  enum class Outcome { kAll, kInterrupted, kWaiting };
  // Posts; afterwards the coming round is the next one.
  void post();
  // Until all ranks have posted the round that was posted last. kWaiting: not within `bound`.
  Outcome wait(Milliseconds bound);
  // After a wait: what the ranks gave in that round. kAll: everyone's; else of those that has_posted() names.
  const std::byte* slot_of(int rank) const { return slot_of(rank, next_ - 1); }
  const std::byte* inline_data_of(int rank) const { return post_of(rank, next_ - 1).data; }
  const Signature& signature_of(int rank) const { return post_of(rank, next_ - 1).signature; }
  std::uint32_t arrived_us_of(int rank) const { return post_of(rank, next_ - 1).arrived_us; }
  std::string site_of(int rank) const { return header_of(rank).sites[(next_ - 1) & 1]; }
  bool has_posted(int rank) const;

  // This rank leaves: it has completed `sequence` operations and will post no more. Peers that wait are told.
  void leave(std::uint64_t sequence);
  // -1: it has not.
  std::int64_t left_after(int rank) const;

  // Any thread: waits of this process end with kInterrupted, now and later.
  void interrupt();
  bool is_interrupted() const { return interrupted_.load(std::memory_order_seq_cst); }
  // Any thread: tells every process at once that the group is dead, and why. The first one's reason stays. `sequence`:
  // of the first operation that this rank has not completed; what it has completed stands for all. Who reads a round
  // asks afterwards whether its operation does.
  void declare_dead(const Status& why, std::uint64_t sequence);
  bool is_dead() const { return front().death.load(std::memory_order_seq_cst) == kTold; }
  bool is_dead_at(std::uint64_t sequence) const { return is_dead() && sequence >= front().sequence; }
  Status why_dead() const;  // ok: it is not

  // A bell per rank, for what ranks do apart from rounds (point_to_point.h). Any thread. Who changes something that
  // another rank may wait for rings there afterwards; who waits listens from before it looks until it has what it
  // wants. Whatever ends waits rings too: a rank that leaves, a dead group, interrupt(). What is looked at is atomic
  // and sequentially consistent, so that either the change is seen or the bell is heard.
  void ring(int rank) const;
  class Listening {
   public:
    explicit Listening(const Rounds& rounds);
    ~Listening();
    void sleep(Milliseconds bound) const;  // until the bell has rung since this was made, or a while
   private:
    const Rounds& rounds_;
    std::uint32_t heard_;
  };
  int num_spins() const { return num_spins_; }

 private:
  struct alignas(64) Post {
    std::atomic<std::uint32_t> round{0};
    std::uint32_t arrived_us = 0;
    Signature signature;
    std::byte data[kInlineBytes];
  };
  static constexpr std::size_t kSiteBytes = 160;
  struct Header {  // of one rank
    Post posts[2];
    alignas(64) std::atomic<std::uint32_t> num_sleepers;  // that wait for a post of this rank
    char sites[2][kSiteBytes];                            // CallSite::text() of the posts that carry a signature
    alignas(64) std::atomic<std::uint32_t> bell;          // how often it has rung
    std::atomic<std::uint32_t> num_listeners;             // of this rank
    alignas(64) std::atomic<std::uint64_t> left_after;    // 1 more than the operations that it has completed; 0: no
  };
  static_assert(sizeof(Post) == 64);

  enum : std::uint32_t { kNone = 0, kBeingTold, kTold };
  struct alignas(64) Front {
    std::atomic<std::uint32_t> death;
    std::int32_t code, rank;
    std::uint64_t sequence;
    char operation[32];
    char text[2048];  // both end with a zero, cut where they are longer
  };
  Front& front() const { return *reinterpret_cast<Front*>(memory_.data()); }
  Header& header_of(int rank) const { return reinterpret_cast<Header*>(memory_.data() + sizeof(Front))[rank]; }
  void wake_all() const;
  Post& post_of(int rank, std::uint32_t round) const { return header_of(rank).posts[round & 1]; }
  std::byte* slot_of(int rank, std::uint32_t round) const {
    return slots_ + (static_cast<std::size_t>(rank) * 2 + (round & 1)) * kSlotBytes;
  }
  void write_site(const CallSite& site);
  bool is_posted(int rank, std::uint32_t round) const;
  Outcome sleep_for(int rank, std::uint32_t round, Clock::TimePoint until);

  SharedMemory memory_;
  int rank_, size_;
  std::byte* slots_;
  CallSite signed_sites_[2];  // what this rank's header says
  std::uint32_t next_ = 1;
  int num_spins_;
  std::atomic<bool> interrupted_{false};
};

}  // namespace oarlock
