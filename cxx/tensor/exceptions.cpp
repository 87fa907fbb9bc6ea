#include "tensor/exceptions.h"

#include <c10/util/Exception.h>

#include <exception>
#include <new>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "base/check.h"

namespace oarlock {
namespace {

constexpr std::size_t kTextBytesMax = 1500;

// libtorch appends C++ stack frames, and a list of all backends to "could not run"; what a user can act on comes first.
std::string first_words(std::string_view text) {
  for (const char* tail : {"\nException raised from", "\n\nCPU: registered at", "\nC++ CapturedTraceback"}) {
    text = text.substr(0, text.find(tail));
  }
  const bool cut = text.size() > kTextBytesMax;
  text = text.substr(0, kTextBytesMax);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  return std::string(text) + (cut ? " ..." : "");
}

Status torch_failure(oar_status code, const c10::Error& error) {
  return Status(code, "libtorch: " + first_words(error.what_without_backtrace()));
}

// The CPU allocator throws a plain c10::Error; its text is the only thing that tells.
bool is_cpu_out_of_memory(const c10::Error& error) {
  return std::string_view(error.what_without_backtrace()).find("DefaultCPUAllocator: can't allocate memory") !=
         std::string_view::npos;
}

bool has_errno(const std::error_code& code) {
  return code.category() == std::system_category() || code.category() == std::generic_category();
}

}  // namespace

Status status_of_current_exception() {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    throw;                                    // the guard has a text that needs no memory
  } catch (const std::length_error& error) {  // a container asked for more than any memory has
    return Status(OAR_E_OUT_OF_MEMORY, first_words(error.what()));
  } catch (const StatusError& error) {
    return error.status();
  } catch (const InvariantError& error) {
    return Status(OAR_E_INTERNAL, error.what());
  } catch (const c10::OutOfMemoryError& error) {
    return torch_failure(OAR_E_OUT_OF_MEMORY, error);
  } catch (const c10::NotImplementedError& error) {
    return torch_failure(OAR_E_UNSUPPORTED, error);
  } catch (const c10::Error& error) {
    return torch_failure(is_cpu_out_of_memory(error) ? OAR_E_OUT_OF_MEMORY : OAR_E_INTERNAL, error);
  } catch (const std::system_error& error) {
    if (!has_errno(error.code())) return Status(OAR_E_INTERNAL, first_words(error.what()));
    return os_error(error.code().value(), "the system refused a resource, such as one more thread");
  } catch (const std::exception& error) {
    return Status(OAR_E_INTERNAL, first_words(error.what()));
  } catch (...) {
    return Status(OAR_E_INTERNAL, "an exception of a type that the C++ library does not know");
  }
}

}  // namespace oarlock
