#include "data/sources/tokens.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "base/fs.h"
#include "tensor/dtype.h"

namespace oarlock {
namespace {

// `count` numbers of the file as int64.
using Widen = void (*)(const std::byte* source, std::int64_t count, std::int64_t* target);

template <class T>
void widen(const std::byte* source, std::int64_t count, std::int64_t* target) {
  const T* numbers = reinterpret_cast<const T*>(source);
  for (std::int64_t i = 0; i < count; ++i) target[i] = static_cast<std::int64_t>(numbers[i]);
}

Result<Widen> widen_from(at::ScalarType dtype) {
  switch (dtype) {
    case at::kByte:
      return &widen<std::uint8_t>;
    case at::kUInt16:
      return &widen<std::uint16_t>;
    case at::kInt:
      return &widen<std::int32_t>;
    case at::kUInt32:
      return &widen<std::uint32_t>;
    case at::kLong:
      return &widen<std::int64_t>;
    default:
      return invalid_argument("tokens are uint8, uint16, int32, uint32 or int64, not {}", dtype_name(dtype));
  }
}

class TokenDataset : public Dataset {
 public:
  TokenDataset(std::shared_ptr<MappedFile> file, const TokenFile& layout, Widen widen, std::int64_t size)
      : file_(std::move(file)), layout_(layout), widen_(widen), size_(size) {}

  std::int64_t size() const override { return size_; }

  Result<Tree> fetch(std::span<const std::int64_t> indices) const override {
    Tree::Map batch;
    OAR_ASSIGN(at::Tensor tokens, windows(indices, 0));
    batch.emplace_back("tokens", std::move(tokens));
    if (layout_.has_labels) {
      OAR_ASSIGN(at::Tensor labels, windows(indices, 1));
      batch.emplace_back("labels", std::move(labels));
    }
    return Tree(std::move(batch));
  }

 private:
  Result<at::Tensor> windows(std::span<const std::int64_t> indices, std::int64_t further) const {
    const std::int64_t length = layout_.sequence_length;
    at::Tensor rows = at::empty({static_cast<std::int64_t>(indices.size()), length}, at::TensorOptions(at::kLong));
    auto* target = rows.mutable_data_ptr<std::int64_t>();
    const auto token_bytes = static_cast<std::int64_t>(c10::elementSize(layout_.dtype));
    for (const std::int64_t index : indices) {
      OAR_TRY(check_index(index));
      widen_(file_->bytes().data() + (index * layout_.stride + further) * token_bytes, length, target);
      target += length;
    }
    return rows;
  }

  const std::shared_ptr<MappedFile> file_;
  const TokenFile layout_;
  const Widen widen_;
  const std::int64_t size_;
};

}  // namespace

Result<std::shared_ptr<Dataset>> open_token_dataset(const TokenFile& wanted) {
  TokenFile layout = wanted;
  if (layout.sequence_length < 1) {
    return invalid_argument("dataset.sequence_length must be >= 1, got {}", layout.sequence_length);
  }
  if (layout.stride < 0)
    return invalid_argument("dataset.stride must be >= 1, or 0 for the sequence length, got {}", layout.stride);
  if (layout.stride == 0) layout.stride = layout.sequence_length;
  OAR_ASSIGN(const Widen widen, widen_from(layout.dtype));
  OAR_ASSIGN(std::shared_ptr<MappedFile> file, MappedFile::open(layout.path));
  const auto bytes = static_cast<std::int64_t>(file->bytes().size());
  const auto token_bytes = static_cast<std::int64_t>(c10::elementSize(layout.dtype));
  if (bytes % token_bytes != 0) {
    return corrupt("{}: {} bytes are no whole number of tokens of type {}", layout.path, bytes,
                   dtype_name(layout.dtype));
  }
  // A window has one token more if there are labels; written so that no length overflows.
  const std::int64_t room = bytes / token_bytes - layout.sequence_length - (layout.has_labels ? 1 : 0);
  const std::int64_t size = room < 0 ? 0 : room / layout.stride + 1;
  return std::shared_ptr<Dataset>(std::make_shared<TokenDataset>(std::move(file), layout, widen, size));
}

}  // namespace oarlock
