// JSON values. Configuration, manifests and metrics are parsed by cJSON (json.cpp is its only owner); files of other
// formats
// (.pt2, safetensors) are read by strict_json.h into the same JsonValue, which keeps every number's text. Printed here,
// not by cJSON, so that this text comes out as it went in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace oarlock {

class JsonValue {
 public:
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };
  using Member = std::pair<std::string, JsonValue>;

  JsonValue() = default;  // null
  static JsonValue boolean(bool value);
  static JsonValue integer(std::int64_t value);
  static JsonValue number(double value);                // not finite: the strings "NaN", "Infinity", "-Infinity"
  static JsonValue number_from_text(std::string text);  // as a parser found it
  static JsonValue string(std::string value);
  static JsonValue array(std::vector<JsonValue> items = {});
  static JsonValue object(std::vector<Member> members = {});  // keys must differ

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::kNull; }
  bool is_bool() const { return kind_ == Kind::kBool; }
  bool is_number() const { return kind_ == Kind::kNumber; }
  bool is_string() const { return kind_ == Kind::kString; }
  bool is_array() const { return kind_ == Kind::kArray; }
  bool is_object() const { return kind_ == Kind::kObject; }

  // Each refuses another kind with OAR_E_ARGUMENT; the caller says which key by Status::within.
  Result<bool> as_bool() const;
  Result<double> as_double() const;       // a number, or the three strings above
  Result<std::int64_t> as_int64() const;  // refuses fractions and what is not exactly representable
  Result<std::string> as_string() const;
  const char* kind_name() const;                     // "an object", for messages
  const std::string& text() const { return text_; }  // of a string: its value; of a number: its digits

  const std::vector<JsonValue>& items() const { return items_; }   // of an array
  const std::vector<Member>& members() const { return members_; }  // of an object, in order
  const JsonValue* find(std::string_view key) const;               // nullptr: no such member, or not an object
  Result<const JsonValue*> at(std::string_view key) const;         // OAR_E_CORRUPT names the missing key

  void append(JsonValue item);                      // to an array
  void set(std::string_view key, JsonValue value);  // in an object: replaces, or adds at the end

  std::string dump(bool pretty = false) const;

 private:
  Kind kind_ = Kind::kNull;
  bool bool_ = false;
  std::string text_;
  std::vector<JsonValue> items_;
  std::vector<Member> members_;
};

// Refuses comments, duplicate keys, trailing bytes, depth over 64, integers beyond 2^53 (cJSON would round them; give
// them as strings), and invalid UTF-8. Failures carry `code`: the caller's text is an argument, a file's is
// OAR_E_CORRUPT. The message starts with the byte offset.
Result<JsonValue> parse_json(std::string_view text, oar_status code = OAR_E_ARGUMENT);

}  // namespace oarlock
