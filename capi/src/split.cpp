#include "oarlock/split.h"

#include "guard.h"
#include "tensor/row_split.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_rows_split(int64_t num_rows, int32_t part, int32_t num_parts, int64_t* out_begin,
                          int64_t* out_end) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_out(out_begin, "out_begin"));
    OAR_TRY(require_out(out_end, "out_end"));
    OAR_ASSIGN(const RowRange rows, split_rows(num_rows, part, num_parts));
    *out_begin = rows.begin;
    *out_end = rows.end;
    return Status::ok();
  });
}

oar_status oar_tree_split(const oar_tree* tree, int32_t part, int32_t num_parts, int32_t pad, oar_tree** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Tree& self, unwrap(tree));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(Tree made, split_tree(self, part, num_parts, pad != 0));
    *out = wrap<oar_tree>(std::make_shared<Tree>(std::move(made)));
    return Status::ok();
  });
}
