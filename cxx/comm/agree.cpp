// agree() of group.h: one exchange of every rank's outcome.
#include "comm/frame.h"
#include "comm/group.h"

namespace oarlock {
namespace {

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

}  // namespace

Status agree(Group& group, const Status& mine, Milliseconds timeout) {
  Result<std::vector<std::string>> outcomes = group.all_gather_bytes(pack_outcome(mine), timeout);
  // Ranks that cannot talk cannot agree; this rank's own failure is the more telling one.
  if (!outcomes.is_ok()) return mine.is_ok() ? std::move(outcomes).status() : mine;
  for (std::size_t rank = 0; rank < outcomes.value().size(); ++rank) {
    if (outcomes.value()[rank].empty()) continue;
    if (static_cast<int>(rank) == group.rank()) return mine;
    Status theirs = unpack_outcome(outcomes.value()[rank]);
    const int about = theirs.info().rank >= 0 ? theirs.info().rank : static_cast<int>(rank);
    return std::move(theirs).within(fmt::format("rank {} failed", rank)).with_rank(about);
  }
  return Status::ok();
}

}  // namespace oarlock
