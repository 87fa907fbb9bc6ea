// DLPack 1.x in and out, without copies. CPU memory; other devices are refused by name.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/dlpack.h>

#include "base/status.h"

namespace oarlock {

// Takes ownership of `managed` only if it succeeds; the producer's deleter then runs once, when the last use of the
// memory ends. The version is looked at first: of another major nothing else may be read. NULL strides are row-major;
// negative ones, lanes, sub-byte types and other devices are refused. A producer's READ_ONLY flag makes a read-only
// tensor.
Result<at::Tensor> tensor_from_dlpack(DLManagedTensorVersioned* managed, void* stream);

// The receiver calls result->deleter(result) once. Keeps the memory alive, writes strides always, drops autograd
// history. Read-only memory carries the READ_ONLY flag.
Result<DLManagedTensorVersioned*> tensor_to_dlpack(const at::Tensor& tensor, void* stream);

}  // namespace oarlock
