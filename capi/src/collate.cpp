#include "oarlock/collate.h"

#include "data/loader.h"
#include "data/sources/packed.h"
#include "guard.h"
#include "made_tree.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_loader_set_padding(oar_loader* loader, const char* column, double pad_value, int64_t multiple_of,
                                  int32_t pad_first, const char* mask) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Loader & self, unwrap(loader));
    OAR_TRY(require_argument(column, "column"));
    return self.set_padding({column, pad_value, multiple_of, pad_first != 0, mask != nullptr ? mask : ""});
  });
}

oar_status oar_loader_set_collate(oar_loader* loader, int32_t flags, oar_collate_fn fn, void* user_data,
                                  oar_release_fn release_fn) noexcept {
  return guard_owning(user_data, release_fn, [&](UserData& owner) -> Status {
    OAR_ASSIGN(Loader & self, unwrap(loader));
    if ((flags & ~OAR_CALLBACK_ANY_THREAD) != 0) {
      return invalid_argument("flags has unknown bits: {} (known ones: {})", flags, OAR_CALLBACK_ANY_THREAD);
    }
    OAR_TRY(require_argument(fn, "fn"));
    const auto join = [fn, data = owner.share()](const Tree& samples) {
      const OwnHandle<oar_tree> list(wrap<oar_tree>(std::make_shared<Tree>(samples)));
      return needed_by("joins samples", [&](oar_tree** batch) { return fn(list.get(), batch, data.get()); });
    };
    return self.set_collate({join, (flags & OAR_CALLBACK_ANY_THREAD) != 0});
  });
}

oar_status oar_dataset_pack(oar_dataset* dataset, const char* column, int64_t row_length, double pad_value,
                            oar_dataset** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(std::shared_ptr<const Dataset> source, unwrap_shared(dataset));
    OAR_TRY(require_argument(column, "column"));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(std::shared_ptr<Dataset> made, make_packed_dataset(std::move(source), {column, row_length, pad_value}));
    *out = wrap<oar_dataset>(std::move(made));
    return Status::ok();
  });
}
