// The one reader of environment variables. A variable that is set but empty counts as unset. Nothing here changes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace oarlock {

std::optional<std::string> env_text(const char* name);

// y yes t true on 1 | n no f false off 0, any case; nullopt otherwise. (Accelerate 1.15 `str_to_bool`.)
std::optional<bool> parse_flag(std::string_view text);
std::optional<std::int64_t> parse_int(std::string_view text);  // decimal, the whole text
std::optional<double> parse_double(std::string_view text);     // finite, the whole text; independent of the locale

}  // namespace oarlock
