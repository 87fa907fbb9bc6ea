#include "comm/mesh.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/text.h"

namespace oarlock {
namespace {

std::string axes_text(const std::vector<MeshAxis>& axes) {
  std::vector<std::string> texts;
  for (const MeshAxis& axis : axes) texts.push_back(fmt::format("{}={}", axis.name, axis.size));
  return join_text(texts, ", ");
}

// All ranks give the same text, or all learn which do not.
Status compare_texts(Group& group, const Status& checked, const std::string& text, Milliseconds wait) {
  OAR_ASSIGN(const std::vector<std::string> all,
             agree_on_all(group, checked.is_ok() ? Result<std::string>("mesh " + text) : checked, wait));
  for (std::size_t rank = 1; rank < all.size(); ++rank) {
    if (all[rank] == all[0]) continue;
    return mismatch("ranks make different meshes: rank 0 gives '{}', rank {} gives '{}'", all[0], rank, all[rank])
        .with_rank(static_cast<int>(rank));
  }
  return Status::ok();
}

Status check_name(const std::string& name) {
  if (!name.empty() && name.find_first_of(",= \n\t") == std::string::npos) return Status::ok();
  return invalid_argument("an axis needs a name without spaces, commas and equals signs, got '{}'", name);
}

}  // namespace

Status check_axes(const std::vector<MeshAxis>& axes, int group_size) {
  if (axes.empty()) return invalid_argument("a mesh needs at least one axis");
  std::int64_t product = 1;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    OAR_TRY(check_name(axes[i].name));
    for (std::size_t other = 0; other < i; ++other) {
      if (axes[other].name == axes[i].name) return invalid_argument("two axes have the name '{}'", axes[i].name);
    }
    if (axes[i].size < 1)
      return invalid_argument("axis {} must have a size of at least 1, got {}", axes[i].name, axes[i].size);
    product =
        std::min<std::int64_t>(product * axes[i].size, std::int64_t{1} << 31);  // beyond any group, and no overflow
  }
  if (product == group_size) return Status::ok();
  return invalid_argument("the sizes of a mesh must multiply to the {} ranks of its group, got {}", group_size,
                          axes_text(axes));
}

std::vector<int> coordinates_of(int rank, const std::vector<MeshAxis>& axes) {
  std::vector<int> coordinates(axes.size());
  for (std::size_t i = axes.size(); i-- > 0; rank /= axes[i].size) coordinates[i] = rank % axes[i].size;
  return coordinates;
}

int rank_of(const std::vector<int>& coordinates, const std::vector<MeshAxis>& axes) {
  int rank = 0;
  for (std::size_t i = 0; i < axes.size(); ++i) rank = rank * axes[i].size + coordinates[i];
  return rank;
}

Result<std::shared_ptr<Mesh>> Mesh::create(std::shared_ptr<Group> group, std::vector<MeshAxis> axes, SplitTimes times) {
  const Status checked = check_axes(axes, group->size());
  OAR_TRY(compare_texts(*group, checked, axes_text(axes), times.wait));
  std::shared_ptr<Mesh> mesh(new Mesh(std::move(group), std::move(axes)));
  for (std::size_t i = 0; i < mesh->axes_.size(); ++i) OAR_TRY(mesh->add_line({i}, mesh->axes_[i].name, times));
  return mesh;
}

// The ranks of a line have the same coordinates on all other axes: those are its color, its own the key.
Status Mesh::add_line(const std::vector<std::size_t>& axes, std::string name, SplitTimes times) {
  std::vector<int> others = coordinates_of(group_->rank(), axes_);
  Line line{{std::move(name), 1}, 0, nullptr};
  for (const std::size_t axis : axes) {
    line.axis.size *= axes_[axis].size;
    line.coordinate = line.coordinate * axes_[axis].size + std::exchange(others[axis], 0);
  }
  OAR_ASSIGN(line.group, split_group(group_, rank_of(others, axes_), line.coordinate, times));
  lines_.push_back(std::move(line));
  return Status::ok();
}

Status Mesh::flatten(const std::vector<std::string>& names, std::string name, SplitTimes times) {
  Status checked = check_name(name);
  std::vector<std::size_t> axes;
  for (const std::string& wanted : names) {
    const auto found =
        std::find_if(axes_.begin(), axes_.end(), [&](const MeshAxis& axis) { return axis.name == wanted; });
    const auto axis = static_cast<std::size_t>(found - axes_.begin());
    if (checked.is_ok() && found == axes_.end())
      checked = not_found("the mesh has no axis '{}'; it has {}", wanted, axes_text(axes_));
    if (checked.is_ok() && std::find(axes.begin(), axes.end(), axis) != axes.end()) {
      checked = invalid_argument("axis {} is given twice", wanted);
    }
    axes.push_back(axis);
  }
  if (checked.is_ok() && axes.empty()) checked = invalid_argument("no axes are given to flatten");
  if (checked.is_ok() && find(name).is_ok()) checked = already_exists("the mesh has an axis '{}' already", name);
  OAR_TRY(compare_texts(*group_, checked, fmt::format("{}={}", name, join_text(names, "*")), times.wait));
  return add_line(axes, std::move(name), times);
}

std::string Mesh::names() const {
  std::vector<std::string> all;
  for (const Line& line : lines_) all.push_back(line.axis.name);
  return join_text(all, ", ");
}

Result<const Mesh::Line*> Mesh::find(std::string_view axis) const {
  for (const Line& line : lines_) {
    if (line.axis.name == axis) return &line;
  }
  return not_found("the mesh has no axis '{}'; it has {}", axis, names());
}

Result<int> Mesh::size_of(std::string_view axis) const {
  OAR_ASSIGN(const Line* line, find(axis));
  return line->axis.size;
}

Result<int> Mesh::coordinate(std::string_view axis) const {
  OAR_ASSIGN(const Line* line, find(axis));
  return line->coordinate;
}

Result<std::shared_ptr<Group>> Mesh::group_of(std::string_view axis) const {
  OAR_ASSIGN(const Line* line, find(axis));
  return line->group;
}

Result<int> Mesh::rank_at(const std::vector<int>& coordinates) const {
  if (coordinates.size() != axes_.size()) {
    return invalid_argument("the mesh has {} axes, got {} coordinates", axes_.size(), coordinates.size());
  }
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    if (coordinates[i] >= 0 && coordinates[i] < axes_[i].size) continue;
    return invalid_argument("the coordinate on axis {} must lie in [0, {}), got {}", axes_[i].name, axes_[i].size,
                            coordinates[i]);
  }
  return rank_of(coordinates, axes_);
}

}  // namespace oarlock
