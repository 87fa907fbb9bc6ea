// What one running guard knows: the handles that its body entered, and how it was called.
#pragma once

#include <cstddef>
#include <vector>

#include "handle_pool.h"

namespace oarlock::capi {

class CallFrame {
 public:
  // Frames of one thread form a stack: a callback's calls lie above the call that runs the callback.
  explicit CallFrame(bool any_thread) noexcept;
  ~CallFrame();
  CallFrame(const CallFrame&) = delete;
  CallFrame& operator=(const CallFrame&) = delete;

  static CallFrame* current() noexcept;  // nullptr: this thread is inside no guard
  bool is_outermost() const noexcept { return outer_ == nullptr; }
  bool any_thread() const noexcept { return any_thread_; }

  // The one step of keep() that can fail, before there is anything to undo.
  void make_room() {
    if (num_entries_ == kInline) more_.reserve(more_.size() + 1);
  }
  // Takes over one reference of the handle; `owned`: this frame made the thread the handle's owner.
  void keep(HandleHeader* header, bool owned) noexcept;
  // Gives everything back that was kept. The frame stays on the stack.
  void leave_handles() noexcept;

 private:
  struct Entry {
    HandleHeader* header;
    bool owned;
  };
  static constexpr std::size_t kInline = 32;  // a session with its arrays; more are kept on the heap

  CallFrame* outer_;
  bool any_thread_;
  std::size_t num_entries_ = 0;
  Entry entries_[kInline];
  std::vector<Entry> more_;
};

}  // namespace oarlock::capi
