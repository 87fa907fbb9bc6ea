// A rank of tests/dist/test_c10d.py: c10d over a group of Oarlock. torch_c10d CASE; checks closed forms, says "passed".
#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <oarlock/c10d.hpp>
#include <torch/csrc/distributed/c10d/GroupRegistry.hpp>
#include <torch/csrc/distributed/c10d/HashStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/reducer.hpp>

namespace {

using Tensors = std::vector<at::Tensor>;

#define EXPECT(condition)                                                          \
  do {                                                                             \
    if (!(condition)) {                                                            \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      std::exit(1);                                                                \
    }                                                                              \
  } while (false)

struct World {
  oarlock::State state = oarlock::call(oar_state_create, nullptr);
  c10::intrusive_ptr<oarlock::C10dBackend> backend =
      c10::make_intrusive<oarlock::C10dBackend>(oarlock::call(oar_state_group, state));
  int rank = backend->getRank(), size = backend->getSize();
  c10::intrusive_ptr<c10d::ProcessGroup> group =
      c10::make_intrusive<c10d::ProcessGroup>(c10::make_intrusive<c10d::HashStore>(), rank, size);
  World() {
    group->setBackend(c10::DeviceType::CPU, c10d::ProcessGroup::CUSTOM, backend);
    group->setDefaultBackend(c10d::ProcessGroup::CUSTOM);
    group->setGroupName("world");
  }
};

// Different on every rank, and small enough that sums of it are exact.
at::Tensor values(int rank, at::IntArrayRef sizes) {
  return at::arange(c10::multiply_integers(sizes), at::kFloat).view(sizes) + 100.0 * rank;
}

at::Tensor sum_of_values(int size, at::IntArrayRef sizes) {
  at::Tensor sum = at::zeros(sizes);
  for (int rank = 0; rank < size; ++rank) sum += values(rank, sizes);
  return sum;
}

// The numbers go to memory with gaps and another order.
at::Tensor strided(at::IntArrayRef sizes) {
  EXPECT(sizes.size() == 2);
  return at::full({sizes[1], 2 * sizes[0]}, -1.0).slice(1, 0, at::nullopt, 2).t();
}

void collectives_of_one_tensor(World& world) {
  for (const bool async : {true, false}) {
    for (const std::int64_t rows : {0, 3, 100000}) {
      const std::int64_t shape[] = {rows, 2};
      Tensors tensors{values(world.rank, shape)};
      c10d::AllreduceOptions all_reduce;
      all_reduce.asyncOp = async;
      auto work = world.group->allreduce(tensors, all_reduce);
      EXPECT(work->wait() && work->isCompleted() && work->isSuccess());
      EXPECT(tensors[0].equal(sum_of_values(world.size, shape)) && work->result()[0].is_same(tensors[0]));

      tensors = {strided(shape)};
      tensors[0].copy_(values(world.rank, shape));
      c10d::BroadcastOptions broadcast;
      broadcast.rootRank = world.size - 1;
      broadcast.asyncOp = async;
      world.group->broadcast(tensors, broadcast)->wait();
      EXPECT(tensors[0].equal(values(world.size - 1, shape)));

      tensors = {values(world.rank, shape)};
      c10d::ReduceOptions reduce;
      reduce.reduceOp = c10d::ReduceOp::MAX;
      reduce.rootRank = world.size - 1;
      reduce.asyncOp = async;
      world.group->reduce(tensors, reduce)->wait();
      EXPECT(tensors[0].equal(values(world.rank == world.size - 1 ? world.size - 1 : world.rank, shape)));
    }
  }
  Tensors integers{at::full({3}, 1 << world.rank, at::kInt)};
  c10d::AllreduceOptions bits;
  bits.reduceOp = c10d::ReduceOp::BOR;
  world.group->allreduce(integers, bits)->wait();
  EXPECT(integers[0].eq((1 << world.size) - 1).all().item<bool>());
  Tensors average{at::full({3}, 2.0 * world.rank)};
  c10d::AllreduceOptions mean;
  mean.reduceOp = c10d::ReduceOp::AVG;
  world.group->allreduce(average, mean)->wait();
  EXPECT(average[0].eq(world.size - 1.0).all().item<bool>());
  world.group->barrier()->wait();
}

void collectives_of_parts(World& world) {
  const std::int64_t part[] = {2, 3};
  const std::int64_t n = world.size;
  Tensors all;
  for (int rank = 0; rank < n; ++rank) all.push_back(values(rank, part));

  at::Tensor whole = at::empty({n * 2, 3}), mine = values(world.rank, part);
  world.group->_allgather_base(whole, mine)->wait();
  EXPECT(whole.equal(at::cat(all)));
  whole = strided({n * 2, 3});
  world.group->_allgather_base(whole, mine)->wait();
  EXPECT(whole.equal(at::cat(all)));
  at::Tensor stacked = at::empty({n, 2, 3});  // another shape of the same elements is c10d's right
  world.group->_allgather_base(stacked, mine)->wait();
  EXPECT(stacked.equal(at::stack(all)));

  // Lists, also of parts that differ from rank to rank.
  std::vector<Tensors> outputs(1);
  for (int rank = 0; rank < n; ++rank) outputs[0].push_back(at::empty({rank + 1, 2}));
  Tensors inputs{values(world.rank, {world.rank + 1, 2})};
  world.group->allgather(outputs, inputs)->wait();
  for (int rank = 0; rank < n; ++rank) EXPECT(outputs[0][rank].equal(values(rank, {rank + 1, 2})));

  at::Tensor scattered = at::empty(part), given = at::cat(Tensors(n, mine));
  world.group->_reduce_scatter_base(scattered, given)->wait();
  EXPECT(scattered.equal(sum_of_values(world.size, part)));
  Tensors scatter_output{strided(part)};
  std::vector<Tensors> scatter_input{Tensors(n, mine)};
  world.group->reduce_scatter(scatter_output, scatter_input)->wait();
  EXPECT(scatter_output[0].equal(sum_of_values(world.size, part)));

  c10d::GatherOptions gather;
  gather.rootRank = n - 1;
  std::vector<Tensors> gathered;
  if (world.rank == n - 1) gathered.emplace_back();
  for (int rank = 0; rank < n && !gathered.empty(); ++rank) gathered[0].push_back(strided(part));
  inputs = {mine};
  world.group->gather(gathered, inputs, gather)->wait();
  for (int rank = 0; rank < n && !gathered.empty(); ++rank) EXPECT(gathered[0][rank].equal(all[rank]));

  c10d::ScatterOptions scatter;
  scatter.rootRank = 0;
  std::vector<Tensors> parts;
  if (world.rank == 0) parts.push_back(all);
  scatter_output = {at::empty(part)};
  world.group->scatter(scatter_output, parts, scatter)->wait();
  EXPECT(scatter_output[0].equal(values(world.rank, part)));
}

void all_to_all(World& world) {
  const std::int64_t n = world.size;
  // Row p of rank r is 10 r + p; received row p is 10 p + r.
  at::Tensor input = at::arange(n, at::kLong) + 10 * world.rank, output = at::empty({n}, at::kLong);
  std::vector<std::int64_t> none;
  world.group->alltoall_base(output, input, none, none)->wait();
  EXPECT(output.equal(10 * at::arange(n, at::kLong) + world.rank));

  // Rank r sends p + 1 rows to rank p, all of the value r.
  std::vector<std::int64_t> sent, received(n, world.rank + 1);
  for (int peer = 0; peer < n; ++peer) sent.push_back(peer + 1);
  input = at::full({n * (n + 1) / 2, 2}, world.rank, at::kLong);
  output = at::empty({n * (world.rank + 1), 2}, at::kLong);
  world.group->alltoall_base(output, input, received, sent)->wait();
  EXPECT(output.equal(at::arange(n).repeat_interleave(world.rank + 1).unsqueeze(1).expand({-1, 2})));

  Tensors inputs, outputs;
  for (int peer = 0; peer < n; ++peer) inputs.push_back(at::full({peer + 1}, world.rank, at::kLong));
  for (int peer = 0; peer < n; ++peer) outputs.push_back(at::empty({world.rank + 1}, at::kLong));
  world.group->alltoall(outputs, inputs)->wait();
  for (int peer = 0; peer < n; ++peer) EXPECT(outputs[peer].eq(peer).all().item<bool>());
}

void lists(World& world) {
  const std::int64_t n = world.size;
  Tensors tensors{values(world.rank, {3, 2}), values(world.rank, {5})};
  world.group->allreduce_coalesced(tensors)->wait();
  EXPECT(tensors[0].equal(sum_of_values(world.size, {3, 2})) && tensors[1].equal(sum_of_values(world.size, {5})));

  Tensors inputs{values(world.rank, {2, 2}), values(world.rank, {3})};
  Tensors outputs{at::empty({2 * n, 2}), at::empty({3 * n})};
  world.group->allgather_into_tensor_coalesced(outputs, inputs)->wait();
  Tensors first, second;
  for (int rank = 0; rank < n; ++rank) first.push_back(values(rank, {2, 2})), second.push_back(values(rank, {3}));
  EXPECT(outputs[0].equal(at::cat(first)) && outputs[1].equal(at::cat(second)));

  Tensors scattered{at::empty({2, 2}), at::empty({3})};
  Tensors given{at::cat(Tensors(n, inputs[0])), at::cat(Tensors(n, inputs[1]))};
  world.group->reduce_scatter_tensor_coalesced(scattered, given)->wait();
  EXPECT(scattered[0].equal(sum_of_values(world.size, {2, 2})) && scattered[1].equal(sum_of_values(world.size, {3})));

  std::vector<Tensors> by_rank(n);
  for (Tensors& list : by_rank) list = {at::empty({2, 2}), at::empty({3})};
  world.group->allgather_coalesced(by_rank, inputs)->wait();
  for (int rank = 0; rank < n; ++rank)
    EXPECT(by_rank[rank][0].equal(first[rank]) && by_rank[rank][1].equal(second[rank]));
}

void transfers(World& world) {
  const int next = (world.rank + 1) % world.size, before = (world.rank + world.size - 1) % world.size;
  Tensors first{values(world.rank, {4})}, second{values(world.rank + 10, {50000})};
  Tensors got_first{at::empty({4})}, got_second{at::empty({50000})};
  auto works = {world.group->send(first, next, 0), world.group->send(second, next, 0),
                world.group->recv(got_first, before, 0), world.group->recv(got_second, before, 0)};
  for (const auto& work : works) work->wait();
  EXPECT(got_first[0].equal(values(before, {4})) && got_second[0].equal(values(before + 10, {50000})));
}

// Nobody waits for the works: the futures end by themselves, in order, and run what hangs on them.
void futures(World& world) {
  std::vector<c10::intrusive_ptr<c10::ivalue::Future>> futures;
  std::vector<Tensors> tensors;
  std::atomic<int> num_called{0};
  for (int i = 0; i < 20; ++i) {
    tensors.push_back({at::full({1000}, i + world.rank)});
    futures.push_back(world.group->allreduce(tensors.back())->getFuture());
    futures.back()->addCallback([&num_called](c10::ivalue::Future&) { ++num_called; });
  }
  const float ranks = world.size * (world.size - 1) / 2.0F;
  for (int i = 0; i < 20; ++i) {
    futures[i]->wait();
    EXPECT(!futures[i]->hasError() && futures[i]->value().toTensorVector()[0].is_same(tensors[i][0]));
    EXPECT(tensors[i][0].eq(i * world.size + ranks).all().item<bool>());
  }
  auto last = world.group->barrier();
  auto future = last->getFuture();
  future->waitAndThrow();
  EXPECT(num_called == 20 && last->getFuture().get() == future.get() && last->isCompleted());
}

// The average over ranks of the gradients of linear losses equals the closed form, with several buckets under way.
void reducer(World& world) {
  Tensors parameters;
  for (int i = 0; i < 6; ++i) parameters.push_back(at::full({1000, 10}, 1.0).set_requires_grad(true));
  auto assigned = c10d::compute_bucket_assignment_by_size(parameters, {50000}, std::vector<bool>(6, false));
  auto [buckets, caps] = assigned;
  std::reverse(buckets.begin(), buckets.end());
  std::reverse(caps.begin(), caps.end());
  EXPECT(buckets.size() > 1);
  c10d::Reducer reducer(parameters, buckets, world.group, std::vector<bool>(6, false), 50000, false, false, {}, 50000,
                        false, false, {});
  for (int step = 1; step <= 3; ++step) {
    for (at::Tensor& parameter : parameters) parameter.mutable_grad() = at::Tensor();
    reducer.rebuild_buckets();
    reducer.prepare_for_forward();
    at::Tensor loss = at::zeros({});
    for (int i = 0; i < 6; ++i) loss = loss + (parameters[i] * ((i + 1) * step * (world.rank + 1))).sum();
    reducer.prepare_for_backward({});
    torch::autograd::backward({loss}, {});
    for (int i = 0; i < 6; ++i) {  // the average over ranks
      EXPECT(parameters[i].grad().eq((i + 1) * step * (world.size + 1) / 2.0).all().item<bool>());
    }
  }
}

void functional(World& world) {
  c10d::register_process_group("world", world.group);
  const auto run = [](const char* name, std::vector<c10::IValue> stack) {
    auto handle = c10::Dispatcher::singleton().findSchemaOrThrow(name, "");
    handle.callBoxed(stack);
    stack = {stack[0]};
    c10::Dispatcher::singleton().findSchemaOrThrow("_c10d_functional::wait_tensor", "").callBoxed(stack);
    return stack[0].toTensor();
  };
  const at::Tensor input = values(world.rank, {2 * world.size});
  EXPECT(run("_c10d_functional::all_reduce", {input, "sum", "world"}).equal(sum_of_values(world.size, input.sizes())));
  Tensors all;
  for (int rank = 0; rank < world.size; ++rank) all.push_back(values(rank, input.sizes()));
  EXPECT(run("_c10d_functional::all_gather_into_tensor", {input, world.size, "world"}).equal(at::cat(all)));
  EXPECT(run("_c10d_functional::reduce_scatter_tensor", {input, "sum", world.size, "world"})
             .equal(sum_of_values(world.size, input.sizes()).narrow(0, 2 * world.rank, 2)));
  c10d::unregister_process_group("world");
}

// The error of body, whose text has `part`.
template <class Failure>
void expect_throw(const char* part, const std::function<void()>& body) {
  try {
    body();
  } catch (const Failure& error) {
    if (std::strstr(error.what(), part) != nullptr) return;
    std::fprintf(stderr, "'%s' is not in: %s\n", part, error.what());
    std::exit(1);
  }
  std::fprintf(stderr, "nothing threw '%s'\n", part);
  std::exit(1);
}

void wrong_calls(World& world) {
  Tensors tensors{at::ones({2})}, two{at::ones({2}), at::ones({2})};
  expect_throw<c10::Error>("does not support recvAnysource", [&] { world.group->recvAnysource(tensors, 0); });
  expect_throw<c10::NotImplementedError>("tags", [&] { world.group->send(tensors, 0, 7); });
  expect_throw<c10::ValueError>("one tensor", [&] { world.backend->allreduce(two); });
  expect_throw<c10::ValueError>("peer", [&] { world.group->recv(tensors, world.rank, 0); });
  c10d::AllreduceOptions options;
  options.reduceOp = c10d::makeNCCLPreMulSum(2.0);
  expect_throw<c10::NotImplementedError>("PREMUL_SUM", [&] { world.backend->allreduce(tensors, options); });
  Tensors integers{at::ones({2}, at::kLong)};
  options.reduceOp = c10d::ReduceOp::AVG;
  expect_throw<c10::ValueError>("average", [&] { world.group->allreduce(integers, options); });
  world.group->allreduce(tensors)->wait();  // the group lives
  EXPECT(tensors[0].eq(world.size).all().item<bool>());
}

void mismatch(World& world) {
  Tensors tensors{at::ones({world.rank == 0 ? 2 : 3})};
  auto work = world.group->allreduce(tensors);
  auto future = work->getFuture();
  expect_throw<oarlock::C10dError>("OAR_E_MISMATCH", [&] { work->wait(); });
  EXPECT(work->isCompleted() && !work->isSuccess() && work->exception() != nullptr);
  future->wait();
  EXPECT(future->hasError());
  expect_throw<oarlock::C10dError>("MISMATCH", [&] { std::rethrow_exception(future->exception_ptr()); });
}

void lost_peer(World& world) {
  Tensors tensors{at::ones({100000})};
  world.group->allreduce(tensors)->wait();
  if (world.rank == world.size - 1) std::_Exit(0);
  auto future = world.group->allreduce(tensors)->getFuture();
  future->wait();
  EXPECT(future->hasError());
  expect_throw<oarlock::C10dError>("OAR_E_PEER_LOST", [&] { std::rethrow_exception(future->exception_ptr()); });
}

// Rank 0 waits for what nobody sends; rank 1 for rank 0.
void abort_and_release(World& world) {
  Tensors tensors{at::ones({2})};
  if (world.rank == 0) {
    auto work = world.group->recv(tensors, 1, 0);
    auto future = work->getFuture();
    expect_throw<oarlock::C10dError>("not done after", [&] { work->wait(std::chrono::milliseconds(20)); });
    EXPECT(!work->isCompleted());
    world.group = nullptr;
    world.backend = nullptr;
    future->wait();
    expect_throw<oarlock::C10dError>("was released", [&] { std::rethrow_exception(future->exception_ptr()); });
    oarlock::Group group = oarlock::call(oar_state_group, world.state);
    c10::make_intrusive<oarlock::C10dBackend>(group.retain())->abort();
    expect_throw<oarlock::C10dError>("OAR_E_ABORTED", [&] { work->wait(); });
  } else {
    expect_throw<oarlock::C10dError>("Backend::abort", [&] { world.group->barrier()->wait(); });
  }
}

}  // namespace

int main(int argc, char** argv) {
  struct Case {
    void (*body)(World&);
    bool ends_the_group = false;
  };
  const std::map<std::string, Case> cases{
      {"one_tensor", {collectives_of_one_tensor}},
      {"parts", {collectives_of_parts}},
      {"all_to_all", {all_to_all}},
      {"lists", {lists}},
      {"transfers", {transfers}},
      {"futures", {futures}},
      {"reducer", {reducer}},
      {"functional", {functional}},
      {"wrong_calls", {wrong_calls}},
      {"mismatch", {mismatch, true}},
      {"lost_peer", {lost_peer, true}},
      {"abort_and_release", {abort_and_release, true}},
  };
  if (argc != 2 || cases.count(argv[1]) == 0) return 2;
  try {
    World world;
    const Case& asked = cases.at(argv[1]);
    asked.body(world);
    if (!asked.ends_the_group) world.group->barrier()->wait();  // nobody leaves before the last is done
    std::puts("passed");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "threw: %s\n", error.what());
    return 1;
  }
  return 0;
}
