#include "checkpoint/writer.h"

#include <set>

#include "checkpoint/layout.h"
#include "format/safetensors.h"

namespace oarlock {
namespace {

// What the reference's files carry, so that tools which ask for it take ours (spec B 5.2).
const std::map<std::string, std::string> kSafetensorsMetadata = {{"format", "pt"}};

Result<FileRecord> write_file(Fs& fs, const std::string& directory, const CheckpointTensors& part, int rank) {
  FileRecord record;
  record.name = part.name;
  record.rank = rank;
  record.path = rank == kSharedFile ? shared_file_name(part.name) : rank_file_name(part.name, rank);
  OAR_ASSIGN(const WrittenFile written,
             write_safetensors(fs, join_path(directory, record.path), part.tensors, kSafetensorsMetadata));
  record.size_bytes = written.size_bytes;
  record.checksum = written.checksum;
  return record;
}

}  // namespace

Status check_contents(const CheckpointContents& contents) {
  if (!contents.values.is_object()) return invalid_argument("the values of a checkpoint must be a JSON object");
  std::set<std::string, std::less<>> names;
  for (const auto* parts : {&contents.shared, &contents.per_rank}) {
    for (const CheckpointTensors& part : *parts) {
      if (!is_plain_name(part.name)) {
        return invalid_argument("a checkpoint file's name may have letters, digits, '.', '_' and '-', got '{}'",
                                part.name);
      }
      if (!names.insert(part.name).second)
        return invalid_argument("two files of a checkpoint are named '{}'", part.name);
    }
  }
  // A shared "x-0" and a per-rank "x" would be one file.
  for (const CheckpointTensors& part : contents.per_rank) {
    const auto clash = names.lower_bound(part.name + "-");
    if (clash == names.end() || !clash->starts_with(part.name + "-")) continue;
    const std::string_view rest = std::string_view(*clash).substr(part.name.size() + 1);
    if (!rest.empty() && rest.find_first_not_of("0123456789") == rest.npos) {
      return invalid_argument("the names '{}' and '{}' of a checkpoint's files would meet in one file", part.name,
                              *clash);
    }
  }
  return Status::ok();
}

Result<std::vector<FileRecord>> write_rank_files(Fs& fs, const std::string& directory, int rank,
                                                 const CheckpointContents& contents) {
  std::vector<FileRecord> records;
  if (rank == 0) {
    for (const CheckpointTensors& part : contents.shared) {
      OAR_ASSIGN(FileRecord record, write_file(fs, directory, part, kSharedFile));
      records.push_back(std::move(record));
    }
  }
  for (const CheckpointTensors& part : contents.per_rank) {
    OAR_ASSIGN(FileRecord record, write_file(fs, directory, part, rank));
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace oarlock
