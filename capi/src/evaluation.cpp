#include "oarlock/evaluation.h"

#include "accel/accelerator.h"
#include "guard.h"
#include "tensor/tree.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_accelerator_gather_for_metrics(oar_accelerator* accelerator, const oar_tensor* tensor,
                                              oar_tensor** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    OAR_ASSIGN(const at::Tensor& input, unwrap(tensor));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(at::Tensor gathered, self.gather_for_metrics(input));
    *out = wrap<oar_tensor>(std::make_shared<at::Tensor>(std::move(gathered)));
    return Status::ok();
  });
}

oar_status oar_accelerator_reduce_mean(oar_accelerator* accelerator, double value, double* out_mean) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    OAR_TRY(require_out(out_mean, "out_mean"));
    OAR_ASSIGN(*out_mean, self.reduce_mean(value));
    return Status::ok();
  });
}

oar_status oar_accelerator_gather_tree_for_metrics(oar_accelerator* accelerator, const oar_tree* tree,
                                                   int32_t use_objects, oar_tree** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    OAR_ASSIGN(const Tree& given, unwrap(tree));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(Tree gathered, self.gather_for_metrics(given, use_objects != 0));
    *out = wrap<oar_tree>(std::make_shared<Tree>(std::move(gathered)));
    return Status::ok();
  });
}

oar_status oar_accelerator_set_trigger(oar_accelerator* accelerator) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    return self.set_trigger();
  });
}

oar_status oar_accelerator_check_trigger(oar_accelerator* accelerator, int32_t* out_is_set) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Accelerator & self, unwrap(accelerator));
    OAR_TRY(require_out(out_is_set, "out_is_set"));
    OAR_ASSIGN(const bool is_set, self.check_trigger());
    *out_is_set = is_set ? 1 : 0;
    return Status::ok();
  });
}
