#include <algorithm>
#include <unordered_set>

#include "base/json.h"
#include "base/text.h"
#include "format/checksum.h"
#include "format/safetensors.h"
#include "tensor/dtype.h"

namespace oarlock {
namespace {

constexpr std::size_t kHeaderAlignment = 8;
constexpr std::size_t kBlockBytes = std::size_t{4} << 20;  // hashed while it is in the cache, then written

// The reader of ours refuses NUL, which would silently end a C string.
bool is_writable_text(std::string_view text) {
  return utf8_valid_prefix(text) == text.size() && text.find(char{0}) == std::string_view::npos;
}

std::string quoted(const std::string& text) { return JsonValue::string(text).dump(); }

Status check_name(const std::string& name, std::unordered_set<std::string_view>* seen) {
  if (name == "__metadata__") return invalid_argument("a tensor cannot have the format's own name '__metadata__'");
  if (!is_writable_text(name)) return invalid_argument("a tensor's name is not UTF-8, or has a NUL");
  if (!seen->insert(name).second) return invalid_argument("two tensors have the name '{}'", name);
  return Status::ok();
}

Status append_metadata(const std::map<std::string, std::string>& metadata, std::string* header) {
  if (metadata.empty()) return Status::ok();
  *header += "\"__metadata__\":{";
  for (const auto& [key, text] : metadata) {
    if (!is_writable_text(key) || !is_writable_text(text))
      return invalid_argument("metadata is not UTF-8, or has a NUL");
    if (header->back() != '{') *header += ',';
    *header += quoted(key) + ":" + quoted(text);
  }
  *header += '}';
  return Status::ok();
}

Status append_entry(const NamedTensor& item, std::uint64_t* offset, std::string* header) {
  if (!item.tensor.defined() || item.tensor.layout() != at::kStrided) {
    return invalid_argument("only dense tensors can be written, '{}' is {}", item.name,
                            item.tensor.defined() ? "sparse" : "undefined");
  }
  Result<std::string_view> dtype = safetensors_dtype_name(item.tensor.scalar_type());
  if (!dtype.is_ok()) return std::move(dtype).status().within("tensor '" + item.name + "'");
  std::string shape;
  for (const std::int64_t size : item.tensor.sizes()) shape += (shape.empty() ? "" : ",") + std::to_string(size);
  const std::uint64_t end = *offset + item.tensor.nbytes();
  if (header->size() > 1) *header += ',';
  *header += fmt::format(R"({}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", quoted(item.name), dtype.value(),
                         shape, *offset, end);
  *offset = end;
  return Status::ok();
}

// Length, JSON, and spaces up to a multiple of eight.
Result<std::string> make_header(const NamedTensors& tensors, const std::map<std::string, std::string>& metadata) {
  std::string header = "{";
  OAR_TRY(append_metadata(metadata, &header));
  std::unordered_set<std::string_view> seen;
  std::uint64_t offset = 0;
  for (const NamedTensor& item : tensors) {
    OAR_TRY(check_name(item.name, &seen));
    OAR_TRY(append_entry(item, &offset, &header));
  }
  header += '}';
  header.append((kHeaderAlignment - header.size() % kHeaderAlignment) % kHeaderAlignment, ' ');
  if (header.size() > kSafetensorsHeaderBytesMax) {
    return invalid_argument("the header of {} tensors passes the format's limit of {} bytes: {}", tensors.size(),
                            kSafetensorsHeaderBytesMax, header.size());
  }
  std::string prefix(sizeof(std::uint64_t), '\0');
  for (std::size_t i = 0; i < prefix.size(); ++i) prefix[i] = static_cast<char>(header.size() >> (8 * i));
  return prefix + header;
}

// A file that knows the checksum of what went into it.
class HashedFile {
 public:
  explicit HashedFile(std::unique_ptr<WritableFile> file) : file_(std::move(file)) {}

  Status append(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const auto block = bytes.first(std::min(bytes.size(), kBlockBytes));
      checksum_.update(block);
      OAR_TRY(file_->append(block));
      size_bytes_ += block.size();
      bytes = bytes.subspan(block.size());
    }
    return Status::ok();
  }

  Result<WrittenFile> finish() {
    OAR_TRY(file_->sync());
    OAR_TRY(file_->close());
    return WrittenFile{size_bytes_, checksum_.hexadecimal()};
  }

 private:
  std::unique_ptr<WritableFile> file_;
  Checksum checksum_;
  std::uint64_t size_bytes_ = 0;
};

}  // namespace

Result<WrittenFile> write_safetensors(Fs& fs, const std::string& path, const NamedTensors& tensors,
                                      const std::map<std::string, std::string>& metadata) {
  OAR_ASSIGN(const std::string header, make_header(tensors, metadata));
  OAR_ASSIGN(std::unique_ptr<WritableFile> opened, fs.create(path));
  HashedFile file(std::move(opened));
  OAR_TRY(file.append(std::as_bytes(std::span(header))));
  for (const NamedTensor& item : tensors) {
    const at::Tensor dense = item.tensor.detach().resolve_conj().resolve_neg().cpu().contiguous();
    OAR_TRY(file.append({static_cast<const std::byte*>(dense.const_data_ptr()), dense.nbytes()}));
  }
  return file.finish();
}

}  // namespace oarlock
