// A checkpoint directory is old or new, never mixed: written to a temporary sibling, synced, renamed, then older ones pruned.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/fs.h"
#include "base/json.h"
#include "base/status.h"
#include "checkpoint/contents.h"
#include "comm/group.h"

namespace oarlock {

struct SaveOptions {
  int total_limit = 0;        // how many checkpoints of `parent` to keep, this one included; 0: all
  Milliseconds timeout{0};
};

// Collective. Writes `directory` (its parent is made). A failure on any rank is a failure on every rank: the temporary is
// removed, what was there before is untouched. `directory` that exists: OAR_E_EXISTS.
Status save_checkpoint(Fs& fs, Group& group, const std::string& directory, const CheckpointContents& contents,
                       const SaveOptions& options);

// parent/checkpoint_<n>: the next n is one more than the largest complete or incomplete one.
Result<std::string> next_checkpoint_directory(Fs& fs, const std::string& parent);
// The complete one with the largest n. Incomplete ones are ignored, and said so in the log. OAR_E_NOT_FOUND: none.
Result<std::string> find_latest_checkpoint(Fs& fs, const std::string& parent);

// A complete checkpoint, opened for reading.
class Checkpoint {
 public:
  static Result<std::shared_ptr<Checkpoint>> open(const std::string& directory);  // manifest, and every file's presence and size
  virtual ~Checkpoint() = default;
  virtual const std::string& directory() const = 0;
  virtual const JsonValue& manifest() const = 0;
  virtual const JsonValue& values() const = 0;
  virtual const JsonValue& user() const = 0;
  virtual int world_size() const = 0;
  virtual Status verify() const = 0;                                               // every byte against its checksum
  virtual Result<NamedTensors> tensors(std::string_view name) const = 0;           // of a shared file, mapped, checksum verified
  virtual Result<NamedTensors> tensors(std::string_view name, int rank) const = 0; // of a per-rank file
};

}  // namespace oarlock
