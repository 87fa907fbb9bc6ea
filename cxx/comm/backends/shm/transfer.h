// The operations of a group over rounds of shared memory. Reductions go in the order of the ranks 0..N-1 at every size,
// so their bits are the same on every rank and in every run.
//
// Small operations take one round. In the first round of a large one the ranks tell where their tensors lie: where all
// gave memory of one region (alloc_shared) they read and write it there, and a last round says that all have. Else the
// data goes through the slots, piece by piece.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "comm/backends/shm/attendance.h"
#include "comm/backends/shm/places.h"
#include "comm/backends/shm/regions.h"
#include "comm/backends/shm/row.h"
#include "comm/call.h"

namespace oarlock {

class SharedTransfer {
 public:
  // All outlive this.
  SharedTransfer(Rounds& rounds, const SharedRegions& regions, StarEngine& engine)
      : rounds_(rounds),
        regions_(regions),
        engine_(engine),
        attendance_(rounds, engine),
        values_(static_cast<std::size_t>(rounds.size())) {}

  // Until the operation has ended; its sequence number is set and `ticket` is its own in the flight recorder. One at a
  // time, by any thread. After a failure the group is dead, and nothing that was to be written has been if the ranks
  // did not all make the same call.
  Status run(Call& call, std::uint64_t ticket);
  Status fail(Status status, std::uint64_t sequence) { return attendance_.fail(std::move(status), sequence); }
  Status require_alive(Operator op) const { return attendance_.require_alive(op); }

 private:
  Status meet(const Call& call);  // one round
  // Rounds over pieces of up to `piece_max` bytes, until `size_max` are done: give(done) fills this rank's slot,
  // take(done) reads those of all. One round at least, if it is the first of the operation: the ranks must meet.
  template <class Give, class Take>
  Status in_pieces(const Call& call, std::size_t size_max, std::size_t piece_max, Give give, Take take);
  // Whether the first round tells places. The same on all ranks whose signatures agree.
  static bool is_large(const Call& call);
  // That round; then what all ranks can see. Empty if the operation is not large.
  struct Tensors {
    Visible inputs, outputs;
  };
  Status meet_at_places(const Call& call, Span input, Span output, Tensors& seen);

  Status all_reduce(Call& call);
  Status all_reduce_inline(Call& call);            // in the posts
  Status all_reduce_whole(Call& call, Span data);  // every rank computes all of it
  Status all_reduce_parts(Call& call, Span data);  // every rank computes its part of each piece
  Status all_reduce_visible(Call& call, const Visible& tensors, std::size_t size);  // and here of the whole
  Status reduce(Call& call);
  Status reduce_visible(Call& call, const Visible& tensors, std::size_t size);
  Status reduce_scatter(Call& call);
  // out = the values of all ranks in their order: `offset` bytes into their slots, this rank's at `mine`, which may be
  // `out`.
  void combine_slots(const Call& call, std::byte* out, const std::byte* mine, std::size_t offset, std::size_t size);
  // out = those of tensors that all ranks see.
  void combine_visible(const Call& call, std::byte* out, const Visible& tensors, std::size_t offset, std::size_t size);
  // What this rank computes of `size` bytes that are divided among the ranks: whole lines.
  Span share_of(std::byte* data, std::size_t size) const;

  Status broadcast(Call& call);
  Status gather(Call& call);  // all_gather too
  void gather_visible(const Tensors& seen, const Row& input, const Row& output, const std::vector<std::size_t>& starts);
  Status scatter(Call& call);
  Status all_to_all(Call& call);
  Status all_to_all_rows(Call& call);
  Status exchange_parts(const Call& call, const Row& input, const Row& output, const std::vector<std::size_t>& sent,
                        const std::vector<std::size_t>& got, std::size_t size_max);
  Status compare_rows(const Call& call, std::size_t& rows_max);
  Status all_gather_bytes(Call& call);
  Status broadcast_bytes(Call& call);
  // Of a slot that is divided among the ranks: whole lines.
  std::size_t part_max() const;

  Rounds& rounds_;
  const SharedRegions& regions_;
  StarEngine& engine_;
  Attendance attendance_;
  std::uint64_t ticket_ = 0;
  bool has_met_ = false;                  // the first round of the operation is over
  bool is_moving_ = false;                // more than the first round of the operation has begun
  std::vector<const std::byte*> values_;  // by rank, what combine_slots() and combine_visible() combine
};

template <class Give, class Take>
Status SharedTransfer::in_pieces(const Call& call, std::size_t size_max, std::size_t piece_max, Give give, Take take) {
  for (std::size_t done = 0; done < size_max || !has_met_; done += piece_max) {
    give(done);
    OAR_TRY(meet(call));
    take(done);
  }
  return Status::ok();
}

}  // namespace oarlock
