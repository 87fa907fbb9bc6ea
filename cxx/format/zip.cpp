#include "format/zip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "format/zip_directory.h"

namespace oarlock {
namespace {

using Bytes = std::span<const std::byte>;

// Raw deflate (windowBits < 0) of the whole input into exactly entry.size_bytes. The buffer grows with what really
// comes out, so that a lying size costs nothing.
class Inflater {
 public:
  Inflater() : ready_(inflateInit2(&stream_, -MAX_WBITS) == Z_OK) {}
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  Result<std::vector<std::byte>> run(Bytes input, std::uint64_t size_bytes) {
    if (!ready_) return out_of_memory("zlib has no memory for a window");
    std::vector<std::byte> output;
    int code = Z_OK;
    while (code == Z_OK) {
      feed(&input);
      const std::size_t done = output.size();
      output.resize(std::min<std::uint64_t>(size_bytes, done + kBlockBytes));
      std::byte spare{};  // where a stream that has more than it should shows so
      const bool full = output.size() == done;
      stream_.next_out = reinterpret_cast<Bytef*>(full ? &spare : output.data() + done);
      const std::size_t room = full ? 1 : output.size() - done;
      stream_.avail_out = static_cast<uInt>(room);
      code = inflate(&stream_, Z_NO_FLUSH);
      const std::size_t made = room - stream_.avail_out;
      if (full && made > 0) return corrupt("more data than the {} bytes announced", size_bytes);
      if (!full) output.resize(done + made);
    }
    const bool complete = code == Z_STREAM_END && output.size() == size_bytes;
    if (complete && stream_.avail_in == 0 && input.empty()) return output;
    return corrupt("damaged deflate data after {} of {} bytes, {}", output.size(), size_bytes,
                   stream_.msg != nullptr ? stream_.msg : "too short or too long");
  }

 private:
  static constexpr std::size_t kBlockBytes = std::size_t{16} << 20;

  void feed(Bytes* input) {  // zlib counts in 32 bits
    if (stream_.avail_in != 0 || input->empty()) return;
    const std::size_t size = std::min<std::size_t>(input->size(), std::size_t{1} << 30);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(input->data()));
    stream_.avail_in = static_cast<uInt>(size);
    *input = input->subspan(size);
  }

  z_stream stream_{};
  bool ready_;
};

class MappedZip : public ZipArchive {
 public:
  MappedZip(Bytes bytes, std::shared_ptr<const void> owner, std::vector<ZipEntry> entries, std::string where)
      : bytes_(bytes), owner_(std::move(owner)), entries_(std::move(entries)), where_(std::move(where)) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      names_.push_back(entries_[i].name);
      index_.emplace(entries_[i].name, i);
    }
  }

  const std::vector<std::string>& names() const override { return names_; }
  bool contains(std::string_view name) const override { return index_.contains(name); }

  Result<ZipRecord> record(std::string_view name, std::uint64_t bytes_max) const override {
    const auto found = index_.find(name);
    if (found == index_.end()) return not_found("{} has no record '{}'; it has {}", where_, name, names_.size());
    const ZipEntry& entry = entries_[found->second];
    Result<ZipRecord> result = read(entry, bytes_max);
    if (result.is_ok()) return result;
    return std::move(result).status().within(
        fmt::format("{}, record '{}' at byte {}", where_, entry.name, entry.data_begin));
  }

 private:
  Result<ZipRecord> read(const ZipEntry& entry, std::uint64_t bytes_max) const {
    if (entry.size_bytes > bytes_max) {
      return unsupported("it may have {} bytes here, the directory says {}", bytes_max, entry.size_bytes);
    }
    ZipRecord result{bytes_.subspan(entry.data_begin, entry.compressed_bytes), owner_};
    if (entry.method == ZipMethod::kDeflated) {
      if (entry.size_bytes > kInflatedBytesMax) {
        return unsupported("a deflated record may have {} bytes, got {}", kInflatedBytesMax, entry.size_bytes);
      }
      Inflater inflater;
      OAR_ASSIGN(std::vector<std::byte> inflated, inflater.run(result.bytes, entry.size_bytes));
      auto buffer = std::make_shared<const std::vector<std::byte>>(std::move(inflated));
      result = ZipRecord{Bytes(*buffer), buffer};
    }
    const uLong crc = crc32_z(0, reinterpret_cast<const Bytef*>(result.bytes.data()), result.bytes.size());
    if (crc == entry.crc32) return result;
    return corrupt("CRC-32 is {:08x}, the directory says {:08x}", crc, entry.crc32);
  }

  Bytes bytes_;
  std::shared_ptr<const void> owner_;
  std::vector<ZipEntry> entries_;  // never changes: index_ views the names
  std::vector<std::string> names_;
  std::unordered_map<std::string_view, std::size_t> index_;
  std::string where_;
};

Result<std::shared_ptr<ZipArchive>> open_bytes(Bytes bytes, std::shared_ptr<const void> owner, std::string where) {
  Result<std::vector<ZipEntry>> entries = read_zip_directory(bytes);
  if (!entries.is_ok()) return std::move(entries).status().within(where);
  return std::shared_ptr<ZipArchive>(
      std::make_shared<MappedZip>(bytes, std::move(owner), std::move(entries).value(), std::move(where)));
}

}  // namespace

Result<std::shared_ptr<ZipArchive>> ZipArchive::open(const std::string& path) {
  OAR_ASSIGN(std::shared_ptr<MappedFile> file, MappedFile::open(path));
  const Bytes bytes = file->bytes();
  return open_bytes(bytes, std::move(file), "zip archive '" + path + "'");
}

Result<std::shared_ptr<ZipArchive>> ZipArchive::from_bytes(Bytes bytes, std::shared_ptr<const void> owner) {
  return open_bytes(bytes, std::move(owner), "zip archive in memory");
}

}  // namespace oarlock
