// The operations of a group over rounds of shared memory. Reductions go in the order of the ranks 0..N-1 at every size,
// so their bits are the same on every rank and in every run.
#pragma once

#include <ATen/core/Tensor.h>

#include "comm/backends/shm/attendance.h"
#include "comm/backends/shm/regions.h"
#include "comm/call.h"

namespace oarlock {

class SharedTransfer {
 public:
  // All outlive this.
  SharedTransfer(Rounds& rounds, const SharedRegions& regions, StarEngine& engine)
      : rounds_(rounds), regions_(regions), engine_(engine), attendance_(rounds, engine) {}

  // Until the operation has ended; its sequence number is set and `ticket` is its own in the flight recorder. One at a
  // time, by any thread. After a failure the group is dead, and nothing that was to be written has been if the ranks
  // did not all make the same call.
  Status run(Call& call, std::uint64_t ticket);
  Status fail(Status status, std::uint64_t sequence) { return attendance_.fail(std::move(status), sequence); }
  Status require_alive(Operator op) const { return attendance_.require_alive(op); }

 private:
  // Contiguous memory of an operation, as bytes.
  struct Span {
    std::byte* data = nullptr;
    std::size_t size = 0;
  };
  Status meet(const Call& call);  // one round

  Status all_reduce(Call& call);
  Status all_reduce_inline(Call& call, Span data);
  Status all_reduce_whole(Call& call, Span data);  // every rank computes all of it
  // The ranks have met. Where all of them gave memory of the same region every rank computes its part where it lies.
  Status all_reduce_large(Call& call, Span data);
  Status all_reduce_in_place(Call& call, const SharedRegion& region, std::size_t offset, std::size_t size);
  Status all_reduce_parts(Call& call, Span data);  // every rank computes its part of each piece
  Status reduce(Call& call);
  Status reduce_scatter(Call& call);
  // out = this round's values of all ranks in their order, `offset` bytes into their slots.
  void combine_slots(const Call& call, std::byte* out, std::size_t offset, std::size_t size);

  Status broadcast(Call& call);
  Status gather(Call& call);  // all_gather too
  Status scatter(Call& call);
  Status all_to_all(Call& call);
  Status all_to_all_rows(Call& call);
  Status compare_rows(const Call& call, std::size_t& size_max);
  Status all_gather_bytes(Call& call);
  Status broadcast_bytes(Call& call);
  // Of a slot that is divided among the ranks: whole lines.
  std::size_t part_max() const;

  Rounds& rounds_;
  const SharedRegions& regions_;
  StarEngine& engine_;
  Attendance attendance_;
  std::uint64_t ticket_ = 0;
  bool has_met_ = false;    // the first round of the operation is over
  bool is_moving_ = false;  // more than the first round of the operation has begun
};

}  // namespace oarlock
