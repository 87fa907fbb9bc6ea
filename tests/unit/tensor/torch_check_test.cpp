#include "tensor/torch_check.h"

#include <gtest/gtest.h>

namespace oarlock {
namespace {

const TorchLibrary kBuilt{2, 11, 0, "/built/libtorch_cpu.so"};

TEST(CompareTorch, APatchLevelMakesNoDifference) {
  EXPECT_TRUE(compare_torch(kBuilt, TorchLibrary{2, 11, 3, "/other"}).is_ok());
}

TEST(CompareTorch, AnotherMinorVersionIsRefusedWithBothPaths) {
  const Status status = compare_torch(kBuilt, TorchLibrary{2, 10, 0, "/loaded/libtorch_cpu.so"});
  EXPECT_EQ(status.code(), OAR_E_VERSION);
  for (const char* part : {"2.11.0", "/built/libtorch_cpu.so", "2.10.0", "/loaded/libtorch_cpu.so"}) {
    EXPECT_NE(status.message().find(part), std::string::npos) << part;
  }
}

TEST(CompareTorch, AnotherMajorVersionOfTheSameMinorIsRefused) {
  EXPECT_EQ(compare_torch(kBuilt, TorchLibrary{3, 11, 0, "/other"}).code(), OAR_E_VERSION);
}

TEST(CompareTorch, OneTooOldToSayIsRefused) {
  const Status status = compare_torch(kBuilt, TorchLibrary{0, 0, 0, "/old"});
  EXPECT_EQ(status.code(), OAR_E_VERSION);
  EXPECT_NE(status.message().find("older than 2.7"), std::string::npos);
}

TEST(LoadedTorch, IsTheOneThatThisTestIsLinkedWith) {
  EXPECT_EQ(loaded_torch().version(), built_torch().version());
  EXPECT_NE(loaded_torch().path.find("libtorch_cpu.so"), std::string::npos);
}

}  // namespace
}  // namespace oarlock
