#include "comm/group.h"

#include <utility>

#include "base/text.h"
#include "comm/collectives.h"
#include "comm/peers_waiting.h"
#include "tensor/memory.h"

namespace oarlock {

Status Group::set_tag(std::string_view tag) {
  if (tag.size() > kTagBytesMax) {
    return invalid_argument("a tag has at most {} bytes, got {}: '{}'", kTagBytesMax, tag.size(), tag);
  }
  if (utf8_valid_prefix(tag) != tag.size()) return invalid_argument("the tag is no UTF-8 text");
  std::lock_guard lock(tag_mutex_);
  is_tagged_ = !tag.empty();
  tag_ = tag.empty() ? nullptr : std::make_shared<const std::string>(tag);
  return Status::ok();
}

std::shared_ptr<const std::string> Group::tag() const {
  if (!is_tagged_) return nullptr;  // what nearly every call finds
  std::lock_guard lock(tag_mutex_);
  return tag_;
}

Result<std::shared_ptr<Work>> Group::all_reduce(const at::Tensor& tensor, ReduceOp op, Milliseconds timeout) {
  OAR_ASSIGN(Call call, make_all_reduce(*this, tensor, op, timeout));
  return start(std::move(call));
}

Result<std::shared_ptr<Work>> Group::broadcast(const at::Tensor& tensor, int root, Milliseconds timeout) {
  OAR_ASSIGN(Call call, make_broadcast(*this, tensor, root, timeout));
  return start(std::move(call));
}

Result<std::shared_ptr<Work>> Group::all_gather(const at::Tensor& input, const at::Tensor& output,
                                                Milliseconds timeout) {
  OAR_ASSIGN(Call call, make_all_gather(*this, input, output, timeout));
  return start(std::move(call));
}

Status Group::barrier(Milliseconds timeout) {
  OAR_ASSIGN(Call call, make_barrier(*this, timeout));
  return run(call);
}

Result<std::vector<std::string>> Group::all_gather_bytes(std::string_view mine, Milliseconds timeout) {
  OAR_ASSIGN(Call call, make_all_gather_bytes(*this, mine, timeout));
  OAR_TRY(run(call));
  return std::move(call.gathered);
}

Result<std::string> Group::broadcast_bytes(std::string_view bytes, int root, Milliseconds timeout) {
  OAR_ASSIGN(Call call, make_broadcast_bytes(*this, bytes, root, timeout));
  OAR_TRY(run(call));
  return std::move(call.gathered.front());
}

Result<std::string> arrival_skew(Group& group, Milliseconds timeout) {
  const std::shared_ptr<const ArrivalSkew> skew = group.skew();
  Result<std::string> mine =
      skew != nullptr ? Result<std::string>(skew_to_json(skew->report()).dump())
                      : Result<std::string>(invalid_state("the ranks' arrivals are not measured; make the state with "
                                                          "the option comm.arrival_skew, on all ranks"));
  return agree_on_root(group, mine, 0, timeout);
}

Result<at::Tensor> Group::alloc_shared(at::IntArrayRef sizes, at::ScalarType dtype, Milliseconds timeout) {
  OAR_ASSIGN(const std::int64_t numel, checked_numel({sizes.data(), sizes.size()}, dtype));
  const std::string bytes = std::to_string(numel * static_cast<std::int64_t>(c10::elementSize(dtype)));
  return while_peers_wait(*this, "alloc_shared", [&]() -> Result<at::Tensor> {
    OAR_ASSIGN(const std::vector<std::string> asked, all_gather_bytes(bytes, timeout));
    for (std::size_t other = 0; other < asked.size(); ++other) {
      if (asked[other] == asked[0]) continue;
      return mismatch("ranks share memory of different sizes: rank 0 asked for {} bytes, rank {} for {}", asked[0],
                      other, asked[other])
          .with_rank(static_cast<int>(other));
    }
    return zeros_tensor(dtype, {sizes.data(), sizes.size()});
  });
}

}  // namespace oarlock
