#include "launch/program.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/env.h"
#include "base/text.h"

namespace oarlock::launch {
namespace {

bool is_file(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

bool is_executable(const std::string& path) { return is_file(path) && ::access(path.c_str(), X_OK) == 0; }

Status not_executable(const std::string& path) {
  if (path.ends_with(".py")) {
    return invalid_argument("'{0}' is not executable; run it by its interpreter: oarlock launch ... python3 {0}", path);
  }
  return invalid_argument("'{0}' is not executable; make it so with: chmod +x {0}", path);
}

Result<std::string> check_path(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return not_found("there is no program '{}'", path);
    return os_error(errno, fmt::format("cannot look at the program '{}'", path));
  }
  if (S_ISDIR(info.st_mode)) return invalid_argument("'{}' is a directory; a program is needed", path);
  if (!is_executable(path)) return not_executable(path);
  return path;
}

}  // namespace

Result<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return check_path(name);
  const std::string search = env_text("PATH").value_or("/usr/local/bin:/usr/bin:/bin");
  for (const std::string& folder : split_text(search, ':')) {
    const std::string path = fmt::format("{}/{}", folder.empty() ? "." : folder, name);
    if (is_executable(path)) return path;
  }
  if (is_executable(name)) return not_found("there is no program '{0}' in PATH; for the file here type ./{0}", name);
  if (is_file(name)) return not_executable(name);
  return not_found("there is no program '{}' in PATH ({})", name, search);
}

}  // namespace oarlock::launch
