// Where an operation comes from, for messages: the function that the program called, and the tag that it gave.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace oarlock {

struct CallSite {
  const char* function = nullptr;          // as current_function() gives it
  std::shared_ptr<const std::string> tag;  // NULL: none
  bool operator==(const CallSite&) const = default;

  // "oar_accelerator_step"; empty: none, or one that only makes the operation (oar_group_..., oar_state_barrier).
  std::string_view telling_function() const;
  // What stands behind a call's description: "", " tagged 'validation'", " in oar_accelerator_step", or both.
  std::string text() const;
};

constexpr std::size_t kTagBytesMax = 63;

// A number for a tag, never 0 but for none; what ranks compare.
std::uint32_t number_of_tag(const std::string& tag);

}  // namespace oarlock
