// Section numbers are those of PKWARE APPNOTE 6.3.10.
#include "format/zip_directory.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "base/text.h"
#include "format/byte_reader.h"

namespace oarlock {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::uint32_t kLocalSignature = 0x04034b50;
constexpr std::uint32_t kEntrySignature = 0x02014b50;
constexpr std::uint32_t kEndSignature = 0x06054b50;
constexpr std::uint32_t kZip64EndSignature = 0x06064b50;
constexpr std::uint32_t kZip64LocatorSignature = 0x07064b50;
constexpr std::uint64_t kLocalBytes = 30, kEntryBytes = 46, kEndBytes = 22, kZip64EndBytes = 56,
                        kZip64LocatorBytes = 20;
constexpr std::uint32_t kSentinel32 = 0xffffffff;  // "see the zip64 field"
constexpr std::uint16_t kSentinel16 = 0xffff;
constexpr std::uint16_t kZip64ExtraId = 0x0001;
constexpr std::uint16_t kFlagDataDescriptor = 1 << 3;
constexpr std::uint16_t kFlagsTaken = 0x0006 | kFlagDataDescriptor | 1 << 11;  // deflate's two hints, UTF-8 names
constexpr std::uint64_t kDeflateRatioMax = 1032;  // zlib's technical note: no stream expands further

std::uint16_t u16(Bytes file, std::uint64_t at) { return load_little_endian<std::uint16_t>(file, at); }
std::uint32_t u32(Bytes file, std::uint64_t at) { return load_little_endian<std::uint32_t>(file, at); }
std::uint64_t u64(Bytes file, std::uint64_t at) { return load_little_endian<std::uint64_t>(file, at); }

struct Directory {
  std::uint64_t begin = 0, bytes = 0, num_entries = 0;
  std::uint64_t limit = 0;  // where the end records begin
};

// 4.3.16. A comment may follow, so the record is looked for from the end; what a comment holds cannot pass for it,
// because the first signature found must be followed by exactly the comment that it announces.
Result<std::uint64_t> find_end_record(Bytes file) {
  if (file.size() < kEndBytes) {
    return corrupt("a zip archive has at least {} bytes, this one {}", kEndBytes, file.size());
  }
  const std::uint64_t last = file.size() - kEndBytes;
  const std::uint64_t first = last > kSentinel16 ? last - kSentinel16 : 0;
  for (std::uint64_t at = last + 1; at-- > first;) {
    if (u32(file, at) != kEndSignature) continue;
    const std::uint64_t comment = u16(file, at + 20);
    if (at + kEndBytes + comment == file.size()) return at;
    return corrupt("the end record at byte {} announces a comment of {} bytes, {} follow", at, comment,
                   file.size() - at - kEndBytes);
  }
  return corrupt("no end record in the last {} bytes: not a zip archive, or truncated", file.size() - first);
}

// 4.3.14 and 4.3.15.
Status read_zip64_end(Bytes file, std::uint64_t locator, Directory* directory) {
  const std::uint64_t at = u64(file, locator + 8);
  if (u32(file, locator + 4) != 0 || u32(file, locator + 16) != 1) {
    return unsupported("zip archives in several files are not read; the locator at byte {} names another", locator);
  }
  if (!fits(at, kZip64EndBytes, locator) || u32(file, at) != kZip64EndSignature) {
    return corrupt("the locator at byte {} points to no zip64 end record: {}", locator, at);
  }
  if (u64(file, at + 4) != locator - at - 12) {
    return corrupt("the zip64 end record at byte {} does not end at its locator, byte {}", at, locator);
  }
  if (u32(file, at + 16) != 0 || u32(file, at + 20) != 0 || u64(file, at + 24) != u64(file, at + 32)) {
    return unsupported("zip archives in several files are not read; zip64 end record at byte {}", at);
  }
  const Directory found{u64(file, at + 48), u64(file, at + 40), u64(file, at + 32), at};
  const auto agrees = [](std::uint64_t small, std::uint64_t sentinel, std::uint64_t large) {
    return small == sentinel || small == large;
  };
  if (!agrees(directory->begin, kSentinel32, found.begin) || !agrees(directory->bytes, kSentinel32, found.bytes) ||
      !agrees(directory->num_entries, kSentinel16, found.num_entries)) {
    return corrupt("the end record and the zip64 end record at byte {} contradict each other", at);
  }
  *directory = found;
  return Status::ok();
}

Result<Directory> find_directory(Bytes file) {
  OAR_ASSIGN(const std::uint64_t end, find_end_record(file));
  if (u16(file, end + 4) != 0 || u16(file, end + 6) != 0 || u16(file, end + 8) != u16(file, end + 10)) {
    return unsupported("zip archives in several files are not read; end record at byte {}", end);
  }
  Directory directory{u32(file, end + 16), u32(file, end + 12), u16(file, end + 10), end};
  if (end >= kZip64LocatorBytes && u32(file, end - kZip64LocatorBytes) == kZip64LocatorSignature) {
    OAR_TRY(read_zip64_end(file, end - kZip64LocatorBytes, &directory));
  }
  if (!fits(directory.begin, directory.bytes, directory.limit) ||
      directory.begin + directory.bytes != directory.limit) {
    return corrupt("the directory, {} bytes from byte {}, does not end at its end record, byte {}", directory.bytes,
                   directory.begin, directory.limit);
  }
  if (directory.num_entries > directory.bytes / kEntryBytes) {
    return corrupt("the directory at byte {} has room for {} entries, {} are announced", directory.begin,
                   directory.bytes / kEntryBytes, directory.num_entries);
  }
  return directory;
}

// 4.5.1: the field's contents; empty when there is none. The block must consist of whole fields.
Result<Bytes> find_zip64_extra(Bytes file, std::uint64_t begin, std::uint64_t bytes) {
  Bytes found;
  const std::uint64_t end = begin + bytes;
  for (std::uint64_t at = begin; at < end;) {
    if (end - at < 4 || u16(file, at + 2) > end - at - 4) return corrupt("an extra field at byte {} is cut off", at);
    if (u16(file, at) == kZip64ExtraId) found = file.subspan(at + 4, u16(file, at + 2));
    at += 4 + std::uint64_t{u16(file, at + 2)};
  }
  return found;
}

// 4.5.3: only the values that are sentinels outside stand inside, in this order.
Status take_zip64_values(Bytes extra, std::initializer_list<std::uint64_t*> values, std::uint64_t at) {
  std::size_t taken = 0;
  for (std::uint64_t* value : values) {
    if (*value != kSentinel32) continue;
    if (extra.empty()) continue;  // no field: the value is what it says
    if (extra.size() < taken + 8) return corrupt("the zip64 field of the header at byte {} is cut off", at);
    *value = u64(extra, taken);
    taken += 8;
  }
  return Status::ok();
}

Status check_flags(std::uint16_t flags, std::uint16_t method, std::uint64_t at) {
  if ((flags & ~kFlagsTaken) != 0) {
    return unsupported("encrypted, patched or masked records are not read; flags {:#06x} at byte {}", flags, at);
  }
  if (method != static_cast<int>(ZipMethod::kStored) && method != static_cast<int>(ZipMethod::kDeflated)) {
    return unsupported("records must be stored or deflated; method {} at byte {}", method, at);
  }
  return Status::ok();
}

Status check_name(std::string_view name, std::uint64_t at) {
  if (!name.empty() && name.find('\0') == std::string_view::npos && utf8_valid_prefix(name) == name.size()) {
    return Status::ok();
  }
  return corrupt("the name of the entry at byte {} is empty, not UTF-8, or has a NUL", at);
}

Status check_sizes(const ZipEntry& entry) {
  if (entry.method == ZipMethod::kStored && entry.compressed_bytes != entry.size_bytes) {
    return corrupt("record '{}' is stored, but its sizes differ: {} and {}", entry.name, entry.compressed_bytes,
                   entry.size_bytes);
  }
  if (entry.method == ZipMethod::kDeflated && entry.size_bytes / kDeflateRatioMax > entry.compressed_bytes) {
    return corrupt("record '{}' claims to grow from {} to {} bytes, more than deflate can", entry.name,
                   entry.compressed_bytes, entry.size_bytes);
  }
  return Status::ok();
}

std::string_view text_at(Bytes file, std::uint64_t at, std::uint64_t bytes) {
  return {reinterpret_cast<const char*>(file.data()) + at, bytes};
}

// 4.3.7. What the local header says must be what the directory said: a reader that trusts either gets the same.
Status check_local_header(Bytes file, std::uint16_t flags, std::uint64_t limit, ZipEntry* entry) {
  const std::uint64_t at = entry->header_begin;
  if (!fits(at, kLocalBytes, limit) || u32(file, at) != kLocalSignature) {
    return corrupt("record '{}' has no local header at byte {}", entry->name, at);
  }
  const std::uint64_t name_bytes = u16(file, at + 26), extra_bytes = u16(file, at + 28);
  if (!fits(at + kLocalBytes, name_bytes + extra_bytes, limit)) {
    return corrupt("the local header of record '{}' at byte {} is cut off", entry->name, at);
  }
  const bool same = text_at(file, at + kLocalBytes, name_bytes) == entry->name && u16(file, at + 6) == flags &&
                    u16(file, at + 8) == static_cast<std::uint16_t>(entry->method);
  if (!same) return corrupt("the local header at byte {} contradicts the directory's entry '{}'", at, entry->name);
  std::uint64_t compressed = u32(file, at + 18), size = u32(file, at + 22);
  OAR_ASSIGN(const Bytes extra, find_zip64_extra(file, at + kLocalBytes + name_bytes, extra_bytes));
  OAR_TRY(take_zip64_values(extra, {&size, &compressed}, at));
  const std::uint32_t crc = u32(file, at + 14);
  const bool agrees = crc == entry->crc32 && compressed == entry->compressed_bytes && size == entry->size_bytes;
  const bool left_out = (flags & kFlagDataDescriptor) != 0 && crc == 0;  // 4.4.4: they follow the data
  if (!agrees && !left_out) {
    return corrupt("sizes or CRC in the local header at byte {} contradict the directory's entry '{}'", at,
                   entry->name);
  }
  entry->data_begin = at + kLocalBytes + name_bytes + extra_bytes;
  if (!fits(entry->data_begin, entry->compressed_bytes, limit)) {
    return corrupt("the data of record '{}', {} bytes from byte {}, reach into the directory", entry->name,
                   entry->compressed_bytes, entry->data_begin);
  }
  return Status::ok();
}

// 4.3.12. `at` moves behind the entry.
Result<ZipEntry> read_entry(Bytes file, const Directory& directory, std::uint64_t* at) {
  const std::uint64_t begin = *at;
  if (!fits(begin, kEntryBytes, directory.limit) || u32(file, begin) != kEntrySignature) {
    return corrupt("no directory entry at byte {}", begin);
  }
  const std::uint64_t name_bytes = u16(file, begin + 28), extra_bytes = u16(file, begin + 30);
  const std::uint64_t tail_bytes = name_bytes + extra_bytes + u16(file, begin + 32);
  if (!fits(begin + kEntryBytes, tail_bytes, directory.limit)) {
    return corrupt("the directory entry at byte {} is cut off", begin);
  }
  const std::uint16_t flags = u16(file, begin + 8), method = u16(file, begin + 10);
  ZipEntry entry;
  entry.name = text_at(file, begin + kEntryBytes, name_bytes);
  OAR_TRY(check_name(entry.name, begin));
  OAR_TRY(check_flags(flags, method, begin));
  entry.method = static_cast<ZipMethod>(method);
  entry.crc32 = u32(file, begin + 16);
  entry.compressed_bytes = u32(file, begin + 20);
  entry.size_bytes = u32(file, begin + 24);
  entry.header_begin = u32(file, begin + 42);
  if (u16(file, begin + 34) != 0) {
    return unsupported("zip archives in several files are not read; entry at byte {}", begin);
  }
  OAR_ASSIGN(const Bytes extra, find_zip64_extra(file, begin + kEntryBytes + name_bytes, extra_bytes));
  OAR_TRY(take_zip64_values(extra, {&entry.size_bytes, &entry.compressed_bytes, &entry.header_begin}, begin));
  OAR_TRY(check_sizes(entry));
  OAR_TRY(check_local_header(file, flags, directory.begin, &entry));
  *at = begin + kEntryBytes + tail_bytes;
  return entry;
}

Status check_apart(std::span<const ZipEntry> entries) {
  std::vector<const ZipEntry*> order;
  for (const ZipEntry& entry : entries) order.push_back(&entry);
  std::ranges::sort(order, {}, [](const ZipEntry* entry) { return entry->header_begin; });
  for (std::size_t i = 1; i < order.size(); ++i) {
    const std::uint64_t end = order[i - 1]->data_begin + order[i - 1]->compressed_bytes;
    if (order[i]->header_begin >= end) continue;
    return corrupt("record '{}' at byte {} overlaps '{}', which ends at byte {}", order[i]->name,
                   order[i]->header_begin, order[i - 1]->name, end);
  }
  return Status::ok();
}

}  // namespace

Result<std::vector<ZipEntry>> read_zip_directory(Bytes file) {
  OAR_ASSIGN(const Directory directory, find_directory(file));
  std::vector<ZipEntry> entries;
  entries.reserve(directory.num_entries);
  std::uint64_t at = directory.begin;
  for (std::uint64_t i = 0; i < directory.num_entries; ++i) {
    OAR_ASSIGN(ZipEntry entry, read_entry(file, directory, &at));
    entries.push_back(std::move(entry));
  }
  if (at != directory.limit) {
    return corrupt("the directory has {} entries and {} more bytes at byte {}", entries.size(), directory.limit - at,
                   at);
  }
  std::unordered_set<std::string_view> names;
  for (const ZipEntry& entry : entries) {
    if (!names.insert(entry.name).second) return corrupt("two records have the name '{}'", entry.name);
  }
  OAR_TRY(check_apart(entries));
  return entries;
}

}  // namespace oarlock
