#include "oarlock/mesh.h"

#include "comm/mesh.h"
#include "guard.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

// What one function asks of an axis.
template <class Out, class Ask>
oar_status ask_axis(const oar_mesh* mesh, const char* axis, Out* out, const char* name, Ask ask,
                    std::source_location where = std::source_location::current()) noexcept {
  return guard(
      [&]() -> Status {
        OAR_ASSIGN(const Mesh& self, unwrap(mesh));
        OAR_TRY(require_argument(axis, "axis"));
        OAR_TRY(require_out(out, name));
        return ask(self);
      },
      where);
}

Status read_names(const char* const* names, std::size_t count, const char* what, std::vector<std::string>& out) {
  if (count > 0) OAR_TRY(require_argument(names, what));
  for (std::size_t i = 0; i < count; ++i) {
    if (names[i] == nullptr) return invalid_argument("{}[{}] is NULL", what, i);
    out.emplace_back(names[i]);
  }
  return Status::ok();
}

}  // namespace

oar_status oar_mesh_create(oar_group* group, const char* const* names, const int32_t* sizes, size_t num_axes,
                           int64_t timeout_ms, oar_mesh** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const std::shared_ptr<Group> parent, unwrap_shared(group));
    std::vector<std::string> all;
    OAR_TRY(read_names(names, num_axes, "names", all));
    if (num_axes > 0) OAR_TRY(require_argument(sizes, "sizes"));
    OAR_TRY(require_out(out, "out"));
    std::vector<MeshAxis> axes;
    for (std::size_t i = 0; i < num_axes; ++i) axes.push_back({all[i], sizes[i]});
    OAR_ASSIGN(std::shared_ptr<Mesh> mesh,
               Mesh::create(parent, std::move(axes), {Milliseconds(0), Milliseconds(timeout_ms)}));
    *out = wrap<oar_mesh>(std::move(mesh));
    return Status::ok();
  });
}

oar_status oar_mesh_flatten(oar_mesh* mesh, const char* const* axes, size_t num_axes, const char* name,
                            int64_t timeout_ms) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Mesh & self, unwrap(mesh));
    std::vector<std::string> all;
    OAR_TRY(read_names(axes, num_axes, "axes", all));
    OAR_TRY(require_argument(name, "name"));
    return self.flatten(all, name, {Milliseconds(0), Milliseconds(timeout_ms)});
  });
}

oar_status oar_mesh_group(const oar_mesh* mesh, const char* axis, oar_group** out_group) noexcept {
  return ask_axis(mesh, axis, out_group, "out_group", [&](const Mesh& self) -> Status {
    OAR_ASSIGN(std::shared_ptr<Group> group, self.group_of(axis));
    *out_group = wrap<oar_group>(std::move(group));
    return Status::ok();
  });
}

oar_status oar_mesh_size(const oar_mesh* mesh, const char* axis, int32_t* out_size) noexcept {
  return ask_axis(mesh, axis, out_size, "out_size", [&](const Mesh& self) -> Status {
    OAR_ASSIGN(*out_size, self.size_of(axis));
    return Status::ok();
  });
}

oar_status oar_mesh_coordinate(const oar_mesh* mesh, const char* axis, int32_t* out_coordinate) noexcept {
  return ask_axis(mesh, axis, out_coordinate, "out_coordinate", [&](const Mesh& self) -> Status {
    OAR_ASSIGN(*out_coordinate, self.coordinate(axis));
    return Status::ok();
  });
}

oar_status oar_mesh_rank_at(const oar_mesh* mesh, const int32_t* coordinates, size_t num_axes,
                            int32_t* out_rank) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Mesh& self, unwrap(mesh));
    if (num_axes > 0) OAR_TRY(require_argument(coordinates, "coordinates"));
    OAR_TRY(require_out(out_rank, "out_rank"));
    OAR_ASSIGN(*out_rank, self.rank_at({coordinates, coordinates + num_axes}));
    return Status::ok();
  });
}

oar_status oar_mesh_retain(oar_mesh* mesh) noexcept {
  return guard_any_thread([&] { return retain_handle(mesh, HandleKind::kMesh); });
}

void oar_mesh_release(oar_mesh* mesh) noexcept { release(mesh); }
