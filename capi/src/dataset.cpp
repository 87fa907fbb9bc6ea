#include "oarlock/dataset.h"

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"
#include "data/sources/callback.h"
#include "data/sources/concatenation.h"
#include "data/sources/csv.h"
#include "data/sources/memory.h"
#include "data/sources/safetensors.h"
#include "data/sources/subset.h"
#include "data/sources/tokens.h"
#include "guard.h"
#include "made_tree.h"
#include "tensor/dtype.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

Status require_flags(std::int32_t flags, std::int32_t known) {
  if ((flags & ~known) == 0) return Status::ok();
  return invalid_argument("flags has unknown bits: {} (known ones: {})", flags, known);
}

Result<std::vector<CsvColumn>> csv_columns(const char* const* names, size_t num_names, const int32_t* dtypes,
                                           size_t num_dtypes) {
  std::vector<CsvColumn> columns;
  if (names == nullptr && num_dtypes > 0) return invalid_argument("there are dtypes and no names");
  if (names == nullptr) return columns;
  if (num_names == 0) return invalid_argument("num_names is 0; names NULL takes every column of the header");
  if (num_dtypes > 0) OAR_TRY(require_argument(dtypes, "dtypes"));
  if (dtypes != nullptr && num_dtypes != 0 && num_dtypes != num_names)
    return invalid_argument("there are {} names and {} dtypes", num_names, num_dtypes);
  for (size_t i = 0; i < num_names; ++i) {
    OAR_TRY(require_argument(names[i], "a name in names"));
    CsvColumn column{names[i], std::nullopt, false};
    const int32_t code = num_dtypes > 0 ? dtypes[i] : OAR_CSV_FOUND;
    column.is_text = code == OAR_CSV_TEXT;
    if (code != OAR_CSV_TEXT && code != OAR_CSV_FOUND) {
      OAR_ASSIGN(column.dtype, dtype_from_code(code));
    }
    columns.push_back(std::move(column));
  }
  return columns;
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

oar_status oar_dataset_from_csv(const char* path, const char* const* names, size_t num_names, const int32_t* dtypes,
                                size_t num_dtypes, const char* delimiter, int32_t flags, oar_dataset** out) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_argument(path, "path"));
    OAR_TRY(require_flags(flags, OAR_CSV_NO_HEADER));
    OAR_TRY(require_out(out, "out"));
    CsvFile file{path, {}, (flags & OAR_CSV_NO_HEADER) == 0, ','};
    if (delimiter != nullptr) {
      const std::string_view text = delimiter;
      if (text.size() != 1 || static_cast<unsigned char>(text[0]) >= 0x80)
        return invalid_argument("the delimiter is one ASCII character, got '{}'", text);
      file.delimiter = text[0];
    }
    OAR_ASSIGN(file.columns, csv_columns(names, num_names, dtypes, num_dtypes));
    OAR_ASSIGN(std::shared_ptr<Dataset> dataset, open_csv_dataset(file));
    *out = wrap<oar_dataset>(std::move(dataset));
    return Status::ok();
  });
}

oar_status oar_dataset_subset(oar_dataset* dataset, const int64_t* indices, size_t count, oar_dataset** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(std::shared_ptr<const Dataset> source, unwrap_shared(dataset));
    if (count > 0) OAR_TRY(require_argument(indices, "indices"));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(std::shared_ptr<Dataset> made, make_subset(std::move(source), {indices, indices + count}));
    *out = wrap<oar_dataset>(std::move(made));
    return Status::ok();
  });
}

oar_status oar_dataset_concatenate(oar_dataset* const* datasets, size_t count, oar_dataset** out) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_argument(datasets, "datasets"));
    OAR_TRY(require_out(out, "out"));
    std::vector<std::shared_ptr<const Dataset>> parts;
    for (size_t i = 0; i < count; ++i) {
      OAR_ASSIGN(std::shared_ptr<const Dataset> part, unwrap_shared(datasets[i]));
      parts.push_back(std::move(part));
    }
    OAR_ASSIGN(std::shared_ptr<Dataset> made, make_concatenation(std::move(parts)));
    *out = wrap<oar_dataset>(std::move(made));
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
      return needed_by("makes samples", [&](oar_tree** sample) { return fn(index, sample, data.get()); });
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
      return made_by("makes samples", [&](oar_tree** sample) { return fn(epoch, index, sample, data.get()); });
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
