#include "base/fs.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>

namespace oarlock {
namespace {

class Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "oarlock_fs_XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { EXPECT_TRUE(real_fs().remove_all(folder_).is_ok()); }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
  }
  std::string read(const std::string& name) const { return read_file(path(name), 1 << 20).value(); }

  std::string folder_;
};

// Fails at the named step and passes everything else on.
class FailingFs final : public Fs {
 public:
  explicit FailingFs(std::string step) : step_(std::move(step)) {}
  Result<std::unique_ptr<WritableFile>> create(const std::string& path) override {
    OAR_ASSIGN(std::unique_ptr<WritableFile> file, real_fs().create(path));
    return std::unique_ptr<WritableFile>(std::make_unique<File>(std::move(file), step_));
  }
  Status rename(const std::string& from, const std::string& to) override {
    if (step_ == "rename") return os_error(EACCES, "rename");
    return real_fs().rename(from, to);
  }
  Status make_directories(const std::string& path) override { return real_fs().make_directories(path); }
  Status sync_directory(const std::string& path) override { return real_fs().sync_directory(path); }
  Status remove_all(const std::string& path) override { return real_fs().remove_all(path); }
  Result<std::vector<std::string>> list(const std::string& path) override { return real_fs().list(path); }
  bool exists(const std::string& path) override { return real_fs().exists(path); }

 private:
  class File final : public WritableFile {
   public:
    File(std::unique_ptr<WritableFile> file, const std::string& step) : file_(std::move(file)), step_(step) {}
    Status append(std::span<const std::byte> bytes) override {
      if (step_ == "append") return os_error(ENOSPC, "append");
      return file_->append(bytes);
    }
    Status sync() override {
      if (step_ == "sync") return os_error(EIO, "sync");
      return file_->sync();
    }
    Status close() override {
      if (step_ == "close") return os_error(EDQUOT, "close");
      return file_->close();
    }

   private:
    std::unique_ptr<WritableFile> file_;
    const std::string& step_;
  };
  const std::string step_;
};

TEST_F(Files, AtomicWriteReplacesAndLeavesNoTemporary) {
  ASSERT_TRUE(write_file_atomically(real_fs(), path("f"), "old").is_ok());
  ASSERT_TRUE(write_file_atomically(real_fs(), path("f"), std::string("n\0w", 3)).is_ok());
  EXPECT_EQ(read("f"), std::string("n\0w", 3));
  EXPECT_EQ(real_fs().list(folder_).value(), (std::vector<std::string>{"f"}));
}

TEST_F(Files, AtomicWriteThatFailsAnywhereKeepsTheOldBytes) {
  write("f", "old");
  for (const char* step : {"append", "sync", "close", "rename"}) {
    FailingFs fs(step);
    const Status status = write_file_atomically(fs, path("f"), "new");
    EXPECT_FALSE(status.is_ok()) << step;
    EXPECT_TRUE(status.message().starts_with(step)) << status.message();
    EXPECT_EQ(read("f"), "old") << step;
    EXPECT_EQ(real_fs().list(folder_).value(), (std::vector<std::string>{"f"})) << step;
  }
}

TEST_F(Files, NothingTakesThePlaceOfADeviceOrAPipe) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  const Status status = write_file_atomically(real_fs(), path("pipe"), "x");
  EXPECT_EQ(status.code(), OAR_E_IO);
  EXPECT_TRUE(status.message().ends_with("it is a device, a pipe or a socket, no file")) << status.message();
  struct stat info {};
  EXPECT_EQ(::stat(path("pipe").c_str(), &info), 0);
  EXPECT_TRUE(S_ISFIFO(info.st_mode));
  EXPECT_EQ(real_fs().list(folder_).value(), (std::vector<std::string>{"pipe"}));
}

TEST_F(Files, APipeIsRefusedAtOnceHoweverLongNobodyWritesToIt) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(read_file(path("pipe"), 10).status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(MappedFile::open(path("pipe")).status().code(), OAR_E_ARGUMENT);
}

TEST_F(Files, FullDeviceIsNoSpace) {
  Result<std::unique_ptr<WritableFile>> file = real_fs().create("/dev/full");
  ASSERT_TRUE(file.is_ok()) << file.status().message();
  const std::string bytes = "x";
  const Status status = file.value()->append(std::as_bytes(std::span(bytes)));
  EXPECT_EQ(status.code(), OAR_E_NO_SPACE);
  EXPECT_EQ(status.message(), "cannot write to '/dev/full': No space left on device (errno 28)");
}

TEST_F(Files, MessagesNamePathAndErrno) {
  EXPECT_EQ(read_file("/nowhere/f", 10).status().code(), OAR_E_NOT_FOUND);
  EXPECT_EQ(read_file("/nowhere/f", 10).status().message(),
            "cannot open '/nowhere/f': No such file or directory (errno 2)");
  EXPECT_EQ(read_file("/nowhere/f", 10).status().info().vendor_code, ENOENT);
  write("f", "x");
  EXPECT_EQ(real_fs().make_directories(path("f/below")).code(), OAR_E_IO);
  EXPECT_EQ(real_fs().create(path("no/f")).status().code(), OAR_E_NOT_FOUND);
  EXPECT_EQ(real_fs().list(path("no")).status().code(), OAR_E_NOT_FOUND);
  EXPECT_EQ(real_fs().rename(path("no"), path("yes")).code(), OAR_E_NOT_FOUND);
}

TEST_F(Files, ReadFileBoundsTheSizeAndRefusesDirectories) {
  write("f", "12345");
  EXPECT_EQ(read_file(path("f"), 5).value(), "12345");
  EXPECT_EQ(read_file(path("f"), 4).status().code(), OAR_E_CORRUPT);
  EXPECT_EQ(read_file(folder_, 4).status().code(), OAR_E_ARGUMENT);
}

TEST_F(Files, DirectoriesAreMadeWithParentsAndRemovedWithContents) {
  EXPECT_TRUE(real_fs().make_directories(path("a/b/c")).is_ok());
  EXPECT_TRUE(real_fs().make_directories(path("a/b/c")).is_ok());  // existing is fine
  write("a/b/f", "x");
  EXPECT_TRUE(real_fs().sync_directory(path("a/b")).is_ok());
  EXPECT_EQ(real_fs().list(path("a/b")).value(), (std::vector<std::string>{"c", "f"}));
  EXPECT_TRUE(real_fs().remove_all(path("a")).is_ok());
  EXPECT_FALSE(real_fs().exists(path("a")));
  EXPECT_TRUE(real_fs().remove_all(path("a")).is_ok());  // missing is fine
}

TEST_F(Files, CloseTwiceIsFine) {
  Result<std::unique_ptr<WritableFile>> file = real_fs().create(path("f"));
  ASSERT_TRUE(file.is_ok());
  EXPECT_TRUE(file.value()->close().is_ok());
  EXPECT_TRUE(file.value()->close().is_ok());
}

TEST_F(Files, MappedFileShowsTheBytesAndOutlivesTheName) {
  write("f", "bytes");
  const Result<std::shared_ptr<MappedFile>> file = MappedFile::open(path("f"));
  ASSERT_TRUE(file.is_ok());
  ASSERT_TRUE(real_fs().remove_all(path("f")).is_ok());
  const std::span<const std::byte> bytes = file.value()->bytes();
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), "bytes");
}

TEST_F(Files, MappedFileTakesEmptyOnesAndRefusesDirectoriesAndPipes) {
  write("empty", "");
  EXPECT_TRUE(MappedFile::open(path("empty")).value()->bytes().empty());
  EXPECT_EQ(MappedFile::open(folder_).status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(MappedFile::open(path("none")).status().code(), OAR_E_NOT_FOUND);
  EXPECT_EQ(MappedFile::open("/dev/null").status().code(), OAR_E_ARGUMENT);
}

}  // namespace
}  // namespace oarlock
