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
    {"fbgemm_*", kPacked},
    {"quantized_lstm*", kPacked},
    {"quantized_gru*", kPacked},
    {"_wrapped_*", kPacked},
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
  for (const Denied& denied : kDenied) {
    if (is_named(name.substr(scope + 2), denied.name))
      return unsupported("programs may not call {}: {}", name, denied.reason);
  }
  return Status::ok();
}

}  // namespace oarlock::pt2
