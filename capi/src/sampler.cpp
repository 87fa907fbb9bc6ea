#include "oarlock/sampler.h"

#include <vector>

#include "data/loader.h"
#include "guard.h"
#include "made_tree.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

oar_status set_host_order(oar_loader* loader, oar_sampler_fn fn, void* user_data, oar_release_fn release_fn,
                          bool gives_batches, std::source_location where = std::source_location::current()) noexcept {
  return guard_owning(
      user_data, release_fn,
      [&](UserData& owner) -> Status {
        OAR_ASSIGN(Loader & self, unwrap(loader));
        OAR_TRY(require_argument(fn, "fn"));
        const auto give = [fn, data = owner.share()](std::int64_t epoch) {
          return needed_by("gives orders", [&](oar_tree** order) { return fn(epoch, order, data.get()); });
        };
        return self.set_order(HostsOrder{give, gives_batches});
      },
      where);
}

}  // namespace

oar_status oar_loader_set_indices(oar_loader* loader, const int64_t* indices, size_t count) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Loader & self, unwrap(loader));
    if (count > 0) OAR_TRY(require_argument(indices, "indices"));
    return self.set_order(ListedOrder{std::vector<std::int64_t>(indices, indices + count)});
  });
}

oar_status oar_loader_set_weights(oar_loader* loader, oar_tensor* weights, int64_t num_samples,
                                  int32_t replacement) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Loader & self, unwrap(loader));
    OAR_ASSIGN(const at::Tensor& numbers, unwrap(weights));
    return self.set_order(WeightedOrder{numbers, {num_samples, replacement != 0}});
  });
}

oar_status oar_loader_set_sampler(oar_loader* loader, oar_sampler_fn fn, void* user_data,
                                  oar_release_fn release) noexcept {
  return set_host_order(loader, fn, user_data, release, false, std::source_location::current());
}

oar_status oar_loader_set_batch_sampler(oar_loader* loader, oar_sampler_fn fn, void* user_data,
                                        oar_release_fn release) noexcept {
  return set_host_order(loader, fn, user_data, release, true, std::source_location::current());
}
