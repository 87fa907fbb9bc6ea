// Trees as bytes between ranks that run one version of Oarlock.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "tensor/tree.h"

namespace oarlock {

enum class PackTensors { kShapes, kValues };
enum class UnpackTensors {
  kShapes,  // on the meta device: dtype and shape, no memory
  kEmpty,   // with memory whose contents are undefined
  kValues,  // with what was packed; needs PackTensors::kValues
};

// Tensors are dense ones of the CPU (check_dense).
std::string pack_tree(const Tree& tree, PackTensors tensors);
// OAR_E_VERSION for bytes that are no such tree.
Result<Tree> unpack_tree(std::string_view bytes, UnpackTensors tensors);

// OAR_E_UNSUPPORTED names operation and path of a sparse or nested tensor.
Status check_dense(const at::Tensor& tensor, std::string_view operation, const std::string& path);
// The same of every tensor, and of those that are not on the CPU.
Status check_dense_on_cpu(const Tree& tree, std::string_view operation);

// Row-major, without gradient, nothing lazy: what memcpy may read.
at::Tensor dense(const at::Tensor& tensor);

}  // namespace oarlock
