// The kept corpus under tests/fuzz/corpus, whose files the real writers made.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace oarlock::test {

inline std::string corpus_path(const std::string& kind, const std::string& name) {
  const char* source = std::getenv("OARLOCK_SOURCE");
  return std::string(source != nullptr ? source : ".") + "/tests/fuzz/corpus/" + kind + "/" + name;
}

inline std::string corpus_file(const std::string& kind, const std::string& name) {
  std::ifstream file(corpus_path(kind, name), std::ios::binary);
  EXPECT_TRUE(file.good()) << "set OARLOCK_SOURCE to the checkout; no " << corpus_path(kind, name);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace oarlock::test
