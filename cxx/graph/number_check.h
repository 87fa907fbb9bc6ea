// Numbers that kernels of libtorch count to, divide by or overflow with: degrees, windows, exponents, the smallest
// integer. They are looked at as kernels see them: cast to the dtype that the call computes in.
#pragma once

#include "base/status.h"
#include "graph/call_arguments.h"

namespace oarlock {

Status check_step(const CallArguments& call);      // aten::arange, aten::range
Status check_degree(const CallArguments& call);    // aten::special_..._polynomial_...
Status check_exponent(const CallArguments& call);  // aten::matrix_power
Status check_division(const CallArguments& call);  // aten::div with rounding_mode
Status check_multiple(const CallArguments& call);  // aten::lcm
Status check_from(const CallArguments& call);      // aten::random_.from
Status check_trials(const CallArguments& call);    // aten::binomial
Status check_pool(const CallArguments& call);      // aten::max_pool1d
Status check_divisor(const CallArguments& call);   // aten::avg_pool2d, aten::avg_pool3d
Status check_windows(const CallArguments& call);   // convolutions by columns, and columns
Status check_heads(const CallArguments& call);     // fused layers of transformers

}  // namespace oarlock
