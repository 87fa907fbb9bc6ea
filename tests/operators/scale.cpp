// Custom operators as users write them.
#include <ATen/ATen.h>
#include <torch/library.h>

namespace {

at::Tensor scale(const at::Tensor& x, double factor) { return x * factor; }

// The n-th group counts n times.
at::Tensor weigh_groups(const c10::List<c10::List<at::Tensor>>& groups) {
  at::Tensor sum;
  for (std::size_t group = 0; group < groups.size(); ++group) {
    const c10::List<at::Tensor> tensors = groups.get(group);
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const at::Tensor weighed = tensors.get(i) * static_cast<double>(group + 1);
      sum = sum.defined() ? sum + weighed : weighed;
    }
  }
  return sum;
}

at::Tensor weigh_named(const c10::Dict<std::string, at::Tensor>& tensors,
                       const c10::Dict<std::string, std::int64_t>& weights) {
  at::Tensor sum;
  for (const auto& entry : tensors) {
    const at::Tensor weighed = entry.value() * weights.at(entry.key());
    sum = sum.defined() ? sum + weighed : weighed;
  }
  return sum;
}

}  // namespace

TORCH_LIBRARY(oarlock_test_operators, library) {
  library.def("scale(Tensor x, float factor) -> Tensor", scale);
  library.def("weigh_groups(Tensor[][] groups) -> Tensor", weigh_groups);
  library.def("weigh_named(Dict(str, Tensor) tensors, Dict(str, int) weights) -> Tensor", weigh_named);
}
