#include "oarlock/nested.h"

#include "comm/nested.h"
#include "guard.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

// fn(group, tree) -> Result<Tree>; its tree goes to `out`.
template <class Fn>
oar_status make_tree(oar_group* group, const oar_tree* tree, oar_tree** out, const Fn& fn,
                     std::source_location where = std::source_location::current()) noexcept {
  return guard(
      [&]() -> Status {
        OAR_ASSIGN(Group & self, unwrap(group));
        OAR_ASSIGN(const Tree& given, unwrap(tree));
        OAR_TRY(require_out(out, "out"));
        OAR_ASSIGN(Tree made, fn(self, given));
        *out = wrap<oar_tree>(std::make_shared<Tree>(std::move(made)));
        return Status::ok();
      },
      where);
}

// The same for a tree that may be NULL: fn(group, tree or nullptr).
template <class Fn>
oar_status make_tree_of_one(oar_group* group, const oar_tree* tree, oar_tree** out, const Fn& fn,
                            std::source_location where = std::source_location::current()) noexcept {
  return guard(
      [&]() -> Status {
        OAR_ASSIGN(Group & self, unwrap(group));
        const Tree* given = nullptr;
        if (tree != nullptr) {
          OAR_ASSIGN(const Tree& mine, unwrap(tree));
          given = &mine;
        }
        OAR_TRY(require_out(out, "out"));
        OAR_ASSIGN(Tree made, fn(self, given));
        *out = wrap<oar_tree>(std::make_shared<Tree>(std::move(made)));
        return Status::ok();
      },
      where);
}

}  // namespace

oar_status oar_group_gather_tree(oar_group* group, const oar_tree* tree, int64_t timeout_ms, oar_tree** out) noexcept {
  return make_tree(group, tree, out,
                   [&](Group& self, const Tree& given) { return gather_tree(self, given, Milliseconds(timeout_ms)); });
}

oar_status oar_group_reduce_tree(oar_group* group, const oar_tree* tree, int32_t reduce_op, int64_t timeout_ms,
                                 oar_tree** out) noexcept {
  return make_tree(group, tree, out, [&](Group& self, const Tree& given) {
    return reduce_tree(self, given, static_cast<ReduceOp>(reduce_op), Milliseconds(timeout_ms));
  });
}

oar_status oar_group_broadcast_tree(oar_group* group, oar_tree* tree, int32_t root, int64_t timeout_ms) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Group & self, unwrap(group));
    OAR_ASSIGN(const Tree& given, unwrap(tree));
    return broadcast_tree(self, given, root, Milliseconds(timeout_ms));
  });
}

oar_status oar_group_pad_tree(oar_group* group, const oar_tree* tree, int64_t dim, double pad_value, int32_t pad_first,
                              int64_t timeout_ms, oar_tree** out) noexcept {
  return make_tree(group, tree, out, [&](Group& self, const Tree& given) {
    return pad_tree(self, given, {.dim = dim, .value = pad_value, .first = pad_first != 0}, Milliseconds(timeout_ms));
  });
}

oar_status oar_group_copy_tree(oar_group* group, const oar_tree* tree, int64_t timeout_ms, oar_tree** out) noexcept {
  return make_tree_of_one(group, tree, out, [&](Group& self, const Tree* given) {
    return copy_tree(self, given, Milliseconds(timeout_ms));
  });
}

oar_status oar_group_gather_objects(oar_group* group, const oar_tree* list, int64_t timeout_ms,
                                    oar_tree** out) noexcept {
  return make_tree(group, list, out, [&](Group& self, const Tree& given) {
    return gather_objects(self, given, Milliseconds(timeout_ms));
  });
}

oar_status oar_group_broadcast_object(oar_group* group, const oar_tree* object, int32_t root, int64_t timeout_ms,
                                      oar_tree** out) noexcept {
  return make_tree_of_one(group, object, out, [&](Group& self, const Tree* given) {
    return broadcast_object(self, given, root, Milliseconds(timeout_ms));
  });
}
