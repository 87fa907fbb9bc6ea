#include "oarlock/config.h"

#include <cmath>

#include "base/options.h"
#include "guard.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

// Armor is the process's, not the config's: the first config that has it switches it on for good.
void follow_armor(const Options& options) {
  if (options.flag("armor")) enable_armor();
}

// The way of every setter; `make` gives the value once key and handle are known to be good.
template <class Make>
Status set_option(oar_config* config, const char* key, Make&& make) {
  OAR_ASSIGN(Options & self, unwrap(config));
  OAR_TRY(require_argument(key, "key"));
  OAR_ASSIGN(JsonValue value, make());
  OAR_TRY(self.set(key, std::move(value)));
  follow_armor(self);
  return Status::ok();
}

template <class T, class Read>
Status get_option(const oar_config* config, const char* key, OptionType type, T* out_value, Read&& read) {
  OAR_ASSIGN(const Options& self, unwrap(config));
  OAR_TRY(require_argument(key, "key"));
  OAR_TRY(require_out(out_value, "out_value"));
  OAR_TRY(self.check_type(key, type));
  if (!self.is_set(key)) return not_found("option '{}' has no value", key);
  *out_value = read(self);
  return Status::ok();
}

// The order of OptionType.
constexpr std::int32_t kTypeCodes[] = {OAR_CONFIG_BOOL, OAR_CONFIG_INT64, OAR_CONFIG_DOUBLE, OAR_CONFIG_STRING,
                                       OAR_CONFIG_DOUBLE_LIST};

}  // namespace

oar_status oar_config_create(oar_config** out) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(Options options, Options::from_environment());
    follow_armor(options);
    *out = wrap<oar_config>(std::make_shared<Options>(std::move(options)));
    return Status::ok();
  });
}

oar_status oar_config_merge_json(oar_config* config, const char* json) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Options & self, unwrap(config));
    OAR_TRY(require_argument(json, "json"));
    OAR_TRY(self.merge_json(json));
    follow_armor(self);
    return Status::ok();
  });
}

oar_status oar_config_set_string(oar_config* config, const char* key, const char* value) noexcept {
  return guard([&] {
    return set_option(config, key, [&]() -> Result<JsonValue> {
      OAR_TRY(require_argument(value, "value"));
      for (const OptionKey& row : option_keys()) {
        if (row.type != OptionType::kString && std::string_view(key) == row.key) return parse_json(value);
      }
      return JsonValue::string(value);
    });
  });
}

oar_status oar_config_set_int64(oar_config* config, const char* key, int64_t value) noexcept {
  return guard(
      [&] { return set_option(config, key, [&]() -> Result<JsonValue> { return JsonValue::integer(value); }); });
}

oar_status oar_config_set_double(oar_config* config, const char* key, double value) noexcept {
  return guard([&] {
    return set_option(config, key, [&]() -> Result<JsonValue> {
      if (!std::isfinite(value)) return invalid_argument("{} must be finite, got {}", key, value);
      return JsonValue::number(value);
    });
  });
}

oar_status oar_config_set_bool(oar_config* config, const char* key, int32_t value) noexcept {
  return guard([&] {
    return set_option(config, key, [&]() -> Result<JsonValue> {
      if (value != 0 && value != 1) return invalid_argument("the flag {} must be 0 or 1, got {}", key, value);
      return JsonValue::boolean(value == 1);
    });
  });
}

oar_status oar_config_get_string(const oar_config* config, const char* key, char* buf, size_t* len) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Options& self, unwrap(config));
    OAR_TRY(require_argument(key, "key"));
    OAR_ASSIGN(const std::string text, self.as_text(key));
    return copy_text(text, buf, len);
  });
}

oar_status oar_config_copy(const oar_config* config, oar_config** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Options& self, unwrap(config));
    OAR_TRY(require_out(out, "out"));
    *out = wrap<oar_config>(std::make_shared<Options>(self));
    return Status::ok();
  });
}

oar_status oar_config_type(const oar_config* config, const char* key, int32_t* out_type) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Options& self, unwrap(config));
    OAR_TRY(require_argument(key, "key"));
    OAR_TRY(require_out(out_type, "out_type"));
    OAR_ASSIGN(const OptionType type, self.type_of(key));
    *out_type = kTypeCodes[static_cast<std::size_t>(type)];
    return Status::ok();
  });
}

oar_status oar_config_get_int64(const oar_config* config, const char* key, int64_t* out_value) noexcept {
  return guard([&] {
    return get_option(config, key, OptionType::kInt, out_value, [&](const Options& self) { return self.integer(key); });
  });
}

oar_status oar_config_get_double(const oar_config* config, const char* key, double* out_value) noexcept {
  return guard([&] {
    return get_option(config, key, OptionType::kDouble, out_value,
                      [&](const Options& self) { return self.number(key); });
  });
}

oar_status oar_config_get_bool(const oar_config* config, const char* key, int32_t* out_value) noexcept {
  return guard([&] {
    return get_option(config, key, OptionType::kFlag, out_value,
                      [&](const Options& self) { return self.flag(key) ? 1 : 0; });
  });
}

oar_status oar_config_to_json(const oar_config* config, char* buf, size_t* len) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Options& self, unwrap(config));
    return copy_text(self.to_json().dump(), buf, len);
  });
}

oar_status oar_config_retain(oar_config* config) noexcept {
  return guard([&] { return retain_handle(config, HandleKind::kConfig); });
}
void oar_config_release(oar_config* config) noexcept { release(config); }
