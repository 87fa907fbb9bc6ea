// Two ranks: collective operations, and what each learns when the other errs, ends or never comes.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "scenario.h"

namespace scenario {

static constexpr std::int64_t kTimeoutMs = 60000;

struct World {
  oarlock::State state = make_state();
  oarlock::Group group = call(oar_state_group, state);
  std::int32_t rank = call(oar_state_rank, state);

  World() { EXPECT(call(oar_group_size, group) == 2); }
  ~World() { oar_state_close(state.get()); }
};

static float reduce(const World& world, std::int32_t reduce_op) {
  float value = static_cast<float>(world.rank) + 1;
  const oarlock::Tensor tensor = oarlock::tensor_over(&value, {});
  const oarlock::Work work = call(oar_group_all_reduce, world.group, tensor, reduce_op, kTimeoutMs);
  call(oar_work_wait, work, kTimeoutMs);
  EXPECT(call(oar_work_is_done, work) == 1);
  return value;
}

void all_reduce() {
  const World world;
  EXPECT(reduce(world, OAR_REDUCE_SUM) == 3);
  EXPECT(reduce(world, OAR_REDUCE_AVERAGE) == 1.5f);
  EXPECT(reduce(world, OAR_REDUCE_MAX) == 2);
  float value = static_cast<float>(world.rank) + 1, gathered[2] = {};
  const oarlock::Tensor mine = oarlock::tensor_over(&value, {1}), all = oarlock::tensor_over(gathered, {2});
  call(oar_work_wait, call(oar_group_all_gather, world.group, mine, all, kTimeoutMs), kTimeoutMs);
  EXPECT(gathered[0] == 1 && gathered[1] == 2);
  call(oar_work_wait, call(oar_group_broadcast, world.group, mine, 1, kTimeoutMs), kTimeoutMs);
  EXPECT(value == 2);
  REFUSED(OAR_E_ARGUMENT, "99", call(oar_group_all_reduce, world.group, mine, 99, kTimeoutMs));
  call(oar_work_wait, call(oar_group_barrier, world.group, kTimeoutMs),
       kTimeoutMs);  // the refusal cost no rank its place
}

// What the operations below have in common: over in this call, since a work is not asked for.
template <class... Given>
static void over(Given&&... given) {
  call(std::forward<Given>(given)..., kTimeoutMs, nullptr);
}

static oarlock::Tensor floats(std::vector<float>& values) {
  return oarlock::tensor_over(values.data(), {static_cast<std::int64_t>(values.size())});
}

// The operations on lists.
static void lists(const World& world) {
  const float mine = static_cast<float>(world.rank) + 1;
  std::vector<float> one{mine}, ten{10 * mine, 0}, ones(2), tens(4);
  const oarlock::Tensor a = floats(one), b = floats(ten), all_a = floats(ones), all_b = floats(tens);
  oar_tensor *given[] = {a.get(), b.get()}, *all[] = {all_a.get(), all_b.get()};
  over(oar_group_all_gather_coalesced, world.group, given, 2, all, 2);
  EXPECT((ones == std::vector<float>{1, 2}) && (tens == std::vector<float>{10, 0, 20, 0}));
  over(oar_group_all_reduce_coalesced, world.group, given, 2, OAR_REDUCE_SUM);
  EXPECT(one[0] == 3 && ten[0] == 30 && ten[1] == 0);
  one[0] += static_cast<float>(world.rank);
  over(oar_group_broadcast_coalesced, world.group, given, 2, 1);
  EXPECT(one[0] == 4);
  over(oar_group_reduce_scatter_coalesced, world.group, given + 1, 1, given, 1, OAR_REDUCE_SUM);
  EXPECT(one[0] == (world.rank == 0 ? 60 : 0));
}

void parts_and_pairs() {
  const World world;
  const std::int32_t rank = world.rank;
  const float mine = static_cast<float>(rank) + 1;
  std::vector<float> one{mine}, two{10 * mine, 100 * mine}, pair(2), three(3);
  const oarlock::Tensor a = floats(one), b = floats(two), c = floats(pair), d = floats(three);
  over(oar_group_reduce, world.group, a, 1, OAR_REDUCE_SUM);
  EXPECT(one[0] == (rank == 0 ? 1 : 3));
  over(oar_group_reduce_scatter, world.group, b, a, OAR_REDUCE_SUM);
  EXPECT(one[0] == (rank == 0 ? 30 : 300));
  over(oar_group_gather, world.group, a, rank == 1 ? c.get() : nullptr, 1);
  EXPECT(rank == 0 || (pair == std::vector<float>{30, 300}));
  over(oar_group_scatter, world.group, rank == 0 ? b.get() : nullptr, a, 0);
  EXPECT(one[0] == (rank == 0 ? 10 : 100));
  over(oar_group_all_to_all, world.group, b, c);
  EXPECT((pair == (rank == 0 ? std::vector<float>{10, 20} : std::vector<float>{100, 200})));
  // Rank 0 gives both its rows to rank 1, which gives its one row back.
  const std::int64_t rows[2][2] = {{0, 2}, {1, 0}}, received[2][2] = {{0, 1}, {2, 0}};
  over(oar_group_all_to_all_rows, world.group, rank == 0 ? b : a, rank == 0 ? a : c, rows[rank], 2, received[rank], 2);
  EXPECT(rank == 0 ? one[0] == 100 : (pair == std::vector<float>{10, 100}));
  const std::int64_t by_rank[] = {1, 2};
  over(oar_group_all_gather_rows, world.group, rank == 0 ? a : c, d, by_rank, 2);
  EXPECT((three == std::vector<float>{100, 10, 100}));
  lists(world);
  std::int64_t bits = rank + 1;
  over(oar_group_all_reduce, world.group, oarlock::tensor_over(&bits, {}), OAR_REDUCE_BITWISE_XOR);
  EXPECT(bits == 3);
  const oarlock::Work sent = call(oar_group_send, world.group, b, 1 - rank, kTimeoutMs);
  over(oar_group_receive, world.group, c, 1 - rank);
  call(oar_work_wait, sent, kTimeoutMs);
  EXPECT(pair[0] == 10 * (3 - mine));
  REFUSED(OAR_E_ARGUMENT, "peer", call(oar_group_send, world.group, b, rank, kTimeoutMs));
  over(oar_group_barrier, world.group);
}

static std::string text_of(const oarlock::Bytes& bytes) {
  const void* data = nullptr;
  std::size_t size = 0;
  call(oar_bytes_view, bytes, &data, &size);
  return std::string(static_cast<const char*>(data), size);
}

struct Gathered {
  std::vector<std::uint64_t> sizes = {9, 9};
  std::string all;

  Gathered(const World& world, const std::string& mine) {
    oar_bytes* bytes = nullptr;
    std::size_t count = sizes.size();
    call(oar_group_all_gather_bytes, world.group, mine.data(), mine.size(), kTimeoutMs, sizes.data(), &count, &bytes);
    all = text_of(oarlock::Bytes(bytes));
  }
};

void gather_bytes() {
  const World world;
  const std::string mine = world.rank == 0 ? "" : std::string("a\0b", 3), name = world.rank == 0 ? "zero" : "one";
  const Gathered bytes(world, mine), names(world, name);
  EXPECT((bytes.sizes == std::vector<std::uint64_t>{0, 3}) && bytes.all == std::string("a\0b", 3));
  EXPECT((names.sizes == std::vector<std::uint64_t>{4, 3}) && names.all == "zeroone");
  EXPECT(text_of(call(oar_group_broadcast_bytes, world.group, name.data(), name.size(), 1, kTimeoutMs)) == "one");
  const oarlock::Accelerator accelerator = call(oar_accelerator_create, world.state, nullptr);
  EXPECT(call(oar_accelerator_reduce_mean, accelerator, world.rank == 0 ? 0.5 : 2.25) == 1.375);
}

static std::string json_of(const oarlock::Tree& tree) {
  return call(oar_tree_to_json, call(oar_tree_to_numbers, tree));
}

void nested_trees() {
  const World world;
  const oarlock::Group& group = world.group;
  std::vector<float> loss = {static_cast<float>(world.rank) + 1};
  std::vector<float> rows(static_cast<std::size_t>(world.rank) + 1, 10.0f * static_cast<float>(world.rank));
  const oarlock::Tree held = call(oar_tree_create_map), losses = call(oar_tree_create_map);
  call(oar_tree_set_tensor, held, "loss", oarlock::tensor_over(loss.data(), {1}));
  call(oar_tree_set_tensor, losses, "loss", oarlock::tensor_over(loss.data(), {1}));
  call(oar_tree_set_tensor, held, "rows", oarlock::tensor_over(rows.data(), {world.rank + 1}));
  EXPECT(json_of(call(oar_group_reduce_tree, group, losses, OAR_REDUCE_AVERAGE, kTimeoutMs)) == R"({"loss":[1.5]})");
  REFUSED(OAR_E_MISMATCH, "'rows' differs between ranks (rank 0: float32 [1]; rank 1: float32 [2])",
          call(oar_group_gather_tree, group, held, kTimeoutMs));
  const oarlock::Tree padded = call(oar_group_pad_tree, group, held, 0, -1.0, 0, kTimeoutMs);
  EXPECT(json_of(call(oar_group_gather_tree, group, padded, kTimeoutMs)) ==
         R"({"loss":[1.0,2.0],"rows":[0.0,-1.0,10.0,10.0]})");
  const oarlock::Tree mine = call(oar_tree_from_json, world.rank == 0 ? "[0]" : "[1, 1]");
  EXPECT(json_of(call(oar_group_gather_objects, group, mine, kTimeoutMs)) == "[0,1,1]");
  const oarlock::Tree map = call(oar_tree_from_json, R"({"of":["one",null]})"), none;
  EXPECT(json_of(call(oar_group_copy_tree, group, world.rank == 1 ? map : none, kTimeoutMs)) ==
         R"({"of":["one",null]})");
  EXPECT(json_of(call(oar_group_broadcast_object, group, mine, 1, kTimeoutMs)) == "[1,1]");
  call(oar_group_broadcast_tree, group, losses, 1, kTimeoutMs);
  EXPECT(loss[0] == 2);
  const oarlock::Accelerator accelerator = call(oar_accelerator_create, world.state, nullptr);
  if (world.rank == 1) call(oar_accelerator_set_trigger, accelerator);
  EXPECT(call(oar_accelerator_check_trigger, accelerator) == 1);
  EXPECT(call(oar_accelerator_check_trigger, accelerator) == 0);
  const oarlock::Tree names = call(oar_tree_from_json, world.rank == 0 ? R"(["zero","one"])" : R"(["one"])");
  EXPECT(json_of(call(oar_accelerator_gather_tree_for_metrics, accelerator, names, 0)) == R"(["zero","one","one"])");
}

void mismatch_named() {
  const World world;
  std::vector<float> values(static_cast<std::size_t>(world.rank) + 2, 1);
  const oarlock::Tensor tensor = oarlock::tensor_over(values.data(), {world.rank + 2});
  const oarlock::Work work = call(oar_group_all_reduce, world.group, tensor, OAR_REDUCE_SUM, kTimeoutMs);
  REFUSED(OAR_E_MISMATCH, "sum of 2 float32", call(oar_work_wait, work, kTimeoutMs));
  REFUSED(OAR_E_MISMATCH, "sum of 3 float32", call(oar_work_wait, work, kTimeoutMs));
  EXPECT(call(oar_tensor_numel, tensor) == world.rank + 2);
  REFUSED(OAR_E_ABORTED, "different calls", call(oar_group_barrier, world.group, kTimeoutMs));
}

void lost_rank_named() {
  const World world;
  call(oar_state_barrier, world.state, kTimeoutMs);
  if (world.rank == 1) std::raise(SIGKILL);
  const auto error = thrown_by<oarlock::Error>([&] { call(oar_state_barrier, world.state, kTimeoutMs); });
  EXPECT(error && error->code() == OAR_E_PEER_LOST);
  EXPECT(error->rank() == 1 && contains(error->what(), "rank 1"));
  REFUSED(OAR_E_PEER_LOST, "1 of 2 came", call(oar_state_shrink, world.state, 2, kTimeoutMs));
  const oarlock::State smaller = call(oar_state_shrink, world.state, 0, kTimeoutMs);
  EXPECT(call(oar_state_world_size, smaller) == 1);
  call(oar_state_barrier, smaller, kTimeoutMs);
  call(oar_state_close, smaller);
}

// The other rank's block, or mine, as a file that has its name once it is whole.
static void write_block(const std::string& path, const void* mine, std::size_t size) {
  std::ofstream(path + ".part", std::ios::binary).write(static_cast<const char*>(mine), static_cast<long>(size));
  std::filesystem::rename(path + ".part", path);
}

static void read_block(const std::string& path, char* block, std::size_t size) {
  using namespace std::chrono;
  const auto deadline = steady_clock::now() + milliseconds(kTimeoutMs);
  while (!std::filesystem::exists(path)) {
    EXPECT(steady_clock::now() < deadline);
    std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT(std::ifstream(path, std::ios::binary).read(block, static_cast<long>(size)));
}

static auto exchange_by_files(const std::string& name, std::int32_t rank) {
  return [=](const void* mine, std::size_t size, void* all) {
    const auto path = [&](int of_rank) { return inside(name + "." + std::to_string(of_rank)); };
    write_block(path(rank), mine, size);
    for (int i = 0; i < 2; ++i) read_block(path(i), static_cast<char*>(all) + static_cast<std::size_t>(i) * size, size);
  };
}

void exchange_callback() {
  struct Regret {};
  const char* variable = std::getenv("RANK");
  const std::int32_t rank = variable ? std::atoi(variable) : -1;
  const oarlock::Config config = call(oar_config_create);
  call(oar_config_set_int64, config, OAR_OPTION_COMM_CONNECT_TIMEOUT_MS, 2000);
  const auto failing = [&](const void* mine, std::size_t size, void* all) {
    exchange_by_files("failing", rank)(mine, size, all);
    if (rank == 1) throw Regret();
  };
  const auto try_to_meet = [&] { oarlock::create_state_with_exchange(config, rank, 2, failing); };
  if (rank == 1) {
    EXPECT(thrown_by<Regret>(try_to_meet));
  } else {
    const auto error = thrown_by<oarlock::Error>(try_to_meet);
    EXPECT(error && (error->code() == OAR_E_TIMEOUT || error->code() == OAR_E_PEER_LOST));
  }
  call(oar_config_set_int64, config, OAR_OPTION_COMM_CONNECT_TIMEOUT_MS, kTimeoutMs);
  const oarlock::State state = oarlock::create_state_with_exchange(config, rank, 2, exchange_by_files("working", rank));
  EXPECT(call(oar_state_rank, state) == rank && call(oar_state_world_size, state) == 2);
  call(oar_state_barrier, state, kTimeoutMs);
  call(oar_state_close, state);
}

}  // namespace scenario
