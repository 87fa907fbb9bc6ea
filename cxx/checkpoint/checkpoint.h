// A checkpoint directory is old or new, never mixed: written to a temporary sibling, synced, renamed, then older ones
// pruned.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/fs.h"
#include "base/json.h"
#include "base/status.h"
#include "checkpoint/contents.h"
#include "comm/group.h"

namespace oarlock {

struct SaveOptions {
  // How many checkpoint_<n> of the parent to keep, this one included; 0: all. Only after the commit, smallest n first,
  // and only when the new one has such a name too.
  int total_limit = 0;
  Milliseconds timeout{0};  // of every wait for peers; 0: the group's own
};

// Collective, with the same directory on all ranks. Writes `directory` (its parent is made). A failure on any rank is a
// failure on every rank: the temporary is removed, what was there before is untouched. `directory` that exists, or that
// another process is writing: OAR_E_EXISTS.
Status save_checkpoint(Fs& fs, Group& group, const std::string& directory, const CheckpointContents& contents,
                       const SaveOptions& options);

// parent/checkpoint_<n>: the next n is one more than the largest complete or incomplete one.
Result<std::string> next_checkpoint_directory(Fs& fs, const std::string& parent);
// The complete one with the largest n. Incomplete ones are ignored, and said so in the log. OAR_E_NOT_FOUND: none.
Result<std::string> find_latest_checkpoint(Fs& fs, const std::string& parent);

// A complete checkpoint, opened for reading.
class Checkpoint {
 public:
  // Reads the manifest and checks every file's presence and size. OAR_E_NOT_FOUND: no (complete) checkpoint.
  // OAR_E_CORRUPT names file and offset. OAR_E_VERSION: written in a newer major format.
  static Result<std::shared_ptr<Checkpoint>> open(const std::string& directory);
  virtual ~Checkpoint() = default;
  virtual const std::string& directory() const = 0;
  virtual const JsonValue& manifest() const = 0;
  virtual const JsonValue& values() const = 0;
  virtual const JsonValue& user() const = 0;
  virtual int world_size() const = 0;
  virtual bool has(std::string_view name, int rank) const = 0;  // a per-rank file
  virtual Status verify() const = 0;                            // every byte of every file against its checksum
  // Views of the mapped file, which they keep alive; not to be written to. The file's checksum is verified at its first
  // use.
  virtual Result<NamedTensors> tensors(std::string_view name) const = 0;            // of a shared file
  virtual Result<NamedTensors> tensors(std::string_view name, int rank) const = 0;  // of a per-rank file
  virtual Result<at::Tensor> model_tensor(std::string_view name) const = 0;         // one of tensors(kModelFileName)
  virtual Result<std::int64_t> num_model_tensors() const = 0;
  virtual Result<std::string> model_tensor_name(std::int64_t index) const = 0;  // in the file's order
};

}  // namespace oarlock
