#include "model/session.h"

#include <oarlock/session.h>

#include "guard.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

// T: const at::Tensor or at::Tensor. What does not fit the number of arrays is only unwrapped.
template <class T>
Status unwrap_arrays(const char* what, oar_tensor* const* handles, std::size_t count, std::vector<T*>& arrays) {
  if (count > 0) OAR_TRY(require_argument(handles, what));
  for (std::size_t i = 0; i < count; ++i) {
    T* array = nullptr;
    if (handles[i] != nullptr) {
      OAR_ASSIGN(T & tensor, unwrap(handles[i]));
      array = &tensor;
    }
    if (i < arrays.size()) arrays[i] = array;
  }
  return Status::ok();
}

Status require_count(const char* what, std::size_t expected, std::size_t given, const char* null) {
  if (given == expected) return Status::ok();
  return invalid_argument("the model has {} {}, {} given; NULL stands for one that is not {}", expected, what, given,
                          null);
}

Status run_arrays(InSituRun& run, oar_tensor* const* inputs, std::size_t num_inputs, oar_tensor* const* outputs,
                  std::size_t num_outputs) {
  run.refresh();
  OAR_TRY(unwrap_arrays("inputs", inputs, num_inputs, run.inputs()));
  OAR_TRY(unwrap_arrays("outputs", outputs, num_outputs, run.outputs()));
  OAR_TRY(require_count("inputs", run.inputs().size(), num_inputs, "needed"));
  OAR_TRY(require_count("outputs", run.outputs().size(), num_outputs, "wanted"));
  return run.run();
}

}  // namespace

oar_status oar_session_create(oar_model* model, oar_session** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(std::shared_ptr<Model> self, unwrap_shared(model));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(std::shared_ptr<Session> session, Session::create(std::move(self)));
    *out = wrap<oar_session>(std::move(session));
    return Status::ok();
  });
}

oar_status oar_session_run(oar_session* session, oar_tensor* const* inputs, size_t num_inputs,
                           oar_tensor* const* outputs, size_t num_outputs) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Session & self, unwrap(session));
    return run_arrays(self.run(), inputs, num_inputs, outputs, num_outputs);
  });
}

oar_status oar_model_run(oar_model* model, oar_tensor* const* inputs, size_t num_inputs, oar_tensor* const* outputs,
                         size_t num_outputs) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & self, unwrap(model));
    OAR_ASSIGN(InSituRun * run, self.own_in_situ());
    return run_arrays(*run, inputs, num_inputs, outputs, num_outputs);
  });
}

oar_status oar_session_writes_in_place(const oar_session* session, int64_t index,
                                       int32_t* out_writes_in_place) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Session& self, unwrap(session));
    OAR_TRY(require_out(out_writes_in_place, "out_writes_in_place"));
    OAR_ASSIGN(const bool writes, self.run().writes_in_place(index));
    *out_writes_in_place = writes ? 1 : 0;
    return Status::ok();
  });
}

oar_status oar_session_retain(oar_session* session) noexcept {
  return guard([&] { return retain_handle(session, HandleKind::kSession); });
}

void oar_session_release(oar_session* session) noexcept { release(session); }
