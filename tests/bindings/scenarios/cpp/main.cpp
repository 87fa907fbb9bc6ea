// scenarios_cpp FOLDER NAME...: runs the scenarios, prints `ok NAME` or `not ok NAME: TEXT` after each. 0: all were ok.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "scenario.h"

namespace scenario {

static std::string folder;

void fail(const char* file, int line, const std::string& what) {
  const char* name = std::strrchr(file, '/');
  throw std::runtime_error((name ? name + 1 : file) + (":" + std::to_string(line)) + ": does not hold: " + what);
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string inside(const std::string& name) { return folder + "/" + name; }

std::string digits_file(const std::string& name) {
  const char* source = std::getenv("OARLOCK_SOURCE");  // ctest sets it
  return (source ? source : ".") + ("/examples/digits/" + name);
}

std::int64_t num_live_handles() {
  std::int64_t count = -1;
  const auto function = reinterpret_cast<oar_live_handle_count_fn>(call(oar_experimental_get, "live_handle_count"));
  oarlock::check(function(&count));
  return count;
}

oarlock::State make_state(const std::string& options) {
  const oarlock::Config config = call(oar_config_create);
  call(oar_config_merge_json, config, options);
  return call(oar_state_create, config);
}

oarlock::Model load_digits(const oarlock::State& state) {
  return call(oar_model_load, state, digits_file("digits.pt2"), nullptr);
}

oarlock::Dataset test_set() { return call(oar_dataset_from_safetensors, digits_file("test.safetensors"), nullptr, 0); }

oarlock::Loader test_loader(const std::string& options) { return call(oar_loader_create, test_set(), options); }

template <class T>
static bool same_as(const oarlock::Tensor& one, const oarlock::Tensor& other) {
  const auto mine = oarlock::values<const T>(one), theirs = oarlock::values<const T>(other);
  return mine.size == theirs.size && std::memcmp(mine.data, theirs.data, mine.size * sizeof(T)) == 0;
}

bool same_values(const oarlock::Tensor& one, const oarlock::Tensor& other) {
  switch (call(oar_tensor_dtype, one)) {
    case OAR_UINT8:
      return same_as<std::uint8_t>(one, other);
    case OAR_INT64:
      return same_as<std::int64_t>(one, other);
    default:
      return same_as<float>(one, other);  // the digits have no others
  }
}

// What went wrong, on one line; "" if all went well.
static std::string run(const std::string& name) {
#define TABLE_ROW(name) {#name, name},
  static const std::map<std::string, void (*)()> scenarios = {SCENARIOS(TABLE_ROW)};
#undef TABLE_ROW
  std::string text;
  try {
    const std::int64_t before = num_live_handles();
    scenarios.at(name)();
    if (const std::int64_t left = num_live_handles() - before) text = std::to_string(left) + " handles are left";
  } catch (const oarlock::Error& error) {
    text = error.operation() + " gave " + error.code_name() + ": " + error.what();
  } catch (const std::exception& exception) {
    text = exception.what();
    if (text.empty()) text = "an exception without a text";
  }
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace scenario

int main(int argc, char** argv) {
  if (argc < 3) return std::fputs("usage: scenarios_cpp FOLDER NAME...\n", stderr), 2;
  scenario::folder = argv[1];
  bool all_ok = true;
  for (int i = 2; i < argc; ++i) {
    const std::string text = scenario::run(argv[i]);
    all_ok = all_ok && text.empty();
    std::printf(text.empty() ? "ok %s\n" : "not ok %s: %s\n", argv[i], text.c_str());
    std::fflush(stdout);
  }
  return all_ok ? 0 : 1;
}
