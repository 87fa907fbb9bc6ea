// The vocabulary of torch.export's JSON, schema major 8: numbers of dtypes, layouts and memory formats (the schema's
// own, not libtorch's), tagged unions, and small readers whose failures are OAR_E_CORRUPT. Source:
// torch/_export/serde/schema.py.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "graph/ir.h"
#include "graph/op_call.h"

namespace oarlock::pt2 {

inline constexpr std::int64_t kSchemaMajor = 8;

Result<at::ScalarType> dtype_of_schema(std::int64_t number);
Result<at::Layout> layout_of_schema(std::int64_t number);
Result<at::MemoryFormat> memory_format_of_schema(std::int64_t number);

// Members of an object; each names the key when it is missing or of another kind.
Result<const JsonValue*> object_at(const JsonValue& value, std::string_view key);
Result<const JsonValue*> array_at(const JsonValue& value, std::string_view key);
Result<std::string> string_at(const JsonValue& value, std::string_view key);
Result<std::int64_t> integer_at(const JsonValue& value, std::string_view key);
Result<bool> flag_at(const JsonValue& value, std::string_view key);

Result<std::int64_t> integer_of(const JsonValue& value);  // written as one: 1.0 is a float in Python
Result<double> real_of(const JsonValue& value);           // a number, "Infinity", "-Infinity", "NaN"

// {"as_tensor": {...}} -> ("as_tensor", {...}).
struct Tagged {
  std::string_view tag;
  const JsonValue* value;
};
Result<Tagged> tagged(const JsonValue& value);

// Shapes of one graph: its symbols and expressions, empty at first, grow by those that the shapes name, each once.
class ShapeReader {
 public:
  explicit ShapeReader(Graph& graph) : graph_(graph) {}
  Result<ExportedTensor> tensor(const JsonValue& meta);  // TensorMeta
  Result<ExportedDim> dim(const JsonValue& size);        // SymInt

 private:
  std::int32_t symbol_index(const std::string& name);
  Graph& graph_;
  std::map<std::string, ExportedDim, std::less<>> dims_;      // by expression
  std::map<std::string, std::int32_t, std::less<>> symbols_;  // by name
};

// A treespec's text ("[1, {...}]") as names: lists, maps, leaves. Types that it does not know are lists, or maps if
// their context lists one name per child (a dataclass such as ModelOutput).
Result<OutputTree> tree_of_treespec(std::string_view text, const JsonValue* namedtuple_fields);
// One path per leaf: "0.mask".
std::vector<std::string> leaf_paths(const OutputTree& tree);

}  // namespace oarlock::pt2
