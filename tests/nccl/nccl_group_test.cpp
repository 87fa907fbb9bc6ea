// The NCCL group end to end but for a GPU: liboarlock_cuda.so is the real one, libnccl and the device are the doubles.
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <future>

#include "comm/collectives.h"
#include "nccl_world.h"

namespace oarlock {
namespace {

constexpr Milliseconds kStandard{0};
using fake::on_device;

const fake::DeviceGuard device_guard;
const c10::impl::DeviceGuardImplRegistrar device_registrar(c10::DeviceType::CUDA, &device_guard);

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

class NcclGroup : public testing::Test {
 protected:
  void SetUp() override {
    set_fault(kFakeNone);
    take_calls();
  }
  void TearDown() override { set_fault(kFakeNone); }
};

void run(Group& group, Result<Call> call) {
  ASSERT_TRUE(call.is_ok()) << call.status().message();
  const Status status = group.run(call.value());
  ASSERT_TRUE(status.is_ok()) << status.message();
}

at::Tensor values(int rank, std::int64_t rows) { return at::arange(rows * 2, at::kFloat).view({rows, 2}) + 100 * rank; }

TEST_F(NcclGroup, ReductionsEqualTheClosedForm) {
  for (const int size : {2, 3}) {
    run_nccl_world(size, [size](Group& group) {
      const double ranks = size * (size - 1) / 2.0;
      const auto reduced = [&](ReduceOp op, double mine) {
        at::Tensor host = at::full({5}, mine, at::kFloat);
        run(group, make_all_reduce(group, on_device(host), op, kStandard));
        return host[4].item<double>();
      };
      EXPECT_EQ(reduced(ReduceOp::kSum, group.rank()), ranks);
      EXPECT_EQ(reduced(ReduceOp::kAverage, group.rank() * size), ranks);
      EXPECT_EQ(reduced(ReduceOp::kMax, group.rank()), size - 1);
      EXPECT_EQ(reduced(ReduceOp::kMin, group.rank()), 0);
      EXPECT_EQ(reduced(ReduceOp::kProduct, 2), 1 << size);
      at::Tensor flags = at::full({3}, group.rank() == 1, at::kBool);
      run(group, make_all_reduce(group, on_device(flags), ReduceOp::kMax, kStandard));
      EXPECT_TRUE(flags.all().item<bool>());
      at::Tensor complex = at::full({3}, c10::complex<double>(1, group.rank()), at::kComplexDouble);
      run(group, make_all_reduce(group, on_device(complex), ReduceOp::kSum, kStandard));
      EXPECT_EQ(complex[2].item<c10::complex<double>>(), c10::complex<double>(size, ranks));

      at::Tensor to_last = at::full({4}, group.rank() + 1, at::kLong);
      run(group, make_reduce(group, on_device(to_last), size - 1, ReduceOp::kSum, kStandard));
      EXPECT_EQ(to_last[0].item<std::int64_t>(), group.rank() == size - 1 ? ranks + size : group.rank() + 1);
      at::Tensor input = at::arange(size * 2, at::kFloat), output = at::zeros({2});
      run(group, make_reduce_scatter(group, on_device(input), on_device(output), ReduceOp::kSum, kStandard));
      EXPECT_EQ(output[1].item<float>(), static_cast<float>(size * (2 * group.rank() + 1)));
    });
  }
}

TEST_F(NcclGroup, PartsAndRowsLandInRankOrder) {
  run_nccl_world(3, [](Group& group) {
    const int rank = group.rank();
    at::Tensor all = at::zeros({6, 2}), mine = values(rank, 2);
    run(group, make_all_gather(group, on_device(mine), on_device(all), kStandard));
    for (int peer = 0; peer < 3; ++peer) EXPECT_TRUE(all.narrow(0, 2 * peer, 2).equal(values(peer, 2)));

    // Rank r gives r rows: rank 0 none.
    at::Tensor ragged = at::zeros({3, 2}), given = values(rank, rank);
    run(group, make_all_gather_rows(group, on_device(given), on_device(ragged), {0, 1, 2}, kStandard));
    EXPECT_TRUE(ragged.narrow(0, 0, 1).equal(values(1, 1)) && ragged.narrow(0, 1, 2).equal(values(2, 2)));

    at::Tensor gathered = at::zeros({6, 2});
    run(group, make_gather(group, on_device(mine), rank == 1 ? on_device(gathered) : at::Tensor(), 1, kStandard));
    EXPECT_TRUE(rank != 1 || gathered.equal(all));
    at::Tensor part = at::zeros({2, 2});
    run(group, make_scatter(group, rank == 1 ? on_device(all) : at::Tensor(), on_device(part), 1, kStandard));
    EXPECT_TRUE(part.equal(mine));

    at::Tensor exchanged = at::zeros({3}, at::kLong), tens = at::arange(3) + 10 * rank;
    run(group, make_all_to_all(group, on_device(tens), on_device(exchanged), kStandard));
    EXPECT_TRUE(exchanged.equal(10 * at::arange(3) + rank));
    // Rank r sends p rows to rank p.
    at::Tensor sent = at::full({3, 2}, rank, at::kLong), received = at::zeros({3 * rank, 2}, at::kLong);
    run(group,
        make_all_to_all_rows(group, on_device(sent), on_device(received), {0, 1, 2}, {rank, rank, rank}, kStandard));
    for (int row = 0; row < 3 * rank; ++row) EXPECT_EQ(received[row][0].item<std::int64_t>(), row / rank);
  });
}

TEST_F(NcclGroup, WhatIsNotReducedMovesAsBytes) {
  run_nccl_world(2, [](Group& group) {
    for (const at::ScalarType dtype : {at::kFloat8_e4m3fn, at::kBFloat16, at::kHalf, at::kShort, at::kBool}) {
      at::Tensor host = at::full({7}, group.rank() == 1, at::kFloat).to(dtype);
      run(group, make_broadcast(group, on_device(host), 1, kStandard));
      EXPECT_TRUE(host.to(at::kFloat).eq(1).all().item<bool>());
    }
    at::Tensor empty = at::zeros({0, 3});
    run(group, make_all_reduce(group, on_device(empty), ReduceOp::kSum, kStandard));
  });
}

TEST_F(NcclGroup, SendsAndReceivesGoBetweenCollectives) {
  run_nccl_world(3, [](Group& group) {
    const int next = (group.rank() + 1) % 3, before = (group.rank() + 2) % 3;
    at::Tensor sum = at::full({3}, 1.0f), mine = values(group.rank(), 40000), theirs = at::zeros({40000, 2});
    const auto start = [&](Result<Call> call) { return group.start(std::move(call).value()).value(); };
    const std::vector<std::shared_ptr<Work>> works{
        start(make_all_reduce(group, on_device(sum), ReduceOp::kSum, kStandard)),
        start(make_send(group, on_device(mine), next, kStandard)),
        start(make_receive(group, on_device(theirs), before, kStandard))};
    for (const auto& work : works) EXPECT_TRUE(work->wait(kStandard).is_ok()) << work->error().message();
    EXPECT_TRUE(theirs.equal(values(before, 40000)));
    EXPECT_EQ(sum[0].item<float>(), 3.0f);
  });
}

TEST_F(NcclGroup, TensorsOfTheCpuGoAnotherWay) {
  run_nccl_world(2, [](Group& group) {
    for (const std::int64_t numel : {4, 200000}) {
      at::Tensor host = at::full({numel}, 1.0f), other = at::full({numel}, 2.0f);
      run(group, make_all_reduce(group, host, ReduceOp::kSum, kStandard));
      run(group, make_all_reduce(group, on_device(other), ReduceOp::kSum, kStandard));
      EXPECT_EQ(host[0].item<float>(), 2.0f);
      EXPECT_EQ(other[0].item<float>(), 4.0f);
    }
    EXPECT_TRUE(group.barrier(kStandard).is_ok());
  });
  const std::string calls = take_calls();
  EXPECT_EQ(std::count(calls.begin(), calls.end(), 'R'), 4) << calls;  // two operations of two ranks
}

TEST_F(NcclGroup, AnOperationWaitsForTheStreamOfItsCaller) {
  run_nccl_world(2, [](Group& group) {
    at::Tensor host = at::zeros({4});
    std::promise<void> may_write;
    fake::DeviceGuard::current()->enqueue([&, ready = may_write.get_future().share()] {
      ready.wait();
      host.fill_(1.0f);
    });
    const auto work = group.all_reduce(on_device(host), ReduceOp::kSum, kStandard).value();
    EXPECT_EQ(work->wait(Milliseconds(50)).code(), OAR_E_TIMEOUT);  // what is to be reduced is not there yet
    may_write.set_value();
    EXPECT_TRUE(work->wait(kStandard).is_ok());
    EXPECT_EQ(host[3].item<float>(), 2.0f);
  });
}

TEST_F(NcclGroup, NothingReachesNcclUnchecked) {
  run_nccl_world(2, [](Group& group) {
    at::Tensor host = at::zeros({group.rank() == 0 ? 4 : 5});
    const auto work = group.all_reduce(on_device(host), ReduceOp::kSum, kStandard).value();
    EXPECT_EQ(work->wait(kStandard).code(), OAR_E_MISMATCH);
    EXPECT_NE(work->error().message().find("4 float32 on a device"), std::string::npos) << work->error().message();
  });
  run_nccl_world(2, [](Group& group) {  // one of the two gives a tensor of the CPU
    at::Tensor host = at::zeros({4});
    const at::Tensor given = group.rank() == 0 ? host : on_device(host);
    EXPECT_EQ(group.all_reduce(given, ReduceOp::kSum, kStandard).value()->wait(kStandard).code(), OAR_E_MISMATCH);
  });
  EXPECT_EQ(take_calls(), "");
}

TEST_F(NcclGroup, WhatNcclCannotDoIsRefusedAndTheGroupLives) {
  run_nccl_world(2, [](Group& group) {
    at::Tensor ints = at::zeros({4}, at::kInt), shorts = at::zeros({4}, at::kShort), floats = at::full({4}, 1.0f);
    EXPECT_EQ(group.all_reduce(on_device(ints), ReduceOp::kBitwiseOr, kStandard).status().code(), OAR_E_UNSUPPORTED);
    EXPECT_EQ(group.all_reduce(on_device(shorts), ReduceOp::kSum, kStandard).status().code(), OAR_E_UNSUPPORTED);
    run(group, make_all_reduce(group, on_device(floats), ReduceOp::kSum, kStandard));
    const Status other = group.all_reduce(on_device(floats, 1), ReduceOp::kSum, kStandard).status();
    EXPECT_EQ(other.code(), OAR_E_ARGUMENT);
    EXPECT_NE(other.message().find("cuda:1"), std::string::npos) << other.message();
    EXPECT_EQ(floats[0].item<float>(), 2.0f);
  });
}

TEST_F(NcclGroup, CommunicatorsThatEndWellAreDestroyed) {
  run_nccl_world(2, [](Group& group) {
    at::Tensor host = at::zeros({4});
    run(group, make_all_reduce(group, on_device(host), ReduceOp::kSum, kStandard));
    EXPECT_TRUE(group.barrier(kStandard).is_ok());
  });
  const std::string calls = take_calls();
  EXPECT_EQ(std::count(calls.begin(), calls.end(), 'D'), 2) << calls;
  EXPECT_EQ(std::count(calls.begin(), calls.end(), '('), std::count(calls.begin(), calls.end(), ')'));
  EXPECT_EQ(num_communicators(), 0);
}

// Both ranks reduce on the device until the given fault ends it; gives rank 0's status.
Status reduce_under(FakeNcclFault fault, Milliseconds timeout, double seconds_max) {
  set_fault(fault);
  std::array<Status, 2> ends{Status::ok(), Status::ok()};
  run_nccl_world(2, [&](Group& group) {
    at::Tensor host = at::zeros({4});
    const auto start = std::chrono::steady_clock::now();
    const auto work = group.all_reduce(on_device(host), ReduceOp::kSum, timeout);
    ASSERT_TRUE(work.is_ok());
    ends[static_cast<std::size_t>(group.rank())] = work.value()->wait(kStandard);
    EXPECT_LT(seconds_since(start), seconds_max);
    EXPECT_EQ(group.barrier(kStandard).code(), OAR_E_ABORTED);
  });
  EXPECT_EQ(ends[0].code(), ends[1].code()) << ends[0].message() << "\n" << ends[1].message();
  return ends[0];
}

TEST_F(NcclGroup, AnOperationThatHangsOnTheDeviceEndsByItsTimeOut) {
  const Status status = reduce_under(kFakeKernelHangs, Milliseconds(300), 2.0);
  EXPECT_EQ(status.code(), OAR_E_TIMEOUT) << status.message();
  EXPECT_EQ(num_communicators(), 0);  // aborted
}

TEST_F(NcclGroup, AnErrorInTheBackgroundEndsItOnAllRanks) {
  const Status status = reduce_under(kFakeErrorLater, Milliseconds(20000), 5.0);
  EXPECT_EQ(status.code(), OAR_E_IO) << status.message();
  EXPECT_NE(status.message().find("remote error, the fake says why"), std::string::npos) << status.message();
  EXPECT_EQ(num_communicators(), 0);
}

TEST_F(NcclGroup, AGroupOfCallsThatFailsIsClosed) {
  const Status status = reduce_under(kFakeRefuses, Milliseconds(20000), 5.0);
  EXPECT_EQ(status.code(), OAR_E_IO) << status.message();
  const std::string calls = take_calls();
  EXPECT_EQ(std::count(calls.begin(), calls.end(), '('), std::count(calls.begin(), calls.end(), ')')) << calls;
}

TEST_F(NcclGroup, RanksThatNeverConnectEndByTheTimeOut) {
  EXPECT_EQ(reduce_under(kFakeNeverConnects, Milliseconds(300), 2.0).code(), OAR_E_TIMEOUT);
  EXPECT_EQ(num_communicators(), 0);
}

TEST_F(NcclGroup, ACallOfNcclThatDoesNotReturnHoldsNobody) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(reduce_under(kFakeCallHangs, Milliseconds(300), 4.0).code(), OAR_E_TIMEOUT);
  EXPECT_LT(seconds_since(start), 10.0);  // closing too
}

TEST_F(NcclGroup, AnAbortFreesWhoWaitsForNccl) {
  set_fault(kFakeKernelHangs);
  run_nccl_world(2, [](Group& group) {
    at::Tensor host = at::zeros({4});
    const auto work = group.all_reduce(on_device(host), ReduceOp::kSum, kStandard).value();
    const auto start = std::chrono::steady_clock::now();
    if (group.rank() == 1) {
      EXPECT_EQ(work->wait(Milliseconds(100)).code(), OAR_E_TIMEOUT);
      static_cast<void>(group.abort("enough"));
    }
    const Status status = work->wait(kStandard);
    EXPECT_EQ(status.code(), OAR_E_ABORTED);
    EXPECT_NE(status.message().find("enough"), std::string::npos) << status.message();
    EXPECT_LT(seconds_since(start), 0.1 + 0.4);  // the abort's 100 ms four times
  });
  EXPECT_EQ(num_communicators(), 0);
}

TEST_F(NcclGroup, ClosingEndsWhatRuns) {
  set_fault(kFakeKernelHangs);
  run_nccl_world(2, [](Group& group) {
    at::Tensor host = at::zeros({4});
    const auto first = group.all_reduce(on_device(host), ReduceOp::kSum, kStandard).value();
    const auto second = group.all_reduce(on_device(host), ReduceOp::kSum, kStandard).value();
    EXPECT_EQ(first->wait(Milliseconds(50)).code(), OAR_E_TIMEOUT);
    group.close();
    EXPECT_TRUE(first->is_done() && second->is_done());
    EXPECT_EQ(group.all_reduce(on_device(host), ReduceOp::kSum, kStandard).status().code(), OAR_E_STATE);
  });
}

}  // namespace
}  // namespace oarlock
