#include "base/json_lexeme.h"

#include <charconv>
#include <cmath>
#include <cstdint>

#include "base/text.h"

namespace oarlock {
namespace {

constexpr std::int64_t kExactIntegerMax = std::int64_t{1} << 53;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

char char_at(std::string_view text, std::size_t at) { return at < text.size() ? text[at] : '\0'; }

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (is_digit(char_at(text, at))) ++at;
  return at;
}

// The value of four hexadecimal digits, or -1.
int hex4(std::string_view text, std::size_t at) {
  if (at > text.size() || text.size() - at < 4) return -1;
  unsigned value = 0;
  const char* end = text.data() + at + 4;
  const auto [stop, error] = std::from_chars(text.data() + at, end, value, 16);
  return error == std::errc() && stop == end ? static_cast<int>(value) : -1;
}

bool is_high_surrogate(int unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low_surrogate(int unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

// `at` is on the backslash; gives the offset behind the escape.
Result<std::size_t> scan_escape(std::string_view text, std::size_t at) {
  const char kind = char_at(text, at + 1);
  if (kind != 'u') {
    if (kind == '\0' || std::string_view("\"\\/bfnrt").find(kind) == std::string_view::npos) {
      return json_error(at, "this escape is not one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
    }
    return at + 2;
  }
  const int unit = hex4(text, at + 2);
  if (unit < 0) return json_error(at, "\\u needs four hexadecimal digits");
  if (unit == 0) return json_error(at, "\\u0000 is not taken: texts end up in C strings");
  if (is_low_surrogate(unit)) return json_error(at, "the second half of a surrogate pair without the first");
  if (!is_high_surrogate(unit)) return at + 6;
  if (char_at(text, at + 6) != '\\' || char_at(text, at + 7) != 'u' || !is_low_surrogate(hex4(text, at + 8))) {
    return json_error(at, "the first half of a surrogate pair without the second");
  }
  return at + 12;
}

void append_utf8(std::string& out, std::uint32_t point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | (point >> 6));
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | (point >> 12));
    out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (point >> 18));
    out += static_cast<char>(0x80 | ((point >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  }
}

char plain_escape(char kind) {
  switch (kind) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return kind;  // the quote, the backslash and the slash stand for themselves
  }
}

}  // namespace

Status json_error(std::size_t at, std::string_view what) { return corrupt("byte {}: {}", at, what); }

std::size_t skip_json_space(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) ++at;
  return at;
}

Result<std::size_t> scan_json_number(std::string_view text, std::size_t at) {
  const std::size_t begin = at;
  if (char_at(text, at) == '-') ++at;
  if (!is_digit(char_at(text, at))) return json_error(begin, "a number needs a digit here");
  at = char_at(text, at) == '0' ? at + 1 : skip_digits(text, at);
  if (char_at(text, at) == '.') {
    const std::size_t fraction = at + 1;
    at = skip_digits(text, fraction);
    if (at == fraction) return json_error(begin, "a number needs a digit behind its point");
  }
  if (char_at(text, at) == 'e' || char_at(text, at) == 'E') {
    ++at;
    if (char_at(text, at) == '+' || char_at(text, at) == '-') ++at;
    const std::size_t exponent = at;
    at = skip_digits(text, exponent);
    if (at == exponent) return json_error(begin, "a number needs a digit in its exponent");
  }
  const char next = char_at(text, at);
  const bool ends = next == ',' || next == ']' || next == '}' || next == ':' || skip_json_space(text, at) != at;
  if (at < text.size() && !ends)
    return json_error(begin, "this is not a JSON number (no leading zero, plus sign or suffix)");
  return at;
}

Result<std::size_t> scan_json_string(std::string_view text, std::size_t at) {
  const std::size_t begin = at++;
  std::size_t plain = at;  // where the bytes not yet checked as UTF-8 start
  while (at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte != '"' && byte != '\\' && byte >= 0x20) {
      ++at;
      continue;
    }
    const std::size_t valid = utf8_valid_prefix(text.substr(plain, at - plain));
    if (valid != at - plain) return json_error(plain + valid, "this is not valid UTF-8");
    if (byte == '"') return at + 1;
    if (byte < 0x20) return json_error(at, "a control character in a string must be escaped");
    OAR_ASSIGN(at, scan_escape(text, at));
    plain = at;
  }
  return json_error(begin, "the string that starts here does not end");
}

std::string decode_json_string(std::string_view quoted) {
  const std::string_view inner = quoted.substr(1, quoted.size() - 2);
  std::string decoded;
  decoded.reserve(inner.size());
  for (std::size_t at = 0; at < inner.size();) {
    const std::size_t backslash = inner.find('\\', at);
    decoded += inner.substr(at, backslash - at);
    if (backslash == std::string_view::npos) break;
    at = backslash + 2;
    if (inner[backslash + 1] != 'u') {
      decoded += plain_escape(inner[backslash + 1]);
      continue;
    }
    auto point = static_cast<std::uint32_t>(hex4(inner, at));
    at += 4;
    if (is_high_surrogate(static_cast<int>(point))) {
      const auto low = static_cast<std::uint32_t>(hex4(inner, at + 2));
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
      at += 6;
    }
    append_utf8(decoded, point);
  }
  return decoded;
}

bool is_json_integer(std::string_view number) { return number.find_first_of(".eE") == std::string_view::npos; }

bool fits_double(std::string_view number) {
  const char* const end = number.data() + number.size();
  if (is_json_integer(number)) {
    std::int64_t value = 0;
    const auto [stop, error] = std::from_chars(number.data(), end, value);
    return error == std::errc() && stop == end && value >= -kExactIntegerMax && value <= kExactIntegerMax;
  }
  double value = 0;
  const auto [stop, error] = std::from_chars(number.data(), end, value);
  return error == std::errc() && stop == end && std::isfinite(value);
}

}  // namespace oarlock
