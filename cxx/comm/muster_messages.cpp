#include "comm/muster_messages.h"

#include <algorithm>
#include <utility>

namespace oarlock {

std::string pack_muster_call(FrameType type, const MusterCall& call) {
  return std::move(FrameWriter(type)
                       .put_text(call.token)
                       .put<std::int32_t>(call.rank)
                       .put<std::int32_t>(call.min_size)
                       .put<std::int64_t>(call.left.count()))
      .finish();
}

Result<MusterCall> unpack_muster_call(const Frame& frame) {
  FrameReader reader(frame.body);
  MusterCall call;
  OAR_ASSIGN(call.token, reader.get_text());
  OAR_ASSIGN(call.rank, reader.get<std::int32_t>());
  OAR_ASSIGN(call.min_size, reader.get<std::int32_t>());
  OAR_ASSIGN(const std::int64_t left_ms, reader.get<std::int64_t>());
  call.left = std::max(Milliseconds(0), bounded_wait(Milliseconds(left_ms)));
  return call;
}

std::string pack_decision(const MusterDecision& decision) {
  const bool goes_on = decision.status.is_ok();
  FrameWriter writer(FrameType::kDecision);
  writer.put<std::int32_t>(decision.status.code())
      .put<std::int32_t>(goes_on ? -1 : decision.status.info().rank)
      .put_text(goes_on ? decision.invitation : decision.status.message());
  for (const int rank : decision.ranks) writer.put<std::int32_t>(rank);
  return std::move(writer).finish();
}

Result<MusterDecision> unpack_decision(const Frame& frame) {
  FrameReader reader(frame.body);
  OAR_ASSIGN(const std::int32_t code, reader.get<std::int32_t>());
  OAR_ASSIGN(const std::int32_t rank, reader.get<std::int32_t>());
  OAR_ASSIGN(std::string text, reader.get_text());
  MusterDecision decision;
  if (code != OAR_OK) {
    decision.status = Status(failure_code(code), std::move(text)).with_rank(rank);
    return decision;
  }
  decision.invitation = std::move(text);
  while (!reader.rest().empty()) {
    OAR_ASSIGN(const std::int32_t member, reader.get<std::int32_t>());
    decision.ranks.push_back(member);
  }
  return decision;
}

}  // namespace oarlock
