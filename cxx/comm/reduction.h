// The arithmetic of a reduction, and which element types it takes. The same for every way the bytes may go.
#pragma once

#include <ATen/core/Tensor.h>

#include "base/status.h"
#include "comm/group.h"

namespace oarlock {

// OAR_E_ARGUMENT for an average of integers, an order of complex numbers, a sum of bools, bits of what is no integer;
// OAR_E_UNSUPPORTED for types that are only ever moved (float8, uint16, uint32, uint64).
Status check_reduction(c10::ScalarType dtype, ReduceOp op);

// out = left (op) right, element by element; out may be one of the two. An average is still a sum here.
void reduce_into(at::Tensor& out, const at::Tensor& left, const at::Tensor& right, ReduceOp op);
inline void reduce_into(at::Tensor& into, const at::Tensor& from, ReduceOp op) { reduce_into(into, into, from, op); }
// What is left to do when all ranks are in: the division of an average.
void finish_reduction(at::Tensor& sum, ReduceOp op, int num_ranks);

inline bool is_bitwise(ReduceOp op) {
  return op == ReduceOp::kBitwiseAnd || op == ReduceOp::kBitwiseOr || op == ReduceOp::kBitwiseXor;
}

}  // namespace oarlock
