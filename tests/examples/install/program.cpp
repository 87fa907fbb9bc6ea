// The C++ layer: ownership moves, a retained handle outlives the first, a failure is an exception with all its facts.
#include <oarlock/oarlock.hpp>

#include <cstdio>
#include <string>

static void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  throw 1;
}

int main() {
  oarlock::Config config = oarlock::call(oar_config_create);
  oarlock::call(oar_config_set_int64, config, "loader.batch_size", 32);
  expect(oarlock::call(oar_config_get_string, config, "loader.batch_size") == "32", "the text comes back");

  oarlock::Config second = config.retain();
  oarlock::Config moved = std::move(config);
  expect(!config && moved, "moving empties the source");
  moved.reset();
  oarlock::check(oar_config_set_int64(second.get(), "loader.batch_size", 33));

  bool caught = false;
  try {
    oarlock::call(oar_config_set_int64, second, "loader.batchsize", 1);
  } catch (const oarlock::Error& error) {
    caught = true;
    expect(error.code() == OAR_E_ARGUMENT && std::string(error.code_name()) == "OAR_E_ARGUMENT", "the code");
    expect(std::string(error.what()).find("loader.batch_size") != std::string::npos, "the text");
    expect(error.operation() == "oar_config_set_int64" && error.component() == "config" && error.rank() == -1, "the facts");
  }
  expect(caught, "a failure throws");
  std::printf("oarlock %s, C++\n", oar_version());
}
