#include "graph/pt2/archive.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <tuple>
#include <vector>

#include "base/strict_json.h"
#include "graph/pt2/schema.h"

namespace oarlock::pt2 {
namespace {

std::string_view text_of(const ZipRecord& record) {
  return {reinterpret_cast<const char*>(record.bytes.data()), record.bytes.size()};
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

// How an entry of the configuration lies in its record.
struct Placement {
  std::string record;
  at::ScalarType dtype = at::kFloat;
  std::vector<std::int64_t> sizes, strides;
  std::int64_t offset = 0;
  bool requires_grad = false;
  bool is_parameter = false;

  auto key() const { return std::tie(record, dtype, offset, sizes, strides, requires_grad, is_parameter); }
  bool operator<(const Placement& other) const { return key() < other.key(); }
};

Result<std::vector<std::int64_t>> fixed_sizes(const JsonValue& meta, std::string_view key) {
  OAR_ASSIGN(const JsonValue* list, array_at(meta, key));
  std::vector<std::int64_t> sizes;
  for (const JsonValue& item : list->items()) {
    OAR_ASSIGN(const std::int64_t size, integer_at(item, "as_int"));
    if (size < 0) return corrupt("member \"{}\" has the negative number {}", key, size);
    sizes.push_back(size);
  }
  return sizes;
}

Result<Placement> read_placement(const JsonValue& entry) {
  OAR_ASSIGN(const bool use_pickle, flag_at(entry, "use_pickle"));
  if (use_pickle)
    return unsupported("it is stored as a pickle (a tensor subclass or a quantised tensor); export plain tensors");
  Placement placement;
  OAR_ASSIGN(placement.record, string_at(entry, "path_name"));
  OAR_ASSIGN(placement.is_parameter, flag_at(entry, "is_param"));
  OAR_ASSIGN(const JsonValue* meta, object_at(entry, "tensor_meta"));
  OAR_ASSIGN(const std::int64_t dtype, integer_at(*meta, "dtype"));
  OAR_ASSIGN(placement.dtype, dtype_of_schema(dtype));
  OAR_ASSIGN(const std::int64_t layout, integer_at(*meta, "layout"));
  OAR_TRY(layout_of_schema(layout).status());
  OAR_ASSIGN(placement.sizes, fixed_sizes(*meta, "sizes"));
  OAR_ASSIGN(placement.strides, fixed_sizes(*meta, "strides"));
  OAR_ASSIGN(placement.requires_grad, flag_at(*meta, "requires_grad"));
  OAR_ASSIGN(const JsonValue* offset, object_at(*meta, "storage_offset"));
  OAR_ASSIGN(placement.offset, integer_at(*offset, "as_int"));
  if (placement.offset < 0) return corrupt("member \"storage_offset\" is negative: {}", placement.offset);
  if (placement.sizes.size() != placement.strides.size()) {
    return corrupt("it has {} sizes and {} strides", placement.sizes.size(), placement.strides.size());
  }
  if (placement.requires_grad && !c10::isFloatingType(placement.dtype) && !c10::isComplexType(placement.dtype)) {
    return corrupt("it requires a gradient and is not floating-point");
  }
  return placement;
}

// The bytes that the placement reaches, from the record's begin; nullopt: more than 2^63.
std::optional<std::int64_t> reached_bytes(const Placement& placement) {
  std::int64_t last = placement.offset;
  for (std::size_t i = 0; i < placement.sizes.size(); ++i) {
    if (placement.sizes[i] == 0) return 0;
    std::int64_t step = 0;
    if (__builtin_mul_overflow(placement.sizes[i] - 1, placement.strides[i], &step)) return std::nullopt;
    if (__builtin_add_overflow(last, step, &last)) return std::nullopt;
  }
  std::int64_t bytes = 0;
  const auto element = static_cast<std::int64_t>(c10::elementSize(placement.dtype));
  if (__builtin_add_overflow(last, 1, &last) || __builtin_mul_overflow(last, element, &bytes)) return std::nullopt;
  return bytes;
}

// numel must fit too: strides of 0 reach little and still name 2^63 elements.
bool numel_fits(const Placement& placement) {
  std::int64_t numel = 1;
  for (const std::int64_t size : placement.sizes) {
    if (__builtin_mul_overflow(numel, size, &numel)) return false;
  }
  std::int64_t bytes = 0;
  return !__builtin_mul_overflow(numel, std::int64_t{16}, &bytes);
}

constexpr std::uint64_t kMarkBytesMax = 4096;  // of records like "byteorder": a word

Status check_bounds(const Placement& placement, std::size_t record_bytes) {
  const std::optional<std::int64_t> bytes = reached_bytes(placement);
  if (!bytes || !numel_fits(placement)) return corrupt("its shape and strides do not fit 63 bits");
  if (static_cast<std::uint64_t>(*bytes) <= record_bytes) return Status::ok();
  if (record_bytes == 0) {
    return unsupported(
        "the program was exported without its value (weights=False, or a model on the meta device); weights can come "
        "from the safetensors file in the option model.weights, constants and buffers that are not saved cannot");
  }
  return corrupt("it reaches {} bytes of record {}, which has {}", *bytes, placement.record, record_bytes);
}

at::Tensor copy_of(const ZipRecord& record, at::Device device) {
  at::Tensor bytes = at::empty({static_cast<std::int64_t>(record.bytes.size())}, at::TensorOptions().dtype(at::kByte));
  if (!record.bytes.empty()) std::memcpy(bytes.mutable_data_ptr(), record.bytes.data(), record.bytes.size());
  return bytes.to(device);
}

// Memory of its own for a tensor whose record is empty.
at::Tensor room_for(const Placement& placement, at::Device device) {
  at::Tensor tensor =
      at::empty_strided(placement.sizes, placement.strides, at::TensorOptions().dtype(placement.dtype).device(device));
  if (placement.requires_grad) tensor.set_requires_grad(true);
  return tensor;
}

at::Tensor place(const Placement& placement, const at::Tensor& storage_owner) {
  at::Tensor tensor = at::empty({0}, storage_owner.options().dtype(placement.dtype));
  tensor.set_(storage_owner.storage(), placement.offset, placement.sizes, placement.strides);
  if (placement.requires_grad) tensor.set_requires_grad(true);
  return tensor;
}

}  // namespace

Result<JsonValue> Archive::json_record(const std::string& name) const {
  if (!zip_->contains(name)) return corrupt("record {} is missing", name);
  OAR_ASSIGN(const ZipRecord record, zip_->record(name, StrictJsonLimits{}.size_bytes_max));
  Result<JsonValue> parsed = parse_strict_json(text_of(record));
  if (!parsed.is_ok()) return std::move(parsed).status().within(name);
  return parsed;
}

Result<Archive> Archive::open(const std::string& path) {
  Archive archive;
  OAR_ASSIGN(archive.zip_, ZipArchive::open(path));
  const std::vector<std::string>& names = archive.zip_->names();
  constexpr std::string_view kModels = "models/";
  std::vector<std::string> models;
  for (const std::string& name : names) {
    const std::size_t slash = name.find('/');
    if (slash == name.npos || name.compare(slash + 1, kModels.size(), kModels) != 0) continue;
    const std::string file = name.substr(slash + 1 + kModels.size());
    if (file.size() <= 5 || file.compare(file.size() - 5, 5, ".json") != 0) continue;
    archive.root_ = name.substr(0, slash + 1);
    models.push_back(file.substr(0, file.size() - 5));
  }
  if (models.empty()) return corrupt("{} is no exported program: it has no models/<name>.json", path);
  if (models.size() > 1) return unsupported("{} holds {} programs; one is expected", path, models.size());
  archive.model_ = models.front();

  const auto check_text = [&](const char* name, std::string_view wanted, oar_status code) -> Status {
    const std::string record_name = archive.root_ + name;
    if (!archive.zip_->contains(record_name)) return Status::ok();
    OAR_ASSIGN(const ZipRecord record, archive.zip_->record(record_name, kMarkBytesMax));
    const std::string_view given = trim(text_of(record));
    if (given == wanted) return Status::ok();
    return Status(code,
                  fmt::format("{}: {} is \"{}\", this build reads \"{}\"", path, name, given.substr(0, 64), wanted));
  };
  OAR_TRY(check_text("archive_format", "pt2", OAR_E_UNSUPPORTED));
  OAR_TRY(check_text("archive_version", "0", OAR_E_VERSION));
  OAR_TRY(check_text("byteorder", "little", OAR_E_UNSUPPORTED));
  return archive;
}

Result<JsonValue> Archive::program() const { return json_record(root_ + "models/" + model_ + ".json"); }

Result<std::optional<JsonValue>> Archive::extra() const {
  const std::string name = root_ + "extra/oarlock.json";
  if (!zip_->contains(name)) return std::optional<JsonValue>();
  OAR_ASSIGN(JsonValue document, json_record(name));
  return std::optional<JsonValue>(std::move(document));
}

Result<StoredTensors> Archive::read_tensors(const std::string& folder, const std::string& config_name,
                                            at::Device device, bool empty_is_fine) const {
  OAR_ASSIGN(const JsonValue document, json_record(folder + config_name));
  OAR_ASSIGN(const JsonValue* config, object_at(document, "config"));
  StoredTensors tensors;
  std::map<std::string, at::Tensor> storages;  // by record
  std::map<Placement, at::Tensor> tied;
  for (const auto& [name, entry] : config->members()) {
    Result<Placement> read = read_placement(entry);
    if (!read.is_ok()) return std::move(read).status().within(fmt::format("tensor {}", name));
    const Placement& placement = read.value();
    at::Tensor& storage = storages[placement.record];
    if (!storage.defined()) {
      if (!zip_->contains(folder + placement.record))
        return corrupt("tensor {}: record {} is missing", name, placement.record);
      OAR_ASSIGN(const ZipRecord record, zip_->record(folder + placement.record));
      storage = copy_of(record, device);
    }
    if (empty_is_fine && storage.numel() == 0 && numel_fits(placement) && reached_bytes(placement).value_or(0) > 0) {
      tensors[name] = StoredTensor{room_for(placement, device), placement.is_parameter, false};
      continue;
    }
    Status bounds = check_bounds(placement, static_cast<std::size_t>(storage.numel()));
    if (!bounds.is_ok()) return std::move(bounds).within(fmt::format("tensor {}", name));
    at::Tensor& tensor = tied[placement];
    if (!tensor.defined()) tensor = place(placement, storage);
    tensors[name] = StoredTensor{tensor, placement.is_parameter};
  }
  return tensors;
}

Result<StoredTensors> Archive::weights(at::Device device, bool empty_is_fine) const {
  const std::string folder = root_ + "data/weights/";
  const std::string old = folder + model_ + ".pt";
  if (zip_->contains(old)) {
    return wrong_version(
        "{} holds pickled weights as torch 2.8 and earlier wrote them; export it with torch 2.11 or later", old);
  }
  return read_tensors(folder, model_ + "_weights_config.json", device, empty_is_fine);
}

Result<StoredTensors> Archive::constants(at::Device device) const {
  const std::string folder = root_ + "data/constants/";
  const std::string config = model_ + "_constants_config.json";
  if (!zip_->contains(folder + config)) return StoredTensors();
  return read_tensors(folder, config, device, false);
}

}  // namespace oarlock::pt2
