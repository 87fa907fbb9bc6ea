#include "format/safetensors.h"

#include <algorithm>

#include "base/strict_json.h"
#include "base/text.h"
#include "format/byte_reader.h"
#include "tensor/dtype.h"
#include "tensor/memory.h"

namespace oarlock {
namespace {

constexpr std::string_view kMetadataKey = "__metadata__";
constexpr std::uint64_t kPrefixBytes = 8;

// Digits only: the format has no signs, fractions or exponents.
Result<std::uint64_t> as_offset(const JsonValue& value) {
  const auto number = value.is_number() ? parse_number<std::uint64_t>(value.text()) : std::nullopt;
  if (!number) return corrupt("a whole number >= 0 is needed, got {}", value.dump());
  return *number;
}

Status read_metadata(const JsonValue& value, std::map<std::string, std::string>* metadata) {
  if (!value.is_object()) return corrupt("{} is not an object", kMetadataKey);
  for (const auto& [key, text] : value.members()) {
    if (!text.is_string()) return corrupt("{} maps text to text, '{}' is {}", kMetadataKey, key, text.dump());
    metadata->emplace(key, text.text());
  }
  return Status::ok();
}

Status read_shape(const JsonValue& value, SafetensorsEntry* entry) {
  if (!value.is_array()) return corrupt("shape is not an array");
  for (const JsonValue& item : value.items()) {
    OAR_ASSIGN(const std::uint64_t size, as_offset(item));
    if (size > static_cast<std::uint64_t>(INT64_MAX)) return corrupt("size {} in the shape passes 2^63", size);
    entry->shape.push_back(static_cast<std::int64_t>(size));
  }
  return Status::ok();
}

Result<SafetensorsEntry> read_entry(const std::string& name, const JsonValue& value) {
  if (!value.is_object() || value.members().size() != 3) {
    return corrupt("a tensor has exactly dtype, shape and data_offsets");
  }
  OAR_ASSIGN(const JsonValue* dtype, value.at("dtype"));
  OAR_ASSIGN(const JsonValue* shape, value.at("shape"));
  OAR_ASSIGN(const JsonValue* offsets, value.at("data_offsets"));
  SafetensorsEntry entry;
  entry.name = name;
  if (!dtype->is_string()) return corrupt("dtype is not a string");
  OAR_ASSIGN(entry.dtype, dtype_from_safetensors_name(dtype->text()));
  OAR_TRY(read_shape(*shape, &entry));
  if (!offsets->is_array() || offsets->items().size() != 2) return corrupt("data_offsets is not a pair");
  OAR_ASSIGN(entry.begin, as_offset(offsets->items()[0]));
  OAR_ASSIGN(entry.end, as_offset(offsets->items()[1]));
  if (entry.end < entry.begin) return corrupt("data_offsets go backwards: [{}, {}]", entry.begin, entry.end);
  const Result<std::int64_t> numel = checked_numel(entry.shape, entry.dtype);
  if (!numel.is_ok()) return corrupt("{}", numel.status().message());
  const std::uint64_t bytes = static_cast<std::uint64_t>(numel.value()) * c10::elementSize(entry.dtype);
  if (bytes != entry.end - entry.begin) {
    return corrupt("shape and dtype need {} bytes, data_offsets [{}, {}] give {}", bytes, entry.begin, entry.end,
                   entry.end - entry.begin);
  }
  return entry;
}

// Note: tiling. In the order of their offsets the tensors must cover the data section without gap or overlap: anything
// else is damage, an amplification, or a place to hide another file in.
Status check_tiling(SafetensorsHeader* header, std::uint64_t file_bytes) {
  std::ranges::stable_sort(header->entries, {}, [](const auto& entry) { return std::pair(entry.begin, entry.end); });
  std::uint64_t expected = 0;
  for (const SafetensorsEntry& entry : header->entries) {
    if (entry.begin != expected) {
      return corrupt("tensor '{}' starts at data offset {}, {} (file byte {}); {} was expected", entry.name,
                     entry.begin, entry.begin > expected ? "leaving a gap" : "overlapping the one before",
                     header->data_begin + entry.begin, expected);
    }
    expected = entry.end;
  }
  const std::uint64_t data_bytes = file_bytes - header->data_begin;
  if (expected == data_bytes) return Status::ok();
  return corrupt("the data section, from byte {}, has {} bytes; the header describes {}", header->data_begin,
                 data_bytes, expected);
}

Status check_bools(const SafetensorsEntry& entry, std::span<const std::byte> bytes, std::uint64_t file_offset) {
  if (entry.dtype != at::kBool) return Status::ok();
  const auto bad = std::ranges::find_if(bytes, [](std::byte value) { return value > std::byte{1}; });
  if (bad == bytes.end()) return Status::ok();
  return corrupt("a bool is 0 or 1, byte {} is {}", file_offset + static_cast<std::uint64_t>(bad - bytes.begin()),
                 std::to_integer<int>(*bad));
}

}  // namespace

Result<SafetensorsHeader> read_safetensors_header(std::span<const std::byte> file) {
  if (file.size() < kPrefixBytes) {
    return corrupt("a safetensors file has at least {} bytes, this one {}", kPrefixBytes, file.size());
  }
  const auto length = load_little_endian<std::uint64_t>(file, 0);
  if (length > kSafetensorsHeaderBytesMax) {
    return corrupt("the header length at byte 0 passes the format's limit of {}: {}", kSafetensorsHeaderBytesMax,
                   length);
  }
  if (!fits(kPrefixBytes, length, file.size())) {
    return corrupt("the header, {} bytes from byte {}, reaches beyond the end of the file: {} bytes", length,
                   kPrefixBytes, file.size());
  }
  const std::string_view text(reinterpret_cast<const char*>(file.data()) + kPrefixBytes, length);
  if (!text.starts_with('{')) return corrupt("the header does not begin with '{{' at byte {}", kPrefixBytes);
  Result<JsonValue> parsed = parse_strict_json(text);
  if (!parsed.is_ok()) return std::move(parsed).status().within("header, which starts at byte 8");
  if (!parsed.value().is_object()) return corrupt("the header at byte {} is not an object", kPrefixBytes);

  SafetensorsHeader header;
  header.data_begin = kPrefixBytes + length;
  for (const auto& [name, value] : parsed.value().members()) {
    if (name == kMetadataKey) {
      OAR_TRY(read_metadata(value, &header.metadata));
      continue;
    }
    Result<SafetensorsEntry> entry = read_entry(name, value);
    if (!entry.is_ok()) return std::move(entry).status().within("tensor '" + name + "' in the header at byte 8");
    header.entries.push_back(std::move(entry).value());
  }
  OAR_TRY(check_tiling(&header, file.size()));
  return header;
}

Result<std::shared_ptr<SafetensorsFile>> SafetensorsFile::open(const std::string& path) {
  std::shared_ptr<SafetensorsFile> result(new SafetensorsFile());
  OAR_ASSIGN(result->file_, MappedFile::open(path));
  Result<SafetensorsHeader> header = read_safetensors_header(result->file_->bytes());
  if (!header.is_ok()) return std::move(header).status().within("safetensors file '" + path + "'");
  result->header_ = std::move(header).value();
  const auto& entries = result->header_.entries;
  for (std::size_t i = 0; i < entries.size(); ++i) result->index_.emplace(entries[i].name, i);
  return result;
}

const SafetensorsEntry* SafetensorsFile::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &header_.entries[found->second];
}

Result<at::Tensor> SafetensorsFile::tensor(std::string_view name) const {
  const SafetensorsEntry* entry = find(name);
  if (entry == nullptr) {
    return not_found("safetensors file '{}' has no tensor '{}'; it has {}", file_->path(), name, entries().size());
  }
  const std::uint64_t begin = header_.data_begin + entry->begin;
  const auto bytes = file_->bytes().subspan(begin, entry->end - entry->begin);
  Status bools = check_bools(*entry, bytes, begin);
  if (!bools.is_ok()) return std::move(bools).within("tensor '" + entry->name + "' of '" + file_->path() + "'");
  const MemoryLayout layout{entry->dtype, entry->shape, std::nullopt};
  auto* data = const_cast<std::byte*>(bytes.data());  // marked read-only
  if (reinterpret_cast<std::uintptr_t>(data) % dtype_alignment(entry->dtype) == 0) {
    return tensor_over_memory(data, layout, file_, MemoryAccess::kReadOnly);
  }
  OAR_ASSIGN(at::Tensor copy, zeros_tensor(entry->dtype, entry->shape));
  std::ranges::copy(bytes, static_cast<std::byte*>(copy.mutable_data_ptr()));
  return copy;
}

}  // namespace oarlock
