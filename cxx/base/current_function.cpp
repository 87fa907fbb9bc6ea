#include "base/current_function.h"

namespace oarlock {
namespace {

thread_local const char* innermost = nullptr;

}  // namespace

CurrentFunction::CurrentFunction(const char* text) noexcept : before_(innermost) { innermost = text; }

CurrentFunction::~CurrentFunction() { innermost = before_; }

const char* current_function() noexcept { return innermost; }

std::string_view function_name(const char* text) {
  std::string_view name = text;
  name = name.substr(0, name.find('('));
  name.remove_prefix(name.rfind(' ') + 1);
  return name;
}

}  // namespace oarlock
