// agree() and its kin of group.h: one exchange of every rank's outcome.
#include "comm/frame.h"
#include "comm/group.h"

namespace oarlock {
namespace {

constexpr char kHasBytes = 'B';
constexpr char kHasFailed = 'F';

std::string pack_outcome(const Status& status) {
  if (status.is_ok()) return "";
  const ErrorInfo& info = status.info();
  std::string bytes = std::move(FrameWriter(FrameType::kFailure)
                                    .put<std::int32_t>(info.code)
                                    .put<std::int32_t>(info.rank)
                                    .put<std::int64_t>(info.vendor_code)
                                    .put_text(info.component)
                                    .put_text(info.operation)
                                    .put_text(info.message))
                          .finish();
  return bytes.substr(sizeof(FrameHeader));
}

// The outcome itself, or why it is unreadable.
Status unpack_outcome(std::string_view bytes) {
  FrameReader reader(bytes);
  ErrorInfo info;
  OAR_ASSIGN(info.code, reader.get<std::int32_t>());
  OAR_ASSIGN(info.rank, reader.get<std::int32_t>());
  OAR_ASSIGN(info.vendor_code, reader.get<std::int64_t>());
  OAR_ASSIGN(info.component, reader.get_text());
  OAR_ASSIGN(info.operation, reader.get_text());
  OAR_ASSIGN(info.message, reader.get_text());
  return Status(std::move(info));
}

// What a rank that has `bytes`, or failed, tells the others: a byte that says which, then the one or the other.
std::string pack_answer(const Result<std::string>& mine) {
  if (mine.is_ok()) return std::string(1, kHasBytes) + mine.value();
  return std::string(1, kHasFailed) + pack_outcome(mine.status());
}

Status failure_of(std::string_view outcome, std::size_t rank) {
  Status theirs = unpack_outcome(outcome);
  const int about = theirs.info().rank >= 0 ? theirs.info().rank : static_cast<int>(rank);
  return std::move(theirs).within(fmt::format("rank {} failed", rank)).with_rank(about);
}

// The bytes of what pack_answer made on another rank, or its failure.
Result<std::string> unpack_answer(std::string_view answer, std::size_t rank) {
  if (answer.starts_with(kHasBytes)) return std::string(answer.substr(1));
  if (answer.starts_with(kHasFailed)) return failure_of(answer.substr(1), rank);
  return mismatch("rank {} sent other bytes than this call takes; the ranks' calls are out of step", rank)
      .with_rank(static_cast<int>(rank));
}

}  // namespace

Status agree(Group& group, const Status& mine, Milliseconds timeout) {
  Result<std::vector<std::string>> outcomes = group.all_gather_bytes(pack_outcome(mine), timeout);
  // Ranks that cannot talk cannot agree; this rank's own failure is the more telling one.
  if (!outcomes.is_ok()) return mine.is_ok() ? std::move(outcomes).status() : mine;
  for (std::size_t rank = 0; rank < outcomes.value().size(); ++rank) {
    if (outcomes.value()[rank].empty()) continue;
    if (static_cast<int>(rank) == group.rank()) return mine;
    return failure_of(outcomes.value()[rank], rank);
  }
  return Status::ok();
}

Result<std::vector<std::string>> agree_on_all(Group& group, const Result<std::string>& mine, Milliseconds timeout) {
  Result<std::vector<std::string>> answers = group.all_gather_bytes(pack_answer(mine), timeout);
  if (!answers.is_ok()) return mine.is_ok() ? std::move(answers).status() : mine.status();
  std::vector<std::string> all;
  for (std::size_t rank = 0; rank < answers.value().size(); ++rank) {
    if (static_cast<int>(rank) == group.rank() && !mine.is_ok()) return mine.status();
    OAR_ASSIGN(std::string bytes, unpack_answer(answers.value()[rank], rank));
    all.push_back(std::move(bytes));
  }
  return all;
}

Result<std::string> agree_on_root(Group& group, const Result<std::string>& mine, int root, Milliseconds timeout) {
  const bool is_root = group.rank() == root;
  Result<std::string> answer = group.broadcast_bytes(is_root ? pack_answer(mine) : std::string(), root, timeout);
  if (is_root && !mine.is_ok()) return mine.status();
  if (!answer.is_ok()) return std::move(answer).status();
  return unpack_answer(answer.value(), static_cast<std::size_t>(root));
}

}  // namespace oarlock
