#include "format/npy.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/fs.h"
#include "base/text.h"
#include "tensor/dtype.h"
#include "tensor/memory.h"

namespace oarlock {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kHeaderBytesMax = std::size_t{1} << 20;

struct Header {
  at::ScalarType dtype = at::kFloat;
  bool is_column_order = false;
  std::vector<std::int64_t> shape;
  std::size_t data_begin = 0;
};

// "<f4" -> float32. One byte has no order: '|'.
Result<at::ScalarType> dtype_from_descr(std::string_view descr) {
  struct Row {
    std::string_view descr;
    at::ScalarType dtype;
  };
  static constexpr Row kRows[] = {{"|b1", at::kBool},         {"|u1", at::kByte},          {"|i1", at::kChar},
                                  {"<i2", at::kShort},        {"<i4", at::kInt},           {"<i8", at::kLong},
                                  {"<u2", at::kUInt16},       {"<u4", at::kUInt32},        {"<u8", at::kUInt64},
                                  {"<f2", at::kHalf},         {"<f4", at::kFloat},         {"<f8", at::kDouble},
                                  {"<c8", at::kComplexFloat}, {"<c16", at::kComplexDouble}};
  for (const Row& row : kRows) {
    if (row.descr == descr) return row.dtype;
  }
  return unsupported("elements of type '{}'; an array of numbers or truth values, little-endian, is needed", descr);
}

// What stands behind 'key': up to the comma that ends it, at brackets' level 0.
std::optional<std::string_view> value_of(std::string_view dict, std::string_view key) {
  std::size_t at = dict.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  at += key.size();
  while (at < dict.size() && (dict[at] == ' ' || dict[at] == ':')) ++at;
  std::size_t end = at;
  for (int level = 0; end < dict.size(); ++end) {
    if (dict[end] == '(' || dict[end] == '[') ++level;
    if (dict[end] == ')' || dict[end] == ']') --level;
    if (level <= 0 && (dict[end] == ',' || dict[end] == '}')) break;
  }
  return dict.substr(at, end - at);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \n") - begin + 1);
}

Result<std::vector<std::int64_t>> parse_shape(std::string_view text) {
  text = trimmed(text);
  if (text.size() < 2 || text.front() != '(' || text.back() != ')') return corrupt("no shape: '{}'", text);
  std::vector<std::int64_t> shape;
  for (const std::string& part : split_text(text.substr(1, text.size() - 2), ',')) {
    const std::string_view size = trimmed(part);
    if (size.empty()) continue;
    const std::optional<std::int64_t> number = parse_number<std::int64_t>(size);
    if (!number || *number < 0) return corrupt("no shape: '{}'", text);
    shape.push_back(*number);
  }
  return shape;
}

Result<Header> parse_dict(std::string_view dict) {
  const auto descr = value_of(dict, "'descr'");
  const auto order = value_of(dict, "'fortran_order'");
  const auto shape = value_of(dict, "'shape'");
  if (!descr || !order || !shape) return corrupt("the header lacks descr, fortran_order or shape: {}", trimmed(dict));
  Header header;
  const std::string_view type = trimmed(*descr);
  if (type.size() < 2 || type.front() != '\'' || type.back() != '\'') {
    return unsupported("elements that are records: {}", type);
  }
  OAR_ASSIGN(header.dtype, dtype_from_descr(type.substr(1, type.size() - 2)));
  const std::string_view flag = trimmed(*order);
  if (flag != "True" && flag != "False") return corrupt("fortran_order is neither True nor False: '{}'", flag);
  header.is_column_order = flag == "True";
  OAR_ASSIGN(header.shape, parse_shape(*shape));
  return header;
}

Result<Header> parse_header(std::span<const std::byte> bytes) {
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  if (bytes.size() < 10 || std::string_view(text, kMagic.size()) != kMagic) return corrupt("no .npy file");
  const int major = static_cast<int>(bytes[6]);
  if (major < 1 || major > 3)
    return wrong_version("format {}.{} of .npy; 1.0 to 3.0 are known", major, static_cast<int>(bytes[7]));
  const std::size_t length_bytes = major == 1 ? 2 : 4;
  std::size_t length = 0;
  if (bytes.size() < 8 + length_bytes) return corrupt("the file ends inside its header, at byte {}", bytes.size());
  for (std::size_t i = 0; i < length_bytes; ++i) length |= static_cast<std::size_t>(bytes[8 + i]) << (8 * i);
  const std::size_t begin = 8 + length_bytes;
  if (length > kHeaderBytesMax) return corrupt("a header of {} bytes", length);
  if (bytes.size() - begin < length) return corrupt("the file ends inside its header, at byte {}", bytes.size());
  OAR_ASSIGN(Header header, parse_dict({text + begin, length}));
  header.data_begin = begin + length;
  return header;
}

std::vector<std::int64_t> column_strides(std::span<const std::int64_t> shape) {
  std::vector<std::int64_t> strides;
  std::int64_t step = 1;
  for (const std::int64_t size : shape) {
    strides.push_back(step);
    step *= std::max<std::int64_t>(size, 1);
  }
  return strides;
}

Status check_bools(std::span<const std::byte> data, std::size_t begin) {
  const auto wrong = std::ranges::find_if(data, [](std::byte value) { return value > std::byte{1}; });
  if (wrong == data.end()) return Status::ok();
  return corrupt("byte {} is {}, and truth values are 0 or 1", begin + static_cast<std::size_t>(wrong - data.begin()),
                 static_cast<int>(*wrong));
}

}  // namespace

Result<at::Tensor> read_npy(std::span<const std::byte> bytes, const std::shared_ptr<void>& owner) {
  OAR_ASSIGN(const Header header, parse_header(bytes));
  const Result<std::int64_t> numel = checked_numel(header.shape, header.dtype);
  if (!numel.is_ok()) return corrupt("the header's shape: {}", numel.status().message());
  const std::size_t size = static_cast<std::size_t>(numel.value()) * c10::elementSize(header.dtype);
  if (bytes.size() - header.data_begin < size) {
    return corrupt("the file ends inside its array: {} bytes are needed from byte {}, there are {}", size,
                   header.data_begin, bytes.size() - header.data_begin);
  }
  const std::span<const std::byte> data = bytes.subspan(header.data_begin, size);
  if (header.dtype == at::kBool) OAR_TRY(check_bools(data, header.data_begin));
  MemoryLayout layout{header.dtype, header.shape, std::nullopt};
  std::vector<std::int64_t> strides;
  if (header.is_column_order) {
    strides = column_strides(header.shape);
    layout.strides = strides;
  }
  auto* address = const_cast<std::byte*>(data.data());  // marked read-only
  if (reinterpret_cast<std::uintptr_t>(address) % dtype_alignment(header.dtype) == 0) {
    return tensor_over_memory(address, layout, owner, MemoryAccess::kReadOnly);
  }
  const auto copy = std::make_shared<std::vector<std::max_align_t>>(size / sizeof(std::max_align_t) + 1);
  std::memcpy(copy->data(), data.data(), size);
  return tensor_over_memory(copy->data(), layout, copy, MemoryAccess::kReadOnly);
}

Result<at::Tensor> open_npy(const std::string& path) {
  OAR_ASSIGN(const std::shared_ptr<MappedFile> file, MappedFile::open(path));
  Result<at::Tensor> tensor = read_npy(file->bytes(), file);
  if (!tensor.is_ok()) return std::move(tensor).status().within(path);
  return tensor;
}

}  // namespace oarlock
