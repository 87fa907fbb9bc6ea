// libtorch's thread-locals that decide what an operator does (autograd on or off, inference mode, autocast and other
// dispatch keys), compared before and after one call. They belong to the host: Julia tasks and async Rust move between
// threads from call to call, and a Python host has its own.
#pragma once

#include <c10/core/AutogradState.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

namespace oarlock::capi {

class TorchThreadState {
 public:
  TorchThreadState() noexcept : autograd_(autograd()), keys_(c10::impl::tls_local_dispatch_key_set()) {}

  // Puts back what a body left changed; true if there was anything.
  bool restore() const noexcept {
    const c10::impl::LocalDispatchKeySet now = c10::impl::tls_local_dispatch_key_set();
    const bool keys_changed = now.included_ != keys_.included_ || now.excluded_ != keys_.excluded_;
    const bool autograd_changed = autograd() != autograd_;
    if (keys_changed) c10::impl::_force_tls_local_dispatch_key_set(keys_);
    if (autograd_changed) {
      c10::AutogradState& state = c10::AutogradState::get_tls_state();
      state.set_grad_mode((autograd_ & kGrad) != 0);
      state.set_inference_mode((autograd_ & kInference) != 0);
      state.set_fw_grad_mode((autograd_ & kForwardGrad) != 0);
    }
    return keys_changed || autograd_changed;
  }

 private:
  static constexpr unsigned kGrad = 1, kInference = 2, kForwardGrad = 4;
  static unsigned autograd() noexcept {
    const c10::AutogradState& state = c10::AutogradState::get_tls_state();
    return (state.get_grad_mode() ? kGrad : 0) | (state.get_inference_mode() ? kInference : 0) |
           (state.get_fw_grad_mode() ? kForwardGrad : 0);
  }

  unsigned autograd_;
  c10::impl::LocalDispatchKeySet keys_;
};

}  // namespace oarlock::capi
