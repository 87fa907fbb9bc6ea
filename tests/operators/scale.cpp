// A custom operator as users write them.
#include <ATen/ATen.h>
#include <torch/library.h>

namespace {

at::Tensor scale(const at::Tensor& x, double factor) { return x * factor; }

}  // namespace

TORCH_LIBRARY(oarlock_test_operators, library) { library.def("scale(Tensor x, float factor) -> Tensor", scale); }
