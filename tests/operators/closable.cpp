// A library that the host opens itself and closes again. Compiled without unique symbols, for which loaders keep
// libraries.
#include <ATen/ATen.h>
#include <torch/library.h>

namespace {

at::Tensor scale(const at::Tensor& x, double factor) { return x * factor; }

}  // namespace

TORCH_LIBRARY(oarlock_test_closable, library) { library.def("scale(Tensor x, float factor) -> Tensor", scale); }
