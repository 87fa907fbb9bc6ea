// Questions about text that several rooms ask.
#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace oarlock {

// How many single characters must be inserted, removed or replaced to turn one into the other (Levenshtein 1966).
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to `given`, the first of equals; nullopt when none is nearer than about a third of its length.
std::optional<std::string_view> nearest_text(std::string_view given, std::span<const std::string_view> candidates);

// Whether the whole text fits: '*' stands for any characters, also none and also dots; every other one for itself.
bool text_fits(std::string_view text, std::string_view pattern);

std::string join_text(std::span<const std::string> parts, std::string_view separator);
std::vector<std::string> split_text(std::string_view text, char separator);  // "" gives one empty part
std::string lower_text(std::string_view text);                               // ASCII letters only

// The number that `text` is from its first byte to its last (std::from_chars: no locale, no leading space or plus
// sign), or nullopt when anything else stands there or the number does not fit T.
template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

// The offset of the first byte that is not well-formed UTF-8 (Unicode 15, table 3-7), or text.size().
std::size_t utf8_valid_prefix(std::string_view text);

}  // namespace oarlock
