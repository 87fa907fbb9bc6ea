#include "comm/guest_book.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "comm/roll_call.h"

namespace oarlock {
namespace {

constexpr std::size_t kStrangersMax = 64;  // beyond one guest per rank; the oldest go

double seconds(Clock::TimePoint::duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

GuestBook::GuestBook(const Meeting& meeting, Member host, TimePoint now)
    : meeting_(meeting),
      start_(now),
      deadline_(now + meeting.timeout),
      next_warning_(now + meeting.late),
      came_(meeting.world_size),
      members_(meeting.world_size) {
  came_[0] = true;
  members_[0] = std::move(host);
}

std::optional<GuestBook::Guest> GuestBook::come(Guest guest, TimePoint now) {
  waiting_.push_back({guest, now});
  if (waiting_.size() <= static_cast<std::size_t>(meeting_.world_size) + kStrangersMax) return std::nullopt;
  const Guest oldest = waiting_.front().guest;
  waiting_.pop_front();
  return oldest;
}

void GuestBook::forget(Guest guest) {
  std::erase_if(waiting_, [guest](const Waiting& waiting) { return waiting.guest == guest; });
}

// Only a rank of this launch that contradicts what is known ends the meeting.
Result<GuestBook::Answer> GuestBook::hear(Guest guest, const Frame& frame, bool is_at_end, TimePoint now) {
  forget(guest);
  const Result<Hello> hello = unpack_hello(frame);
  if (!hello.is_ok() || hello.value().world_id != meeting_.world_id) {
    return turn_away(
        bad_environment("this is the meeting of another launch or generation ('{}'): the address {}:{} is in use",
                        meeting_.world_id, meeting_.address, meeting_.port),
        FrameHeader::kVersion);
  }
  if (is_at_end) return Answer();  // an attempt that its rank gave up before rank 0 listened; it may try again
  OAR_TRY(admit(hello.value(), now));
  return Answer{hello.value().rank, {}};
}

GuestBook::Answer GuestBook::lose(Guest guest, const Status& why, std::uint16_t foreign_version) {
  forget(guest);
  return foreign_version != 0 ? turn_away(why, foreign_version) : Answer();
}

GuestBook::Answer GuestBook::turn_away(const Status& why, std::uint16_t version) {
  log(LogLevel::kDebug, "comm", "a stranger was sent away: {}", why.message());
  return Answer{-1, pack_refusal(why, version)};
}

Status GuestBook::admit(const Hello& hello, TimePoint now) {
  if (hello.world_size != meeting_.world_size) {
    return bad_environment("ranks disagree on the world size: rank 0 has {}, {} has {}", meeting_.world_size,
                           name_member(hello.rank, hello.member), hello.world_size)
        .with_rank(hello.rank);
  }
  if (hello.rank <= 0 || hello.rank >= meeting_.world_size || came_[hello.rank]) {
    const int other = std::clamp(hello.rank, 0, meeting_.world_size - 1);
    return bad_environment("two processes have the same rank: {} and {}", name_member(hello.rank, hello.member),
                           name_member(other, members_[other]))
        .with_rank(hello.rank);
  }
  deadline_ = std::min(deadline_, now + hello.left);
  came_[hello.rank] = true;
  members_[hello.rank] = hello.member;
  return Status::ok();
}

Status GuestBook::lose_rank(int rank) const {
  return peer_lost("a rank ended while the others were still awaited: {}", name_member(rank, members_[rank]))
      .with_rank(rank);
}

std::vector<int> GuestBook::missing() const {
  std::vector<int> ranks;
  for (std::size_t rank = 0; rank < came_.size(); ++rank) {
    if (!came_[rank]) ranks.push_back(static_cast<int>(rank));
  }
  return ranks;
}

Status GuestBook::check_deadline(TimePoint now) const {
  if (now < deadline_ || is_complete()) return Status::ok();
  const std::vector<int> late = missing();
  return timed_out(
             "{} did not come to the meeting at {}:{} within {:.1f} s; {} of {} ranks came. Were all ranks "
             "started, "
             "with the same address and port? (comm.connect_timeout_ms raises the time)",
             list_ranks(late), meeting_.address, meeting_.port, seconds(now - start_), came_.size() - late.size(),
             came_.size())
      .with_rank(late.front());
}

std::optional<std::string> GuestBook::late_warning(TimePoint now) {
  if (now < next_warning_ || is_complete()) return std::nullopt;
  next_warning_ = now + meeting_.late;
  return fmt::format("waiting at {}:{} for {} since {:.1f} s", meeting_.address, meeting_.port, list_ranks(missing()),
                     seconds(now - start_));
}

std::vector<GuestBook::Guest> GuestBook::take_silent(TimePoint now) {
  std::vector<Guest> silent;
  while (!waiting_.empty() && waiting_.front().since + meeting_.hello_within < now) {
    silent.push_back(waiting_.front().guest);
    waiting_.pop_front();
  }
  return silent;
}

GuestBook::TimePoint GuestBook::next_event() const {
  TimePoint soonest = std::min(deadline_, next_warning_);
  // He may still say it at that very time.
  if (!waiting_.empty()) soonest = std::min(soonest, waiting_.front().since + meeting_.hello_within + Milliseconds(1));
  return soonest;
}

}  // namespace oarlock
