#include "comm/tree_bytes.h"

#include <ATen/ops/empty.h>

#include <cstring>

#include "comm/frame.h"
#include "tensor/memory.h"
#include "tensor/tree_leaves.h"

namespace oarlock {
namespace {

// The place of T among the alternatives of Tree::Value, which is how a kind is written.
template <class T, std::size_t I = 0>
constexpr std::size_t index_of() {
  if constexpr (std::is_same_v<std::variant_alternative_t<I, Tree::Value>, T>) {
    return I;
  } else {
    return index_of<T, I + 1>();
  }
}
template <class T>
constexpr std::size_t kIndexOf = index_of<T>();

template <class T>
void put(std::string& bytes, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

void put_text(std::string& bytes, std::string_view text) {
  put<std::uint64_t>(bytes, text.size());
  bytes.append(text);
}

void pack_tensor(std::string& bytes, const at::Tensor& tensor, PackTensors tensors) {
  put<std::int8_t>(bytes, static_cast<std::int8_t>(tensor.scalar_type()));
  put<std::uint32_t>(bytes, static_cast<std::uint32_t>(tensor.dim()));
  for (const std::int64_t size : tensor.sizes()) put<std::int64_t>(bytes, size);
  if (tensors == PackTensors::kShapes) return;
  const at::Tensor rows = dense(tensor);
  bytes.append(static_cast<const char*>(rows.const_data_ptr()), rows.nbytes());
}

void pack(std::string& bytes, const Tree& tree, PackTensors tensors) {
  put<std::uint8_t>(bytes, static_cast<std::uint8_t>(tree.value().index()));
  if (const at::Tensor* tensor = tree.tensor()) {
    pack_tensor(bytes, *tensor, tensors);
  } else if (const Tree::List* list = tree.list()) {
    put<std::uint64_t>(bytes, list->size());
    for (const Tree& item : *list) pack(bytes, item, tensors);
  } else if (const Tree::Map* map = tree.map()) {
    put<std::uint64_t>(bytes, map->size());
    for (const auto& [key, item] : *map) {
      put_text(bytes, key);
      pack(bytes, item, tensors);
    }
  } else if (const auto* text = std::get_if<std::string>(&tree.value())) {
    put_text(bytes, *text);
  } else if (const auto* integer = std::get_if<std::int64_t>(&tree.value())) {
    put(bytes, *integer);
  } else if (const auto* number = std::get_if<double>(&tree.value())) {
    put(bytes, *number);
  } else if (const auto* flag = std::get_if<bool>(&tree.value())) {
    put<std::uint8_t>(bytes, *flag ? 1 : 0);
  }
}

Status bad_bytes(const char* what) {
  return wrong_version("a peer's tree has {}; do all ranks run the same version of Oarlock?", what);
}

class Unpacker {
 public:
  Unpacker(std::string_view bytes, UnpackTensors tensors) : reader_(bytes), tensors_(tensors) {}

  Result<Tree> tree(int depth = 0) {
    if (depth > kTreeDepthMax) return bad_bytes("too many levels");
    OAR_ASSIGN(const std::uint8_t kind, reader_.get<std::uint8_t>());
    switch (kind) {
      case kIndexOf<std::monostate>:
        return Tree();
      case kIndexOf<at::Tensor>:
        return tensor();
      case kIndexOf<std::int64_t>:
        return plain<std::int64_t>();
      case kIndexOf<double>:
        return plain<double>();
      case kIndexOf<bool>: {
        OAR_ASSIGN(const std::uint8_t flag, reader_.get<std::uint8_t>());
        return Tree(Tree::Value(flag != 0));
      }
      case kIndexOf<std::string>: {
        OAR_ASSIGN(std::string text, reader_.get_text());
        return Tree(Tree::Value(std::move(text)));
      }
      case kIndexOf<Tree::List>:
        return list(depth);
      case kIndexOf<Tree::Map>:
        return map(depth);
      default:
        return bad_bytes("an entry of an unknown kind");
    }
  }
  Status end() const { return reader_.rest().empty() ? Status::ok() : bad_bytes("bytes behind its end"); }

 private:
  template <class T>
  Result<Tree> plain() {
    OAR_ASSIGN(const T value, reader_.get<T>());
    return Tree(Tree::Value(value));
  }

  Result<Tree> list(int depth) {
    OAR_ASSIGN(const std::uint64_t size, reader_.get<std::uint64_t>());
    Tree::List items;
    for (std::uint64_t i = 0; i < size; ++i) {
      OAR_ASSIGN(Tree item, tree(depth + 1));
      items.push_back(std::move(item));
    }
    return Tree(std::move(items));
  }

  Result<Tree> map(int depth) {
    OAR_ASSIGN(const std::uint64_t size, reader_.get<std::uint64_t>());
    Tree::Map entries;
    for (std::uint64_t i = 0; i < size; ++i) {
      OAR_ASSIGN(std::string key, reader_.get_text());
      OAR_ASSIGN(Tree item, tree(depth + 1));
      entries.emplace_back(std::move(key), std::move(item));
    }
    return Tree(std::move(entries));
  }

  Result<Tree> tensor() {
    OAR_ASSIGN(const std::int8_t code, reader_.get<std::int8_t>());
    OAR_ASSIGN(const std::uint32_t num_dims, reader_.get<std::uint32_t>());
    if (code < 0 || code >= static_cast<int>(at::ScalarType::Undefined)) return bad_bytes("an unknown element type");
    if (num_dims > kNumDimsMax) return bad_bytes("a tensor of too many dimensions");
    const auto dtype = static_cast<at::ScalarType>(code);
    std::vector<std::int64_t> shape;
    for (std::uint32_t dim = 0; dim < num_dims; ++dim) {
      OAR_ASSIGN(const std::int64_t size, reader_.get<std::int64_t>());
      shape.push_back(size);
    }
    OAR_TRY(checked_numel(shape, dtype).status());
    const at::Device device = tensors_ == UnpackTensors::kShapes ? at::kMeta : at::kCPU;
    at::Tensor made = at::empty(shape, at::TensorOptions(dtype).device(device));
    if (tensors_ == UnpackTensors::kValues) OAR_TRY(take_values(made));
    return Tree(std::move(made));
  }

  Status take_values(at::Tensor& tensor) {
    const std::string_view rest = reader_.rest();
    if (rest.size() < tensor.nbytes()) return bad_bytes("too few bytes for a tensor");
    if (tensor.nbytes() > 0) std::memcpy(tensor.mutable_data_ptr(), rest.data(), tensor.nbytes());
    reader_ = FrameReader(rest.substr(tensor.nbytes()));
    return Status::ok();
  }

  FrameReader reader_;
  UnpackTensors tensors_;
};

}  // namespace

std::string pack_tree(const Tree& tree, PackTensors tensors) {
  std::string bytes;
  pack(bytes, tree, tensors);
  return bytes;
}

Result<Tree> unpack_tree(std::string_view bytes, UnpackTensors tensors) {
  Unpacker unpacker(bytes, tensors);
  OAR_ASSIGN(Tree tree, unpacker.tree());
  OAR_TRY(unpacker.end());
  return tree;
}

Status check_dense(const at::Tensor& tensor, std::string_view operation, const std::string& path) {
  if (!tensor.defined()) return invalid_argument("{}: {} holds no tensor", operation, quoted_path(path));
  if (tensor.layout() != c10::kStrided || tensor.is_nested()) {
    return unsupported("{} takes dense tensors; {} is sparse or nested", operation, quoted_path(path));
  }
  return Status::ok();
}

Status check_dense_on_cpu(const Tree& tree, std::string_view operation) {
  Tree copy = tree;
  for (const TreeLeaf& leaf : leaves_of(copy)) {
    const at::Tensor* tensor = leaf.leaf->tensor();
    if (tensor == nullptr) continue;
    OAR_TRY(check_dense(*tensor, operation, leaf.path));
    if (tensor->device().is_cpu()) continue;
    return unsupported("{} moves tensors of the CPU only; {} is on {}", operation, quoted_path(leaf.path),
                       tensor->device().str());
  }
  return Status::ok();
}

at::Tensor dense(const at::Tensor& tensor) { return tensor.detach().resolve_conj().resolve_neg().contiguous(); }

}  // namespace oarlock
