#include "checkpoint/checkpoint.h"

#include "guard.h"
#include "oarlock/checkpoint.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_checkpoint_find_latest(const char* directory, char* buf, size_t* len) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_argument(directory, "directory"));
    OAR_TRY(require_out(len, "len"));
    OAR_ASSIGN(const std::string latest, find_latest_checkpoint(real_fs(), directory));
    return copy_text(latest, buf, len);
  });
}

oar_status oar_checkpoint_open(const char* path, oar_checkpoint** out) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_argument(path, "path"));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(std::shared_ptr<Checkpoint> checkpoint, Checkpoint::open(path));
    *out = wrap<oar_checkpoint>(std::move(checkpoint));
    return Status::ok();
  });
}

oar_status oar_checkpoint_verify(const oar_checkpoint* checkpoint) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Checkpoint& self, unwrap(checkpoint));
    return self.verify();
  });
}

oar_status oar_checkpoint_manifest(const oar_checkpoint* checkpoint, char* buf, size_t* len) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Checkpoint& self, unwrap(checkpoint));
    return copy_text(self.manifest().dump(), buf, len);
  });
}

oar_status oar_checkpoint_user_json(const oar_checkpoint* checkpoint, char* buf, size_t* len) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Checkpoint& self, unwrap(checkpoint));
    return copy_text(self.user().dump(), buf, len);
  });
}

oar_status oar_checkpoint_num_tensors(const oar_checkpoint* checkpoint, int64_t* out_num_tensors) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Checkpoint& self, unwrap(checkpoint));
    OAR_TRY(require_out(out_num_tensors, "out_num_tensors"));
    OAR_ASSIGN(*out_num_tensors, self.num_model_tensors());
    return Status::ok();
  });
}

oar_status oar_checkpoint_tensor_name(const oar_checkpoint* checkpoint, int64_t index, char* buf,
                                      size_t* len) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Checkpoint& self, unwrap(checkpoint));
    OAR_ASSIGN(const std::string name, self.model_tensor_name(index));
    return copy_text(name, buf, len);
  });
}

oar_status oar_checkpoint_tensor(const oar_checkpoint* checkpoint, const char* name, oar_tensor** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Checkpoint& self, unwrap(checkpoint));
    OAR_TRY(require_argument(name, "name"));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(at::Tensor tensor, self.model_tensor(name));
    *out = wrap<oar_tensor>(std::make_shared<at::Tensor>(std::move(tensor)));
    return Status::ok();
  });
}

oar_status oar_checkpoint_retain(oar_checkpoint* checkpoint) noexcept {
  return guard([&] { return retain_handle(checkpoint, HandleKind::kCheckpoint); });
}

void oar_checkpoint_release(oar_checkpoint* checkpoint) noexcept { release(checkpoint); }
