// A checkpoint's files, read: its manifest, and whether the files that it lists are there.
#pragma once

#include <string>

#include "base/status.h"
#include "checkpoint/manifest.h"

namespace oarlock {

// OAR_E_NOT_FOUND: no such directory, or no manifest in it (the save never ended). Damage: OAR_E_CORRUPT, naming the
// file.
Result<Manifest> read_manifest(const std::string& directory);

// Every listed file is a regular file of the listed size, in this directory.
Status check_files_present(const std::string& directory, const Manifest& manifest);

// Every byte of one file against its checksum.
Status verify_file(const std::string& directory, const FileRecord& record);

}  // namespace oarlock
