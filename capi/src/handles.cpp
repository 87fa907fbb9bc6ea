#include "handles.h"

#include <ATen/core/Tensor.h>

#include <algorithm>

#include "tensor/tree.h"

namespace oarlock::capi {
namespace {

// The system takes back about 16 MB in a millisecond (seen); well below that a queue costs more than it saves.
constexpr std::size_t kMuchMemoryBytes = std::size_t{1} << 20;

}  // namespace

bool EndsSlowly<at::Tensor>::check(const at::Tensor& tensor) noexcept {
  if (!tensor.defined() || tensor.use_count() != 1) return false;
  if (tensor.grad_fn() != nullptr) return true;  // a whole graph may hang on it
  return tensor.has_storage() && tensor.storage().use_count() == 1 && tensor.storage().nbytes() > kMuchMemoryBytes;
}

bool EndsSlowly<Tree>::check(const Tree& tree) noexcept {
  if (const at::Tensor* tensor = tree.tensor()) return EndsSlowly<at::Tensor>::check(*tensor);
  if (const Tree::List* list = tree.list()) return std::any_of(list->begin(), list->end(), check);
  if (const Tree::Map* map = tree.map()) {
    return std::any_of(map->begin(), map->end(), [](const auto& entry) { return check(entry.second); });
  }
  return false;
}

}  // namespace oarlock::capi
