// Leaves a process behind in the process that tries it, and its number in the file that the environment names.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace {

const struct Forker {
  Forker() {
    const char* path = std::getenv("OARLOCK_TEST_PID_FILE");
    if (path == nullptr || std::getenv("LD_PRELOAD") == nullptr) return;
    const pid_t child = fork();
    if (child == 0) {
      pause();
      _exit(0);
    }
    if (std::FILE* file = std::fopen(path, "w")) {
      std::fprintf(file, "%d", static_cast<int>(child));
      std::fclose(file);
    }
  }
} forker;

}  // namespace
