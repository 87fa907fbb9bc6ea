#include "oarlock/tree.h"

#include "guard.h"
#include "tensor/tree.h"
#include "tensor/tree_json.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

oar_tree* wrap_tree(Tree tree) { return wrap<oar_tree>(std::make_shared<Tree>(std::move(tree))); }

template <class T>
oar_status create(oar_tree** out, T value, std::source_location where = std::source_location::current()) noexcept {
  return guard(
      [&]() -> Status {
        OAR_TRY(require_out(out, "out"));
        auto object = std::make_shared<Tree>();
        object->value() = std::move(value);
        *out = wrap<oar_tree>(std::move(object));
        return Status::ok();
      },
      where);
}

Result<const Tree*> find(const oar_tree* tree, const char* path) {
  OAR_ASSIGN(const Tree& self, unwrap(tree));
  return self.at_path(path != nullptr ? path : "");
}

// The leaf of type T at the path; `wanted` names it.
template <class T>
Result<T> leaf(const oar_tree* tree, const char* path, const char* wanted) {
  OAR_ASSIGN(const Tree* found, find(tree, path));
  const T* value = std::get_if<T>(&found->value());
  if (value != nullptr) return *value;
  return invalid_argument("{} is needed, the entry '{}' is a {}", wanted, path != nullptr ? path : "",
                          found->kind_name());
}

}  // namespace

oar_status oar_tree_create_list(oar_tree** out) noexcept { return create(out, Tree::List()); }

oar_status oar_tree_create_map(oar_tree** out) noexcept { return create(out, Tree::Map()); }

oar_status oar_tree_from_int64(int64_t value, oar_tree** out) noexcept { return create(out, value); }

oar_status oar_tree_from_double(double value, oar_tree** out) noexcept { return create(out, value); }

oar_status oar_tree_from_bool(int32_t value, oar_tree** out) noexcept { return create(out, value != 0); }

oar_status oar_tree_from_none(oar_tree** out) noexcept { return create(out, std::monostate()); }

oar_status oar_tree_from_string(const char* text, oar_tree** out) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_argument(text, "text"));
    OAR_TRY(require_out(out, "out"));
    *out = wrap_tree(Tree(Tree::Value(std::string(text))));
    return Status::ok();
  });
}

oar_status oar_tree_from_tensor(oar_tensor* tensor, oar_tree** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const at::Tensor& leaf, unwrap(tensor));
    OAR_TRY(require_out(out, "out"));
    *out = wrap_tree(Tree(leaf));
    return Status::ok();
  });
}

oar_status oar_tree_from_json(const char* json, oar_tree** out) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_argument(json, "json"));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(Tree tree, tree_from_json(json));
    *out = wrap_tree(std::move(tree));
    return Status::ok();
  });
}

oar_status oar_tree_to_json(const oar_tree* tree, char* buf, size_t* len) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Tree& self, unwrap(tree));
    OAR_ASSIGN(const std::string text, tree_to_json(self));
    return copy_text(text, buf, len);
  });
}

oar_status oar_tree_kind(const oar_tree* tree, const char* path, int32_t* out_kind) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Tree* entry, find(tree, path));
    OAR_TRY(require_out(out_kind, "out_kind"));
    *out_kind = static_cast<int32_t>(entry->value().index());  // the variant's order is that of OAR_TREE_*
    return Status::ok();
  });
}

oar_status oar_tree_size(const oar_tree* tree, const char* path, int64_t* out_size) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Tree* entry, find(tree, path));
    OAR_TRY(require_out(out_size, "out_size"));
    *out_size = entry->size();
    return Status::ok();
  });
}

oar_status oar_tree_key(const oar_tree* tree, int64_t index, char* buf, size_t* len) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Tree& self, unwrap(tree));
    OAR_ASSIGN(const std::string_view key, self.key_at(index));
    return copy_text(key, buf, len);
  });
}

oar_status oar_tree_at(const oar_tree* tree, int64_t index, oar_tree** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Tree& self, unwrap(tree));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(const Tree* entry, self.at(index));
    *out = wrap_tree(*entry);
    return Status::ok();
  });
}

oar_status oar_tree_append(oar_tree* tree, const oar_tree* item) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Tree & self, unwrap(tree));
    OAR_ASSIGN(const Tree& value, unwrap(item));
    return self.push(value);
  });
}

oar_status oar_tree_append_tensor(oar_tree* tree, oar_tensor* tensor) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Tree & self, unwrap(tree));
    OAR_ASSIGN(const at::Tensor& leaf, unwrap(tensor));
    return self.push(Tree(leaf));
  });
}

oar_status oar_tree_set(oar_tree* tree, const char* key, const oar_tree* item) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Tree & self, unwrap(tree));
    OAR_TRY(require_argument(key, "key"));
    OAR_ASSIGN(const Tree& value, unwrap(item));
    return self.insert(key, value);
  });
}

oar_status oar_tree_set_tensor(oar_tree* tree, const char* key, oar_tensor* tensor) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Tree & self, unwrap(tree));
    OAR_TRY(require_argument(key, "key"));
    OAR_ASSIGN(const at::Tensor& leaf, unwrap(tensor));
    return self.insert(key, Tree(leaf));
  });
}

oar_status oar_tree_get(const oar_tree* tree, const char* path, oar_tree** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Tree* found, find(tree, path));
    OAR_TRY(require_out(out, "out"));
    *out = wrap_tree(*found);
    return Status::ok();
  });
}

oar_status oar_tree_get_tensor(const oar_tree* tree, const char* path, oar_tensor** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(at::Tensor tensor, leaf<at::Tensor>(tree, path, "a tensor"));
    OAR_TRY(require_out(out, "out"));
    *out = wrap<oar_tensor>(std::make_shared<at::Tensor>(std::move(tensor)));
    return Status::ok();
  });
}

oar_status oar_tree_get_double(const oar_tree* tree, const char* path, double* out_value) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Tree* found, find(tree, path));
    OAR_TRY(require_out(out_value, "out_value"));
    OAR_ASSIGN(*out_value, found->as_double());
    return Status::ok();
  });
}

oar_status oar_tree_get_int64(const oar_tree* tree, const char* path, int64_t* out_value) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const std::int64_t value, leaf<std::int64_t>(tree, path, "an int"));
    OAR_TRY(require_out(out_value, "out_value"));
    *out_value = value;
    return Status::ok();
  });
}

oar_status oar_tree_get_bool(const oar_tree* tree, const char* path, int32_t* out_value) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const bool value, leaf<bool>(tree, path, "a bool"));
    OAR_TRY(require_out(out_value, "out_value"));
    *out_value = value ? 1 : 0;
    return Status::ok();
  });
}

oar_status oar_tree_get_string(const oar_tree* tree, const char* path, char* buf, size_t* len) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const std::string text, leaf<std::string>(tree, path, "a string"));
    return copy_text(text, buf, len);
  });
}

oar_status oar_tree_retain(oar_tree* tree) noexcept {
  return guard([&] { return retain_handle(tree, HandleKind::kTree); });
}

void oar_tree_release(oar_tree* tree) noexcept { release(tree); }
