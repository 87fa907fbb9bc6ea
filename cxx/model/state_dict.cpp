#include "model/state_dict.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <vector>

#include "format/safetensors.h"
#include "tensor/describe.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

constexpr std::size_t kListedMax = 20;  // of each kind, in the text

void append_list(std::string& text, const char* what, const std::vector<std::string>& entries) {
  if (entries.empty()) return;
  text += fmt::format("{}{} {}: ", text.empty() ? "" : "; ", entries.size(), what);
  for (std::size_t i = 0; i < entries.size() && i < kListedMax; ++i) text += (i == 0 ? "" : ", ") + entries[i];
  if (entries.size() > kListedMax) text += ", ...";
}

// Tied tensors: two names of one.
bool is_same_memory(const at::Tensor& a, const at::Tensor& b) {
  return a.numel() > 0 && a.data_ptr() == b.data_ptr() && a.scalar_type() == b.scalar_type() &&
         a.sizes() == b.sizes() && a.strides() == b.strides();
}

}  // namespace

Status copy_state_dict(const NamedTensors& source, const NamedTensors& target) {
  std::map<std::string_view, const at::Tensor*> given;
  std::vector<std::string> missing, unexpected, different;
  std::vector<const NamedTensor*> not_given;
  for (const NamedTensor& entry : source) {
    if (!given.emplace(entry.name, &entry.tensor).second)
      return invalid_argument("the name {} is given twice", entry.name);
  }
  std::vector<std::pair<const at::Tensor*, const at::Tensor*>> copies;
  for (const NamedTensor& entry : target) {
    const auto found = given.find(entry.name);
    if (found == given.end()) {
      not_given.push_back(&entry);
      continue;
    }
    const at::Tensor& from = *found->second;
    if (from.scalar_type() != entry.tensor.scalar_type() || from.sizes() != entry.tensor.sizes()) {
      different.push_back(
          fmt::format("{} ({} expected, {} given)", entry.name, describe_tensor(entry.tensor), describe_tensor(from)));
    }
    copies.emplace_back(&from, &entry.tensor);
    given.erase(found);
  }
  for (const NamedTensor* entry : not_given) {
    const bool is_tied = std::any_of(copies.begin(), copies.end(),
                                     [&](const auto& copy) { return is_same_memory(*copy.second, entry->tensor); });
    if (!is_tied) missing.push_back(entry->name);
  }
  for (const auto& [name, tensor] : given) unexpected.emplace_back(name);
  std::string text;
  append_list(text, "missing", missing);
  append_list(text, "unexpected", unexpected);
  append_list(text, "of another dtype or shape", different);
  if (!text.empty()) return invalid_argument("the tensors do not fit the model: {}", text);
  const GradModeScope no_grad(false);
  for (const auto& [from, to] : copies) to->copy_(*from);
  return Status::ok();
}

Status save_state_dict(Fs& fs, const NamedTensors& tensors, const std::string& path) {
  const std::string temporary = fmt::format("{}.tmp-{}", path, ::getpid());
  Result<WrittenFile> written = write_safetensors(fs, temporary, tensors, {{"format", "pt"}});
  Status status = written.is_ok() ? fs.rename(temporary, path) : std::move(written).status();
  if (!status.is_ok()) {
    (void)fs.remove_all(temporary).is_ok();  // the first failure is the one to tell
    return status;
  }
  const std::size_t slash = path.rfind('/');
  return fs.sync_directory(slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash));
}

Result<NamedTensors> read_state_dict(const std::string& path) {
  OAR_ASSIGN(const std::shared_ptr<SafetensorsFile> file, SafetensorsFile::open(path));
  NamedTensors tensors;
  for (const SafetensorsEntry& entry : file->entries()) {
    OAR_ASSIGN(at::Tensor tensor, file->tensor(entry.name));
    tensors.push_back({entry.name, std::move(tensor)});
  }
  return tensors;
}

}  // namespace oarlock
