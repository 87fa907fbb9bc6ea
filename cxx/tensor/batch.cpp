#include "tensor/batch.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "tensor/describe.h"
#include "tensor/dtype.h"
#include "tensor/exceptions.h"
#include "tensor/scopes.h"
#include "tensor/tree_leaves.h"

namespace oarlock {
namespace {

Result<at::Tensor> joined(const std::vector<at::Tensor>& parts, std::int64_t dim, const std::string& path) {
  try {
    return at::cat(parts, dim);
  } catch (const c10::Error&) {  // sizes or dtypes that do not fit; the text lacks the leaf's path
    return invalid_argument("{} cannot be concatenated along dim {}: {}", quoted_path(path), dim,
                            message_of_current_exception());
  }
}

Status differs(std::size_t index, const Tree& first, const Tree* other, const std::string& path) {
  return invalid_argument(
      "batches differ at {}: it is a {} of {} entries in batch 0, and {} in batch {}", quoted_path(path),
      first.kind_name(), first.size(),
      other == nullptr ? std::string("missing") : fmt::format("a {} of {} entries", other->kind_name(), other->size()),
      index);
}

Result<Tree> join(const std::vector<const Tree*>& parts, std::int64_t dim, const std::string& path);

// One entry of every part, found by `find(part)`.
template <class Find>
Result<Tree> join_entries(const std::vector<const Tree*>& parts, std::int64_t dim, const std::string& path,
                          const Find& find) {
  std::vector<const Tree*> entries;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Tree* entry = find(*parts[i]);
    if (entry == nullptr) return differs(i, *entries.front(), nullptr, path);
    entries.push_back(entry);
  }
  return join(entries, dim, path);
}

Result<Tree> join_leaves(const std::vector<const Tree*>& parts, std::int64_t dim, const std::string& path) {
  std::vector<at::Tensor> tensors;
  for (const Tree* part : parts) {
    if (part->tensor() == nullptr) {
      return invalid_argument("only tensors can be concatenated; {} is of kind {}", quoted_path(path),
                              part->kind_name());
    }
    tensors.push_back(part->tensor()->detach());
  }
  OAR_ASSIGN(at::Tensor all, joined(tensors, dim, path));
  return Tree(std::move(all));
}

Result<Tree> join(const std::vector<const Tree*>& parts, std::int64_t dim, const std::string& path) {
  const Tree& first = *parts.front();
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const bool same_kind = parts[i]->value().index() == first.value().index();
    if (!same_kind || parts[i]->size() != first.size()) return differs(i, first, parts[i], path);
  }
  if (const Tree::List* list = first.list()) {
    Tree::List items;
    for (std::size_t i = 0; i < list->size(); ++i) {
      OAR_ASSIGN(Tree item, join_entries(parts, dim, path_below(path, std::to_string(i)),
                                         [i](const Tree& part) { return &(*part.list())[i]; }));
      items.push_back(std::move(item));
    }
    return Tree(std::move(items));
  }
  if (const Tree::Map* map = first.map()) {
    Tree::Map entries;
    for (const auto& entry : *map) {
      OAR_ASSIGN(Tree item, join_entries(parts, dim, path_below(path, entry.first),
                                         [&](const Tree& part) { return part.find(entry.first); }));
      entries.emplace_back(entry.first, std::move(item));
    }
    return Tree(std::move(entries));
  }
  return join_leaves(parts, dim, path);
}

Tree moved(const Tree& tree, const at::Device& device, bool non_blocking, std::span<const char* const> skip_keys) {
  if (const Tree::List* list = tree.list()) {
    Tree::List items;
    for (const Tree& item : *list) items.push_back(moved(item, device, non_blocking, skip_keys));
    return Tree(std::move(items));
  }
  if (const Tree::Map* map = tree.map()) {
    Tree::Map entries;
    for (const auto& [key, item] : *map) {
      const bool stays = std::ranges::any_of(skip_keys, [&key](const char* skip) { return key == skip; });
      entries.emplace_back(key, stays ? item : moved(item, device, non_blocking, skip_keys));
    }
    return Tree(std::move(entries));
  }
  if (tree.tensor() == nullptr || tree.tensor()->device() == device) return tree;
  return Tree(tree.tensor()->to(tree.tensor()->options().device(device), non_blocking));
}

Result<at::Device> device_of(std::string_view text) {
  try {
    at::Device device{std::string(text)};
    if (device.type() == at::kCPU) return at::Device(at::kCPU);
    return device;
  } catch (const c10::Error&) {  // the text of libtorch is that of its Python interface
    return invalid_argument("device must be \"cpu\" or the like of \"cuda:0\", got \"{}\"", text);
  }
}

// The numbers of one tensor on the CPU, from dimension `dim` on.
Tree numbers_of(const at::Tensor& tensor) {
  if (tensor.dim() > 0) {
    Tree::List items;
    for (std::int64_t i = 0; i < tensor.size(0); ++i) items.push_back(numbers_of(tensor.select(0, i)));
    return Tree(std::move(items));
  }
  const at::Scalar number = tensor.item();
  if (number.isBoolean()) return Tree(Tree::Value(number.toBool()));
  if (number.isIntegral(false)) return Tree(Tree::Value(number.toLong()));
  return Tree(Tree::Value(number.toDouble()));
}

}  // namespace

Result<std::int64_t> batch_size(const Tree& tree) {
  const Tree* here = &tree;
  std::string path;
  while (here->list() != nullptr || here->map() != nullptr) {
    if (here->size() == 0) {
      return invalid_argument("an empty {} has no batch size; it is {}", here->kind_name(), quoted_path(path));
    }
    path = path_below(path, here->map() != nullptr ? here->map()->front().first : "0");
    here = here->map() != nullptr ? &here->map()->front().second : &here->list()->front();
  }
  if (here->tensor() == nullptr) {
    return invalid_argument("the batch size is that of the first leaf, which must be a tensor; {} is of kind {}",
                            quoted_path(path), here->kind_name());
  }
  if (here->tensor()->dim() == 0) {
    return invalid_argument("the batch size is that of the first leaf; {} is a tensor without dimensions",
                            quoted_path(path));
  }
  return here->tensor()->size(0);
}

Result<Tree> slice_rows(const Tree& tree, const RowSlice& rows) {
  if (rows.step < 1) return invalid_argument("step must be at least 1, got {}", rows.step);
  Tree sliced = tree;
  for (const TreeLeaf& leaf : leaves_of(sliced)) {
    const at::Tensor* tensor = leaf.leaf->tensor();
    if (tensor == nullptr) continue;
    if (tensor->dim() == 0) {
      return invalid_argument("rows can be cut from tensors with dimensions; {} has none", quoted_path(leaf.path));
    }
    *leaf.leaf = Tree(tensor->detach().slice(0, rows.begin, rows.end, rows.step));
  }
  return sliced;
}

Result<Tree> concatenate(const Tree& batches, std::int64_t dim) {
  if (batches.list() == nullptr || batches.list()->empty()) {
    return invalid_argument("a list of at least one batch is needed, got {}",
                            batches.list() != nullptr ? "an empty list" : batches.kind_name());
  }
  if (batches.size() == 1) return batches.list()->front();
  const GradModeScope no_grad(false);
  std::vector<const Tree*> parts;
  for (const Tree& batch : *batches.list()) parts.push_back(&batch);
  return join(parts, dim, "");
}

Result<Tree> pad_to_multiple(const Tree& tree, std::int64_t batch_size, std::int64_t num_parts) {
  if (num_parts < 1) return invalid_argument("num_parts must be at least 1, got {}", num_parts);
  if (batch_size < 0) return invalid_argument("batch_size must be at least 0, got {}", batch_size);
  const std::int64_t missing = (num_parts - batch_size % num_parts) % num_parts;
  Tree padded = tree;
  for (const TreeLeaf& leaf : leaves_of(padded)) {
    const at::Tensor* tensor = leaf.leaf->tensor();
    if (tensor == nullptr) {
      return invalid_argument("only tensors can be padded; {} is of kind {}", quoted_path(leaf.path),
                              leaf.leaf->kind_name());
    }
    if (tensor->dim() == 0 || tensor->size(0) != batch_size) {
      return invalid_argument("every tensor must have batch_size {} rows; {} has shape {}", batch_size,
                              quoted_path(leaf.path), shape_text(tensor->sizes()));
    }
    if (missing == 0) continue;
    std::vector<std::int64_t> shape = tensor->sizes().vec();
    shape[0] = missing;
    *leaf.leaf = Tree(at::cat({tensor->detach(), at::zeros(shape, tensor->options().requires_grad(false))}));
  }
  return padded;
}

Result<Tree> to_device(const Tree& tree, std::string_view device, bool non_blocking,
                       std::span<const char* const> skip_keys) {
  OAR_ASSIGN(const at::Device target, device_of(device));
  const GradModeScope no_grad(false);
  try {
    return moved(tree, target, non_blocking, skip_keys);
  } catch (const c10::Error&) {  // of a device that this process has not, in libtorch's many words
    if (target.is_cpu()) throw;
    return unsupported("tensors cannot be moved to {} here: {}", target.str(), message_of_current_exception());
  }
}

std::string first_device(const Tree& tree) {
  if (tree.tensor() != nullptr) return tree.tensor()->device().str();
  for (std::int64_t i = 0; i < tree.size(); ++i) {
    std::string device = first_device(tree.list() != nullptr ? (*tree.list())[static_cast<std::size_t>(i)]
                                                             : (*tree.map())[static_cast<std::size_t>(i)].second);
    if (!device.empty()) return device;
  }
  return "";
}

Tree to_float32(const Tree& tree) {
  return with_leaves(tree, [](const Tree& leaf) {
    const at::Tensor* tensor = leaf.tensor();
    const bool is_half =
        tensor != nullptr && (tensor->scalar_type() == at::kHalf || tensor->scalar_type() == at::kBFloat16);
    return is_half ? Tree(tensor->detach().to(at::kFloat)) : leaf;
  });
}

Result<Tree> to_numbers(const Tree& tree) {
  Tree numbers = tree;
  for (const TreeLeaf& leaf : leaves_of(numbers)) {
    const at::Tensor* tensor = leaf.leaf->tensor();
    if (tensor == nullptr) continue;
    if (tensor->is_complex()) {
      return unsupported("a tree has no complex numbers; {} is {}", quoted_path(leaf.path), describe_tensor(*tensor));
    }
    *leaf.leaf = numbers_of(tensor->detach().cpu());
  }
  if (numbers.depth() > kTreeDepthMax) return invalid_argument("trees are at most {} deep", kTreeDepthMax);
  return numbers;
}

}  // namespace oarlock
