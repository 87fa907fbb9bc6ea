// Made by tools/later_operators.py; do not edit.
#include "graph/later_operators.h"

#include <algorithm>
#include <utility>

namespace oarlock {
namespace {

// clang-format off
// Without "aten::"; sorted.
constexpr std::pair<std::string_view, std::string_view> kLater[] = {
    {"_cudnn_attention_forward_no_dropout_inplace", "2.15"},
    {"_flash_attention_forward_no_dropout_inplace", "2.12"},
    {"_foreach_clone", "2.12"},
    {"_foreach_mm", "2.13"},
    {"_philox_key_fold_in", "2.12"},
    {"_philox_key_fold_in.Tensor", "2.14"},
    {"_philox_key_split", "2.12"},
    {"_philox_normal_", "2.12"},
    {"_philox_randint_", "2.15"},
    {"_philox_uniform_", "2.12"},
    {"_scaled_addmm", "2.15"},
    {"_scaled_addmm.out", "2.15"},
    {"_scaled_addmm_", "2.15"},
    {"_scaled_grouped_mm_v2.out", "2.14"},
    {"_upsample_lanczos2d_aa", "2.12"},
    {"_upsample_lanczos2d_aa.out", "2.12"},
    {"_upsample_lanczos2d_aa.vec", "2.12"},
    {"_upsample_lanczos2d_aa_backward", "2.12"},
    {"_upsample_lanczos2d_aa_backward.grad_input", "2.12"},
    {"dim", "2.12"},
    {"get_device", "2.12"},
    {"is_contiguous", "2.12"},
    {"is_contiguous.memory_format", "2.12"},
    {"linalg_matrix_sqrth", "2.14"},
    {"linalg_polar", "2.14"},
    {"linalg_polar.out", "2.14"},
    {"numel", "2.12"},
    {"storage_offset", "2.12"},
};
// clang-format on

}  // namespace

std::string_view release_with_operator(std::string_view name) {
  const auto found = std::lower_bound(std::begin(kLater), std::end(kLater), name,
                                      [](const auto& entry, std::string_view wanted) { return entry.first < wanted; });
  return found != std::end(kLater) && found->first == name ? found->second : std::string_view();
}

}  // namespace oarlock
