#include "oarlock/dataset.h"

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/sources/callback.h"
#include "data/sources/memory.h"
#include "data/sources/safetensors.h"
#include "data/sources/tokens.h"
#include "error_slot.h"
#include "guard.h"
#include "own_handle.h"
#include "tensor/dtype.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

Status require_flags(std::int32_t flags, std::int32_t known) {
  if ((flags & ~known) == 0) return Status::ok();
  return invalid_argument("flags has unknown bits: {} (known ones: {})", flags, known);
}

// What call(&sample) made; nullopt: nothing, and no failure. What went wrong inside is what its last call of the
// library said.
template <class Call>
Result<std::optional<Tree>> made_by(const Call& call) {
  OwnHandle<oar_tree> sample;
  clear_error();
  const std::int32_t value = call(sample.out());
  if (value != 0) {
    const ErrorInfo* inside = current_error();
    return callback_failed("the function that makes samples returned {}{}{}", value,
                           inside != nullptr ? "; the last error inside it: " : "",
                           inside != nullptr ? inside->message : "")
        .with_vendor_code(value);
  }
  if (sample.get() == nullptr) return std::optional<Tree>();
  OAR_ASSIGN(const Tree& given, unwrap(sample.get()));
  return std::optional<Tree>(given);
}

}  // namespace

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

oar_status oar_dataset_from_tokens(const char* path, int32_t dtype, int64_t sequence_length, int64_t stride,
                                   int32_t with_labels, oar_dataset** out) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_argument(path, "path"));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(const at::ScalarType type, dtype_from_code(dtype));
    OAR_ASSIGN(std::shared_ptr<Dataset> dataset,
               open_token_dataset({path, type, sequence_length, stride, with_labels != 0}));
    *out = wrap<oar_dataset>(std::move(dataset));
    return Status::ok();
  });
}

oar_status oar_dataset_from_samples(int64_t num_samples, int32_t flags, oar_sample_fn fn, void* user_data,
                                    oar_release_fn release_fn, oar_dataset** out) noexcept {
  return guard_owning(user_data, release_fn, [&](UserData& owner) -> Status {
    OAR_TRY(require_argument(fn, "fn"));
    OAR_TRY(require_flags(flags, OAR_CALLBACK_ANY_THREAD));
    OAR_TRY(require_out(out, "out"));
    const auto make = [fn, data = owner.share()](std::int64_t index) -> Result<Tree> {
      OAR_ASSIGN(std::optional<Tree> made, made_by([&](oar_tree** sample) { return fn(index, sample, data.get()); }));
      if (made) return std::move(*made);
      return callback_failed("the function that makes samples returned 0 and gave none");
    };
    OAR_ASSIGN(std::shared_ptr<Dataset> dataset,
               make_sample_dataset({num_samples, (flags & OAR_CALLBACK_ANY_THREAD) != 0, make}));
    *out = wrap<oar_dataset>(std::move(dataset));
    return Status::ok();
  });
}

oar_status oar_dataset_from_stream(int32_t flags, oar_stream_fn fn, void* user_data, oar_release_fn release_fn,
                                   oar_dataset** out) noexcept {
  return guard_owning(user_data, release_fn, [&](UserData& owner) -> Status {
    OAR_TRY(require_argument(fn, "fn"));
    OAR_TRY(require_flags(flags, OAR_CALLBACK_ANY_THREAD | OAR_STREAM_SEEKABLE));
    OAR_TRY(require_out(out, "out"));
    const auto read = [fn, data = owner.share()](std::int64_t epoch, std::int64_t index) {
      return made_by([&](oar_tree** sample) { return fn(epoch, index, sample, data.get()); });
    };
    *out = wrap<oar_dataset>(
        make_stream_dataset({(flags & OAR_CALLBACK_ANY_THREAD) != 0, (flags & OAR_STREAM_SEEKABLE) != 0, read}));
    return Status::ok();
  });
}

oar_status oar_dataset_size(const oar_dataset* dataset, int64_t* out_size) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Dataset& self, unwrap(dataset));
    OAR_TRY(require_out(out_size, "out_size"));
    if (self.stream() != nullptr) return unsupported("a stream has no size: it is over when it says so");
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
