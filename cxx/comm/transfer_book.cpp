#include "comm/transfer_book.h"

#include <algorithm>

#include "comm/transfer_failures.h"

namespace oarlock {

template <class Fn>
void TransferBook::for_each_post(Fn fn) const {
  for (const auto& [ranks, pair] : pairs_) {
    for (const Post& post : pair.sends) {
      if (fn(ranks.first, post)) return;
    }
    for (const Post& post : pair.receives) {
      if (fn(ranks.second, post)) return;
    }
  }
}

Status TransferBook::check_left(int rank, const Signature& signature) const {
  const std::optional<std::uint64_t>& last = left_after_[signature.peer()];
  return last ? peer_has_left(rank, signature, *last) : Status::ok();
}

Result<TransferBook::Match> TransferBook::match(const std::pair<int, int>& ranks, Post send, Post receive) {
  OAR_TRY(compare_sides(ranks.first, send.signature, ranks.second, receive.signature));
  return Match{ranks.first, ranks.second, send.signature, receive.signature, std::move(send.payload)};
}

Result<std::optional<TransferBook::Match>> TransferBook::post(int rank, const Signature& signature,
                                                              Milliseconds timeout, std::string payload,
                                                              TimePoint now) {
  const int world_size = static_cast<int>(left_after_.size());
  if (!signature.is_point_to_point() || signature.peer() < 0 || signature.peer() >= world_size ||
      signature.peer() == rank) {
    return Status(OAR_E_VERSION, fmt::format("rank {} posted {}; do all ranks run the same version of Oarlock?", rank,
                                             describe(signature)));
  }
  const bool sends = signature.op == Operator::kSend;
  const std::pair<int, int> ranks = sends ? std::pair(rank, signature.peer()) : std::pair(signature.peer(), rank);
  Pair& pair = pairs_[ranks];
  Post mine{signature, now, now + timeout, std::move(payload)};
  std::deque<Post>& waiting = sends ? pair.receives : pair.sends;
  if (waiting.empty()) {
    OAR_TRY(check_left(rank, signature));
    (sends ? pair.sends : pair.receives).push_back(std::move(mine));
    return std::optional<Match>();
  }
  Post theirs = std::move(waiting.front());
  waiting.pop_front();
  if (waiting.empty()) pairs_.erase(ranks);
  OAR_ASSIGN(Match found, sends ? match(ranks, std::move(mine), std::move(theirs))
                                : match(ranks, std::move(theirs), std::move(mine)));
  return std::optional<Match>(std::move(found));
}

Status TransferBook::leave(int rank, std::uint64_t sequence) {
  left_after_[rank] = sequence;
  Status lost = Status::ok();
  for_each_post([&](int waiting, const Post& post) {
    if (post.signature.peer() != rank) return false;
    lost = check_left(waiting, post.signature);
    return true;
  });
  return lost;
}

Status TransferBook::check_deadline(TimePoint now) const {
  Status late = Status::ok();
  for_each_post([&](int rank, const Post& post) {
    if (now < post.deadline) return false;
    late = transfer_timed_out(rank, post.signature, now - post.since);
    return true;
  });
  return late;
}

std::optional<std::string> TransferBook::late_warning(TimePoint now) {
  for (auto& [ranks, pair] : pairs_) {
    for (std::deque<Post>* posts : {&pair.sends, &pair.receives}) {
      for (Post& post : *posts) {
        if (post.warned || now < post.since + late_) continue;
        post.warned = true;
        const int rank = posts == &pair.sends ? ranks.first : ranks.second;
        return transfer_is_late(rank, post.signature, now - post.since);
      }
    }
  }
  return std::nullopt;
}

std::optional<TransferBook::TimePoint> TransferBook::next_event() const {
  std::optional<TimePoint> soonest;
  for_each_post([&](int, const Post& post) {
    const TimePoint then = post.warned ? post.deadline : std::min(post.deadline, post.since + late_);
    if (!soonest || then < *soonest) soonest = then;
    return false;
  });
  return soonest;
}

}  // namespace oarlock
