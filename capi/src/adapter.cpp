#include "oarlock/adapter.h"

#include "checkpoint/adapter_folder.h"
#include "guard.h"
#include "model/lora.h"
#include "model/model.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_model_freeze(oar_model* model, const char* pattern, int32_t frozen, int64_t* out_count) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & self, unwrap(model));
    OAR_TRY(require_argument(pattern, "pattern"));
    OAR_TRY(require_out(out_count, "out_count"));
    OAR_ASSIGN(*out_count, self.freeze(pattern, frozen != 0));
    return Status::ok();
  });
}

oar_status oar_model_add_lora(oar_model* model, const char* options) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & self, unwrap(model));
    OAR_TRY(require_argument(options, "options"));
    OAR_ASSIGN(GraphModel * program, self.require_program("oar_model_add_lora"));
    OAR_ASSIGN(LoraOptions parsed, parse_lora_options(options));
    return add_lora(*program, std::move(parsed));
  });
}

oar_status oar_model_save_lora(const oar_model* model, const char* directory) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & self, unwrap(const_cast<oar_model*>(model)));
    OAR_TRY(require_argument(directory, "directory"));
    OAR_ASSIGN(const GraphModel* program, self.require_program("oar_model_save_lora"));
    return save_adapters(real_fs(), *program, directory);
  });
}

oar_status oar_model_load_lora(oar_model* model, const char* directory) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & self, unwrap(model));
    OAR_TRY(require_argument(directory, "directory"));
    OAR_ASSIGN(GraphModel * program, self.require_program("oar_model_load_lora"));
    return load_adapters(*program, directory);
  });
}

oar_status oar_model_merge_lora(oar_model* model) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Model & self, unwrap(model));
    OAR_ASSIGN(GraphModel * program, self.require_program("oar_model_merge_lora"));
    return merge_lora(*program);
  });
}
