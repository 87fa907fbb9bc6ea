#include "guard.h"

#include <pthread.h>

#include <exception>
#include <optional>

#include "base/current_function.h"
#include "base/log.h"
#include "base/thread.h"
#include "call_frame.h"
#include "error_slot.h"
#include "first_use.h"
#include "float_environment.h"
#include "pool_float_environment.h"
#include "tensor/exceptions.h"
#include "torch_thread_state.h"

namespace oarlock::capi {
namespace {

// "/x/capi/src/config.cpp" -> "config"
std::string component_of(const std::source_location& where) {
  std::string_view file = where.file_name();
  file.remove_prefix(file.rfind('/') + 1);
  return std::string(file.substr(0, file.rfind('.')));
}

void store_failure(Status status, const std::source_location& where) {
  std::unique_ptr<ErrorInfo> info = std::move(status).take();
  if (info->component.empty()) info->component = component_of(where);
  if (info->operation.empty()) info->operation = function_name(where.function_name());
  store_error(std::move(info));
}

// glibc cancels a thread by an exception that must not be caught; here it would be. A request waits for the call's end.
class CancellationOff {
 public:
  CancellationOff() noexcept { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_); }
  ~CancellationOff() { pthread_setcancelstate(before_, nullptr); }
  CancellationOff(const CancellationOff&) = delete;
  CancellationOff& operator=(const CancellationOff&) = delete;

 private:
  int before_ = PTHREAD_CANCEL_ENABLE;
};

// Inference mode is the host's affair; in it a forward would record nothing.
Status call_body(Status (*body)(void*), void* context) {
  std::optional<c10::InferenceMode> off;
  if (c10::InferenceMode::is_enabled()) off.emplace(false);
  return body(context);
}

// The body's status, or what its exception means; std::bad_alloc flies on.
Status run_body(Status (*body)(void*), void* context, bool& changed_thread_state) {
  const TorchThreadState thread_state;
  try {
    Status status = call_body(body, context);
    changed_thread_state = thread_state.restore();
    return status;
  } catch (...) {
    changed_thread_state = thread_state.restore();
    return status_of_current_exception();
  }
}

// What earlier calls and other threads left to the next call. Only where no body of this thread is running: what dies
// may be what that body uses. Not on our own threads, which what dies may wait for, nor in calls that promise to be
// quick.
void settle_what_is_owed() {
  if (Reaper::instance().has_work()) Reaper::instance().drain();
  deliver_queued_messages();
}

}  // namespace

oar_status run_guarded(Status (*body)(void*), void* context, const std::source_location& where,
                       GuardOptions options) noexcept {
  const FloatEnvironment float_environment;
  const CancellationOff cancellation_off;
  // The text of oar_last_error may be an argument of this very call.
  const std::unique_ptr<ErrorInfo> error_before = options.keep_error ? nullptr : detach_error();
  oar_status code = OAR_E_OUT_OF_MEMORY;
  try {
    if (!options.any_torch) mark_use();
    Status status = check_process();
    if (status.code() == OAR_E_VERSION && options.any_torch) {
      status = body(context);
    } else if (status.is_ok()) {
      CallFrame frame(options.any_thread);
      const CurrentFunction function(where.function_name());
      const PoolFloatEnvironment pool(frame.is_outermost() && !float_environment.was_standard());
      const bool settles = frame.is_outermost() && !options.any_thread && !options.keep_error && !on_own_thread();
      if (settles) settle_what_is_owed();  // first, so that memory is free before the body asks for more
      bool changed_thread_state = false;
      status = run_body(body, context, changed_thread_state);
      if (changed_thread_state && armor_is_on() && status.is_ok()) {
        status =
            internal_error("{} left a thread-local of libtorch changed (autograd or dispatch keys); it was put back",
                           function_name(where.function_name()));
      }
      frame.leave_handles();
      if (settles) settle_what_is_owed();
    }
    if (options.user_data != nullptr) options.user_data->end();
    code = status.code();
    if (code != OAR_OK) {
      store_failure(std::move(status), where);
    } else if (!options.keep_error) {
      clear_error();  // a call that failed inside a callback left one
    }
  } catch (...) {
    // Only making a text can have thrown, for want of memory; what the call itself had to say is its code.
    if (options.user_data != nullptr) options.user_data->end();
    store_out_of_memory();
    return OAR_E_OUT_OF_MEMORY;
  }
  return code;
}

Status copy_text(std::string_view text, char* buf, std::size_t* len) {
  OAR_TRY(require_out(len, "len"));
  const std::size_t need = text.size() + 1;
  if (buf != nullptr && *len < need) {
    const std::size_t room = *len;
    *len = need;
    return invalid_argument("the buffer has room for {} bytes, {} are needed", room, need);
  }
  if (buf != nullptr) {
    std::memcpy(buf, text.data(), text.size());
    buf[text.size()] = '\0';
  }
  *len = need;
  return Status::ok();
}

}  // namespace oarlock::capi
