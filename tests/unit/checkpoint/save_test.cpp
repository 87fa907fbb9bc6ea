#include <ATen/ops/randint.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>

#include "sample.h"
#include "thread_group.h"

namespace oarlock::testing {
namespace {

Status save_alone(const std::string& directory, const CheckpointContents& contents, SaveOptions options = {}) {
  return run_world(1, [&](Group& group) { return save_checkpoint(real_fs(), group, directory, contents, options); })[0];
}

TEST(SaveCheckpoint, GivesBackWhatWasSaved) {
  for (const int world_size : {1, 2, 3}) {
    TemporaryFolder folder;
    const std::string directory = folder / "run/checkpoints/checkpoint_0";
    const auto results = run_world(world_size, [&](Group& group) {
      return save_checkpoint(real_fs(), group, directory, sample_contents(7, group.rank()), {});
    });
    for (const Status& status : results) ASSERT_TRUE(status.is_ok()) << status.message();
    EXPECT_EQ(version_of(directory, world_size), 7);
    EXPECT_TRUE(temporaries_in(folder / "run/checkpoints").empty());
  }
}

TEST(SaveCheckpoint, KeepsEveryDtypeAndShapeBitForBit) {
  TemporaryFolder folder;
  CheckpointContents contents;
  contents.shared.push_back({"model", {}});
  NamedTensors& tensors = contents.shared[0].tensors;
  for (const at::ScalarType dtype :
       {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kShort, at::kChar, at::kByte,
        at::kBool, at::kFloat8_e4m3fn, at::kFloat8_e5m2, at::kComplexFloat, at::kUInt16, at::kUInt32, at::kUInt64}) {
    for (const std::vector<std::int64_t>& shape :
         {std::vector<std::int64_t>{}, std::vector<std::int64_t>{0}, std::vector<std::int64_t>{2, 0, 3},
          std::vector<std::int64_t>{3, 5}}) {
      at::Tensor tensor = at::empty(shape, dtype);
      const at::Tensor bytes = at::randint(0, 2, {static_cast<std::int64_t>(tensor.nbytes())}, at::kByte);
      if (tensor.numel() > 0) std::memcpy(tensor.mutable_data_ptr(), bytes.const_data_ptr(), tensor.nbytes());
      tensors.push_back({fmt::format("{}.{}", c10::toString(dtype), tensors.size()), tensor});
    }
  }
  tensors.push_back({"transposed", at::arange(6).reshape({2, 3}).t()});
  ASSERT_TRUE(save_alone(folder / "c", contents).is_ok());
  const auto opened = Checkpoint::open(folder / "c");
  ASSERT_TRUE(opened.is_ok()) << opened.status().message();
  const auto read = opened.value()->tensors("model");
  ASSERT_TRUE(read.is_ok()) << read.status().message();
  ASSERT_EQ(read.value().size(), tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const at::Tensor& found = read.value()[i].tensor;
    const at::Tensor expected = tensors[i].tensor.contiguous();
    EXPECT_EQ(read.value()[i].name, tensors[i].name);
    EXPECT_EQ(found.scalar_type(), expected.scalar_type()) << tensors[i].name;
    ASSERT_EQ(found.sizes(), expected.sizes()) << tensors[i].name;
    if (expected.nbytes() == 0) continue;
    EXPECT_EQ(std::memcmp(found.const_data_ptr(), expected.const_data_ptr(), expected.nbytes()), 0) << tensors[i].name;
  }
}

TEST(SaveCheckpoint, LeavesADirectoryThatExistsAlone) {
  TemporaryFolder folder;
  ASSERT_TRUE(save_alone(folder / "c", sample_contents(1, 0)).is_ok());
  const Status again = save_alone(folder / "c", sample_contents(2, 0));
  EXPECT_EQ(again.code(), OAR_E_EXISTS);
  EXPECT_NE(again.message().find(folder / "c"), std::string::npos) << again.message();
  EXPECT_EQ(version_of(folder / "c", 1), 1);
  EXPECT_TRUE(temporaries_in(folder.path()).empty());
}

TEST(SaveCheckpoint, PrunesAfterTheCommitByNumber) {
  TemporaryFolder folder;
  for (int i = 0; i < 12; ++i) {
    const auto directory = next_checkpoint_directory(real_fs(), folder.path());
    ASSERT_TRUE(directory.is_ok());
    EXPECT_EQ(directory.value(), folder / numbered_name(i));
    ASSERT_TRUE(save_alone(directory.value(), sample_contents(i, 0), {.total_limit = 2}).is_ok());
  }
  std::vector<std::string> left = real_fs().list(folder.path()).value();
  EXPECT_EQ(left, (std::vector<std::string>{"checkpoint_10", "checkpoint_11"}));
}

TEST(SaveCheckpoint, PrunesOnlyWhatSavesWrote) {
  TemporaryFolder folder;
  std::filesystem::create_directories(folder / "checkpoint_0");  // no manifest: someone's own
  std::filesystem::create_directories(folder / "best");
  ASSERT_TRUE(save_alone(folder / "checkpoint_5", sample_contents(5, 0), {.total_limit = 1}).is_ok());
  EXPECT_TRUE(std::filesystem::exists(folder / "checkpoint_0"));
  EXPECT_TRUE(std::filesystem::exists(folder / "best"));
}

TEST(SaveCheckpoint, RefusesBadNamesOnEveryRank) {
  for (const char* name : {"", "../model", "a/b", "x y"}) {
    TemporaryFolder folder;
    const auto results = run_world(2, [&](Group& group) {
      CheckpointContents contents = sample_contents(1, group.rank());
      if (group.rank() == 1) contents.per_rank[0].name = name;  // one rank's mistake
      return save_checkpoint(real_fs(), group, folder / "c", contents, {});
    });
    for (const Status& status : results) EXPECT_EQ(status.code(), OAR_E_ARGUMENT) << name;
    EXPECT_TRUE(real_fs().list(folder.path()).value().empty());
  }
}

TEST(SaveCheckpoint, RefusesNamesThatMeetInOneFile) {
  TemporaryFolder folder;
  CheckpointContents contents = sample_contents(1, 0);
  contents.shared.push_back({"random_state-0", {}});
  EXPECT_EQ(save_alone(folder / "c", contents).code(), OAR_E_ARGUMENT);
}

TEST(SaveCheckpoint, NamesBothDirectoriesWhenRanksDiffer) {
  TemporaryFolder folder;
  const auto results = run_world(2, [&](Group& group) {
    return save_checkpoint(real_fs(), group, folder / (group.rank() == 0 ? "a" : "b"), sample_contents(1, group.rank()),
                           {});
  });
  for (const Status& status : results) {
    EXPECT_EQ(status.code(), OAR_E_MISMATCH);
    EXPECT_NE(status.message().find(folder / "a"), std::string::npos) << status.message();
    EXPECT_NE(status.message().find(folder / "b"), std::string::npos) << status.message();
  }
  EXPECT_TRUE(real_fs().list(folder.path()).value().empty());
}

TEST(SaveCheckpoint, ClearsWhatDeadWritersLeftAndSparesLiveOnes) {
  TemporaryFolder folder;
  const std::string dead = folder / temporary_name("checkpoint_8", 1);
  const std::string live = folder / temporary_name("checkpoint_9", 2);
  std::filesystem::create_directories(dead);
  std::filesystem::create_directories(live);
  std::ofstream(dead + "/model.safetensors") << "half";
  const int descriptor = ::open(live.c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(::flock(descriptor, LOCK_EX), 0);
  EXPECT_TRUE(save_alone(folder / "checkpoint_10", sample_contents(1, 0)).is_ok());
  EXPECT_FALSE(std::filesystem::exists(dead));
  EXPECT_TRUE(std::filesystem::exists(live));
  const Status refused = save_alone(folder / "checkpoint_9", sample_contents(1, 0));
  EXPECT_EQ(refused.code(), OAR_E_EXISTS);
  EXPECT_NE(refused.message().find("another process"), std::string::npos) << refused.message();
  ::close(descriptor);
  EXPECT_TRUE(save_alone(folder / "checkpoint_9", sample_contents(1, 0)).is_ok());
  EXPECT_FALSE(std::filesystem::exists(live));
}

TEST(FindLatest, TakesTheLargestNumberThatIsComplete) {
  TemporaryFolder folder;
  EXPECT_EQ(find_latest_checkpoint(real_fs(), folder / "nothing").status().code(), OAR_E_NOT_FOUND);
  EXPECT_EQ(find_latest_checkpoint(real_fs(), folder.path()).status().code(), OAR_E_NOT_FOUND);
  for (const int n : {2, 9, 10, 11, 12})
    ASSERT_TRUE(save_alone(folder / numbered_name(n), sample_contents(n, 0)).is_ok());
  std::filesystem::remove(folder / "checkpoint_12/manifest.json");
  std::filesystem::remove(folder / "checkpoint_11/optimizer_0.safetensors");
  std::filesystem::create_directories(folder / temporary_name("checkpoint_13", 5));
  const auto latest = find_latest_checkpoint(real_fs(), folder.path());
  ASSERT_TRUE(latest.is_ok()) << latest.status().message();
  EXPECT_EQ(latest.value(), folder / "checkpoint_10");
  EXPECT_EQ(next_checkpoint_directory(real_fs(), folder.path()).value(), folder / "checkpoint_13");
}

}  // namespace
}  // namespace oarlock::testing
