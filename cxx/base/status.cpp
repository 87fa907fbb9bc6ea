#include "base/status.h"

#include <cerrno>
#include <system_error>

#include "base/no_destructor.h"

namespace oarlock {

const std::string& Status::message() const {
  static NoDestructor<std::string> empty;
  return info_ ? info_->message : *empty;
}

Status&& Status::with_rank(int rank) && {
  if (info_) info_->rank = rank;
  return std::move(*this);
}

Status&& Status::with_operation(std::string operation) && {
  if (info_) info_->operation = std::move(operation);
  return std::move(*this);
}

Status&& Status::with_vendor_code(std::int64_t vendor_code) && {
  if (info_) info_->vendor_code = vendor_code;
  return std::move(*this);
}

Status&& Status::within(std::string_view where) && {
  if (info_) info_->message = fmt::format("{}: {}", where, info_->message);
  return std::move(*this);
}

Status os_error(int error_number, std::string_view what) {
  oar_status code = OAR_E_IO;
  if (error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG) code = OAR_E_NO_SPACE;
  if (error_number == ENOENT) code = OAR_E_NOT_FOUND;
  if (error_number == ENOMEM) code = OAR_E_OUT_OF_MEMORY;
  std::string reason = std::system_category().message(error_number);
  return Status(code, fmt::format("{}: {} (errno {})", what, reason, error_number)).with_vendor_code(error_number);
}

}  // namespace oarlock
