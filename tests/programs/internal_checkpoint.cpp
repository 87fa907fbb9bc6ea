// A rank that saves and looks at checkpoints of known contents, for tests/fault and tests/parity.
//
//   internal_checkpoint save PARENT N      saves version N as PARENT/checkpoint_N and prunes to one checkpoint
//   internal_checkpoint check PARENT       the main rank finds the latest, verifies it wholly, prints "version N"
//   internal_checkpoint recover PARENT N   check, then save, then check
//   internal_checkpoint dtypes DIRECTORY   saves tensors of every dtype and of odd shapes
//
// Ends with the status code as its exit status and the text on standard error.
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "checkpoint/checkpoint.h"
#include "checkpoint/layout.h"
#include "state/process_state.h"

namespace oarlock {
namespace {

CheckpointContents contents_of(int version, int rank) {
  CheckpointContents contents;
  const double value = version;
  contents.shared.push_back(
      {"model", {{"weight", at::full({64, 256}, value)}, {"bias", at::full({256}, value, at::kBFloat16)}}});
  contents.shared.push_back({"optimizer_0", {{"weight.step", at::full({}, value)}}});
  contents.per_rank.push_back({"random_state", {{"cpu", at::full({5056}, 100.0 * version + rank)}}});
  contents.values.set("version", JsonValue::integer(version));
  return contents;
}

Status compare(const NamedTensors& found, const NamedTensors& expected, const std::string& file) {
  if (found.size() != expected.size()) return internal_error("{} has {} tensors", file, found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].name == expected[i].name && at::equal(found[i].tensor, expected[i].tensor)) continue;
    return internal_error("{}: tensor {} is not of the manifest's version: the checkpoint is mixed", file,
                          found[i].name);
  }
  return Status::ok();
}

Status check(const std::string& parent) {
  OAR_ASSIGN(const std::string latest, find_latest_checkpoint(real_fs(), parent));
  OAR_ASSIGN(const std::shared_ptr<Checkpoint> checkpoint, Checkpoint::open(latest));
  OAR_TRY(checkpoint->verify());
  OAR_ASSIGN(const JsonValue* value, checkpoint->values().at("version"));
  OAR_ASSIGN(const std::int64_t version, value->as_int64());
  for (int rank = 0; rank < checkpoint->world_size(); ++rank) {
    const CheckpointContents expected = contents_of(static_cast<int>(version), rank);
    for (const CheckpointTensors& part : expected.shared) {
      OAR_ASSIGN(const NamedTensors found, checkpoint->tensors(part.name));
      OAR_TRY(compare(found, part.tensors, part.name));
    }
    OAR_ASSIGN(const NamedTensors own, checkpoint->tensors("random_state", rank));
    OAR_TRY(compare(own, expected.per_rank[0].tensors, "random_state"));
  }
  std::printf("version %d\n", static_cast<int>(version));
  return Status::ok();
}

Status save(State& state, const std::string& parent, int version) {
  return save_checkpoint(real_fs(), *state.group(), join_path(parent, numbered_name(version)),
                         contents_of(version, state.rank()), {.total_limit = 1});
}

at::Tensor counted(at::ScalarType dtype, std::vector<std::int64_t> shape) {
  at::Tensor tensor = at::empty(shape, dtype);
  auto* bytes = static_cast<unsigned char*>(tensor.mutable_data_ptr());
  for (std::size_t i = 0; i < tensor.nbytes(); ++i) bytes[i] = static_cast<unsigned char>(i % 2);
  return tensor;
}

Status save_dtypes(State& state, const std::string& directory) {
  CheckpointContents contents;
  NamedTensors tensors;
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kShort,
                                     at::kChar, at::kByte, at::kBool}) {
    const std::string name = c10::toString(dtype);
    tensors.push_back({name + ".matrix", counted(dtype, {3, 5})});
    tensors.push_back({name + ".scalar", counted(dtype, {})});
    tensors.push_back({name + ".empty", counted(dtype, {2, 0, 3})});
  }
  tensors.push_back({"transposed", at::arange(6).reshape({2, 3}).t()});
  contents.shared.push_back({"model", std::move(tensors)});
  contents.user = JsonValue::string("n\xc3\xa4he");
  return save_checkpoint(real_fs(), *state.group(), directory, contents, {});
}

Status run(State& state, const std::string& verb, const std::string& path, int version) {
  if (verb == "save") return save(state, path, version);
  if (verb == "dtypes") return save_dtypes(state, path);
  if (verb == "check") return state.is_main_process() ? check(path) : Status::ok();
  if (verb != "recover") return invalid_argument("unknown verb {}", verb);
  OAR_TRY(agree(*state.group(), state.is_main_process() ? check(path) : Status::ok(), Milliseconds{0}));
  OAR_TRY(save(state, path, version));
  return state.is_main_process() ? check(path) : Status::ok();
}

}  // namespace
}  // namespace oarlock

int main(int argc, char** argv) {
  using namespace oarlock;
  if (argc < 3) return 99;
  const auto run_all = [&]() -> Status {
    OAR_ASSIGN(Options options, Options::from_environment());
    OAR_ASSIGN(const std::shared_ptr<State> state, State::create(std::move(options)));
    const Status status = run(*state, argv[1], argv[2], argc > 3 ? std::atoi(argv[3]) : 0);
    const Status closed = state->close();
    return status.is_ok() ? closed : status;
  };
  const Status status = run_all();
  if (!status.is_ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return status.code();
}
