// One rank's part of a save: its safetensors files, written and synced into the temporary directory.
#pragma once

#include <string>
#include <vector>

#include "base/fs.h"
#include "base/status.h"
#include "checkpoint/contents.h"
#include "checkpoint/manifest.h"

namespace oarlock {

// Names are plain, used once, and make file names that differ; values are an object.
Status check_contents(const CheckpointContents& contents);

// Rank 0 writes `contents.shared` too. What it wrote, in order.
Result<std::vector<FileRecord>> write_rank_files(Fs& fs, const std::string& directory, int rank,
                                                 const CheckpointContents& contents);

}  // namespace oarlock
