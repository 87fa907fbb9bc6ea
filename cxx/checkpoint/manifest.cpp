#include "checkpoint/manifest.h"

#include <oarlock/version.h>

#include <algorithm>
#include <set>
#include <span>

#include "base/strict_json.h"
#include "checkpoint/layout.h"
#include "format/checksum.h"
#include "tensor/compat.h"

namespace oarlock {
namespace {
constexpr std::string_view kFormat = "oarlock.checkpoint";
// The file's last member checks all bytes before its line, so that damage in any value is seen.
constexpr std::string_view kChecksumOpen = "  \"checksum\": \"";
constexpr std::string_view kChecksumClose = "\"\n}\n";
constexpr std::size_t kChecksumDigits = 32;
constexpr std::size_t kTailBytes = kChecksumOpen.size() + kChecksumDigits + kChecksumClose.size();
constexpr int kWorldSizeMax = 1 << 24;

std::string checksum_text(std::string_view bytes) {
  Checksum checksum;
  checksum.update(std::as_bytes(std::span(bytes)));
  return checksum.hexadecimal();
}

bool is_checksum(std::string_view text) {
  return text.size() == kChecksumDigits &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool has_tail(std::string_view bytes) {
  if (bytes.size() < kTailBytes) return false;
  const std::string_view tail = bytes.substr(bytes.size() - kTailBytes);
  return tail.starts_with(kChecksumOpen) && tail.ends_with(kChecksumClose);
}

std::string one_per_line(const JsonValue& array) {
  std::string text = "[";
  for (const JsonValue& item : array.items()) {
    text += text.size() == 1 ? "\n    " : ",\n    ";
    text += item.dump();
  }
  return text + "\n  ]";
}

Status check_checksum(std::string_view bytes) {
  if (!has_tail(bytes)) {
    return corrupt(
        "the last {} bytes, from offset {} on, are not the closing checksum: the file is cut short or was edited",
        kTailBytes, bytes.size() < kTailBytes ? 0 : bytes.size() - kTailBytes);
  }
  const std::string_view body = bytes.substr(0, bytes.size() - kTailBytes);
  const std::string_view stored = bytes.substr(body.size() + kChecksumOpen.size(), kChecksumDigits);
  const std::string computed = checksum_text(body);
  if (stored == computed) return Status::ok();
  return corrupt("bytes 0 to {} have the XXH3-128 checksum {}, the one stored at offset {} is {}", body.size(),
                 computed, body.size() + kChecksumOpen.size(), stored);
}

Result<std::int64_t> integer_member(const JsonValue& object, std::string_view key) {
  OAR_ASSIGN(const JsonValue* value, object.at(key));
  const auto number = value->as_int64();
  if (number.is_ok()) return number.value();
  return corrupt("key \"{}\" is no integer", key);
}

Result<std::string> string_member(const JsonValue& object, std::string_view key) {
  OAR_ASSIGN(const JsonValue* value, object.at(key));
  if (value->is_string()) return value->text();
  return corrupt("key \"{}\" is no string", key);
}

Status check_version(const JsonValue& json) {
  const JsonValue* format = json.find("format");
  if (format == nullptr || !format->is_string() || format->text() != kFormat) {
    return corrupt("this is not the manifest of an Oarlock checkpoint: key \"format\" is not \"{}\"", kFormat);
  }
  OAR_ASSIGN(const std::int64_t major, integer_member(json, "major"));
  if (major > kManifestMajor) {
    const JsonValue* writer = json.find("oarlock_version");
    return wrong_version(
        "the checkpoint has format major {}, written by Oarlock {}; this library, Oarlock {}.{}.{}, reads up to "
        "major {}. Use a newer Oarlock.",
        major, writer != nullptr ? writer->text() : "(unknown)", OAR_VERSION_MAJOR, OAR_VERSION_MINOR,
        OAR_VERSION_PATCH, kManifestMajor);
  }
  if (major < 1) return corrupt("format major {} never existed", major);
  return Status::ok();
}

Status read_files(const JsonValue& json, Manifest& manifest) {
  OAR_ASSIGN(const JsonValue* files, json.at("files"));
  if (!files->is_array()) return corrupt("key \"files\" is no array");
  std::set<std::string, std::less<>> paths;
  for (const JsonValue& item : files->items()) {
    OAR_ASSIGN(FileRecord record, file_record_from_json(item));
    if (!paths.insert(record.path).second) return corrupt("the file '{}' is listed twice", record.path);
    if (record.rank >= manifest.world_size) {
      return corrupt("the file '{}' is of rank {}, the world size is {}", record.path, record.rank,
                     manifest.world_size);
    }
    manifest.files.push_back(std::move(record));
  }
  return Status::ok();
}

Status read_members(Manifest& manifest) {
  OAR_ASSIGN(const std::int64_t world_size, integer_member(manifest.json, "world_size"));
  if (world_size < 1 || world_size > kWorldSizeMax) return corrupt("the world size is {}", world_size);
  manifest.world_size = static_cast<int>(world_size);
  OAR_TRY(read_files(manifest.json, manifest));
  OAR_ASSIGN(const JsonValue* values, manifest.json.at("values"));
  if (!values->is_object()) return corrupt("key \"values\" is no object");
  manifest.values = *values;
  OAR_ASSIGN(const JsonValue* user, manifest.json.at("user"));
  manifest.user = *user;
  return Status::ok();
}

}  // namespace

JsonValue to_json(const FileRecord& record) {
  JsonValue json = JsonValue::object();
  json.set("path", JsonValue::string(record.path));
  json.set("name", JsonValue::string(record.name));
  if (record.rank != kSharedFile) json.set("rank", JsonValue::integer(record.rank));
  json.set("size_bytes", JsonValue::number_from_text(std::to_string(record.size_bytes)));
  json.set("xxh3_128", JsonValue::string(record.checksum));
  return json;
}

Result<FileRecord> file_record_from_json(const JsonValue& json) {
  if (!json.is_object()) return corrupt("an entry of \"files\" is no object");
  FileRecord record;
  OAR_ASSIGN(record.path, string_member(json, "path"));
  if (!is_plain_name(record.path))
    return corrupt("the file path '{}' could leave the checkpoint's directory", record.path);
  OAR_ASSIGN(record.name, string_member(json, "name"));
  if (json.find("rank") != nullptr) {
    OAR_ASSIGN(const std::int64_t rank, integer_member(json, "rank"));
    if (rank < 0 || rank >= kWorldSizeMax) return corrupt("the file '{}' is of rank {}", record.path, rank);
    record.rank = static_cast<int>(rank);
  }
  OAR_ASSIGN(const std::int64_t size_bytes, integer_member(json, "size_bytes"));
  if (size_bytes < 0) return corrupt("the file '{}' has {} bytes", record.path, size_bytes);
  record.size_bytes = static_cast<std::uint64_t>(size_bytes);
  OAR_ASSIGN(record.checksum, string_member(json, "xxh3_128"));
  if (!is_checksum(record.checksum)) return corrupt("the checksum of '{}' is not 32 hexadecimal digits", record.path);
  return record;
}

std::string encode_manifest(const Manifest& manifest, std::string_view created) {
  JsonValue json = JsonValue::object();
  json.set("format", JsonValue::string(std::string(kFormat)));
  json.set("major", JsonValue::integer(kManifestMajor));
  json.set("minor", JsonValue::integer(kManifestMinor));
  json.set("oarlock_version",
           JsonValue::string(fmt::format("{}.{}.{}", OAR_VERSION_MAJOR, OAR_VERSION_MINOR, OAR_VERSION_PATCH)));
  json.set("libtorch_version", JsonValue::string(kTorchVersion));
  json.set("created", JsonValue::string(std::string(created)));
  json.set("world_size", JsonValue::integer(manifest.world_size));
  JsonValue files = JsonValue::array();
  for (const FileRecord& record : manifest.files) files.append(to_json(record));
  json.set("files", std::move(files));
  json.set("values", manifest.values);
  json.set("user", manifest.user);
  // One member per line, so that the closing checksum stands on a line of its own.
  std::string text = "{\n";
  for (const auto& [key, value] : json.members()) {
    text +=
        fmt::format("  {}: {},\n", JsonValue::string(key).dump(), key == "files" ? one_per_line(value) : value.dump());
  }
  const std::string checksum = checksum_text(text);
  text.append(kChecksumOpen).append(checksum).append(kChecksumClose);
  return text;
}

Result<Manifest> decode_manifest(std::string_view bytes) {
  // A newer major may end differently, so a file without our tail is asked for its version before it is called damaged.
  const Status checksum = check_checksum(bytes);
  if (!checksum.is_ok() && has_tail(bytes)) return checksum;
  auto parsed = parse_strict_json(bytes, {.size_bytes_max = bytes.size() + 1});
  if (!parsed.is_ok()) return std::move(parsed).status();
  Manifest manifest;
  manifest.json = std::move(parsed).value();
  OAR_TRY(check_version(manifest.json));
  OAR_TRY(checksum);
  OAR_TRY(read_members(manifest));
  return manifest;
}

}  // namespace oarlock
