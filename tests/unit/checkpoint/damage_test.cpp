// Checkpoints that something happened to after they were saved.
#include <gtest/gtest.h>

#include <fstream>

#include "base/fs.h"
#include "sample.h"
#include "thread_group.h"

namespace oarlock::testing {
namespace {

class DamagedCheckpoint : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto results = run_world(2, [&](Group& group) {
      return save_checkpoint(real_fs(), group, directory(), sample_contents(1, group.rank()), {});
    });
    for (const Status& status : results) ASSERT_TRUE(status.is_ok()) << status.message();
  }
  std::string directory() const { return folder_ / "c"; }
  std::string file(std::string_view name) const { return join_path(directory(), name); }
  std::string bytes(std::string_view name) const { return read_file(file(name), 1 << 20).value(); }
  void write(std::string_view name, std::string_view bytes) const {
    std::ofstream(file(name), std::ios::binary | std::ios::trunc) << bytes;
  }

  TemporaryFolder folder_;
};

void expect_corrupt(const Status& status, std::string_view file_name, std::string_view word) {
  EXPECT_EQ(status.code(), OAR_E_CORRUPT) << status.message();
  EXPECT_NE(status.message().find(file_name), std::string::npos) << status.message();
  EXPECT_NE(status.message().find(word), std::string::npos) << status.message();
}

TEST_F(DamagedCheckpoint, MissingFileIsNamedWhenOpened) {
  std::filesystem::remove(file("random_state-1.safetensors"));
  expect_corrupt(Checkpoint::open(directory()).status(), "random_state-1.safetensors", "missing");
}

TEST_F(DamagedCheckpoint, TruncatedFileIsNamedWithItsOffsetWhenOpened) {
  const std::string whole = bytes("model.safetensors");
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, whole.size() / 2, whole.size() - 1}) {
    write("model.safetensors", whole.substr(0, size));
    expect_corrupt(Checkpoint::open(directory()).status(), "model.safetensors", fmt::format("offset {}", size));
  }
  write("model.safetensors", whole + "x");
  expect_corrupt(Checkpoint::open(directory()).status(), "model.safetensors",
                 fmt::format("offset {}", whole.size() + 1));
}

TEST_F(DamagedCheckpoint, EveryFlippedByteIsFoundBeforeATensorIsGiven) {
  const std::string whole = bytes("model.safetensors");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    write("model.safetensors", damaged);
    const auto opened = Checkpoint::open(directory());
    ASSERT_TRUE(opened.is_ok()) << opened.status().message();  // sizes fit; bytes are read at first use
    expect_corrupt(opened.value()->tensors("model").status(), "model.safetensors",
                   fmt::format("bytes 0 to {}", whole.size()));
    expect_corrupt(opened.value()->verify(), "model.safetensors", "XXH3-128");
    expect_corrupt(opened.value()->model_tensor("bias").status(), "model.safetensors", "XXH3-128");
    EXPECT_TRUE(opened.value()->tensors("optimizer_0").is_ok()) << "other files are as good as before";
  }
}

TEST_F(DamagedCheckpoint, ManifestIsNamedWithAnOffset) {
  const std::string whole = bytes("manifest.json");
  for (std::size_t i = 0; i < whole.size(); i += 7) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    write("manifest.json", damaged);
    expect_corrupt(Checkpoint::open(directory()).status(), "manifest.json", "byte");
    write("manifest.json", whole.substr(0, i));
    expect_corrupt(Checkpoint::open(directory()).status(), "manifest.json", "byte");
  }
}

TEST_F(DamagedCheckpoint, WithoutAManifestIsNoCheckpoint) {
  std::filesystem::remove(file("manifest.json"));
  EXPECT_EQ(Checkpoint::open(directory()).status().code(), OAR_E_NOT_FOUND);
  EXPECT_EQ(Checkpoint::open(folder_ / "nothing").status().code(), OAR_E_NOT_FOUND);
  EXPECT_EQ(Checkpoint::open(folder_ / "c/model.safetensors").status().code(), OAR_E_ARGUMENT);
}

TEST_F(DamagedCheckpoint, FilesReachedByALinkAreRefused) {
  std::filesystem::rename(file("model.safetensors"), folder_ / "elsewhere");
  std::filesystem::create_symlink(folder_ / "elsewhere", file("model.safetensors"));
  expect_corrupt(Checkpoint::open(directory()).status(), "model.safetensors", "regular file");
}

TEST_F(DamagedCheckpoint, IsStillTheLatestSoThatNobodyGoesBackUnawares) {
  const auto results = run_world(1, [&](Group& group) {
    Status older = save_checkpoint(real_fs(), group, folder_ / "checkpoint_1", sample_contents(1, 0), {});
    return older.is_ok() ? save_checkpoint(real_fs(), group, folder_ / "checkpoint_2", sample_contents(2, 0), {})
                         : older;
  });
  ASSERT_TRUE(results[0].is_ok()) << results[0].message();
  std::ofstream(folder_ / "checkpoint_2/manifest.json", std::ios::trunc) << "{\"format\":";
  const auto latest = find_latest_checkpoint(real_fs(), folder_.path());
  ASSERT_TRUE(latest.is_ok()) << latest.status().message();
  EXPECT_EQ(latest.value(), folder_ / "checkpoint_2");
  EXPECT_EQ(Checkpoint::open(latest.value()).status().code(), OAR_E_CORRUPT);
}

using OpenCheckpoint = DamagedCheckpoint;

TEST_F(OpenCheckpoint, NamesWhatThereIsWhenAskedForSomethingElse) {
  const auto opened = Checkpoint::open(directory());
  ASSERT_TRUE(opened.is_ok()) << opened.status().message();
  const Status no_file = opened.value()->tensors("modle").status();
  EXPECT_EQ(no_file.code(), OAR_E_NOT_FOUND);
  EXPECT_NE(no_file.message().find("model, optimizer_0"), std::string::npos) << no_file.message();
  EXPECT_EQ(opened.value()->tensors("random_state", 2).status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(opened.value()->tensors("random_state", -1).status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(opened.value()->tensors("random_state").status().code(), OAR_E_NOT_FOUND);
  EXPECT_EQ(opened.value()->model_tensor("wieght").status().code(), OAR_E_NOT_FOUND);
  EXPECT_EQ(opened.value()->num_model_tensors().value(), 2);
  EXPECT_EQ(opened.value()->model_tensor_name(0).value(), "weight");
  EXPECT_EQ(opened.value()->model_tensor_name(1).value(), "bias");
}

TEST_F(OpenCheckpoint, TensorsOutliveItAndMayBeWrittenToWithoutHarm) {
  at::Tensor tensor;
  {
    const auto opened = Checkpoint::open(directory());
    ASSERT_TRUE(opened.is_ok()) << opened.status().message();
    tensor = opened.value()->model_tensor("bias").value();
  }
  EXPECT_TRUE(at::equal(tensor, at::arange(1, 5)));
  tensor.fill_(9);
  EXPECT_TRUE(at::equal(tensor, at::full({4}, 9)));
  EXPECT_EQ(version_of(directory(), 2), 1);
}

}  // namespace
}  // namespace oarlock::testing
