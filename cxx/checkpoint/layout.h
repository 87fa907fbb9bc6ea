// Names: what lies where in a checkpoint's parent directory and inside a checkpoint. Pure; nothing here touches a disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace oarlock {

inline constexpr std::string_view kManifestName = "manifest.json";

// A checkpoint directory, split: "run/checkpoint_3/" -> {"run", "checkpoint_3"}; "x" -> {".", "x"}.
struct CheckpointPath {
  std::string parent;
  std::string name;
  std::string full() const;
};
Result<CheckpointPath> split_checkpoint_path(const std::string& directory);

std::string join_path(std::string_view directory, std::string_view name);

// ".<name>.incomplete-<16 hexadecimal digits>": a checkpoint that is being written, or an old one that is being
// removed. Hidden and never a checkpoint's own name, so that no reader takes it for one.
std::string temporary_name(std::string_view name, std::uint64_t unique);
bool is_temporary_name(std::string_view candidate);
bool is_temporary_name_of(std::string_view candidate, std::string_view name);

// "checkpoint_<n>", n without leading zeros: the names that are counted, found as latest, and pruned.
std::string numbered_name(std::int64_t number);
std::optional<std::int64_t> checkpoint_number(std::string_view name);

// Inside a checkpoint: "<name>.safetensors", of one rank "<name>-<rank>.safetensors".
std::string shared_file_name(std::string_view name);
std::string rank_file_name(std::string_view name, int rank);

// A name that stays inside its directory on every system: 1 to 200 of [A-Za-z0-9._-], not starting with a dot.
bool is_plain_name(std::string_view name);

}  // namespace oarlock
