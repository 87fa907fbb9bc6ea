#include "comm/joining.h"

#include <algorithm>
#include <utility>

#include "comm/greeting.h"

namespace oarlock {
namespace {

constexpr Milliseconds kFirstPause{2};  // doubles up to the longest
constexpr Milliseconds kPauseMax{50};
constexpr Milliseconds kAttemptMax{2000};  // for one connect()
constexpr Milliseconds kAnswerGrace{500};

double seconds(Clock::TimePoint::duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

Joining::Joining(const Meeting& meeting, TimePoint now) : meeting_(meeting), start_(now), pause_(kFirstPause) {}

Milliseconds Joining::attempt_bound(TimePoint now) const {
  const Milliseconds left = std::chrono::ceil<Milliseconds>(start_ + meeting_.timeout - now);
  return std::clamp(left, Milliseconds(1), kAttemptMax);
}

Result<Milliseconds> Joining::miss(const Status& why, TimePoint now) {
  if (now + pause_ < start_ + meeting_.timeout) return std::exchange(pause_, std::min(pause_ * 2, kPauseMax));
  return timed_out(
             "rank 0 was not reached at {}:{} within {:.1f} s: {}. Is rank 0 running, and are address and port "
             "right? (comm.connect_timeout_ms raises the time)",
             meeting_.address, meeting_.port, seconds(now - start_), why.message())
      .with_rank(0)
      .with_vendor_code(why.info().vendor_code);
}

std::string Joining::hello(const Member& self, TimePoint now) const {
  return pack_hello(meeting_, self, std::chrono::ceil<Milliseconds>(start_ + meeting_.timeout - now));
}

Result<Star> Joining::hear(const Frame& answer) const {
  if (answer.type == FrameType::kRefusal) return unpack_refusal(answer);
  if (answer.type != FrameType::kWelcome) {
    return Status(OAR_E_VERSION, "rank 0 answered with something that is no welcome");
  }
  Star star;
  star.rank = meeting_.rank;
  star.world_size = meeting_.world_size;
  star.members.resize(meeting_.world_size);
  OAR_TRY(unpack_welcome(answer, star));
  return star;
}

Status Joining::lose(Status why) const {
  if (why.code() == OAR_E_VERSION) {
    return std::move(why).within(fmt::format("rank 0 at {}:{}", meeting_.address, meeting_.port)).with_rank(0);
  }
  return peer_lost("rank 0 at {}:{} ended during the meeting of the ranks: {}", meeting_.address, meeting_.port,
                   why.message())
      .with_rank(0);
}

Status Joining::check_deadline(TimePoint now) const {
  if (now < answer_deadline()) return Status::ok();
  return timed_out("rank 0 at {}:{} took the connection and gave no answer within {:.1f} s", meeting_.address,
                   meeting_.port, seconds(now - start_))
      .with_rank(0);
}

Joining::TimePoint Joining::answer_deadline() const { return start_ + meeting_.timeout + kAnswerGrace; }

}  // namespace oarlock
