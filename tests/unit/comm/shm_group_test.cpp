// Ranks as threads that share memory. Expected values: closed forms, or libtorch's arithmetic in the order of the
// ranks.
#include <ATen/ATen.h>

#include <atomic>
#include <future>

#include "comm/backends/shm/memory.h"
#include "comm/collectives.h"
#include "thread_world.h"

namespace oarlock {
namespace {

constexpr Milliseconds kStandard{0};

at::Tensor values_of(int rank, std::int64_t count, at::ScalarType dtype) {
  return (at::arange(count, at::kFloat).remainder(7) + static_cast<float>(rank) * 1.5 + 0.1).to(dtype);
}

// What rank 0 has, then (op) the other ranks' in order.
at::Tensor in_rank_order(int size, std::int64_t count, at::ScalarType dtype, ReduceOp op) {
  at::Tensor result = values_of(0, count, dtype).clone();
  for (int rank = 1; rank < size; ++rank) {
    const at::Tensor other = values_of(rank, count, dtype);
    if (op == ReduceOp::kMax) result = at::maximum(result, other);
    if (op == ReduceOp::kMin) result = at::minimum(result, other);
    if (op == ReduceOp::kProduct) result.mul_(other);
    if (op == ReduceOp::kSum || op == ReduceOp::kAverage) result.add_(other);
  }
  return op == ReduceOp::kAverage ? result.div_(size) : result;
}

class ShmAllReduce : public testing::TestWithParam<std::tuple<int, std::int64_t>> {};

// Sizes on both sides of what fits into a post, of what every rank computes whole, and of a slot.
INSTANTIATE_TEST_SUITE_P(Sizes, ShmAllReduce,
                         testing::Combine(testing::Values(2, 3, 4),
                                          testing::Values(0, 1, 6, 7, 8191, 8193, 65536, 65537, 400001)));

TEST_P(ShmAllReduce, GivesTheBitsOfTheSumInRankOrder) {
  const auto [size, count] = GetParam();
  run_shm_world(size, [size, count](Group& group) {
    for (const at::ScalarType dtype : {at::kFloat, at::kDouble, at::kBFloat16, at::kLong}) {
      at::Tensor tensor = values_of(group.rank(), count, dtype);
      Call call = make_all_reduce(group, tensor, ReduceOp::kSum, kStandard).value();
      const Status status = group.run(call);
      ASSERT_TRUE(status.is_ok()) << status.message();
      EXPECT_TRUE(at::equal(tensor, in_rank_order(size, count, dtype, ReduceOp::kSum))) << dtype;
    }
  });
}

TEST(ShmGroup, EveryReductionGivesLibtorchsBits) {
  run_shm_world(4, [](Group& group) {
    for (const ReduceOp op : {ReduceOp::kSum, ReduceOp::kAverage, ReduceOp::kMax, ReduceOp::kMin, ReduceOp::kProduct}) {
      for (const at::ScalarType dtype :
           {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kInt, at::kLong, at::kShort, at::kChar, at::kByte}) {
        if (op == ReduceOp::kAverage && c10::isIntegralType(dtype, false)) continue;
        at::Tensor tensor = values_of(group.rank(), 20000, dtype);
        ASSERT_TRUE(group.all_reduce(tensor, op, kStandard).value()->wait(kStandard).is_ok());
        EXPECT_TRUE(at::equal(tensor, in_rank_order(4, 20000, dtype, op))) << dtype << " " << static_cast<int>(op);
      }
    }
  });
}

TEST(ShmGroup, SharedMemoryIsReducedWhereItLies) {
  for (const int size : {2, 3}) {
    run_shm_world(size, [size](Group& group) {
      const at::Tensor whole = group.alloc_shared({500, 301}, at::kFloat, kStandard).value();
      EXPECT_EQ(whole.sum().item<float>(), 0.0F);
      for (const ReduceOp op : {ReduceOp::kSum, ReduceOp::kAverage}) {
        at::Tensor part = whole.slice(0, 100, 500);
        part.copy_(values_of(group.rank(), 400 * 301, at::kFloat).view({400, 301}));
        ASSERT_TRUE(group.all_reduce(part, op, kStandard).value()->wait(kStandard).is_ok());
        EXPECT_TRUE(at::equal(part.flatten(), in_rank_order(size, 400 * 301, at::kFloat, op)));
        EXPECT_EQ(whole.slice(0, 0, 100).abs().max().item<float>(), 0.0F);
      }
    });
  }
}

// The tensor is moved within the memory, so that ranks have it at different places.
at::Tensor shared_copy(Group& group, const at::Tensor& of) {
  const at::Tensor memory = group.alloc_shared({of.numel() + 3}, of.scalar_type(), kStandard).value();
  const at::Tensor tensor = memory.narrow(0, group.rank() % 4, of.numel());
  return tensor.copy_(of.flatten()).view(of.sizes());
}

class ShmVisible : public testing::TestWithParam<std::tuple<bool, bool>> {};

INSTANTIATE_TEST_SUITE_P(InputOutput, ShmVisible, testing::Combine(testing::Bool(), testing::Bool()));

// Large, so that the ranks tell each other where it lies. Row i of the whole holds i.
TEST_P(ShmVisible, PartsAreMovedAndReducedWhereTheyLie) {
  const auto [is_input_shared, is_output_shared] = GetParam();
  run_shm_world(3, [&](Group& group) {
    constexpr std::int64_t kRows = 50000;
    const auto run = [&](Result<Call> call) { return group.run(call.value()); };
    const auto input = [&](const at::Tensor& of) { return is_input_shared ? shared_copy(group, of) : of.clone(); };
    const auto output = [&](std::int64_t rows) {
      const at::Tensor zeros = at::zeros({rows}, at::kDouble);
      return is_output_shared ? shared_copy(group, zeros) : zeros;
    };
    const at::Tensor whole = at::arange(3 * kRows, at::kDouble);
    const at::Tensor mine = whole.slice(0, group.rank() * kRows, (group.rank() + 1) * kRows);
    const bool is_root = group.rank() == 2;
    at::Tensor part = output(kRows), all = output(3 * kRows);
    ASSERT_TRUE(run(make_all_gather(group, input(mine), all, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(all, whole));
    ASSERT_TRUE(run(make_all_to_all(group, input(whole), all, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(all, mine.repeat({3})));
    ASSERT_TRUE(run(make_reduce_scatter(group, input(whole), part, ReduceOp::kAverage, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(part, mine));
    const at::Tensor gathered = output(3 * kRows);
    ASSERT_TRUE(run(make_gather(group, input(mine), is_root ? gathered : at::Tensor(), 2, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(gathered, is_root ? whole : at::zeros_like(whole)));
    at::Tensor sum = input(whole);
    ASSERT_TRUE(run(make_reduce(group, sum, 2, ReduceOp::kSum, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(sum, is_root ? whole * 3 : whole));
    at::Tensor told = input(is_root ? whole : at::zeros_like(whole));
    ASSERT_TRUE(run(make_broadcast(group, told, 2, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(told, whole));
  });
}

TEST_P(ShmVisible, RaggedPartsAreGatheredWhereTheyLie) {
  const auto [is_input_shared, is_output_shared] = GetParam();
  run_shm_world(3, [&](Group& group) {
    const std::vector<std::int64_t> rows{40000, 0, 20000};
    const at::Tensor whole = at::arange(120000, at::kFloat).view({60000, 2});
    const at::Tensor mine = whole.split_with_sizes(rows)[static_cast<std::size_t>(group.rank())];
    at::Tensor memory = group.alloc_shared({40000, 2}, at::kFloat, kStandard).value();
    memory.narrow(0, 0, mine.size(0)).copy_(mine);
    at::Tensor all = at::zeros_like(whole);
    if (is_output_shared) all = shared_copy(group, all);
    Call gather = make_all_gather_rows(group, is_input_shared ? memory.narrow(0, 0, mine.size(0)) : mine.contiguous(),
                                       all, rows, kStandard)
                      .value();
    ASSERT_TRUE(group.run(gather).is_ok());
    EXPECT_TRUE(at::equal(all, whole));
  });
}

TEST(ShmGroup, SharedAndPrivateMemoryMayMeetInOneOperation) {
  run_shm_world(3, [](Group& group) {
    constexpr std::int64_t kCount = 100000;
    at::Tensor tensor = group.alloc_shared({kCount + 1}, at::kFloat, kStandard).value();
    if (group.rank() == 1) tensor = at::empty({kCount + 1});
    for (const std::int64_t begin : {0, 1}) {  // rank 2: not the same part of it
      at::Tensor part = tensor.narrow(0, group.rank() == 2 ? begin : 0, kCount);
      part.copy_(values_of(group.rank(), kCount, at::kFloat));
      ASSERT_TRUE(group.all_reduce(part, ReduceOp::kSum, kStandard).value()->wait(kStandard).is_ok());
      EXPECT_TRUE(at::equal(part, in_rank_order(3, kCount, at::kFloat, ReduceOp::kSum)));
    }
  });
}

TEST(ShmGroup, DifferentSizesOfSharedMemoryAreAMismatchOnEveryRank) {
  run_shm_world(2, [](Group& group) {
    EXPECT_EQ(group.alloc_shared({10000 * (group.rank() + 1)}, at::kFloat, kStandard).status().code(), OAR_E_MISMATCH);
    EXPECT_TRUE(group.barrier(kStandard).is_ok());  // the group lives on
  });
}

TEST(ShmGroup, SharedMemoryOutlivesItsGroup) {
  std::vector<at::Tensor> tensors(2);
  run_shm_world(2, [&](Group& group) {
    tensors[static_cast<std::size_t>(group.rank())] = group.alloc_shared({1000}, at::kFloat, kStandard).value();
  });
  for (at::Tensor& tensor : tensors) EXPECT_EQ(tensor.fill_(2).sum().item<float>(), 2000.0F);
}

TEST(ShmGroup, ANaNStaysWhateverTheOrder) {
  run_shm_world(2, [](Group& group) {
    for (const int with_nan : {0, 1}) {
      at::Tensor tensor = at::full({4}, group.rank() == with_nan ? std::nanf("") : 1.0F);
      ASSERT_TRUE(group.all_reduce(tensor, ReduceOp::kMax, kStandard).value()->wait(kStandard).is_ok());
      EXPECT_TRUE(tensor.isnan().all().item<bool>());
    }
  });
}

TEST(ShmGroup, TensorsOfAnyStridesAreReducedInPlace) {
  run_shm_world(2, [](Group& group) {
    at::Tensor whole = at::zeros({300, 400});
    at::Tensor column = whole.t().slice(0, 0, 400, 2);
    column.fill_(group.rank() + 1.0F);
    ASSERT_TRUE(group.all_reduce(column, ReduceOp::kSum, kStandard).value()->wait(kStandard).is_ok());
    EXPECT_EQ(column.sum().item<float>(), 3.0F * 200 * 300);
    EXPECT_EQ(whole.sum().item<float>(), 3.0F * 200 * 300);
  });
}

TEST(ShmGroup, BroadcastGivesTheRootsBytes) {
  run_shm_world(3, [](Group& group) {
    for (const std::int64_t count : {0, 5, 300000}) {
      at::Tensor tensor = values_of(group.rank(), count, at::kFloat);
      ASSERT_TRUE(group.broadcast(tensor, 2, kStandard).value()->wait(kStandard).is_ok());
      EXPECT_TRUE(at::equal(tensor, values_of(2, count, at::kFloat)));
    }
  });
}

TEST(ShmGroup, AllGatherPutsRowsInRankOrder) {
  run_shm_world(3, [](Group& group) {
    for (const std::int64_t rows : {0, 1, 50000}) {
      const at::Tensor input = values_of(group.rank(), rows * 4, at::kFloat).view({rows, 4});
      at::Tensor output = at::empty({rows * 3, 4});
      ASSERT_TRUE(group.all_gather(input, output, kStandard).value()->wait(kStandard).is_ok());
      for (int rank = 0; rank < 3; ++rank) {
        EXPECT_TRUE(at::equal(output.slice(0, rank * rows, (rank + 1) * rows).flatten(),
                              values_of(rank, rows * 4, at::kFloat)));
      }
    }
  });
}

// Every part is larger than its share of a slot. Row i of the whole holds i.
TEST(ShmGroup, PartsLargerThanASlotAreScatteredAndGathered) {
  run_shm_world(3, [](Group& group) {
    constexpr std::int64_t kRows = 150000;
    const auto run = [&](Result<Call> call) { return group.run(call.value()); };
    const at::Tensor whole = at::arange(3 * kRows, at::kDouble);
    const at::Tensor mine = whole.slice(0, group.rank() * kRows, (group.rank() + 1) * kRows);
    const at::Tensor part = at::zeros({kRows}, at::kDouble), all = at::zeros({3 * kRows}, at::kDouble);
    const bool is_root = group.rank() == 1;
    ASSERT_TRUE(run(make_scatter(group, is_root ? whole : at::Tensor(), part, 1, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(part, mine));
    ASSERT_TRUE(run(make_gather(group, part, is_root ? all : at::Tensor(), 1, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(all, is_root ? whole : at::zeros_like(all)));
    ASSERT_TRUE(run(make_reduce_scatter(group, whole, part, ReduceOp::kSum, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(part, mine * 3));
    ASSERT_TRUE(run(make_all_to_all(group, whole, all, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(all, mine.repeat({3})));
    at::Tensor reduced = whole.clone();
    ASSERT_TRUE(run(make_reduce(group, reduced, 1, ReduceOp::kSum, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(reduced, is_root ? whole * 3 : whole));
  });
}

// Rank r gives (r + 1) * 40000 rows of two.
TEST(ShmGroup, RaggedPartsLargerThanASlotFindTheirPlaces) {
  run_shm_world(3, [](Group& group) {
    const std::vector<std::int64_t> rows{40000, 80000, 120000};
    const auto index = static_cast<std::size_t>(group.rank());
    const at::Tensor whole = at::arange(480000, at::kFloat).view({240000, 2});
    const at::Tensor mine = whole.split_with_sizes(rows)[index].contiguous();
    const at::Tensor all = at::zeros({240000, 2});
    Call gather = make_all_gather_rows(group, mine, all, rows, kStandard).value();
    ASSERT_TRUE(group.run(gather).is_ok());
    EXPECT_TRUE(at::equal(all, whole));
    // Rank r sends rows[p] rows to rank p, so it receives three times rows[r].
    const at::Tensor received = at::zeros({3 * rows[index], 2});
    Call exchange =
        make_all_to_all_rows(group, whole, received, rows, std::vector<std::int64_t>(3, rows[index]), kStandard)
            .value();
    ASSERT_TRUE(group.run(exchange).is_ok());
    EXPECT_TRUE(at::equal(received, mine.repeat({3, 1})));
  });
}

TEST(ShmGroup, BytesOfDifferentLengthsAreGathered) {
  run_shm_world(3, [](Group& group) {
    const auto mine = [](int rank) { return std::string(static_cast<std::size_t>(rank) * 300000, 'a' + rank); };
    const auto all = group.all_gather_bytes(mine(group.rank()), kStandard);
    ASSERT_TRUE(all.is_ok()) << all.status().message();
    for (int rank = 0; rank < 3; ++rank) EXPECT_EQ(all.value()[static_cast<std::size_t>(rank)], mine(rank));
    EXPECT_EQ(group.broadcast_bytes(mine(group.rank()), 2, kStandard).value(), mine(2));
  });
}

TEST(ShmGroup, StartedOperationsRunInTheOrderOfTheirCalls) {
  run_shm_world(2, [](Group& group) {
    at::Tensor tensor = at::ones({1000});
    std::vector<std::shared_ptr<Work>> works;
    for (int i = 0; i < 50; ++i) works.push_back(group.all_reduce(tensor, ReduceOp::kSum, kStandard).value());
    ASSERT_TRUE(group.barrier(kStandard).is_ok());  // behind them
    for (const auto& work : works) EXPECT_TRUE(work->is_done() && work->error().is_ok());
    EXPECT_EQ(tensor[0].item<float>(), std::ldexp(1.0F, 50));
  });
}

TEST(ShmGroup, DifferentCallsAreAMismatchOnEveryRankAndTouchNothing) {
  run_shm_world(3, [](Group& group) {
    at::Tensor tensor = at::full({group.rank() == 1 ? 200000 : 100000}, 1.0F);
    Call call = make_all_reduce(group, tensor, ReduceOp::kSum, kStandard).value();
    const Status status = group.run(call);
    EXPECT_EQ(status.code(), OAR_E_MISMATCH);
    EXPECT_NE(status.message().find("rank 0 called all_reduce(sum of 100000 float32), rank 1 called all_reduce(sum of "
                                    "200000 float32)"),
              std::string::npos)
        << status.message();
    EXPECT_EQ(tensor.min().item<float>(), 1.0F);
    EXPECT_EQ(tensor.max().item<float>(), 1.0F);
    EXPECT_EQ(group.barrier(kStandard).code(), OAR_E_ABORTED);
  });
}

TEST(ShmGroup, AMismatchIsToldBeforeEveryRankHasCome) {
  std::promise<void> told;
  std::shared_future<void> is_told = told.get_future().share();
  std::atomic<int> num_told{0};
  run_shm_world(3, [&](Group& group) {
    if (group.rank() == 2) {
      EXPECT_EQ(is_told.wait_for(std::chrono::seconds(20)), std::future_status::ready);
      return;
    }
    at::Tensor tensor = at::full({10 + group.rank()}, 1.0F);
    Call call = make_all_reduce(group, tensor, ReduceOp::kSum, kStandard).value();
    EXPECT_EQ(group.run(call).code(), OAR_E_MISMATCH);
    if (++num_told == 2) told.set_value();
  });
}

TEST(ShmGroup, ARankThatHasLeftIsNamedToThoseThatCall) {
  run_shm_world(2, [](Group& group) {
    ASSERT_TRUE(group.barrier(kStandard).is_ok());
    if (group.rank() == 1) return;  // leaves
    const Status status = group.barrier(Milliseconds(20000));
    EXPECT_EQ(status.code(), OAR_E_PEER_LOST);
    EXPECT_NE(status.message().find("rank 1 closed it after operation 1"), std::string::npos) << status.message();
  });
}

TEST(ShmGroup, ALateRankIsNamedAtTheTimeOut) {
  std::promise<void> told;
  std::shared_future<void> is_told = told.get_future().share();
  run_shm_world(2, [&](Group& group) {
    if (group.rank() == 1) {
      EXPECT_EQ(is_told.wait_for(std::chrono::seconds(20)), std::future_status::ready);
      EXPECT_NE(group.barrier(kStandard).code(), OAR_OK);
      return;
    }
    const Status status = group.barrier(Milliseconds(200));
    EXPECT_EQ(status.code(), OAR_E_TIMEOUT);
    EXPECT_EQ(status.info().rank, 1);
    told.set_value();
  });
}

TEST(ShmGroup, AnAbortFreesWhoWaits) {
  std::promise<void> about_to_wait;
  run_shm_world(2, [&](Group& group) {
    if (group.rank() == 0) {
      about_to_wait.set_value();
      EXPECT_EQ(group.barrier(kStandard).code(), OAR_E_ABORTED);
      return;
    }
    ASSERT_EQ(about_to_wait.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
    EXPECT_TRUE(group.abort("enough").is_ok());
    EXPECT_NE(group.barrier(kStandard).code(), OAR_OK);
  });
}

TEST(SharedMemory, APeerOpensWhatIsAnnouncedAndNothingElse) {
  SharedMemory memory = SharedMemory::create(100000).value();
  memory.data()[99999] = std::byte{7};
  const std::string name = memory.name();
  EXPECT_EQ(SharedMemory::open(name).value().data()[99999], std::byte{7});
  std::string other_token = name;
  other_token.back() = other_token.back() == '0' ? '1' : '0';
  EXPECT_EQ(SharedMemory::open(other_token).status().code(), OAR_E_ENVIRONMENT);
  EXPECT_EQ(SharedMemory::open("no name").status().code(), OAR_E_ENVIRONMENT);
  memory.close_descriptor();
  EXPECT_EQ(SharedMemory::open(name).status().code(), OAR_E_ENVIRONMENT);
}

}  // namespace
}  // namespace oarlock
