// Memory of tensors that every rank of a group sees, so that operations on them read and write it where it lies.
//
// A region holds one piece per rank, all of one size. It lives as long as a tensor over this rank's piece.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "comm/backends/shm/memory.h"

namespace oarlock {

class SharedRegion {
 public:
  SharedRegion(SharedMemory memory, std::uint32_t number, int size)
      : memory_(std::move(memory)), number_(number), piece_bytes_(memory_.size() / static_cast<std::size_t>(size)) {}
  std::uint32_t number() const { return number_; }  // from 1, the same on all ranks
  std::size_t piece_bytes() const { return piece_bytes_; }
  std::byte* piece_of(int rank) const { return memory_.data() + static_cast<std::size_t>(rank) * piece_bytes_; }

 private:
  SharedMemory memory_;
  std::uint32_t number_;
  std::size_t piece_bytes_;
};

// Those of one group. Any thread.
class SharedRegions {
 public:
  void add(const std::shared_ptr<SharedRegion>& region);
  // The region whose piece of `rank` holds these bytes; nullptr: none.
  std::shared_ptr<SharedRegion> find(const std::byte* data, std::size_t bytes, int rank) const;
  std::shared_ptr<SharedRegion> find(std::uint32_t number) const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<SharedRegion>> regions_;
};

}  // namespace oarlock
