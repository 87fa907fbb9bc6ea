#include "comm/nested_transfer.h"

#include <ATen/MemoryOverlap.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>

#include "comm/collectives.h"
#include "comm/tree_bytes.h"
#include "tensor/memory.h"

namespace oarlock {
namespace {

// The calls of one nested operation, all started before the first is waited for. The first failure is the one that
// counts, since it ended the group.
class Flight {
 public:
  Status add(Result<Call> made) {
    if (!made.is_ok()) return std::move(made).status();
    calls_.push_back(std::move(made).value());
    return Status::ok();
  }
  Status run(Group& group) {
    if (calls_.size() == 1) return group.run(calls_.front());  // quicker
    std::vector<std::shared_ptr<Work>> works;
    for (Call& call : calls_) {
      OAR_ASSIGN(std::shared_ptr<Work> work, group.start(std::move(call)));
      works.push_back(std::move(work));
    }
    for (const std::shared_ptr<Work>& work : works) OAR_TRY(work->wait(Milliseconds(0)));
    return Status::ok();
  }

 private:
  std::vector<Call> calls_;
};

// Several leaves one after another, of bytes or of one dtype.
struct Packed {
  std::vector<std::size_t> leaves;
  at::Tensor buffer, output;  // one-dimensional
};

// `size` bytes between row-major tensors of one device. On a device in the order of the caller's stream, as all of its
// operations there; between memory of the host without libtorch's cost per call.
void copy_bytes(const at::Tensor& to, std::int64_t to_offset, const at::Tensor& from, std::int64_t from_offset,
                std::int64_t size) {
  if (size == 0) return;
  if (to.is_cpu()) {
    std::memcpy(static_cast<char*>(to.mutable_data_ptr()) + to_offset,
                static_cast<const char*>(from.const_data_ptr()) + from_offset, static_cast<std::size_t>(size));
    return;
  }
  const auto bytes_of = [](const at::Tensor& tensor) { return tensor.view({-1}).view(at::kByte); };
  bytes_of(to).narrow(0, to_offset, size).copy_(bytes_of(from).narrow(0, from_offset, size), /*non_blocking=*/true);
}

std::int64_t bytes_in(const at::Tensor& tensor) { return static_cast<std::int64_t>(tensor.nbytes()); }

at::Tensor new_bytes(std::int64_t size, const at::Tensor& like) {
  return at::zeros({size}, at::TensorOptions(at::kByte).device(like.device()));
}

// Leaves of one kind may share a bucket.
int kind_of(const at::Tensor& leaf, bool by_dtype) {
  const int place = leaf.is_cpu() ? 0 : 1 + leaf.device().index();
  return place * c10::NumScalarTypes + (by_dtype ? static_cast<int>(leaf.scalar_type()) : 0);
}

// ---- reduce

Packed pack_elements(const std::vector<at::Tensor>& leaves, const std::vector<std::size_t>& bucket) {
  std::int64_t numel = 0;
  for (const std::size_t leaf : bucket) numel += leaves[leaf].numel();
  Packed packed{bucket, at::empty({numel}, leaves[bucket.front()].options()), {}};
  std::int64_t at = 0;
  for (const std::size_t leaf : bucket) {
    copy_bytes(packed.buffer, at, leaves[leaf], 0, bytes_in(leaves[leaf]));
    at += bytes_in(leaves[leaf]);
  }
  return packed;
}

void unpack_elements(const Packed& packed, std::vector<at::Tensor>& leaves) {
  std::int64_t at = 0;
  for (const std::size_t leaf : packed.leaves) {
    copy_bytes(leaves[leaf], 0, packed.buffer, at, bytes_in(leaves[leaf]));
    at += bytes_in(leaves[leaf]);
  }
}

// ---- gather

// Where a leaf's rows lie: every rank has room for as many as the longest.
struct Slot {
  std::int64_t rows_max = 0, row_bytes = 0;
  bool equally_many = true;
  std::int64_t bytes() const { return rows_max * row_bytes; }
};

Slot slot_of(const at::Tensor& leaf, const std::vector<std::int64_t>& rows) {
  const auto sizes = leaf.sizes().slice(1);
  const std::int64_t row_numel =
      std::accumulate(sizes.begin(), sizes.end(), std::int64_t{1}, std::multiplies<std::int64_t>());
  return {*std::ranges::max_element(rows), row_numel * static_cast<std::int64_t>(leaf.element_size()),
          std::ranges::all_of(rows, [&](std::int64_t n) { return n == rows.front(); })};
}

at::Tensor room_for(const at::Tensor& leaf, const std::vector<std::int64_t>& rows) {
  std::vector<std::int64_t> shape = leaf.sizes().vec();
  shape[0] = std::accumulate(rows.begin(), rows.end(), std::int64_t{0});
  return at::empty(shape, leaf.options().requires_grad(false));
}

class Gathering {
 public:
  Gathering(const std::vector<at::Tensor>& leaves, const std::vector<std::vector<std::int64_t>>& rows)
      : leaves_(leaves), rows_(rows) {
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      slots_.push_back(slot_of(leaves[i], rows[i]));
      gathered_.push_back(room_for(leaves[i], rows[i]));
    }
  }

  Result<std::vector<at::Tensor>> run(Group& group, Milliseconds timeout) && {
    std::vector<LeafLoad> loads;
    for (std::size_t i = 0; i < slots_.size(); ++i) loads.push_back({slots_[i].bytes(), kind_of(leaves_[i], false)});
    Flight flight;
    std::vector<Packed> packed;
    for (const std::vector<std::size_t>& bucket : plan_buckets(loads)) {
      const std::size_t first = bucket.front();
      if (bucket.size() == 1 && slots_[first].equally_many) {
        OAR_TRY(flight.add(make_all_gather(group, dense(leaves_[first]), gathered_[first], timeout)));
        continue;
      }
      packed.push_back(pack(bucket, group.size()));
      OAR_TRY(flight.add(make_all_gather(group, packed.back().buffer, packed.back().output, timeout)));
    }
    OAR_TRY(flight.run(group));
    for (const Packed& bucket : packed) unpack(bucket, group.size());
    return std::move(gathered_);
  }

 private:
  Packed pack(const std::vector<std::size_t>& bucket, int num_ranks) const {
    std::int64_t size = 0;
    for (const std::size_t leaf : bucket) size += slots_[leaf].bytes();
    const at::Tensor buffer = new_bytes(size, leaves_[bucket.front()]);
    std::int64_t at = 0;
    for (const std::size_t leaf : bucket) {
      copy_bytes(buffer, at, dense(leaves_[leaf]), 0, bytes_in(leaves_[leaf]));
      at += slots_[leaf].bytes();
    }
    return {bucket, buffer, at::empty({size * num_ranks}, buffer.options())};
  }

  void unpack(const Packed& packed, int num_ranks) {
    std::int64_t from = 0;
    std::map<std::size_t, std::int64_t> to;
    for (std::size_t rank = 0; rank < static_cast<std::size_t>(num_ranks); ++rank) {
      for (const std::size_t leaf : packed.leaves) {
        const std::int64_t size = rows_[leaf][rank] * slots_[leaf].row_bytes;
        copy_bytes(gathered_[leaf], to[leaf], packed.output, from, size);
        to[leaf] += size;
        from += slots_[leaf].bytes();
      }
    }
  }

  const std::vector<at::Tensor>& leaves_;
  const std::vector<std::vector<std::int64_t>>& rows_;
  std::vector<Slot> slots_;
  std::vector<at::Tensor> gathered_;
};

// ---- broadcast

bool can_be_written(const at::Tensor& tensor) {
  return !is_read_only(tensor) && at::has_internal_overlap(tensor) != at::MemOverlap::Yes;
}

Packed pack_bytes(const std::vector<at::Tensor>& leaves, const std::vector<std::size_t>& bucket, bool is_root) {
  std::int64_t size = 0;
  for (const std::size_t leaf : bucket) size += bytes_in(leaves[leaf]);
  Packed packed{bucket, new_bytes(size, leaves[bucket.front()]), {}};
  std::int64_t at = 0;
  for (const std::size_t leaf : bucket) {
    if (is_root) copy_bytes(packed.buffer, at, dense(leaves[leaf]), 0, bytes_in(leaves[leaf]));
    at += bytes_in(leaves[leaf]);
  }
  return packed;
}

void unpack_bytes(const Packed& packed, std::vector<at::Tensor>& leaves) {
  std::int64_t at = 0;
  for (const std::size_t leaf : packed.leaves) {
    const at::Tensor rows = at::empty(leaves[leaf].sizes(), leaves[leaf].options().requires_grad(false));
    copy_bytes(rows, 0, packed.buffer, at, bytes_in(rows));
    leaves[leaf].detach().copy_(rows);
    at += bytes_in(rows);
  }
}

}  // namespace

std::vector<std::vector<std::size_t>> plan_buckets(const std::vector<LeafLoad>& leaves) {
  struct Open {
    std::size_t bucket;
    std::int64_t bytes;
  };
  std::vector<std::vector<std::size_t>> buckets;
  std::map<int, Open> open;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    const LeafLoad& leaf = leaves[i];
    if (leaf.bytes == 0) continue;
    const auto found = open.find(leaf.kind);
    if (leaf.bytes <= kPackedLeafBytesMax && found != open.end() &&
        found->second.bytes + leaf.bytes <= kBucketBytesMax) {
      buckets[found->second.bucket].push_back(i);
      found->second.bytes += leaf.bytes;
      continue;
    }
    if (leaf.bytes <= kPackedLeafBytesMax) open[leaf.kind] = {buckets.size(), leaf.bytes};
    buckets.push_back({i});
  }
  return buckets;
}

Status reduce_leaves(Group& group, std::vector<at::Tensor>& leaves, ReduceOp op, Milliseconds timeout) {
  std::vector<LeafLoad> loads;
  for (const at::Tensor& leaf : leaves) {
    loads.push_back({bytes_in(leaf), kind_of(leaf, true)});
  }
  Flight flight;
  std::vector<Packed> packed;
  for (const std::vector<std::size_t>& bucket : plan_buckets(loads)) {
    if (bucket.size() == 1) {
      OAR_TRY(flight.add(make_all_reduce(group, leaves[bucket.front()], op, timeout)));
      continue;
    }
    packed.push_back(pack_elements(leaves, bucket));
    OAR_TRY(flight.add(make_all_reduce(group, packed.back().buffer, op, timeout)));
  }
  OAR_TRY(flight.run(group));
  for (const Packed& bucket : packed) unpack_elements(bucket, leaves);
  return Status::ok();
}

Result<std::vector<at::Tensor>> gather_leaves(Group& group, const std::vector<at::Tensor>& leaves,
                                              const std::vector<std::vector<std::int64_t>>& rows,
                                              Milliseconds timeout) {
  return Gathering(leaves, rows).run(group, timeout);
}

Status broadcast_leaves(Group& group, std::vector<at::Tensor>& leaves, int root, Milliseconds timeout) {
  const bool is_root = group.rank() == root;
  std::vector<LeafLoad> loads;
  for (const at::Tensor& leaf : leaves) loads.push_back({bytes_in(leaf), kind_of(leaf, false)});
  Flight flight;
  std::vector<Packed> packed;
  for (const std::vector<std::size_t>& bucket : plan_buckets(loads)) {
    if (bucket.size() == 1) {
      const at::Tensor& leaf = leaves[bucket.front()];
      // The group writes on every rank, as far as it knows.
      const at::Tensor given =
          is_root && !can_be_written(leaf) ? leaf.detach().clone(at::MemoryFormat::Contiguous) : leaf.detach();
      OAR_TRY(flight.add(make_broadcast(group, given, root, timeout)));
      continue;
    }
    packed.push_back(pack_bytes(leaves, bucket, is_root));
    OAR_TRY(flight.add(make_broadcast(group, packed.back().buffer, root, timeout)));
  }
  OAR_TRY(flight.run(group));
  if (is_root) return Status::ok();
  for (const Packed& bucket : packed) unpack_bytes(bucket, leaves);
  return Status::ok();
}

}  // namespace oarlock
