#include "comm/greeting.h"

#include <algorithm>

namespace oarlock {
namespace {

// Without a frame's header, as a part of one.
FrameWriter& put_member(FrameWriter& writer, const Member& member) {
  return writer.put<std::int32_t>(member.pid)
      .put_text(member.host_name)
      .put_text(member.host_id)
      .put_text(member.address)
      .put<std::int32_t>(member.port);
}

Result<Member> take_member(FrameReader& reader) {
  Member member;
  OAR_ASSIGN(member.pid, reader.get<std::int32_t>());
  OAR_ASSIGN(member.host_name, reader.get_text());
  OAR_ASSIGN(member.host_id, reader.get_text());
  OAR_ASSIGN(member.address, reader.get_text());
  OAR_ASSIGN(member.port, reader.get<std::int32_t>());
  return member;
}

}  // namespace

std::string pack_hello(const Meeting& meeting, const Member& self, Milliseconds left) {
  FrameWriter writer(FrameType::kHello);
  writer.put<std::int32_t>(meeting.rank)
      .put<std::int32_t>(meeting.world_size)
      .put<std::int64_t>(left.count())
      .put_text(meeting.world_id);
  put_member(writer, self);
  return std::move(writer).finish();
}

Result<Hello> unpack_hello(const Frame& frame) {
  if (frame.type != FrameType::kHello) return Status(OAR_E_VERSION, "the first message of a peer is no hello");
  FrameReader reader(frame.body);
  Hello hello;
  OAR_ASSIGN(hello.rank, reader.get<std::int32_t>());
  OAR_ASSIGN(hello.world_size, reader.get<std::int32_t>());
  OAR_ASSIGN(const std::int64_t left_ms, reader.get<std::int64_t>());
  hello.left = std::max(Milliseconds(0), bounded_wait(Milliseconds(left_ms)));
  OAR_ASSIGN(hello.world_id, reader.get_text());
  OAR_ASSIGN(hello.member, take_member(reader));
  return hello;
}

std::string pack_welcome(const Star& star) {
  FrameWriter writer(FrameType::kWelcome);
  writer.put(star.inline_bytes).put<std::int32_t>(star.store_port).put_text(star.own_address);
  writer.put_text(star.contact_token);
  for (const Member& member : star.members) put_member(writer, member);
  return std::move(writer).finish();
}

Status unpack_welcome(const Frame& frame, Star& star) {
  FrameReader reader(frame.body);
  OAR_ASSIGN(star.inline_bytes, reader.get<std::int64_t>());
  OAR_ASSIGN(star.store_port, reader.get<std::int32_t>());
  OAR_ASSIGN(star.own_address, reader.get_text());
  OAR_ASSIGN(star.contact_token, reader.get_text());
  for (Member& member : star.members) {
    OAR_ASSIGN(member, take_member(reader));
  }
  return Status::ok();
}

std::string pack_refusal(const Status& status, std::uint16_t version) {
  return std::move(FrameWriter(FrameType::kRefusal)
                       .put<std::int32_t>(status.code())
                       .put<std::int32_t>(status.info().rank)
                       .put_text(status.message()))
      .finish(version);
}

Status unpack_refusal(const Frame& frame) {
  FrameReader reader(frame.body);
  OAR_ASSIGN(const std::int32_t code, reader.get<std::int32_t>());
  OAR_ASSIGN(const std::int32_t rank, reader.get<std::int32_t>());
  OAR_ASSIGN(std::string text, reader.get_text());
  return Status(failure_code(code), std::move(text)).with_rank(rank);
}

}  // namespace oarlock
