// Runs LLVMFuzzerTestOneInput on every file of a corpus folder, then on seeded mutations of them for so many seconds.
// For compilers without libFuzzer; with clang link -fsanitize=fuzzer instead.
//
//   fuzz_x CORPUS [LAST_INPUT]     OARLOCK_FUZZ_SECONDS (default 5), OARLOCK_FUZZ_SEED (default: the clock)
//
// LAST_INPUT is where the input lies that was being tried when the process died.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// A target may bring its own changes, that keep an input's form, as for libFuzzer.
extern "C" __attribute__((weak)) std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                                                     std::size_t size_max, unsigned int seed);

namespace {

constexpr std::size_t kInputBytesMax = std::size_t{1} << 16;

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t bound) { return bound == 0 ? 0 : random() % bound; }

void overwrite_integer(Random& random, std::string* input) {
  static constexpr std::uint64_t kEdges[] = {0, 1, 0x7f, 0xff, 0xffff, 0x7fffffff, 0xffffffff, ~0ULL >> 1, ~0ULL};
  const std::uint64_t value = kEdges[below(random, std::size(kEdges))];
  const std::size_t size = std::size_t{1} << below(random, 4);
  if (input->size() < size) return;
  std::memcpy(input->data() + below(random, input->size() - size + 1), &value, size);
}

// One random change of `input`; `other` is a second corpus file to take pieces from.
void mutate(Random& random, const std::string& other, std::string* input) {
  const std::size_t at = below(random, input->size());
  switch (below(random, 7)) {
    case 0:
      if (!input->empty()) (*input)[at] = static_cast<char>((*input)[at] ^ (1 << below(random, 8)));
      break;
    case 1:
      if (!input->empty()) (*input)[at] = static_cast<char>(random());
      break;
    case 2:
      input->erase(at, below(random, 8));
      break;
    case 3:
      input->insert(at, input->substr(below(random, input->size()), below(random, 64)));
      break;
    case 4:
      input->resize(at);
      break;
    case 5:
      input->insert(at, other.substr(below(random, other.size()), below(random, 64)));
      break;
    default:
      overwrite_integer(random, input);
  }
  if (input->size() > kInputBytesMax) input->resize(kInputBytesMax);
}

// A mapped file holds the current input, so that it outlives a crash.
class LastInput {
 public:
  explicit LastInput(const char* path) {
    if (path == nullptr) return;
    const int descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (descriptor < 0 || ftruncate(descriptor, kBytes) != 0) return;
    void* mapped = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (mapped != MAP_FAILED) bytes_ = static_cast<char*>(mapped);
  }
  void keep(const std::string& input) {
    if (bytes_ == nullptr) return;
    const std::uint64_t size = input.size();
    std::memcpy(bytes_, &size, sizeof(size));
    std::memcpy(bytes_ + sizeof(size), input.data(), input.size());
  }

 private:
  static constexpr std::size_t kBytes = kInputBytesMax + sizeof(std::uint64_t);
  char* bytes_ = nullptr;
};

void mutate_by_target(Random& random, std::string* input) {
  const std::size_t size = input->size();
  input->resize(kInputBytesMax);
  input->resize(LLVMFuzzerCustomMutator(reinterpret_cast<std::uint8_t*>(input->data()), size, kInputBytesMax,
                                        static_cast<unsigned int>(random())));
}

void run(const std::string& input, LastInput* last) {
  last->keep(input);
  const std::vector<std::uint8_t> exact(input.begin(), input.end());  // a sanitizer sees one byte beyond it
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

std::vector<std::string> read_corpus(const char* folder) {
  std::vector<std::string> corpus;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    if (corpus.back().size() > kInputBytesMax) corpus.back().resize(kInputBytesMax);
  }
  return corpus;
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: %s CORPUS [LAST_INPUT]\n", argv[0]), 2;
  const std::vector<std::string> corpus = read_corpus(argv[1]);
  if (corpus.empty()) return std::fprintf(stderr, "no files in %s\n", argv[1]), 2;
  const auto now = std::chrono::steady_clock::now;
  const std::uint64_t seed =
      number_from("OARLOCK_FUZZ_SEED", static_cast<std::uint64_t>(now().time_since_epoch().count()));
  const auto end = now() + std::chrono::seconds(number_from("OARLOCK_FUZZ_SECONDS", 5));
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);

  LastInput last(argc > 2 ? argv[2] : nullptr);
  Random random(seed);
  for (const std::string& input : corpus) run(input, &last);
  std::uint64_t num_runs = corpus.size();
  while (now() < end) {
    for (int i = 0; i < 256 && now() < end; ++i, ++num_runs) {
      std::string input = corpus[below(random, corpus.size())];
      if (LLVMFuzzerCustomMutator != nullptr && below(random, 8) != 0) {
        mutate_by_target(random, &input);
        run(input, &last);
        continue;
      }
      for (std::size_t changes = 1 + below(random, 6); changes > 0; --changes) {
        mutate(random, corpus[below(random, corpus.size())], &input);
      }
      run(input, &last);
    }
  }
  std::printf("%llu inputs\n", static_cast<unsigned long long>(num_runs));
  return 0;
}
