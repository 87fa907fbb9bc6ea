#include "oarlock/dataset.h"

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/sources/memory.h"
#include "data/sources/safetensors.h"
#include "guard.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_dataset_from_tensors(const char* const* names, oar_tensor* const* tensors, size_t count,
                                    oar_dataset** out) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_argument(names, "names"));
    OAR_TRY(require_argument(tensors, "tensors"));
    OAR_TRY(require_out(out, "out"));
    NamedTensors columns;
    for (size_t i = 0; i < count; ++i) {
      OAR_TRY(require_argument(names[i], "a name in names"));
      OAR_ASSIGN(const at::Tensor& tensor, unwrap(tensors[i]));
      columns.push_back({names[i], tensor});
    }
    OAR_ASSIGN(std::shared_ptr<Dataset> dataset, make_tensor_dataset(std::move(columns)));
    *out = wrap<oar_dataset>(std::move(dataset));
    return Status::ok();
  });
}

oar_status oar_dataset_from_safetensors(const char* path, const char* const* names, size_t count,
                                        oar_dataset** out) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_argument(path, "path"));
    OAR_TRY(require_out(out, "out"));
    std::vector<std::string> wanted;
    for (size_t i = 0; names != nullptr && i < count; ++i) {
      OAR_TRY(require_argument(names[i], "a name in names"));
      wanted.emplace_back(names[i]);
    }
    if (names != nullptr && count == 0)
      return invalid_argument("count is 0; names NULL takes every tensor of the file");
    OAR_ASSIGN(std::shared_ptr<Dataset> dataset, open_safetensors_dataset(path, wanted));
    *out = wrap<oar_dataset>(std::move(dataset));
    return Status::ok();
  });
}

oar_status oar_dataset_size(const oar_dataset* dataset, int64_t* out_size) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Dataset& self, unwrap(dataset));
    OAR_TRY(require_out(out_size, "out_size"));
    *out_size = self.size();
    return Status::ok();
  });
}

oar_status oar_dataset_get(oar_dataset* dataset, const int64_t* indices, size_t count, oar_tree** out_batch) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Dataset& self, unwrap(dataset));
    if (count > 0) OAR_TRY(require_argument(indices, "indices"));
    OAR_TRY(require_out(out_batch, "out_batch"));
    OAR_ASSIGN(Tree batch, self.fetch({indices, count}));
    *out_batch = wrap<oar_tree>(std::make_shared<Tree>(std::move(batch)));
    return Status::ok();
  });
}

oar_status oar_dataset_retain(oar_dataset* dataset) noexcept {
  return guard([&] { return retain_handle(dataset, HandleKind::kDataset); });
}

void oar_dataset_release(oar_dataset* dataset) noexcept { release(dataset); }
