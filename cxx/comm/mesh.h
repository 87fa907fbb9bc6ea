// Named axes over the ranks of a group, row by row: the last axis runs fastest, as in torch's DeviceMesh. Rank r stands
// at the coordinates that r is in the numbers of these bases. Along every axis the ranks that differ in it alone make a
// group; those are all made with the mesh, so asking for one later is no collective.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "comm/group.h"
#include "comm/split.h"

namespace oarlock {

struct MeshAxis {
  std::string name;
  int size = 1;
};

class Mesh {
 public:
  // Collective. The product of the sizes is the group's. OAR_E_ARGUMENT on all ranks alike where it is not, where names
  // repeat, are empty or no names, and OAR_E_MISMATCH where ranks give different axes.
  static Result<std::shared_ptr<Mesh>> create(std::shared_ptr<Group> group, std::vector<MeshAxis> axes,
                                              SplitTimes times);

  const std::vector<MeshAxis>& axes() const { return axes_; }  // without flattened ones
  // OAR_E_NOT_FOUND names the axes that there are. All of them know flattened ones too.
  Result<int> size_of(std::string_view axis) const;
  Result<int> coordinate(std::string_view axis) const;  // of this rank
  Result<std::shared_ptr<Group>> group_of(std::string_view axis) const;
  // The rank of the mesh's group at coordinates, one per axis.
  Result<int> rank_at(const std::vector<int>& coordinates) const;

  // Collective. Takes several axes for one, of the product of their sizes, under a new name; in it the last of them
  // runs fastest.
  Status flatten(const std::vector<std::string>& names, std::string name, SplitTimes times);

 private:
  struct Line {  // an axis, or several that were flattened
    MeshAxis axis;
    int coordinate = 0;
    std::shared_ptr<Group> group;
  };
  Mesh(std::shared_ptr<Group> group, std::vector<MeshAxis> axes) : group_(std::move(group)), axes_(std::move(axes)) {}
  Status add_line(const std::vector<std::size_t>& axes, std::string name, SplitTimes times);
  Result<const Line*> find(std::string_view axis) const;
  std::string names() const;

  const std::shared_ptr<Group> group_;
  const std::vector<MeshAxis> axes_;
  std::vector<Line> lines_;
};

// The plans, without ranks that talk.
Status check_axes(const std::vector<MeshAxis>& axes, int group_size);
std::vector<int> coordinates_of(int rank, const std::vector<MeshAxis>& axes);
int rank_of(const std::vector<int>& coordinates, const std::vector<MeshAxis>& axes);

}  // namespace oarlock
