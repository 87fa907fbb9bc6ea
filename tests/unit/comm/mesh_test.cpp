#include "comm/mesh.h"

#include <gtest/gtest.h>

#include "comm/backends/self.h"

namespace oarlock {
namespace {

using Axes = std::vector<MeshAxis>;
using Coordinates = std::vector<int>;

const Axes kCube{{"pp", 2}, {"dp", 3}, {"tp", 2}};

TEST(Mesh, TheLastAxisRunsFastest) {  // as numpy.arange(12).reshape(2, 3, 2)
  EXPECT_EQ(coordinates_of(0, kCube), (Coordinates{0, 0, 0}));
  EXPECT_EQ(coordinates_of(1, kCube), (Coordinates{0, 0, 1}));
  EXPECT_EQ(coordinates_of(2, kCube), (Coordinates{0, 1, 0}));
  EXPECT_EQ(coordinates_of(6, kCube), (Coordinates{1, 0, 0}));
  EXPECT_EQ(coordinates_of(11, kCube), (Coordinates{1, 2, 1}));
  for (int rank = 0; rank < 12; ++rank) EXPECT_EQ(rank_of(coordinates_of(rank, kCube), kCube), rank);
}

struct AxesCase {
  Axes axes;
  int group_size;
  const char* part;  // of the error; nullptr: good
};
class MeshAxes : public testing::TestWithParam<AxesCase> {};
TEST_P(MeshAxes, AreCheckedBeforeAnythingIsMade) {
  const Status status = check_axes(GetParam().axes, GetParam().group_size);
  if (GetParam().part == nullptr) {
    EXPECT_TRUE(status.is_ok()) << status.message();
    return;
  }
  ASSERT_EQ(status.code(), OAR_E_ARGUMENT);
  EXPECT_NE(status.message().find(GetParam().part), std::string::npos) << status.message();
}
INSTANTIATE_TEST_SUITE_P(
    Table, MeshAxes,
    testing::Values(AxesCase{kCube, 12, nullptr}, AxesCase{{{"dp", 1}}, 1, nullptr},
                    AxesCase{kCube, 8, "multiply to the 8 ranks of its group, got pp=2, dp=3, tp=2"},
                    AxesCase{{}, 1, "at least one axis"}, AxesCase{{{"dp", 0}}, 0, "at least 1, got 0"},
                    AxesCase{{{"dp", -2}, {"tp", -2}}, 4, "axis dp"},
                    AxesCase{{{"dp", 2}, {"dp", 2}}, 4, "two axes have the name 'dp'"},
                    AxesCase{{{"", 1}}, 1, "got ''"}, AxesCase{{{"a,b", 1}}, 1, "got 'a,b'"},
                    AxesCase{{{"a", 1 << 20}, {"b", 1 << 20}, {"c", 1 << 24}}, 0, "multiply"}));  // no overflow to 0

TEST(Mesh, OfOneRankHasAGroupForEveryAxis) {
  Result<std::shared_ptr<Mesh>> made = Mesh::create(make_self_group(), {{"dp", 1}, {"tp", 1}}, {});
  ASSERT_TRUE(made.is_ok()) << made.status().message();
  Mesh& mesh = *made.value();
  EXPECT_EQ(mesh.size_of("tp").value(), 1);
  EXPECT_EQ(mesh.coordinate("dp").value(), 0);
  EXPECT_EQ(mesh.group_of("dp").value()->size(), 1);
  EXPECT_NE(mesh.group_of("dp").value(), mesh.group_of("tp").value());
  EXPECT_EQ(mesh.rank_at({0, 0}).value(), 0);
  EXPECT_EQ(mesh.rank_at({0, 1}).status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(mesh.rank_at({0}).status().code(), OAR_E_ARGUMENT);
  const Status unknown = mesh.group_of("pp").status();
  EXPECT_EQ(unknown.code(), OAR_E_NOT_FOUND);
  EXPECT_EQ(unknown.message(), "the mesh has no axis 'pp'; it has dp, tp");
  EXPECT_TRUE(mesh.flatten({"dp", "tp"}, "all", {}).is_ok());
  EXPECT_EQ(mesh.size_of("all").value(), 1);
  EXPECT_EQ(mesh.flatten({"dp"}, "all", {}).code(), OAR_E_EXISTS);
  EXPECT_EQ(mesh.flatten({"dp", "dp"}, "twice", {}).code(), OAR_E_ARGUMENT);
  EXPECT_EQ(mesh.flatten({"xp"}, "new", {}).code(), OAR_E_NOT_FOUND);
  EXPECT_EQ(mesh.flatten({}, "none", {}).code(), OAR_E_ARGUMENT);
}

}  // namespace
}  // namespace oarlock
