#include "base/strict_json.h"

#include <algorithm>

#include "base/json_lexeme.h"

namespace oarlock {
namespace {

// Recursive descent; the depth limit bounds the stack.
class StrictReader {
 public:
  StrictReader(std::string_view text, const StrictJsonLimits& limits) : text_(text), limits_(limits) {}

  Result<JsonValue> read() {
    OAR_ASSIGN(JsonValue value, read_value(0));
    skip_space();
    if (at_ != text_.size()) return json_error(at_, "there is something behind the JSON value");
    return value;
  }

 private:
  Result<JsonValue> read_value(int depth) {
    skip_space();
    if (at_ == text_.size()) return json_error(at_, "the text ends where a value should stand");
    if (num_values_++ == limits_.values_max) {
      return json_error(at_, fmt::format("the text has more than {} values", limits_.values_max));
    }
    const char c = text_[at_];
    if (c == '{' || c == '[') {
      if (depth == limits_.depth_max) return json_error(at_, fmt::format("nested deeper than {}", limits_.depth_max));
      return c == '{' ? read_object(depth) : read_array(depth);
    }
    if (c == '"') {
      OAR_ASSIGN(std::string text, read_string());
      return JsonValue::string(std::move(text));
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
      const std::size_t begin = at_;
      OAR_ASSIGN(at_, scan_json_number(text_, at_));
      return JsonValue::number_from_text(std::string(text_.substr(begin, at_ - begin)));
    }
    return read_word();
  }

  Result<JsonValue> read_word() {
    if (take("true")) return JsonValue::boolean(true);
    if (take("false")) return JsonValue::boolean(false);
    if (take("null")) return JsonValue();
    return json_error(at_, "no JSON value starts here");
  }

  Result<JsonValue> read_array(int depth) {
    std::vector<JsonValue> items;
    ++at_;
    skip_space();
    if (take("]")) return JsonValue::array();
    while (true) {
      OAR_ASSIGN(JsonValue item, read_value(depth + 1));
      items.push_back(std::move(item));
      skip_space();
      if (take("]")) return JsonValue::array(std::move(items));
      if (!take(",")) return json_error(at_, "a list goes on with ',' or ends with ']'");
    }
  }

  Result<JsonValue> read_object(int depth) {
    const std::size_t begin = at_++;
    std::vector<JsonValue::Member> members;
    skip_space();
    if (take("}")) return JsonValue::object();
    while (true) {
      skip_space();
      if (at_ == text_.size() || text_[at_] != '"') return json_error(at_, "a key in quotes must stand here");
      OAR_ASSIGN(std::string key, read_string());
      skip_space();
      if (!take(":")) return json_error(at_, "a ':' must follow the key");
      OAR_ASSIGN(JsonValue value, read_value(depth + 1));
      members.emplace_back(std::move(key), std::move(value));
      skip_space();
      if (take("}")) break;
      if (!take(",")) return json_error(at_, "an object goes on with ',' or ends with '}'");
    }
    OAR_TRY(check_keys(members, begin));
    return JsonValue::object(std::move(members));
  }

  static Status check_keys(const std::vector<JsonValue::Member>& members, std::size_t begin) {
    std::vector<std::string_view> keys;
    keys.reserve(members.size());
    for (const auto& [key, value] : members) keys.emplace_back(key);
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice == keys.end()) return Status::ok();
    return json_error(begin, fmt::format("the key '{}' stands twice in the object that starts here", *twice));
  }

  Result<std::string> read_string() {
    const std::size_t begin = at_;
    OAR_ASSIGN(at_, scan_json_string(text_, at_));
    return decode_json_string(text_.substr(begin, at_ - begin));
  }

  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  void skip_space() { at_ = skip_json_space(text_, at_); }

  const std::string_view text_;
  const StrictJsonLimits& limits_;
  std::size_t num_values_ = 0;
  std::size_t at_ = 0;
};

}  // namespace

Result<JsonValue> parse_strict_json(std::string_view text, const StrictJsonLimits& limits) {
  if (text.size() > limits.size_bytes_max) {
    return corrupt("the JSON text has {} bytes, at most {} are read", text.size(), limits.size_bytes_max);
  }
  return StrictReader(text, limits).read();
}

}  // namespace oarlock
