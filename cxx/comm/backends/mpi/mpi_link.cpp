#include "comm/backends/mpi/mpi_link.h"

#include <oarlock/mpi_calls.h>

#include <algorithm>
#include <array>
#include <limits>

namespace oarlock {
namespace {

// Tags 0 to tag_max, in equal parts.
std::int64_t first_tag_of(int rank, int world_size, std::int32_t tag_max) {
  return (std::int64_t{tag_max} + 1) * rank / world_size;
}

}  // namespace

MpiLink::MpiLink(const oar_mpi_calls& calls, int rank, int world_size)
    : calls_(std::make_unique<const oar_mpi_calls>(calls)),
      bytes_max_(static_cast<std::size_t>(
          std::min<std::uint64_t>(calls.bytes_max, std::numeric_limits<std::ptrdiff_t>::max()))),
      next_tag_(first_tag_of(rank, world_size, calls.tag_max)),
      tags_end_(first_tag_of(rank + 1, world_size, calls.tag_max)) {}

MpiLink::~MpiLink() { calls_->release(calls_->context, is_clean_ ? 1 : 0); }

std::string MpiLink::refusal() const {
  const char* const text = calls_->refusal(calls_->context);
  return text != nullptr ? text : "";
}

int MpiLink::draw_tag() {
  const std::int64_t tag = next_tag_.fetch_add(1);
  return tag < tags_end_ ? static_cast<int>(tag) : -1;
}

Status MpiLink::told(std::int32_t error, const char* what) const {
  if (error == 0) return Status::ok();
  if (error == OAR_MPI_IS_FINALISED) {
    return invalid_state(
        "MPI is finalised, by which this state's data moves between hosts; close the state before MPI_Finalize, or set "
        "comm.between_hosts to 'gloo'");
  }
  std::array<char, 512> text{};
  calls_->explain(calls_->context, error, text.data(), text.size());
  return io_error("{} failed: {}", what, text.data()).with_vendor_code(error);
}

Status MpiLink::send(const std::byte* data, std::size_t bytes, int rank, int tag, Request& request) const {
  return told(calls_->send(calls_->context, data, bytes, rank, tag, &request), "MPI's send");
}

Status MpiLink::receive(std::byte* data, std::size_t bytes, int rank, int tag, Request& request) const {
  return told(calls_->receive(calls_->context, data, bytes, rank, tag, &request), "MPI's receive");
}

Status MpiLink::test(Request& request, bool& is_done) const {
  std::int32_t done = 0;
  const std::int32_t error = calls_->test(calls_->context, &request, &done);
  is_done = done != 0;
  return told(error, "MPI's transfer");
}

void MpiLink::cancel(Request& request) const { (void)calls_->cancel(calls_->context, &request); }

}  // namespace oarlock
