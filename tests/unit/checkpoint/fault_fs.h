// A file system with one weak point: its k-th operation fails, or the process or the machine ends there. (After
// leveldb's db/fault_injection_test.cc.)
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/fs.h"

namespace oarlock::testing {

enum class Fault {
  kNone,
  kError,      // the operation fails
  kErrorFrom,  // it and every later one
  kEnd,        // nothing happens from it on: the process was killed, what it wrote stays
};

class FaultFs final : public Fs {
 public:
  explicit FaultFs(Fault fault = Fault::kNone, int at = 0, int error_number = 0)
      : fault_(fault), at_(at), error_number_(error_number) {}

  const std::vector<std::string>& operations() const { return operations_; }

  // The machine lost power: what was not synced is gone. Names made or renamed since their directory's last sync are
  // taken back, newest first; files that were not synced keep half of their bytes. A removal may have reached the disk
  // before the renaming that went before it: then the old name comes back with a file missing.
  void lose_unsynced() {
    namespace fs = std::filesystem;
    for (const Ruin& ruin : ruins_) {
      if (!is_unsynced(ruin.path)) continue;
      fs::create_directory(ruin.path);
      for (const auto& [name, bytes] : ruin.files) std::ofstream(ruin.path + "/" + name, std::ios::binary) << bytes;
    }
    for (const auto& [path, is_synced] : files_) {
      if (!is_synced && fs::exists(path)) fs::resize_file(path, fs::file_size(path) / 2);
    }
    for (auto change = unsynced_names_.rbegin(); change != unsynced_names_.rend(); ++change) {
      if (change->renamed_from.empty()) {
        fs::remove_all(change->path);
      } else if (fs::exists(change->path)) {
        fs::rename(change->path, change->renamed_from);
      }
    }
    unsynced_names_.clear();
  }

  Result<std::unique_ptr<WritableFile>> create(const std::string& path) override {
    OAR_TRY(enter("create", path));
    const bool is_new = !real_fs().exists(path);
    OAR_ASSIGN(std::unique_ptr<WritableFile> file, real_fs().create(path));
    std::lock_guard lock(mutex_);
    if (is_new) unsynced_names_.push_back({path, ""});
    files_[path] = false;
    return std::unique_ptr<WritableFile>(std::make_unique<File>(*this, path, std::move(file)));
  }

  Status rename(const std::string& from, const std::string& to) override {
    OAR_TRY(enter("rename", from));
    OAR_TRY(real_fs().rename(from, to));
    std::lock_guard lock(mutex_);
    unsynced_names_.push_back({to, from});
    std::map<std::string, bool> moved;
    for (const auto& [path, is_synced] : files_) {
      moved[path.starts_with(from + "/") ? to + path.substr(from.size()) : path] = is_synced;
    }
    files_ = std::move(moved);
    return Status::ok();
  }

  Status make_directories(const std::string& path) override {
    OAR_TRY(enter("make_directories", path));
    std::vector<std::string> missing;
    for (std::filesystem::path at = path; !at.empty() && !std::filesystem::exists(at); at = at.parent_path()) {
      missing.push_back(at);
    }
    OAR_TRY(real_fs().make_directories(path));
    std::lock_guard lock(mutex_);
    for (auto made = missing.rbegin(); made != missing.rend(); ++made) unsynced_names_.push_back({*made, ""});
    return Status::ok();
  }

  Status sync_directory(const std::string& path) override {
    OAR_TRY(enter("sync_directory", path));
    OAR_TRY(real_fs().sync_directory(path));
    std::lock_guard lock(mutex_);
    std::erase_if(unsynced_names_, [&](const NameChange& change) {
      return std::filesystem::path(change.path).parent_path() == std::filesystem::path(path);
    });
    return Status::ok();
  }

  Status remove_all(const std::string& path) override {
    OAR_TRY(enter("remove_all", path));
    std::unique_lock lock(mutex_);
    if (is_unsynced(path) && std::filesystem::is_directory(path)) ruins_.push_back(ruin_of(path));
    lock.unlock();
    return real_fs().remove_all(path);
  }

  Result<std::vector<std::string>> list(const std::string& path) override {
    OAR_TRY(enter("list", path));
    return real_fs().list(path);
  }

  bool exists(const std::string& path) override { return real_fs().exists(path); }

 private:
  struct NameChange {
    std::string path;
    std::string renamed_from;  // empty: made
  };

  // What is left of a directory whose last file is gone: its other files.
  struct Ruin {
    std::string path;
    std::map<std::string, std::string> files;
  };

  static Ruin ruin_of(const std::string& path) {
    Ruin ruin{path, {}};
    const std::vector<std::string> names = real_fs().list(path).value();
    for (const std::string& name : names) {
      ruin.files[name] = read_file(path + "/" + name, std::size_t{1} << 30).value();
    }
    if (!ruin.files.empty()) ruin.files.erase(std::prev(ruin.files.end()));
    return ruin;
  }

  bool is_unsynced(const std::string& path) const {
    return std::any_of(unsynced_names_.begin(), unsynced_names_.end(),
                       [&](const NameChange& change) { return change.path == path; });
  }

  class File final : public WritableFile {
   public:
    File(FaultFs& fs, std::string path, std::unique_ptr<WritableFile> file)
        : fs_(fs), path_(std::move(path)), file_(std::move(file)) {}
    Status append(std::span<const std::byte> bytes) override {
      Status status = fs_.enter("append", path_);
      // A write that fails, or that the process dies in, may have been done in part.
      if (!status.is_ok() && !fs_.has_ended_before()) OAR_TRY(file_->append(bytes.first(bytes.size() / 2)));
      if (!status.is_ok()) return status;
      return file_->append(bytes);
    }
    Status sync() override {
      OAR_TRY(fs_.enter("sync", path_));
      OAR_TRY(file_->sync());
      std::lock_guard lock(fs_.mutex_);
      fs_.files_[path_] = true;
      return Status::ok();
    }
    Status close() override {
      OAR_TRY(fs_.enter("close", path_));
      return file_->close();
    }

   private:
    FaultFs& fs_;
    const std::string path_;
    std::unique_ptr<WritableFile> file_;
  };

  Status enter(const std::string& name, const std::string& path) {
    std::lock_guard lock(mutex_);
    operations_.push_back(name + " " + path);
    const int number = static_cast<int>(operations_.size());
    if (fault_ == Fault::kError && number == at_) return os_error(error_number_, operations_.back());
    if (fault_ == Fault::kErrorFrom && number >= at_) return os_error(error_number_, operations_.back());
    if (fault_ == Fault::kEnd && number >= at_) return io_error("the process has ended");
    return Status::ok();
  }

  bool has_ended_before() {
    std::lock_guard lock(mutex_);
    return fault_ == Fault::kEnd && static_cast<int>(operations_.size()) > at_;
  }

  const Fault fault_;
  const int at_;
  const int error_number_;
  std::mutex mutex_;
  std::vector<std::string> operations_;
  std::map<std::string, bool> files_;  // is it synced?
  std::vector<NameChange> unsynced_names_;
  std::vector<Ruin> ruins_;
};

}  // namespace oarlock::testing
