#include "oarlock/batch.h"

#include "guard.h"
#include "tensor/batch.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

// fn(tree) -> Result<Tree>; its tree goes to `out`.
template <class Fn>
oar_status make_tree(const oar_tree* tree, oar_tree** out, const Fn& fn,
                     std::source_location where = std::source_location::current()) noexcept {
  return guard(
      [&]() -> Status {
        OAR_ASSIGN(const Tree& given, unwrap(tree));
        OAR_TRY(require_out(out, "out"));
        OAR_ASSIGN(Tree made, fn(given));
        *out = wrap<oar_tree>(std::make_shared<Tree>(std::move(made)));
        return Status::ok();
      },
      where);
}

Status require_texts(std::span<const char* const> texts, const char* name) {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i] == nullptr) return invalid_argument("{}[{}] is NULL", name, i);
  }
  return Status::ok();
}

}  // namespace

oar_status oar_tree_batch_size(const oar_tree* tree, int64_t* out_size) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Tree& self, unwrap(tree));
    OAR_TRY(require_out(out_size, "out_size"));
    OAR_ASSIGN(*out_size, batch_size(self));
    return Status::ok();
  });
}

oar_status oar_tree_slice(const oar_tree* tree, int64_t start, int64_t stop, int64_t step, oar_tree** out) noexcept {
  return make_tree(tree, out,
                   [&](const Tree& self) { return slice_rows(self, {.begin = start, .end = stop, .step = step}); });
}

oar_status oar_tree_concatenate(const oar_tree* batches, int64_t dim, oar_tree** out) noexcept {
  return make_tree(batches, out, [&](const Tree& list) { return concatenate(list, dim); });
}

oar_status oar_tree_pad_to_multiple(const oar_tree* tree, int64_t batch_size, int64_t num_parts,
                                    oar_tree** out) noexcept {
  return make_tree(tree, out, [&](const Tree& self) { return pad_to_multiple(self, batch_size, num_parts); });
}

oar_status oar_tree_to_device(const oar_tree* tree, const char* device, int32_t non_blocking,
                              const char* const* skip_keys, size_t num_keys, oar_tree** out) noexcept {
  return make_tree(tree, out, [&](const Tree& self) -> Result<Tree> {
    OAR_TRY(require_argument(device, "device"));
    if (num_keys > 0) OAR_TRY(require_argument(static_cast<const void*>(skip_keys), "skip_keys"));
    const std::span<const char* const> keys(skip_keys, num_keys);
    OAR_TRY(require_texts(keys, "skip_keys"));
    return to_device(self, device, non_blocking != 0, keys);
  });
}

oar_status oar_tree_device(const oar_tree* tree, char* buf, size_t* len) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Tree& self, unwrap(tree));
    return copy_text(first_device(self), buf, len);
  });
}

oar_status oar_tree_to_float32(const oar_tree* tree, oar_tree** out) noexcept {
  return make_tree(tree, out, [](const Tree& self) -> Result<Tree> { return to_float32(self); });
}

oar_status oar_tree_to_numbers(const oar_tree* tree, oar_tree** out) noexcept {
  return make_tree(tree, out, [](const Tree& self) { return to_numbers(self); });
}
