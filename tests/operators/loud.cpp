// Says more than a pipe holds while it is loaded.
#include <cstdio>
#include <string>

namespace {

const struct Talker {
  Talker() {
    const std::string line(1000, 'x');
    for (int i = 0; i < 300; ++i) std::fprintf(stderr, "%s\n", line.c_str());
  }
} talker;

}  // namespace
