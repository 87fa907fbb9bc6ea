// Which function of the C interface the thread is in, for messages that name where a call came from.
#pragma once

#include <string_view>

namespace oarlock {

// Sets it while it lives; calls may lie in one another. `text`: what std::source_location gives, kept for ever.
class CurrentFunction {
 public:
  explicit CurrentFunction(const char* text) noexcept;
  ~CurrentFunction();
  CurrentFunction(const CurrentFunction&) = delete;
  CurrentFunction& operator=(const CurrentFunction&) = delete;

 private:
  const char* before_;
};

// That text of the innermost function; NULL: the thread is in none.
const char* current_function() noexcept;
// "oar_status oar_config_create(oar_config**)" -> "oar_config_create"
std::string_view function_name(const char* text);

}  // namespace oarlock
