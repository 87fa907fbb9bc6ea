// An MPI whose ranks are threads of the test: what a host lends by oarlock/mpi_calls.h, with faults put in.
#pragma once

#include <gtest/gtest.h>
#include <oarlock/mpi_calls.h>

#include <atomic>
#include <cstring>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "comm/backends/mpi/mpi_link.h"

namespace oarlock::doubles {

class PlayedMpi {
 public:
  struct Terms {
    std::uint64_t bytes_max = 1 << 30;
    std::int32_t tag_max = 32767;
  };
  explicit PlayedMpi(int size) : PlayedMpi(size, Terms()) {}
  PlayedMpi(int size, Terms terms) : terms_(terms) {
    for (int rank = 0; rank < size; ++rank) ranks_.push_back(Rank{this, rank, 0, 0, -1});
  }

  // The rank's, which the caller keeps as a state does. This outlives it.
  std::shared_ptr<MpiLink> lend(int rank) {
    oar_mpi_calls calls{sizeof(oar_mpi_calls),
                        &ranks_[static_cast<std::size_t>(rank)],
                        terms_.bytes_max,
                        terms_.tag_max,
                        refusal,
                        send,
                        receive,
                        test,
                        cancel,
                        explain,
                        release};
    return std::make_shared<MpiLink>(calls, rank, static_cast<int>(ranks_.size()));
  }

  std::uint64_t sent_bytes(int rank) const {
    std::lock_guard lock(mutex_);
    return ranks_[static_cast<std::size_t>(rank)].sent;
  }
  std::uint64_t sent_bytes() const {
    std::uint64_t sum = 0;
    for (int rank = 0; rank < static_cast<int>(ranks_.size()); ++rank) sum += sent_bytes(rank);
    return sum;
  }
  // How often the table was released, and what was told with it.
  int num_released(int rank) const {
    std::lock_guard lock(mutex_);
    return ranks_[static_cast<std::size_t>(rank)].num_released;
  }
  bool was_clean(int rank) const {
    std::lock_guard lock(mutex_);
    return ranks_[static_cast<std::size_t>(rank)].clean == 1;
  }
  std::size_t num_requests() const {
    std::lock_guard lock(mutex_);
    return requests_.size();
  }

  // Faults.
  std::atomic<int> failing_rank{-1};  // whose sends fail by kError
  std::atomic<bool> holds{false};     // nothing is matched any more
  std::atomic<bool> is_finalised{false};
  static constexpr std::int32_t kError = 77;
  static constexpr const char* kReason = "the wire is cut";

 private:
  struct Rank {
    PlayedMpi* world;
    int rank;
    std::uint64_t sent;
    int num_released;
    int clean;
  };
  struct Message {
    int from, to, tag;
    bool sends;
    std::byte* data;
    std::uint64_t bytes;
    bool is_done = false, is_cancelled = false;
  };

  std::int32_t post(Message message, std::uint64_t* out_request) {
    if (is_finalised) return OAR_MPI_IS_FINALISED;
    EXPECT_LE(message.bytes, terms_.bytes_max);
    EXPECT_TRUE(message.tag >= 0 && message.tag <= terms_.tag_max) << message.tag;
    std::lock_guard lock(mutex_);
    if (message.sends && message.from == failing_rank) return kError;
    if (message.sends) ranks_[static_cast<std::size_t>(message.from)].sent += message.bytes;
    *out_request = ++last_request_;
    requests_.emplace(last_request_, message);
    match();
    return 0;
  }

  // Oldest first, so that messages between two ranks with one tag keep their order.
  void match() {
    if (holds) return;
    for (auto& [send_number, send] : requests_) {
      if (!send.sends || send.is_done) continue;
      for (auto& [receive_number, receive] : requests_) {
        if (receive.sends || receive.is_done || receive.from != send.from || receive.to != send.to ||
            receive.tag != send.tag)
          continue;
        EXPECT_EQ(receive.bytes, send.bytes) << "from " << send.from << " to " << send.to;
        std::memcpy(receive.data, send.data, std::min(send.bytes, receive.bytes));
        send.is_done = receive.is_done = true;
        break;
      }
    }
  }

  static Rank& of(void* context) { return *static_cast<Rank*>(context); }
  static const char* refusal(void*) { return nullptr; }
  static std::int32_t send(void* context, const void* data, std::uint64_t bytes, std::int32_t rank, std::int32_t tag,
                           std::uint64_t* out_request) {
    auto* const memory = const_cast<std::byte*>(static_cast<const std::byte*>(data));
    return of(context).world->post({of(context).rank, rank, tag, true, memory, bytes}, out_request);
  }
  static std::int32_t receive(void* context, void* data, std::uint64_t bytes, std::int32_t rank, std::int32_t tag,
                              std::uint64_t* out_request) {
    auto* const memory = static_cast<std::byte*>(data);
    return of(context).world->post({rank, of(context).rank, tag, false, memory, bytes}, out_request);
  }
  static std::int32_t test(void* context, std::uint64_t* request, std::int32_t* out_done) {
    PlayedMpi& world = *of(context).world;
    if (world.is_finalised) return OAR_MPI_IS_FINALISED;
    std::lock_guard lock(world.mutex_);
    const auto found = world.requests_.find(*request);
    EXPECT_NE(found, world.requests_.end());
    *out_done = found->second.is_done ? 1 : 0;
    if (found->second.is_done) world.requests_.erase(found);
    return 0;
  }
  static std::int32_t cancel(void* context, std::uint64_t* request) {
    PlayedMpi& world = *of(context).world;
    std::lock_guard lock(world.mutex_);
    const auto found = world.requests_.find(*request);
    EXPECT_NE(found, world.requests_.end());
    EXPECT_FALSE(found->second.sends);
    found->second.is_done = true;
    return 0;
  }
  static void explain(void*, std::int32_t error, char* text, std::size_t size) {
    std::snprintf(text, size, "%s", error == kError ? kReason : "another error");
  }
  static void release(void* context, std::int32_t is_clean) {
    std::lock_guard lock(of(context).world->mutex_);
    ++of(context).num_released;
    of(context).clean = is_clean;
  }

  const Terms terms_;
  mutable std::mutex mutex_;
  std::vector<Rank> ranks_;
  std::map<std::uint64_t, Message> requests_;
  std::uint64_t last_request_ = 0;
};

}  // namespace oarlock::doubles
