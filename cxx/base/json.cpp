#include "base/json.h"

#include <cjson/cJSON.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "base/check.h"
#include "base/json_lexeme.h"
#include "base/text.h"

namespace oarlock {
namespace {

constexpr int kDepthMax = 64;
constexpr double kExactIntegerMax = 9007199254740992.0;  // 2^53

// "1.0" and "1e3" are integers too, as long as the double is exact.
template <class T>
std::optional<T> parse_integer(std::string_view text) {
  if (is_json_integer(text)) return parse_number<T>(text);
  const std::optional<double> value = parse_number<double>(text);
  if (!value || std::trunc(*value) != *value || std::abs(*value) > kExactIntegerMax) return std::nullopt;
  if (std::is_unsigned_v<T> && *value < 0) return std::nullopt;
  return static_cast<T>(*value);
}

std::optional<double> special_number(std::string_view text) {
  if (text == "NaN") return std::nan("");
  if (text == "Infinity") return HUGE_VAL;
  if (text == "-Infinity") return -HUGE_VAL;
  return std::nullopt;
}

void append_quoted(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

class Printer {
 public:
  Printer(std::string& out, bool pretty) : out_(out), pretty_(pretty) {}

  void print(const JsonValue& value, int depth) {
    switch (value.kind()) {
      case JsonValue::Kind::kNull:
        out_ += "null";
        return;
      case JsonValue::Kind::kBool:
        out_ += value.as_bool().value() ? "true" : "false";
        return;
      case JsonValue::Kind::kNumber:
        out_ += value.text();
        return;
      case JsonValue::Kind::kString:
        append_quoted(out_, value.text());
        return;
      case JsonValue::Kind::kArray:
        print_array(value, depth);
        return;
      case JsonValue::Kind::kObject:
        print_object(value, depth);
        return;
    }
  }

 private:
  void print_array(const JsonValue& value, int depth) {
    out_ += '[';
    bool first = true;
    for (const JsonValue& item : value.items()) {
      separate(first, depth + 1);
      print(item, depth + 1);
    }
    finish(first, depth, ']');
  }

  void print_object(const JsonValue& value, int depth) {
    out_ += '{';
    bool first = true;
    for (const auto& [key, item] : value.members()) {
      separate(first, depth + 1);
      append_quoted(out_, key);
      out_ += pretty_ ? ": " : ":";
      print(item, depth + 1);
    }
    finish(first, depth, '}');
  }

  void separate(bool& first, int depth) {
    if (!first) out_ += ',';
    first = false;
    new_line(depth);
  }

  void finish(bool empty, int depth, char bracket) {
    if (!empty) new_line(depth);
    out_ += bracket;
  }

  void new_line(int depth) {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(static_cast<std::size_t>(depth) * 2, ' ');
  }

  std::string& out_;
  const bool pretty_;
};

// cJSON takes more than RFC 8259 and forgets the text of numbers, so what it would let through is refused before it
// reads.
Status check_words(std::string_view text) {
  int depth = 0;
  for (std::size_t at = skip_json_space(text, 0); at < text.size(); at = skip_json_space(text, at)) {
    const char c = text[at];
    if (c == '"') {
      OAR_ASSIGN(at, scan_json_string(text, at));
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      OAR_ASSIGN(const std::size_t end, scan_json_number(text, at));
      const std::string_view number = text.substr(at, end - at);
      if (!fits_double(number)) {
        const char* why = is_json_integer(number) ? "give integers beyond 2^53 as strings" : "it is out of range";
        return json_error(at, fmt::format("{} would not be kept exactly; {}", number, why));
      }
      at = end;
    } else if (c == '{' || c == '[') {
      if (++depth > kDepthMax) return json_error(at, fmt::format("nested deeper than {}", kDepthMax));
      ++at;
    } else if (c == '/') {
      return json_error(at, "JSON has no comments");
    } else {
      if (c == '}' || c == ']') --depth;
      if (c == '\0' || std::string_view("}],:truefalsn").find(c) == std::string_view::npos) {
        return json_error(at, "this byte starts nothing that JSON has");
      }
      ++at;
    }
  }
  return Status::ok();
}

JsonValue number_of(double value) {
  if (std::trunc(value) == value && std::abs(value) <= kExactIntegerMax && !(value == 0 && std::signbit(value))) {
    return JsonValue::integer(static_cast<std::int64_t>(value));
  }
  return JsonValue::number(value);
}

Result<JsonValue> convert(const cJSON* node);

Result<JsonValue> convert_object(const cJSON* node) {
  std::vector<std::string_view> keys;
  for (const cJSON* child = node->child; child != nullptr; child = child->next) keys.emplace_back(child->string);
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice != keys.end()) return corrupt("the key '{}' stands twice in one object", *twice);
  std::vector<JsonValue::Member> members;
  for (const cJSON* child = node->child; child != nullptr; child = child->next) {
    OAR_ASSIGN(JsonValue value, convert(child));
    members.emplace_back(child->string, std::move(value));
  }
  return JsonValue::object(std::move(members));
}

Result<JsonValue> convert(const cJSON* node) {
  if (cJSON_IsBool(node)) return JsonValue::boolean(cJSON_IsTrue(node) != 0);
  if (cJSON_IsNumber(node)) return number_of(node->valuedouble);
  if (cJSON_IsString(node)) return JsonValue::string(node->valuestring);
  if (cJSON_IsObject(node)) return convert_object(node);
  if (!cJSON_IsArray(node)) return JsonValue();
  std::vector<JsonValue> items;
  for (const cJSON* child = node->child; child != nullptr; child = child->next) {
    OAR_ASSIGN(JsonValue item, convert(child));
    items.push_back(std::move(item));
  }
  return JsonValue::array(std::move(items));
}

Result<JsonValue> parse_checked(std::string_view text) {
  OAR_TRY(check_words(text));
  if (skip_json_space(text, 0) == text.size()) return json_error(text.size(), "there is no JSON value");
  const char* end = text.data();
  const std::unique_ptr<cJSON, void (*)(cJSON*)> root(cJSON_ParseWithLengthOpts(text.data(), text.size(), &end, 0),
                                                      cJSON_Delete);
  const auto at = static_cast<std::size_t>(end - text.data());
  if (root == nullptr) return json_error(std::min(at, text.size()), "this is not JSON");
  if (skip_json_space(text, at) != text.size()) {
    return json_error(skip_json_space(text, at), "there is something behind the JSON value");
  }
  return convert(root.get());
}

}  // namespace

JsonValue JsonValue::boolean(bool value) {
  JsonValue made;
  made.kind_ = Kind::kBool;
  made.bool_ = value;
  return made;
}

JsonValue JsonValue::integer(std::int64_t value) { return number_from_text(std::to_string(value)); }

JsonValue JsonValue::number(double value) {
  if (std::isnan(value)) return string("NaN");
  if (std::isinf(value)) return string(value > 0 ? "Infinity" : "-Infinity");
  char buffer[32];  // the shortest text that reads back as the same double has at most 24 characters
  char* const limit = buffer + sizeof(buffer);
  std::to_chars_result written = std::to_chars(buffer, limit, value);
  // Beyond 2^53 digits alone would read as an integer, which parse_json refuses there.
  if (std::abs(value) > kExactIntegerMax && is_json_integer({buffer, written.ptr})) {
    written = std::to_chars(buffer, limit, value, std::chars_format::scientific);
  }
  OAR_CHECK(written.ec == std::errc());
  return number_from_text(std::string(buffer, written.ptr));
}

JsonValue JsonValue::number_from_text(std::string text) {
  JsonValue made;
  made.kind_ = Kind::kNumber;
  made.text_ = std::move(text);
  return made;
}

JsonValue JsonValue::string(std::string value) {
  JsonValue made;
  made.kind_ = Kind::kString;
  made.text_ = std::move(value);
  return made;
}

JsonValue JsonValue::array(std::vector<JsonValue> items) {
  JsonValue made;
  made.kind_ = Kind::kArray;
  made.items_ = std::move(items);
  return made;
}

JsonValue JsonValue::object(std::vector<Member> members) {
  JsonValue made;
  made.kind_ = Kind::kObject;
  made.members_ = std::move(members);
  return made;
}

const char* JsonValue::kind_name() const {
  static constexpr const char* kNames[] = {"null", "a flag", "a number", "a string", "a list", "an object"};
  return kNames[static_cast<std::size_t>(kind_)];
}

Result<bool> JsonValue::as_bool() const {
  if (!is_bool()) return invalid_argument("true or false is needed, not {}", kind_name());
  return bool_;
}

Result<double> JsonValue::as_double() const {
  if (is_string()) {
    if (const std::optional<double> special = special_number(text_)) return *special;
  }
  if (!is_number()) return invalid_argument("a number is needed, not {}", kind_name());
  if (const std::optional<double> value = parse_number<double>(text_)) return *value;
  return invalid_argument("{} is out of the range of a double", text_);
}

Result<std::int64_t> JsonValue::as_int64() const {
  if (!is_number()) return invalid_argument("an integer is needed, not {}", kind_name());
  if (const auto value = parse_integer<std::int64_t>(text_)) return *value;
  return invalid_argument("{} is no integer of 64 bits", text_);
}

Result<std::string> JsonValue::as_string() const {
  if (!is_string()) return invalid_argument("a string is needed, not {}", kind_name());
  return text_;
}

const JsonValue* JsonValue::find(std::string_view key) const {
  for (const auto& [name, value] : members_) {
    if (name == key) return &value;
  }
  return nullptr;
}

Result<const JsonValue*> JsonValue::at(std::string_view key) const {
  if (!is_object()) return corrupt("an object with the key '{}' is needed, not {}", key, kind_name());
  if (const JsonValue* value = find(key)) return value;
  return corrupt("the key '{}' is missing", key);
}

void JsonValue::append(JsonValue item) {
  OAR_CHECK(is_array());
  items_.push_back(std::move(item));
}

void JsonValue::set(std::string_view key, JsonValue value) {
  OAR_CHECK(is_object());
  for (auto& [name, old] : members_) {
    if (name != key) continue;
    old = std::move(value);
    return;
  }
  members_.emplace_back(std::string(key), std::move(value));
}

std::string JsonValue::dump(bool pretty) const {
  std::string out;
  Printer(out, pretty).print(*this, 0);
  return out;
}

Result<JsonValue> parse_json(std::string_view text, oar_status code) {
  Result<JsonValue> parsed = parse_checked(text);
  if (parsed.is_ok()) return parsed;
  return Status(code, parsed.status().message());
}

}  // namespace oarlock
