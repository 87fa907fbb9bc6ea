// The parts of a .pt2 archive: one zip with a root folder, the graph as JSON, weights and constants as raw records.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/status.h"
#include "format/zip.h"

namespace oarlock::pt2 {

struct StoredTensor {
  at::Tensor tensor;
  bool is_parameter = false;
  bool is_given = true;  // false: the archive holds no values, the tensor's are undefined
};

using StoredTensors = std::map<std::string, StoredTensor>;  // by fully qualified name

class Archive {
 public:
  // Checks format, version and byte order.
  static Result<Archive> open(const std::string& path);

  Result<JsonValue> program() const;
  Result<std::optional<JsonValue>> extra() const;  // that of extra.h, if there is one
  // Copies of the records on `device`: leaves, requires_grad as exported. Entries of the same record, dtype, offset and
  // shape are one tensor (tied); other entries of one record share its memory, as they did when they were exported.
  // `empty_is_fine`: records without bytes (a program exported on the meta device or with fake tensors) give tensors
  // without values; each is its own then, since such programs name one record for all. Otherwise they are refused.
  Result<StoredTensors> weights(at::Device device, bool empty_is_fine) const;
  Result<StoredTensors> constants(at::Device device) const;

 private:
  Archive() = default;
  Result<JsonValue> json_record(const std::string& name) const;
  Result<StoredTensors> read_tensors(const std::string& folder, const std::string& config_name, at::Device device,
                                     bool empty_is_fine) const;

  std::shared_ptr<ZipArchive> zip_;
  std::string root_;   // "program/"
  std::string model_;  // "model"
};

}  // namespace oarlock::pt2
