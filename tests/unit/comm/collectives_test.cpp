#include "comm/collectives.h"

#include <ATen/ATen.h>

#include "comm/backends/self.h"
#include "comm/coalesced.h"
#include "thread_world.h"

namespace oarlock {
namespace {

constexpr Milliseconds kStandard{0};

Status run(Group& group, Result<Call> made) {
  OAR_ASSIGN(Call call, std::move(made));
  return group.run(call);
}

at::Tensor ramp(std::int64_t rows, std::int64_t start) {
  return at::arange(start, start + rows * 2, at::kDouble).view({rows, 2});
}

// Ranks of 1, 2, 3 and 4: small operations through rank 0 and large ones past it, both by shared memory, and over
// several hosts.
void in_worlds(const std::function<void(Group&)>& fn) {
  std::shared_ptr<Group> self = make_self_group();
  fn(*self);
  for (const std::int64_t inline_bytes : {65536, 0}) {
    for (const int size : {2, 3, 4}) run_world(size, fn, inline_bytes);
  }
  for (const int size : {2, 3, 4}) run_world(size, fn, 65536, "shm");
  // Several hosts: neighbours, ranks apart, a host of one rank.
  for (const std::vector<int>& hosts : {std::vector{0, 0, 1, 1}, {0, 1, 0, 1}, {0, 1, 1}}) {
    run_world(static_cast<int>(hosts.size()), fn, 0, "auto", hosts);
  }
}

TEST(Collectives, ReduceGivesTheRootTheResultAndLeavesTheOthers) {
  in_worlds([](Group& group) {
    const int root = group.size() - 1;
    const double sum = group.size() * (group.size() + 1) / 2.0;
    at::Tensor tensor = at::full({5}, group.rank() + 1.0, at::kDouble);
    ASSERT_TRUE(run(group, make_reduce(group, tensor, root, ReduceOp::kSum, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(tensor, at::full({5}, group.rank() == root ? sum : group.rank() + 1.0, at::kDouble)));
  });
}

TEST(Collectives, ReduceScatterGivesEachRankItsPartOfTheSum) {
  in_worlds([](Group& group) {
    const int size = group.size();
    const at::Tensor input = ramp(size * 3, 0) * (group.rank() + 1);
    const at::Tensor output = at::zeros({2, 3}, at::kDouble).t();
    ASSERT_TRUE(run(group, make_reduce_scatter(group, input, output, ReduceOp::kSum, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(output, ramp(3, group.rank() * 6) * (size * (size + 1) / 2)));
  });
}

TEST(Collectives, GatherAndScatterAreEachOthersInverse) {
  in_worlds([](Group& group) {
    const int root = group.size() / 2;
    const bool is_root = group.rank() == root;
    const at::Tensor mine = ramp(2, group.rank() * 4);
    const at::Tensor all = is_root ? at::zeros({2 * group.size(), 2}, at::kDouble) : at::Tensor();
    ASSERT_TRUE(run(group, make_gather(group, mine, all, root, kStandard)).is_ok());
    if (is_root) {
      EXPECT_TRUE(at::equal(all, ramp(2 * group.size(), 0)));
    }
    const at::Tensor back = at::zeros({2, 2}, at::kDouble);
    ASSERT_TRUE(run(group, make_scatter(group, all, back, root, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(back, mine));
  });
}

TEST(Collectives, AllToAllTransposesTheParts) {
  in_worlds([](Group& group) {
    const int size = group.size();
    const at::Tensor input = at::arange(size, at::kInt) + 10 * group.rank();
    const at::Tensor output = at::zeros({size}, at::kInt);
    ASSERT_TRUE(run(group, make_all_to_all(group, input, output, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(output, at::arange(size, at::kInt) * 10 + group.rank()));
  });
}

TEST(Collectives, RaggedRowsLandOneAfterTheOther) {
  in_worlds([](Group& group) {
    std::vector<std::int64_t> rows;
    std::int64_t before = 0, total = 0;
    for (int rank = 0; rank < group.size(); ++rank) {
      rows.push_back(rank * 2 % 3);  // 0, 2, 1, 0
      if (rank < group.rank()) before += rows.back();
      total += rows.back();
    }
    const at::Tensor input = ramp(rows[group.rank()], before * 2);
    const at::Tensor output = at::zeros({total, 2}, at::kDouble);
    const Status status = run(group, make_all_gather_rows(group, input, output, rows, kStandard));
    ASSERT_TRUE(status.is_ok()) << status.message();
    EXPECT_TRUE(at::equal(output, ramp(total, 0)));
  });
}

TEST(Collectives, RaggedAllToAllMovesWhatBothSidesSay) {
  in_worlds([](Group& group) {
    // Rank r sends p + 1 rows to rank p, all of them 10 r + p.
    std::vector<std::int64_t> rows, received;
    std::vector<at::Tensor> given, wanted;
    for (int peer = 0; peer < group.size(); ++peer) {
      rows.push_back(peer + 1);
      received.push_back(group.rank() + 1);
      given.push_back(at::full({peer + 1, 2}, 10 * group.rank() + peer, at::kLong));
      wanted.push_back(at::full({group.rank() + 1, 2}, 10 * peer + group.rank(), at::kLong));
    }
    const at::Tensor output = at::zeros({group.size() * (group.rank() + 1), 2}, at::kLong);
    ASSERT_TRUE(run(group, make_all_to_all_rows(group, at::cat(given), output, rows, received, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(output, at::cat(wanted)));
  });
}

TEST(Collectives, RowsThatTwoRanksSeeDifferentlyAreAMismatchOfBoth) {
  run_world(2, [](Group& group) {
    const bool first = group.rank() == 0;
    const at::Tensor input = at::zeros({4}), output = at::zeros({first ? 3 : 4});
    const std::vector<std::int64_t> rows = first ? std::vector<std::int64_t>{1, 3} : std::vector<std::int64_t>{2, 2};
    const std::vector<std::int64_t> received =
        first ? std::vector<std::int64_t>{1, 2} : std::vector<std::int64_t>{2, 2};
    const Status status = run(group, make_all_to_all_rows(group, input, output, rows, received, kStandard));
    EXPECT_EQ(status.code(), OAR_E_MISMATCH);
    EXPECT_NE(status.message().find("rank 0 sends 3 rows to rank 1, which receives 2"), std::string::npos)
        << status.message();
  });
}

TEST(Collectives, AListIsOneCallAndComesBackInItsTensors) {
  in_worlds([](Group& group) {
    const int size = group.size();
    const at::Tensor a = at::full({3}, group.rank() + 1.0), b = at::full({2, 2}, 1.0).t(), c = at::full({}, 2.0);
    ASSERT_TRUE(
        run(group, make_all_reduce_coalesced(group, {a, b, c, at::zeros({0})}, ReduceOp::kSum, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(a, at::full({3}, size * (size + 1) / 2.0)));
    EXPECT_TRUE(at::equal(b, at::full({2, 2}, 1.0 * size)));
    EXPECT_EQ(c.item<float>(), 2.0f * size);

    const at::Tensor x = at::full({2}, 1.0 * group.rank()), y = at::full({}, 10.0 * group.rank());
    ASSERT_TRUE(run(group, make_broadcast_coalesced(group, {x, y}, size - 1, kStandard)).is_ok());
    EXPECT_EQ(x[1].item<float>(), size - 1.0f);
    EXPECT_EQ(y.item<float>(), 10 * (size - 1.0f));
    EXPECT_EQ(group.recorder()->to_json().items().size(), 2u);
  });
}

TEST(Collectives, CoalescedGatherAndReduceScatterKeepEachTensorsRows) {
  in_worlds([](Group& group) {
    const int size = group.size();
    const at::Tensor one = ramp(2, group.rank() * 4), scalar = at::full({}, 1.0 * group.rank(), at::kDouble);
    const at::Tensor all_one = at::zeros({2, 2 * size}, at::kDouble).t(), all_scalar = at::zeros({size}, at::kDouble);
    ASSERT_TRUE(run(group, make_all_gather_coalesced(group, {one, scalar}, {all_one, all_scalar}, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(all_one, ramp(2 * size, 0)));
    EXPECT_TRUE(at::equal(all_scalar, at::arange(size, at::kDouble)));

    const at::Tensor part = at::zeros({2, 2}, at::kDouble), element = at::zeros({}, at::kDouble);
    ASSERT_TRUE(run(group, make_reduce_scatter_coalesced(group, {all_one, all_scalar}, {part, element}, ReduceOp::kSum,
                                                         kStandard))
                    .is_ok());
    EXPECT_TRUE(at::equal(part, one * size));
    EXPECT_EQ(element.item<double>(), scalar.item<double>() * size);
  });
}

TEST(Collectives, BitsOfIntegersAndBoolsAreCombined) {
  in_worlds([](Group& group) {
    std::int64_t all = 0xff, any = 0, odd = 0;
    for (int rank = 0; rank < group.size(); ++rank) {
      all &= 0xf0 | (1 << rank), any |= 0xf0 | (1 << rank), odd ^= 0xf0 | (1 << rank);
    }
    for (const auto dtype : {at::kByte, at::kShort, at::kInt, at::kLong}) {
      for (const auto& [op, expected] : {std::pair(ReduceOp::kBitwiseAnd, all), std::pair(ReduceOp::kBitwiseOr, any),
                                         std::pair(ReduceOp::kBitwiseXor, odd)}) {
        const at::Tensor tensor = at::full({3}, 0xf0 | (1 << group.rank()), dtype);
        ASSERT_TRUE(run(group, make_all_reduce(group, tensor, op, kStandard)).is_ok());
        EXPECT_EQ(tensor[2].item<std::int64_t>(), expected);
      }
    }
    const at::Tensor flags = at::tensor({1, group.rank() == 0 ? 1 : 0}, at::kInt).to(at::kBool);
    ASSERT_TRUE(run(group, make_all_reduce(group, flags, ReduceOp::kBitwiseXor, kStandard)).is_ok());
    EXPECT_EQ(flags[0].item<bool>(), group.size() % 2 == 1);
    EXPECT_TRUE(flags[1].item<bool>());
  });
}

TEST(Collectives, SendsAndReceivesMatchByOrderForEachPairOfRanks) {
  const auto body = [](Group& group) {
    const int next = (group.rank() + 1) % 3, before = (group.rank() + 2) % 3;
    std::vector<at::Tensor> got{at::zeros({2}, at::kHalf), at::zeros({2}, at::kHalf)};
    std::vector<std::shared_ptr<Work>> works;
    for (int i = 0; i < 2; ++i) {
      const at::Tensor mine = at::full({2}, 10 * group.rank() + i, at::kHalf);
      works.push_back(group.start(make_send(group, mine, next, kStandard).value()).value());
    }
    EXPECT_TRUE(group.barrier(kStandard).is_ok());  // a collective does not wait for sends
    for (const at::Tensor& tensor : got) {
      works.push_back(group.start(make_receive(group, tensor, before, kStandard).value()).value());
    }
    for (const auto& work : works) EXPECT_TRUE(work->wait(kStandard).is_ok());
    EXPECT_TRUE(group.barrier(kStandard).is_ok());  // rank 0 matches the others' transfers and may not leave before
    for (int i = 0; i < 2; ++i) EXPECT_EQ(got[i][1].item<float>(), 10.0f * before + i);
  };
  for (const std::int64_t inline_bytes : {65536, 0}) run_world(3, body, inline_bytes);  // small ones, and large
}

TEST(Collectives, ASendAndAReceiveThatDifferAreAMismatchOnBothSides) {
  const auto body = [](Group& group) {
    if (group.rank() == 0) return static_cast<void>(group.barrier(kStandard));  // ends by the others' failure
    const at::Tensor tensor = at::full({group.rank() + 3}, 5.0F);
    const Status status = run(
        group, group.rank() == 1 ? make_send(group, tensor, 2, kStandard) : make_receive(group, tensor, 1, kStandard));
    EXPECT_EQ(status.code(), OAR_E_MISMATCH);
    EXPECT_NE(status.message().find("rank 1 called send(4 float32 to rank 2), rank 2 called receive(5 float32 from "
                                    "rank 1)"),
              std::string::npos)
        << status.message();
    EXPECT_EQ(tensor.min().item<float>(), 5.0F);
    EXPECT_EQ(group.barrier(kStandard).code(), OAR_E_ABORTED);
  };
  run_world(3, body);
  run_shm_world(3, body);
}

TEST(Collectives, ASendThatNobodyReceivesNamesThePeerWhenItsTimeIsOver) {
  run_world(3, [](Group& group) {
    if (group.rank() == 0) return static_cast<void>(group.barrier(kStandard));
    if (group.rank() == 2) return static_cast<void>(group.barrier(kStandard));
    const Status status = run(group, make_send(group, at::zeros({4}), 2, Milliseconds(100)));
    EXPECT_EQ(status.code(), OAR_E_TIMEOUT);
    EXPECT_EQ(status.info().rank, 2);
    EXPECT_NE(status.message().find("rank 2 did not receive it"), std::string::npos) << status.message();
  });
}

struct Refused {
  const char* why;
  std::function<Result<Call>(const Group&)> make;
};

TEST(Collectives, ArgumentsThatCannotBeAreRefusedBeforeAnythingIsSent) {
  run_world(2, [](Group& group) {
    const auto f = [](at::IntArrayRef shape) { return at::zeros(shape); };
    const std::vector<Refused> table{
        {"a root that is no rank",
         [&](const Group& g) { return make_reduce(g, f({2}), 2, ReduceOp::kSum, kStandard); }},
        {"an output that does not hold a part per rank",
         [&](const Group& g) { return make_gather(g, f({2}), f({3}), g.rank(), kStandard); }},
        {"an input that is no part per rank",
         [&](const Group& g) { return make_scatter(g, f({3}), f({2}), g.rank(), kStandard); }},
        {"the root of a gather without an output",
         [&](const Group& g) { return make_gather(g, f({2}), at::Tensor(), g.rank(), kStandard); }},
        {"rows that do not divide by the ranks",
         [&](const Group& g) { return make_all_to_all(g, f({3}), f({3}), kStandard); }},
        {"a tensor without rows", [&](const Group& g) { return make_all_to_all(g, f({}), f({}), kStandard); }},
        {"rows of another sum",
         [&](const Group& g) {
           return make_all_gather_rows(g, f({1}), f({3}), {1, 1}, kStandard);
         }},
        {"negative rows",
         [&](const Group& g) {
           return make_all_gather_rows(g, f({1}), f({3}), {-1, 4}, kStandard);
         }},
        {"rows for another number of ranks",
         [&](const Group& g) { return make_all_gather_rows(g, f({1}), f({3}), {3}, kStandard); }},
        {"sending to oneself", [&](const Group& g) { return make_send(g, f({1}), g.rank(), kStandard); }},
        {"a peer that is no rank", [&](const Group& g) { return make_receive(g, f({1}), -1, kStandard); }},
        {"an empty list", [&](const Group& g) { return make_all_reduce_coalesced(g, {}, ReduceOp::kSum, kStandard); }},
        {"a list of two dtypes",
         [&](const Group& g) {
           return make_broadcast_coalesced(g, {f({1}), f({1}).to(at::kLong)}, 0, kStandard);
         }},
        {"the same tensor twice in a list",
         [&](const Group& g) {
           const at::Tensor t = f({2});
           return make_all_reduce_coalesced(g, {t, t}, ReduceOp::kSum, kStandard);
         }},
        {"bits of floats", [&](const Group& g) { return make_all_reduce(g, f({1}), ReduceOp::kBitwiseOr, kStandard); }},
        {"a negative time-out", [&](const Group& g) { return make_send(g, f({1}), 1 - g.rank(), Milliseconds(-1)); }},
    };
    for (const Refused& row : table) EXPECT_EQ(row.make(group).status().code(), OAR_E_ARGUMENT) << row.why;
    EXPECT_TRUE(group.barrier(kStandard).is_ok());
  });
}

}  // namespace
}  // namespace oarlock
