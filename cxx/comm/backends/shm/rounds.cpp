#include "comm/backends/shm/rounds.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <ctime>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "comm/backends/shm/spin.h"
#include "comm/frame.h"

namespace oarlock {
namespace {

constexpr int kBusySpins = 64;  // without the pause, which takes longer than a post that is on its way
constexpr std::size_t kPage = 4096;

// Of the futex words both here and in other processes, so not FUTEX_PRIVATE_FLAG.
void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, Milliseconds bound) {
  const auto milliseconds = std::max<std::int64_t>(bound.count(), 1);
  const timespec time{milliseconds / 1000, static_cast<long>(milliseconds % 1000) * 1000000};
  ::syscall(SYS_futex, &word, FUTEX_WAIT, expected, &time, nullptr, 0);
}

void futex_wake(std::atomic<std::uint32_t>& word) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void copy_text(const std::string& text, char* to, std::size_t room) {
  const std::size_t length = utf8_valid_prefix(std::string_view(text).substr(0, room - 1));
  std::memcpy(to, text.data(), length);
  to[length] = '\0';
}

int num_cores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  return ::sched_getaffinity(0, sizeof(cores), &cores) == 0 ? CPU_COUNT(&cores) : 1;
}

}  // namespace

Rounds::Rounds(SharedMemory memory, int rank, int size)
    : memory_(std::move(memory)),
      rank_(rank),
      size_(size),
      slots_(memory_.data() + memory_bytes(size) - static_cast<std::size_t>(size) * 2 * kSlotBytes),
      num_spins_(num_cores() >= size ? kSpins : kSpinsCrowded) {}

std::size_t Rounds::memory_bytes(int size) {
  const auto ranks = static_cast<std::size_t>(size);
  return (sizeof(Front) + sizeof(Header) * ranks + kPage - 1) / kPage * kPage + ranks * 2 * kSlotBytes;
}

void Rounds::write_site(const CallSite& site) {
  copy_text(site.text(), header_of(rank_).sites[next_ & 1], kSiteBytes);
  signed_sites_[next_ & 1] = site;
}

bool Rounds::is_posted(int rank, std::uint32_t round) const {
  return post_of(rank, round).round.load(std::memory_order_acquire) == round;
}

bool Rounds::has_posted(int rank) const { return is_posted(rank, next_ - 1); }

void Rounds::post() {
  Post& mine = post_of(rank_, next_);
  // Sequentially consistent with the sleeper's count: one of the two sees the other.
  mine.round.store(next_, std::memory_order_seq_cst);
  if (header_of(rank_).num_sleepers.load(std::memory_order_seq_cst) > 0) futex_wake(mine.round);
  ++next_;
}

Rounds::Outcome Rounds::sleep_for(int rank, std::uint32_t round, Clock::TimePoint until) {
  std::atomic<std::uint32_t>& word = post_of(rank, round).round;
  std::atomic<std::uint32_t>& num_sleepers = header_of(rank).num_sleepers;
  while (true) {
    if (interrupted_.load(std::memory_order_acquire) || is_dead()) {
      return is_posted(rank, round) ? Outcome::kAll : Outcome::kInterrupted;  // it may have come before the end did
    }
    if (left_after(rank) >= 0 && !is_posted(rank, round)) return Outcome::kWaiting;
    const auto left = std::chrono::ceil<Milliseconds>(until - steady_clock().now());
    if (left.count() <= 0) return is_posted(rank, round) ? Outcome::kAll : Outcome::kWaiting;
    num_sleepers.fetch_add(1, std::memory_order_seq_cst);
    const std::uint32_t seen = word.load(std::memory_order_seq_cst);
    if (seen != round) futex_wait(word, seen, left);
    num_sleepers.fetch_sub(1, std::memory_order_seq_cst);
    if (is_posted(rank, round)) return Outcome::kAll;
  }
}

Rounds::Outcome Rounds::wait(Milliseconds bound) {
  const std::uint32_t round = next_ - 1;
  std::optional<Clock::TimePoint> until;
  for (int rank = 0; rank < size_; ++rank) {
    for (int i = 0; i < kBusySpins && !is_posted(rank, round); ++i) {
    }
    for (int i = 0; i < num_spins_ && !is_posted(rank, round); ++i) relax();
    if (is_posted(rank, round)) continue;
    if (!until) until = steady_clock().now() + bound;
    const Outcome outcome = sleep_for(rank, round, *until);
    if (outcome != Outcome::kAll) return outcome;
  }
  return Outcome::kAll;
}

void Rounds::leave(std::uint64_t sequence) {
  header_of(rank_).left_after.store(sequence + 1, std::memory_order_seq_cst);
  for (Post& post : header_of(rank_).posts) futex_wake(post.round);
  for (int rank = 0; rank < size_; ++rank) ring(rank);
}

std::int64_t Rounds::left_after(int rank) const {
  return static_cast<std::int64_t>(header_of(rank).left_after.load(std::memory_order_seq_cst)) - 1;
}

void Rounds::interrupt() {
  interrupted_.store(true, std::memory_order_seq_cst);
  wake_all();
}

void Rounds::declare_dead(const Status& why, std::uint64_t sequence) {
  std::uint32_t expected = kNone;
  Front& told = front();
  if (!told.death.compare_exchange_strong(expected, kBeingTold, std::memory_order_acq_rel)) return;
  const ErrorInfo& info = why.info();
  told.code = info.code;
  told.rank = info.rank;
  told.sequence = sequence;
  copy_text(info.operation, told.operation, sizeof(told.operation));
  copy_text(info.message, told.text, sizeof(told.text));
  told.death.store(kTold, std::memory_order_seq_cst);
  wake_all();
}

Status Rounds::why_dead() const {
  if (!is_dead()) return Status::ok();
  const Front& told = front();
  return Status(failure_code(told.code), told.text).with_rank(told.rank).with_operation(told.operation);
}

void Rounds::wake_all() const {
  for (int rank = 0; rank < size_; ++rank) {
    for (Post& post : header_of(rank).posts) futex_wake(post.round);
    ring(rank);
  }
}

void Rounds::ring(int rank) const {
  Header& header = header_of(rank);
  if (header.num_listeners.load(std::memory_order_seq_cst) == 0) return;
  header.bell.fetch_add(1, std::memory_order_seq_cst);
  futex_wake(header.bell);
}

Rounds::Listening::Listening(const Rounds& rounds) : rounds_(rounds) {
  Header& own = rounds.header_of(rounds.rank_);
  own.num_listeners.fetch_add(1, std::memory_order_seq_cst);
  heard_ = own.bell.load(std::memory_order_seq_cst);
}

Rounds::Listening::~Listening() {
  rounds_.header_of(rounds_.rank_).num_listeners.fetch_sub(1, std::memory_order_seq_cst);
}

void Rounds::Listening::sleep(Milliseconds bound) const {
  futex_wait(rounds_.header_of(rounds_.rank_).bell, heard_, bound);
}

}  // namespace oarlock
