#include "comm/backends/mpi/mpi_messages.h"

#include <sched.h>

#include <algorithm>
#include <thread>

namespace oarlock {
namespace {

// MPI moves data only while it is called, so sleeping comes late and is short.
constexpr Milliseconds kYieldMax{5};
constexpr std::chrono::microseconds kPause{100};

// fn(at, size) for each message of at most `most` bytes.
template <class Fn>
Status for_each_message(std::size_t bytes, std::size_t most, Fn fn) {
  for (std::size_t at = 0; at < bytes; at += most) OAR_TRY(fn(at, std::min(bytes - at, most)));
  return Status::ok();
}

}  // namespace

MpiMessages::Batch::~Batch() {
  std::vector<Open>& left = messages_.left_;
  left.insert(left.end(), open_.begin() + static_cast<std::ptrdiff_t>(num_done_), open_.end());
}

Status MpiMessages::Batch::send(int party, const std::byte* data, std::size_t bytes) {
  const MpiParty& own = messages_.party_;
  return for_each_message(bytes, own.link->bytes_max(), [&](std::size_t at, std::size_t size) -> Status {
    open_.reserve(open_.size() + 1);  // before MPI has the memory
    MpiLink::Request request{};
    OAR_TRY(own.link->send(data + at, size, own.world_ranks[static_cast<std::size_t>(party)], own.tag, request));
    open_.push_back({request, false});
    return Status::ok();
  });
}

Status MpiMessages::Batch::receive(int party, std::byte* data, std::size_t bytes) {
  const MpiParty& own = messages_.party_;
  return for_each_message(bytes, own.link->bytes_max(), [&](std::size_t at, std::size_t size) -> Status {
    open_.reserve(open_.size() + 1);
    MpiLink::Request request{};
    OAR_TRY(own.link->receive(data + at, size, own.world_ranks[static_cast<std::size_t>(party)], own.tag, request));
    open_.push_back({request, true});
    return Status::ok();
  });
}

Status MpiMessages::Batch::wait() {
  for (; num_done_ < open_.size(); ++num_done_) OAR_TRY(messages_.finish(open_[num_done_].request));
  open_.clear();
  num_done_ = 0;
  return Status::ok();
}

Status MpiMessages::finish(MpiLink::Request& request) {
  const Clock::TimePoint sleeps_from = steady_clock().now() + kYieldMax;
  while (true) {
    bool is_done = false;
    OAR_TRY(party_.link->test(request, is_done));
    if (is_done) return Status::ok();
    if (is_interrupted_) return aborted("the group ended while MPI moved its data");
    const Clock::TimePoint now = steady_clock().now();
    if (now >= deadline_) return timed_out("MPI did not move the data in time, though all ranks had called for it");
    if (now < sleeps_from) {
      ::sched_yield();
    } else {
      std::this_thread::sleep_for(kPause);
    }
  }
}

bool MpiMessages::settle(Milliseconds bound) {
  for (Batch::Open& open : left_) {
    if (open.receives) party_.link->cancel(open.request);
  }
  const Clock::TimePoint end = steady_clock().now() + bound;
  bool is_over = false;  // MPI is finalised: no request will end
  while (true) {
    std::erase_if(left_, [&](Batch::Open& open) {
      bool is_done = false;
      is_over |= party_.link->test(open.request, is_done).code() == OAR_E_STATE;
      return is_done;
    });
    if (left_.empty()) return true;
    if (is_over || steady_clock().now() >= end) break;
    std::this_thread::sleep_for(kPause);
  }
  party_.link->leave_requests();
  return false;
}

}  // namespace oarlock
