// The words of JSON text to the letter of RFC 8259, shared by the two parsers. Offsets are bytes from the text's start.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/status.h"

namespace oarlock {

std::size_t skip_json_space(std::string_view text, std::size_t at);

// `at` is on '-' or a digit; gives the offset behind the number. "01", "1.", "+1", "1x" are refused.
Result<std::size_t> scan_json_number(std::string_view text, std::size_t at);

// `at` is on the opening quote; gives the offset behind the closing one. Refuses raw control characters, wrong escapes,
// lone surrogates, ill-formed UTF-8 and \u0000 (texts end up in C strings, which would silently end there).
Result<std::size_t> scan_json_string(std::string_view text, std::size_t at);

// What a string that scan_json_string accepted says; `quoted` includes both quotes.
std::string decode_json_string(std::string_view quoted);

// Whether number text is an integer: no fraction, no exponent.
bool is_json_integer(std::string_view number);
// Whether a double keeps it: integers must lie within 2^53, others must be in range (neither 1e400 nor 1e-400).
bool fits_double(std::string_view number);

// OAR_E_CORRUPT: "byte <at>: <what>".
Status json_error(std::size_t at, std::string_view what);

}  // namespace oarlock
