#include "error_slot.h"

namespace oarlock::capi {
namespace {

const ErrorInfo* const out_of_memory_error = [] {
  auto* info = new ErrorInfo();  // never freed: a thread may look at it while the process ends
  info->code = OAR_E_OUT_OF_MEMORY;
  info->message = "memory of the host ran out; there is no result, and what was being changed may be so in part";
  info->component = "guard";
  return info;
}();

struct Slot {
  std::unique_ptr<ErrorInfo> error;
  bool is_out_of_memory = false;
};
thread_local Slot slot;

}  // namespace

void clear_error() noexcept {
  slot.error.reset();
  slot.is_out_of_memory = false;
}

std::unique_ptr<ErrorInfo> detach_error() noexcept {
  slot.is_out_of_memory = false;
  return std::move(slot.error);
}

void store_error(std::unique_ptr<ErrorInfo> error) noexcept {
  slot.error = std::move(error);
  slot.is_out_of_memory = false;
}

void store_out_of_memory() noexcept {
  slot.error.reset();
  slot.is_out_of_memory = true;
}

const ErrorInfo* current_error() noexcept { return slot.is_out_of_memory ? out_of_memory_error : slot.error.get(); }

std::unique_ptr<ErrorInfo> take_error() {
  if (slot.is_out_of_memory) {
    auto copy = std::make_unique<ErrorInfo>(*out_of_memory_error);
    slot.is_out_of_memory = false;
    return copy;
  }
  return std::move(slot.error);
}

}  // namespace oarlock::capi
