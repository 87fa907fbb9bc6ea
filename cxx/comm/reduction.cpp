#include "comm/reduction.h"

#include <ATen/ops/add.h>
#include <ATen/ops/bitwise_and.h>
#include <ATen/ops/bitwise_or.h>
#include <ATen/ops/bitwise_xor.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/mul.h>

#include "comm/signature.h"
#include "tensor/dtype.h"

namespace oarlock {

Status check_reduction(c10::ScalarType dtype, ReduceOp op) {
  const char* name = reduce_op_name(static_cast<std::uint8_t>(op));
  switch (op) {
    case ReduceOp::kSum:
    case ReduceOp::kAverage:
    case ReduceOp::kMax:
    case ReduceOp::kMin:
    case ReduceOp::kProduct:
    case ReduceOp::kBitwiseAnd:
    case ReduceOp::kBitwiseOr:
    case ReduceOp::kBitwiseXor:
      break;
    default:
      return invalid_argument("reduce_op must be one of the OAR_REDUCE_* constants, got {}", static_cast<int>(op));
  }
  if (dtype == c10::kUInt16 || dtype == c10::kUInt32 || dtype == c10::kUInt64 || c10::isFloat8Type(dtype)) {
    return unsupported("there is no arithmetic for {}; convert the tensor first", dtype_name(dtype));
  }
  if (op == ReduceOp::kAverage && c10::isIntegralType(dtype, /*includeBool=*/true)) {
    return invalid_argument("{} takes no average, whose result would not be whole; reduce the sum and divide",
                            dtype_name(dtype));
  }
  if (is_bitwise(op)) {
    if (c10::isIntegralType(dtype, /*includeBool=*/true)) return Status::ok();
    return invalid_argument("{} takes no {}, which is of integers and bool only", dtype_name(dtype), name);
  }
  if (dtype == c10::kBool && op != ReduceOp::kMax && op != ReduceOp::kMin) {
    return invalid_argument("bool takes max (or), min (and) and the bitwise reductions, not {}", name);
  }
  if (c10::isComplexType(dtype) && (op == ReduceOp::kMax || op == ReduceOp::kMin)) {
    return invalid_argument("{} takes sum, average and product, not {}: complex numbers have no order",
                            dtype_name(dtype), name);
  }
  return Status::ok();
}

void reduce_into(at::Tensor& out, const at::Tensor& left, const at::Tensor& right, ReduceOp op) {
  switch (op) {
    case ReduceOp::kSum:
    case ReduceOp::kAverage:
      at::add_out(out, left, right);
      break;
    case ReduceOp::kMax:
      at::maximum_out(out, left, right);
      break;
    case ReduceOp::kMin:
      at::minimum_out(out, left, right);
      break;
    case ReduceOp::kProduct:
      at::mul_out(out, left, right);
      break;
    case ReduceOp::kBitwiseAnd:
      at::bitwise_and_out(out, left, right);
      break;
    case ReduceOp::kBitwiseOr:
      at::bitwise_or_out(out, left, right);
      break;
    case ReduceOp::kBitwiseXor:
      at::bitwise_xor_out(out, left, right);
      break;
  }
}

void finish_reduction(at::Tensor& sum, ReduceOp op, int num_ranks) {
  if (op == ReduceOp::kAverage) sum.div_(num_ranks);
}

}  // namespace oarlock
