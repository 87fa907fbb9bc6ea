// A small checkpoint's contents, told apart by a version number.
#pragma once

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <string>

#include "checkpoint/checkpoint.h"
#include "checkpoint/layout.h"
#include "unit/support/temporary_folder.h"

namespace oarlock::testing {

using test::TemporaryFolder;

inline CheckpointContents sample_contents(int version, int rank) {
  CheckpointContents contents;
  contents.shared.push_back(
      {"model", {{"weight", at::full({3, 2}, version)}, {"bias", at::arange(version, version + 4)}}});
  contents.shared.push_back({"optimizer_0", {{"weight.step", at::full({}, version)}}});
  contents.per_rank.push_back({"random_state", {{"cpu", at::full({5}, 100 * version + rank)}}});
  contents.values.set("version", JsonValue::integer(version));
  contents.user = JsonValue::string("version " + std::to_string(version));
  return contents;
}

// The version that the checkpoint holds, after every byte and every tensor of it agreed; fails the test otherwise.
inline int version_of(const std::string& directory, int world_size) {
  auto opened = Checkpoint::open(directory);
  EXPECT_TRUE(opened.is_ok()) << opened.status().message();
  if (!opened.is_ok()) return -1;
  const Checkpoint& checkpoint = *opened.value();
  EXPECT_EQ(checkpoint.world_size(), world_size);
  const Status verified = checkpoint.verify();
  EXPECT_TRUE(verified.is_ok()) << verified.message();
  const int version = static_cast<int>(checkpoint.values().find("version")->as_int64().value());
  EXPECT_EQ(checkpoint.user().text(), "version " + std::to_string(version));
  for (int rank = 0; rank < world_size; ++rank) {
    const CheckpointContents expected = sample_contents(version, rank);
    for (const CheckpointTensors& part : expected.shared) {
      const auto tensors = checkpoint.tensors(part.name);
      EXPECT_TRUE(tensors.is_ok()) << tensors.status().message();
      if (!tensors.is_ok()) return -1;
      EXPECT_EQ(tensors.value().size(), part.tensors.size());
      for (std::size_t i = 0; i < part.tensors.size(); ++i) {
        EXPECT_EQ(tensors.value()[i].name, part.tensors[i].name);
        EXPECT_TRUE(at::equal(tensors.value()[i].tensor, part.tensors[i].tensor)) << part.tensors[i].name;
      }
    }
    const auto own = checkpoint.tensors("random_state", rank);
    EXPECT_TRUE(own.is_ok()) << own.status().message();
    if (!own.is_ok()) return -1;
    EXPECT_TRUE(at::equal(own.value()[0].tensor, expected.per_rank[0].tensors[0].tensor)) << "rank " << rank;
  }
  return version;
}

inline std::vector<std::string> temporaries_in(const std::string& parent) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(parent)) {
    if (is_temporary_name(entry.path().filename().string())) found.push_back(entry.path().filename());
  }
  return found;
}

}  // namespace oarlock::testing
