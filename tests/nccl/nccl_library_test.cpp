// What the ranks are told where something that NCCL needs is missing.
#include "nccl_world.h"

namespace oarlock {
namespace {

// All ranks get this code, and a text with `part`.
void expect_refusal(const NcclNames& names, oar_status code, const std::string& part) {
  const auto make = [&](Star star) { return make_group(std::move(star), {}, Milliseconds(30000), "nccl", names); };
  run_world_of(2, make, [&](Result<std::shared_ptr<Group>> group) {
    ASSERT_FALSE(group.is_ok());
    EXPECT_EQ(group.status().code(), code) << group.status().message();
    EXPECT_NE(group.status().message().find("option comm.backend is 'nccl', but on rank 0"), std::string::npos);
    EXPECT_NE(group.status().message().find(part), std::string::npos) << group.status().message();
  });
}

TEST(NcclLibrary, WithoutLiboarlockCudaTheErrorSaysHowToGetIt) {
  expect_refusal({built("no_such_library.so"), {}}, OAR_E_ENVIRONMENT, "OARLOCK_WITH_CUDA");
}

TEST(NcclLibrary, AnotherBuildIsRefused) {
  expect_refusal({built("other_build_cuda.so"), {built("fake_nccl.so")}}, OAR_E_VERSION, "another build");
}

TEST(NcclLibrary, AnyOtherLibraryIsRefused) {
  expect_refusal({built("fake_nccl.so"), {}}, OAR_E_VERSION, "is no liboarlock_cuda.so");
}

TEST(NcclLibrary, WithoutACudaDeviceTheErrorSaysSo) {
  fake::DeviceGuard::num_devices = 0;
  expect_refusal(fake_names(), OAR_E_ENVIRONMENT, "no CUDA device");
  fake::DeviceGuard::num_devices = 1;
}

}  // namespace
}  // namespace oarlock
