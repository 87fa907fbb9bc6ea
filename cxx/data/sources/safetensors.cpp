#include "data/sources/safetensors.h"

#include <fmt/ranges.h>

#include "data/sources/memory.h"
#include "format/safetensors.h"

namespace oarlock {
namespace {

std::vector<std::string> all_names(const SafetensorsFile& file) {
  std::vector<std::string> names;
  for (const SafetensorsEntry& entry : file.entries()) names.push_back(entry.name);
  return names;
}

Result<NamedTensors> read_columns(const SafetensorsFile& file, std::span<const std::string> names) {
  NamedTensors columns;
  for (const std::string& name : names) {
    if (file.find(name) == nullptr) {
      return not_found("no tensor '{}' in the file; it has {}", name, fmt::join(all_names(file), ", "));
    }
    OAR_ASSIGN(at::Tensor tensor, file.tensor(name));
    columns.push_back({name, std::move(tensor)});
  }
  return columns;
}

}  // namespace

Result<std::shared_ptr<Dataset>> open_safetensors_dataset(const std::string& path, std::span<const std::string> names) {
  OAR_ASSIGN(const std::shared_ptr<SafetensorsFile> file, SafetensorsFile::open(path));
  const std::vector<std::string> every = all_names(*file);
  Result<NamedTensors> columns = read_columns(*file, names.empty() ? std::span<const std::string>(every) : names);
  if (!columns.is_ok()) return std::move(columns).status().within(path);
  Result<std::shared_ptr<Dataset>> dataset = make_tensor_dataset(std::move(columns).value());
  if (!dataset.is_ok()) return std::move(dataset).status().within(path);
  return dataset;
}

}  // namespace oarlock
