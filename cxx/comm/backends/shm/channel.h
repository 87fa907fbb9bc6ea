// What goes from one rank of a host to another by sends and receives: a place for the sender's post and one for the
// receiver's, and a ring of bytes.
//
// The n-th send and the n-th receive meet. Posts are used in turns of two: a rank posts n+1 when n is done, and n is
// done when the other side has posted it, so who posts n+2 overwrites what has been read. Up to kInlineBytes lie in the
// sender's post; what is larger flows through the ring, which a sender fills as far as there is room before anybody
// receives, and every transfer begins at a line of it.
//
// One thread at a time for each side. Everything that one side may wait for is sequentially consistent (Rounds::ring).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "comm/signature.h"

namespace oarlock {

class Channel {
 public:
  static constexpr std::size_t kInlineBytes = 24;

  // For the ranks of a host, from every one to every other. Who sends has kBytesPerSender for all its rings, so that
  // memory grows with the number of ranks and not with its square.
  static constexpr std::size_t kBytesPerSender = 256 * 1024;
  static std::size_t memory_bytes(int size) {
    const auto ranks = static_cast<std::size_t>(size);
    return ranks * (ranks - 1) * (sizeof(Shared) + ring_bytes(size));
  }
  // `memory`: of memory_bytes(size), for all channels, zeros before the first is used.
  Channel(std::byte* memory, int size, int sender, int receiver) : ring_bytes_(ring_bytes(size)) {
    const int number = sender * (size - 1) + (receiver < sender ? receiver : receiver - 1);
    std::byte* mine = memory + static_cast<std::size_t>(number) * (sizeof(Shared) + ring_bytes_);
    shared_ = reinterpret_cast<Shared*>(mine);
    ring_ = mine + sizeof(Shared);
  }

  void post_send(const Signature& signature) { post(shared_->sends, signature); }
  void post_receive(const Signature& signature) { post(shared_->receives, signature); }
  // Of the n-th transfer; nullptr: that side has not posted it.
  const Signature* send_of(std::uint64_t n) const { return posted(shared_->sends, n); }
  const Signature* receive_of(std::uint64_t n) const { return posted(shared_->receives, n); }
  std::byte* inline_data(std::uint64_t n) const { return shared_->sends[n & 1].data; }

  // As much of `size` bytes as there is room for, or a piece of them; gives how much that was: whole lines but at the
  // end of a transfer, so that what was taken up to within a line ends one.
  std::size_t put(const std::byte* data, std::size_t size) {
    const std::size_t room = ring_bytes_ - static_cast<std::size_t>(position_ - next_line(shared_->taken.load()));
    return move(std::min(size, room), shared_->put,
                [&](std::byte* ring, std::size_t done, std::size_t part) { std::memcpy(ring, data + done, part); });
  }
  // As much as has come, or a piece of it.
  std::size_t take(std::byte* data, std::size_t size) {
    const std::uint64_t end = shared_->put.load();
    const std::size_t come = end > position_ ? static_cast<std::size_t>(end - position_) : 0;
    return move(std::min(size, come), shared_->taken, [&](const std::byte* ring, std::size_t done, std::size_t part) {
      std::memcpy(data + done, ring, part);
    });
  }
  // After the last byte of a transfer: the next one begins at a line.
  void end_transfer() { position_ = next_line(position_); }

 private:
  static constexpr std::size_t kLine = 64;
  static constexpr std::size_t kPieceMax = 64 * 1024;
  struct alignas(kLine) Post {
    std::atomic<std::uint32_t> number;  // of the transfer, its low bits
    std::uint32_t unused;
    Signature signature;
    std::byte data[kInlineBytes];
  };
  struct Shared {
    Post sends[2], receives[2];
    // Bytes since the beginning.
    alignas(kLine) std::atomic<std::uint64_t> put;
    alignas(kLine) std::atomic<std::uint64_t> taken;
  };
  static_assert(sizeof(Post) == kLine);

  static std::uint64_t next_line(std::uint64_t position) { return (position + kLine - 1) / kLine * kLine; }
  static std::size_t ring_bytes(int size) {
    return std::max<std::size_t>(kBytesPerSender / static_cast<std::size_t>(size - 1) / kLine, 16) * kLine;
  }
  static void post(Post* posts, const Signature& signature) {
    Post& mine = posts[signature.sequence & 1];
    mine.signature = signature;
    mine.number.store(static_cast<std::uint32_t>(signature.sequence));
  }
  static const Signature* posted(Post* posts, std::uint64_t n) {
    const Post& post = posts[n & 1];
    return post.number.load() == static_cast<std::uint32_t>(n) ? &post.signature : nullptr;
  }
  // A quarter of the ring at most, so that both sides copy at the same time.
  template <class Copy>
  std::size_t move(std::size_t size, std::atomic<std::uint64_t>& counter, Copy copy) {
    size = std::min({size, kPieceMax, std::max(ring_bytes_ / 4, kLine)});
    if (size == 0) return 0;
    const std::size_t begin = static_cast<std::size_t>(position_ % ring_bytes_);
    const std::size_t first = std::min(size, ring_bytes_ - begin);
    copy(ring_ + begin, std::size_t{0}, first);
    if (first < size) copy(ring_, first, size - first);
    position_ += size;
    counter.store(position_);
    return size;
  }

  Shared* shared_;
  std::byte* ring_;
  std::size_t ring_bytes_;
  std::uint64_t position_ = 0;  // of this side
};

}  // namespace oarlock
