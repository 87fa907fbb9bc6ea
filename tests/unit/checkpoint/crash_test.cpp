// Every operation of a save, as the place where the disk fails, the process is killed, or the machine loses power.
#include <cerrno>

#include "fault_fs.h"
#include "sample.h"
#include "thread_group.h"

namespace oarlock::testing {
namespace {

constexpr int kOld = 1;
constexpr int kNew = 2;

Status save_version(Fs& fs, Group& group, const std::string& parent, int version) {
  return save_checkpoint(fs, group, join_path(parent, numbered_name(version)), sample_contents(version, group.rank()),
                         {.total_limit = 1});
}

void save_without_fault(int world_size, const std::string& parent, int version) {
  for (const Status& status :
       run_world(world_size, [&](Group& group) { return save_version(real_fs(), group, parent, version); })) {
    ASSERT_TRUE(status.is_ok()) << status.message();
  }
}

int latest_version(int world_size, const std::string& parent) {
  const auto latest = find_latest_checkpoint(real_fs(), parent);
  EXPECT_TRUE(latest.is_ok()) << latest.status().message();
  return latest.is_ok() ? version_of(latest.value(), world_size) : -1;
}

// An older checkpoint that was being pruned is whole, or none.
void expect_all_whole(int world_size, const std::string& parent) {
  const std::vector<std::string> names = real_fs().list(parent).value();
  for (const std::string& name : names) {
    if (!checkpoint_number(name) || !real_fs().exists(join_path(join_path(parent, name), kManifestName))) continue;
    EXPECT_GT(version_of(join_path(parent, name), world_size), 0) << name;
  }
}

// Whatever happened, training can go on: the next save works, and leaves one checkpoint and nothing else.
void expect_next_save_works(int world_size, const std::string& parent) {
  constexpr int kNext = 3;
  save_without_fault(world_size, parent, kNext);
  EXPECT_EQ(latest_version(world_size, parent), kNext);
  EXPECT_EQ(real_fs().list(parent).value(), std::vector<std::string>{numbered_name(kNext)});
}

// A save of version kNew over kOld; rank `faulty_rank` has the file system `fs`, the others the real one.
std::vector<Status> save_over_old(int world_size, const std::string& parent, int faulty_rank, FaultFs& fs) {
  save_without_fault(world_size, parent, kOld);
  return run_world(world_size, [&](Group& group) {
    return save_version(group.rank() == faulty_rank ? static_cast<Fs&>(fs) : real_fs(), group, parent, kNew);
  });
}

int count_operations(int world_size, int rank) {
  TemporaryFolder folder;
  FaultFs fs;
  for (const Status& status : save_over_old(world_size, folder.path(), rank, fs))
    EXPECT_TRUE(status.is_ok()) << status.message();
  return static_cast<int>(fs.operations().size());
}

TEST(CrashOfASave, TouchesTheDiskOftenEnoughToBeWorthTesting) {
  EXPECT_GE(count_operations(1, 0),
            20);  // three tensor files and a manifest, each created, written, synced, closed; and renames
  EXPECT_GE(count_operations(2, 1), 4);
}

TEST(CrashOfASave, KilledAnywhereLeavesOldOrNew) {
  const int count = count_operations(1, 0);
  for (int at = 1; at <= count; ++at) {
    TemporaryFolder folder;
    FaultFs fs(Fault::kEnd, at);
    save_over_old(1, folder.path(), 0, fs);
    SCOPED_TRACE(
        fmt::format("killed at operation {} of {}: {}", at, count, fs.operations()[static_cast<std::size_t>(at) - 1]));
    const int version = latest_version(1, folder.path());
    EXPECT_TRUE(version == kOld || version == kNew) << version;
    expect_next_save_works(1, folder.path());
  }
}

TEST(CrashOfASave, PowerLostAnywhereLeavesOldOrNew) {
  const int count = count_operations(1, 0);
  for (int at = 1; at <= count + 1; ++at) {  // the last: when all is done
    TemporaryFolder folder;
    FaultFs fs(Fault::kEnd, at);
    const Status status = save_over_old(1, folder.path(), 0, fs)[0];
    fs.lose_unsynced();
    SCOPED_TRACE(fmt::format("power lost at operation {} of {}: {}", at, count,
                             at > count ? "none" : fs.operations()[static_cast<std::size_t>(at) - 1]));
    const int version = latest_version(1, folder.path());
    EXPECT_TRUE(version == kOld || version == kNew) << version;
    if (status.is_ok()) {
      EXPECT_EQ(version, kNew) << "a save that was reported as done was lost";
    }
    expect_all_whole(1, folder.path());
    expect_next_save_works(1, folder.path());
  }
}

TEST(CrashOfASave, PowerLostAfterItReturnedLosesNothing) {
  for (const char* directory : {"checkpoint_1", "a/b/c/checkpoint_1"}) {  // also when parents had to be made
    TemporaryFolder folder;
    FaultFs fs;
    const auto results = run_world(2, [&](Group& group) {
      return save_checkpoint(fs, group, folder / directory, sample_contents(kNew, group.rank()), {});
    });
    for (const Status& status : results) ASSERT_TRUE(status.is_ok()) << status.message();
    fs.lose_unsynced();
    EXPECT_EQ(version_of(folder / directory, 2), kNew);
  }
}

struct ErrorCase {
  int error_number;
  oar_status code;
  Fault fault;
};

class ErrorInASave : public ::testing::TestWithParam<ErrorCase> {};

// world_size ranks, the fault on each of them in turn, at every one of its operations.
void expect_errors_are_clean(int world_size, const ErrorCase& error) {
  for (int rank = 0; rank < world_size; ++rank) {
    const int count = count_operations(world_size, rank);
    for (int at = 1; at <= count; ++at) {
      TemporaryFolder folder;
      FaultFs fs(error.fault, at, error.error_number);
      const std::vector<Status> results = save_over_old(world_size, folder.path(), rank, fs);
      SCOPED_TRACE(fmt::format("rank {} of {}, operation {} of {}: {}", rank, world_size, at, count,
                               fs.operations()[static_cast<std::size_t>(at) - 1]));
      const bool is_saved = results[0].is_ok();
      for (const Status& status : results) {
        EXPECT_EQ(status.is_ok(), is_saved) << "ranks disagree: " << status.message();
        if (!is_saved) {
          EXPECT_EQ(status.code(), error.code) << status.message();
        }
      }
      // On a disk that stays broken the rename cannot be taken back either: then the new one is whole, and the text
      // says so.
      const bool is_left = !is_saved && results[0].message().find("could not be taken back") != std::string::npos;
      EXPECT_TRUE(!is_left || error.fault == Fault::kErrorFrom);
      EXPECT_EQ(latest_version(world_size, folder.path()), is_saved || is_left ? kNew : kOld);
      if (error.fault == Fault::kError && !is_saved) {
        EXPECT_EQ(real_fs().list(folder.path()).value(), std::vector<std::string>{numbered_name(kOld)});
      }
      expect_next_save_works(world_size, folder.path());
    }
  }
}

TEST_P(ErrorInASave, ChangesNothingAndTheNextWorks) { expect_errors_are_clean(1, GetParam()); }

TEST_P(ErrorInASave, OnOneRankIsAnErrorOnBoth) { expect_errors_are_clean(2, GetParam()); }

INSTANTIATE_TEST_SUITE_P(Table, ErrorInASave,
                         ::testing::Values(ErrorCase{EIO, OAR_E_IO, Fault::kError},
                                           ErrorCase{EROFS, OAR_E_IO, Fault::kErrorFrom},
                                           ErrorCase{ENOSPC, OAR_E_NO_SPACE, Fault::kError},
                                           ErrorCase{ENOSPC, OAR_E_NO_SPACE, Fault::kErrorFrom},
                                           ErrorCase{EDQUOT, OAR_E_NO_SPACE, Fault::kError}));

TEST(ErrorInASave, NamesTheRankThatFailed) {
  TemporaryFolder folder;
  FaultFs fs(Fault::kError, 1, ENOSPC);
  const std::vector<Status> results = save_over_old(2, folder.path(), 1, fs);
  EXPECT_EQ(results[0].code(), OAR_E_NO_SPACE);
  EXPECT_EQ(results[0].info().rank, 1);
  EXPECT_NE(results[0].message().find("rank 1"), std::string::npos) << results[0].message();
}

}  // namespace
}  // namespace oarlock::testing
