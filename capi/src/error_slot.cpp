#include "error_slot.h"

namespace oarlock::capi {
namespace {
thread_local std::unique_ptr<ErrorInfo> slot;
}  // namespace

void clear_error() noexcept { slot.reset(); }
void store_error(Status status) noexcept { slot = std::move(status).take(); }
const ErrorInfo* current_error() noexcept { return slot.get(); }
std::unique_ptr<ErrorInfo> take_error() noexcept { return std::move(slot); }

}  // namespace oarlock::capi
