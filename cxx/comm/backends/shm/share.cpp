#include "comm/backends/shm/share.h"

#include <utility>

namespace oarlock {
namespace {

// Each rank's text, or the failure of the lowest rank that has one. A failure travels as its code in digits and its
// text, a text behind a plus.
Result<std::vector<std::string>> exchange_outcomes(const Status& mine, const std::string& text,
                                                   const BytesExchange& exchange) {
  OAR_ASSIGN(std::vector<std::string> said,
             exchange(mine.is_ok() ? "+" + text : fmt::format("{} {}", mine.code(), mine.message())));
  for (std::size_t rank = 0; rank < said.size(); ++rank) {
    std::string& one = said[rank];
    if (!one.empty() && one[0] == '+') {
      one.erase(0, 1);
      continue;
    }
    const std::size_t space = one.find(' ');
    const int code = std::atoi(one.c_str());
    return Status(code > OAR_OK ? code : OAR_E_INTERNAL, space < one.size() ? one.substr(space + 1) : one)
        .within(fmt::format("rank {}", rank))
        .with_rank(static_cast<int>(rank));
  }
  return said;
}

Result<SharedMemory> open_as(const std::string& name, std::size_t bytes) {
  OAR_ASSIGN(SharedMemory memory, SharedMemory::open(name));
  if (memory.size() == bytes) return memory;
  return mismatch(
      "ranks share memory of different sizes: the rank that made it asked for {} bytes in all, this rank for {}",
      memory.size(), bytes);
}

}  // namespace

Result<SharedMemory> share_memory(int rank, int creator, std::size_t bytes, const BytesExchange& exchange) {
  Result<SharedMemory> memory = internal_error("there is no memory yet");
  const bool creates = rank == creator;
  if (creates) memory = SharedMemory::create(bytes);
  const Status made = creates ? memory.status() : Status::ok();
  OAR_ASSIGN(const std::vector<std::string> names,
             exchange_outcomes(made, creates && made.is_ok() ? memory.value().name() : "", exchange));
  if (!creates) memory = open_as(names[static_cast<std::size_t>(creator)], bytes);
  OAR_TRY(exchange_outcomes(memory.status(), "", exchange).status());
  memory.value().close_descriptor();
  return memory;
}

}  // namespace oarlock
