#include "comm/call_site.h"

#include <fmt/format.h>

#include "base/current_function.h"
#include "comm/signature.h"

namespace oarlock {

std::string_view CallSite::telling_function() const {
  if (function == nullptr) return {};
  const std::string_view name = function_name(function);
  return name.starts_with("oar_group_") || name == "oar_state_barrier" ? std::string_view() : name;
}

std::string CallSite::text() const {
  std::string text = tag != nullptr ? fmt::format(" tagged '{}'", *tag) : "";
  if (const std::string_view name = telling_function(); !name.empty()) text += fmt::format(" in {}", name);
  return text;
}

std::uint32_t number_of_tag(const std::string& tag) {
  if (tag.empty()) return 0;
  return layout_of({tag.begin(), tag.end()});
}

}  // namespace oarlock
