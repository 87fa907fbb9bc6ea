#include "graph/pt2/allowed.h"

#include <algorithm>

#include "graph/operator_library.h"

namespace oarlock::pt2 {
namespace {

struct Denied {
  std::string_view name;  // without "aten::"; a trailing '*' stands for any end
  const char* reason;
};

constexpr const char* kRawMemory = "it makes tensors of memory that it does not check";
constexpr const char* kNoChecks = "it does not check its indices";
constexpr const char* kPacked = "it takes pointers out of a tensor";
constexpr const char* kBackward = "it trusts what a forward kernel gave it; autograd calls it";
constexpr const char* kOut = "it does not check the tensors that it writes to; assign its result instead of out=";
constexpr const char* kKernel = "it does not check its arguments, and models do not call it";
constexpr const char* kSparse = "it gives access to the indices of sparse tensors, which nobody checks again";
constexpr const char* kOutside = "it acts outside the program";

constexpr Denied kDenied[] = {
    {"from_file", "it opens files"},
    {"set_*", kRawMemory},  // set_, set_data
    {"set", kRawMemory},
    {"_reshape_alias*", kRawMemory},
    {"_reinterpret*", kRawMemory},
    {"_nested*", kRawMemory},
    {"_sparse_coo_tensor_unsafe", kNoChecks},
    {"_sparse_compressed_tensor_unsafe", kNoChecks},
    {"_sparse_csr_tensor_unsafe", kNoChecks},
    {"_sparse_csc_tensor_unsafe", kNoChecks},
    {"_sparse_bsr_tensor_unsafe", kNoChecks},
    {"_sparse_bsc_tensor_unsafe", kNoChecks},
    {"_unsafe_index_put", kNoChecks},  // but _unsafe_index and _unsafe_view check, and decompositions need them
    {"_unsafe_masked_index*", kNoChecks},
    {"_index_put_impl*", kNoChecks},
    {"segment_reduce", kNoChecks},
    {"_segment_reduce", kNoChecks},
    {"sparse_*", kSparse},  // sparse_coo_tensor and its like
    {"_sparse_*tensor*", kSparse},
    {"indices", kSparse},
    {"_indices", kSparse},
    {"crow_indices", kSparse},
    {"ccol_indices", kSparse},
    {"row_indices", kSparse},
    {"col_indices", kSparse},
    {"_coalesced*", kSparse},
    {"_convert_indices*", kKernel},
    {"align_tensors", kKernel},
    {"batch_norm_update_stats", kKernel},
    {"choose_qparams_optimized", kKernel},
    {"fused_moving_avg_obs_fake_quant", kKernel},
    {"_fused_moving_avg_obs_fq_helper*", kKernel},
    {"linalg_ldl_solve", kKernel},
    {"slow_conv3d*", kKernel},
    {"_cholesky_solve_helper", kKernel},
    {"_compute_linear_combination", kKernel},
    {"_cummax_helper", kKernel},
    {"_cummin_helper", kKernel},
    {"_dyn_quant_*", kKernel},
    {"_foreach_copy*", kKernel},
    {"_fused_ada*", kKernel},
    {"_fused_sgd*", kKernel},
    {"_nnpack_*", kKernel},
    {"_remove_batch_dim", kKernel},
    {"_saturate_weight_to_fp16", kKernel},
    {"_stack", kKernel},
    {"_thnn_*", kKernel},
    {"_transform_bias_rescale_qkv", kKernel},
    {"fbgemm_*", kPacked},
    {"quantized_lstm*", kPacked},
    {"quantized_gru*", kPacked},
    {"_wrapped_*", kPacked},
    {"mkldnn_rnn_layer", kKernel},
    {"_masked_softmax", kKernel},
    {"_new_zeros_with_same_feature_meta", kKernel},
    {"_sobol_engine_*", kKernel},
    {"_spdiags", kKernel},
    {"record_stream", kOutside},
    {"_cufft_set_plan_cache_max_size", kOutside},
    {"_cufft_clear_plan_cache", kOutside},
    {"_print", kOutside},
    {"save", kOutside},
    {"load", kOutside},
};

bool is_named(std::string_view name, std::string_view pattern) {
  if (pattern.back() != '*') return name == pattern;
  pattern.remove_suffix(1);
  return name.substr(0, pattern.size()) == pattern;
}

}  // namespace

Status check_allowed(std::string_view name, std::span<const std::string> namespaces) {
  const std::size_t scope = name.find("::");
  const std::string_view space = name.substr(0, scope);
  if (space != "aten") {
    if (std::find(namespaces.begin(), namespaces.end(), space) != namespaces.end()) return Status::ok();
    if (is_of_operator_library(name)) return Status::ok();
    return unsupported(
        "programs may not call {}: only operators of aten, of libraries that oar_load_library loaded, and of "
        "namespaces "
        "in the option model.operators",
        name);
  }
  if (name.find("backward") != name.npos) return unsupported("programs may not call {}: {}", name, kBackward);
  for (const Denied& denied : kDenied) {
    if (is_named(name.substr(scope + 2), denied.name))
      return unsupported("programs may not call {}: {}", name, denied.reason);
  }
  return Status::ok();
}

Status check_allowed(const c10::FunctionSchema& schema, std::span<const std::string> namespaces) {
  OAR_TRY(check_allowed(schema.name(), namespaces));
  const bool is_aten = std::string_view(schema.name()).substr(0, 6) == "aten::";
  for (const c10::Argument& argument : schema.arguments()) {
    const bool is_out = argument.kwarg_only() && argument.alias_info() != nullptr && argument.alias_info()->isWrite();
    if (is_aten && is_out)
      return unsupported("programs may not call {}.{}: {}", schema.name(), schema.overload_name(), kOut);
  }
  return Status::ok();
}

}  // namespace oarlock::pt2
