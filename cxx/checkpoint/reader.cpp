// An opened checkpoint. A file's checksum is computed once, at its first use; its tensors are views of the mapped file.
#include <algorithm>
#include <map>
#include <mutex>

#include "base/text.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/files.h"
#include "checkpoint/layout.h"
#include "checkpoint/manifest.h"
#include "format/safetensors.h"

namespace oarlock {
namespace {

class OpenCheckpoint : public Checkpoint {
 public:
  OpenCheckpoint(std::string directory, Manifest manifest)
      : directory_(std::move(directory)), manifest_(std::move(manifest)) {}

  const std::string& directory() const override { return directory_; }
  const JsonValue& manifest() const override { return manifest_.json; }
  const JsonValue& values() const override { return manifest_.values; }
  const JsonValue& user() const override { return manifest_.user; }
  int world_size() const override { return manifest_.world_size; }

  bool has(std::string_view name, int rank) const override {
    return std::any_of(manifest_.files.begin(), manifest_.files.end(),
                       [&](const FileRecord& record) { return record.name == name && record.rank == rank; });
  }

  Status verify() const override {
    OAR_TRY(check_files_present(directory_, manifest_));
    for (const FileRecord& record : manifest_.files) {
      OAR_TRY(verify_file(directory_, record));
      const auto file = open_file(record);  // its own format
      if (!file.is_ok()) return file.status();
    }
    return Status::ok();
  }

  Result<NamedTensors> tensors(std::string_view name) const override { return tensors_of(name, kSharedFile); }

  Result<NamedTensors> tensors(std::string_view name, int rank) const override {
    if (rank >= 0 && rank < manifest_.world_size) return tensors_of(name, rank);
    return invalid_argument("the checkpoint '{}' was written by {} ranks, there is no rank {}", directory_,
                            manifest_.world_size, rank);
  }

  Result<at::Tensor> model_tensor(std::string_view name) const override {
    OAR_ASSIGN(const std::shared_ptr<SafetensorsFile> file, verified_file(kModelFileName, kSharedFile));
    if (file->find(name) != nullptr) return file->tensor(name);
    std::vector<std::string_view> names;
    for (const SafetensorsEntry& entry : file->entries()) names.emplace_back(entry.name);
    const std::optional<std::string_view> nearest = nearest_text(name, names);
    return not_found("the model of the checkpoint '{}' has no tensor '{}'; {}it has {} others", directory_, name,
                     nearest ? fmt::format("did you mean '{}'? ", *nearest) : "", names.size());
  }

  Result<std::int64_t> num_model_tensors() const override {
    OAR_ASSIGN(const std::shared_ptr<SafetensorsFile> file, verified_file(kModelFileName, kSharedFile));
    return static_cast<std::int64_t>(file->entries().size());
  }

  Result<std::string> model_tensor_name(std::int64_t index) const override {
    OAR_ASSIGN(const std::shared_ptr<SafetensorsFile> file, verified_file(kModelFileName, kSharedFile));
    const auto count = static_cast<std::int64_t>(file->entries().size());
    if (index < 0 || index >= count) return invalid_argument("index must lie in [0, {}), got {}", count, index);
    return file->entries()[static_cast<std::size_t>(index)].name;
  }

 private:
  Result<const FileRecord*> find(std::string_view name, int rank) const {
    std::string known;
    for (const FileRecord& record : manifest_.files) {
      if (record.name == name && record.rank == rank) return &record;
      if (record.rank == rank) known += (known.empty() ? "" : ", ") + record.name;
    }
    const std::string whose = rank == kSharedFile ? "shared file" : fmt::format("file of rank {}", rank);
    return not_found("the checkpoint '{}' has no {} named '{}'; it has: {}", directory_, whose, name,
                     known.empty() ? "none" : known);
  }

  Result<std::shared_ptr<SafetensorsFile>> open_file(const FileRecord& record) const {
    return SafetensorsFile::open(join_path(directory_, record.path));
  }

  Result<std::shared_ptr<SafetensorsFile>> verified_file(std::string_view name, int rank) const {
    OAR_ASSIGN(const FileRecord* record, find(name, rank));
    std::lock_guard lock(mutex_);
    const auto found = files_.find(record->path);
    if (found != files_.end()) return found->second;
    OAR_TRY(verify_file(directory_, *record));
    OAR_ASSIGN(std::shared_ptr<SafetensorsFile> file, open_file(*record));
    files_.emplace(record->path, file);
    return file;
  }

  Result<NamedTensors> tensors_of(std::string_view name, int rank) const {
    OAR_ASSIGN(const std::shared_ptr<SafetensorsFile> file, verified_file(name, rank));
    NamedTensors result;
    for (const SafetensorsEntry& entry : file->entries()) {
      OAR_ASSIGN(at::Tensor tensor, file->tensor(entry.name));
      result.push_back({entry.name, std::move(tensor)});
    }
    return result;
  }

  const std::string directory_;
  const Manifest manifest_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::shared_ptr<SafetensorsFile>> files_;  // verified, by path
};

}  // namespace

Result<std::shared_ptr<Checkpoint>> Checkpoint::open(const std::string& directory) {
  OAR_ASSIGN(Manifest manifest, read_manifest(directory));
  OAR_TRY(check_files_present(directory, manifest));
  return std::shared_ptr<Checkpoint>(std::make_shared<OpenCheckpoint>(directory, std::move(manifest)));
}

}  // namespace oarlock
