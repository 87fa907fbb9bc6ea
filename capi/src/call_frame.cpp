#include "call_frame.h"

#include "handle.h"

namespace oarlock::capi {
namespace {
thread_local CallFrame* top = nullptr;
}  // namespace

CallFrame::CallFrame(bool any_thread) noexcept : outer_(top), any_thread_(any_thread) { top = this; }

CallFrame::~CallFrame() {
  leave_handles();
  top = outer_;
}

CallFrame* CallFrame::current() noexcept { return top; }

void CallFrame::keep(HandleHeader* header, bool owned) noexcept {
  if (num_entries_ < kInline) {
    entries_[num_entries_++] = Entry{header, owned};
  } else {
    more_.push_back(Entry{header, owned});
  }
}

void CallFrame::leave_handles() noexcept {
  const auto leave = [](const Entry& entry) {
    if (entry.owned) entry.header->owner.store(nullptr, std::memory_order_release);
    leave_handle(entry.header);
  };
  // Counted down first: destroying an object may run a callback that comes back here.
  while (!more_.empty()) {
    const Entry entry = more_.back();
    more_.pop_back();
    leave(entry);
  }
  while (num_entries_ > 0) leave(entries_[--num_entries_]);
}

}  // namespace oarlock::capi
