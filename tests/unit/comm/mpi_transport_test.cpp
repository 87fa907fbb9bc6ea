// Data between hosts by an MPI that the test plays: what arrives, and in which order it is summed.
#include <future>

#include "mpi_world.h"

namespace oarlock {
namespace {

const std::vector<HostNumbers> kWorlds{{0, 1}, {0, 1, 2}, {0, 0, 1, 1}, {0, 1, 0, 1}, {0, 1, 1}, {0, 0, 1, 2, 2}};

class MpiTransports : public testing::TestWithParam<HostNumbers> {
 public:
  int size() const { return static_cast<int>(GetParam().size()); }
  template <class Fn>
  void in_world(Fn fn) {
    PlayedMpi mpi(size(), {300'000});  // so that messages are cut, too
    run_well(mpi, {GetParam()}, fn);
    EXPECT_GT(mpi.sent_bytes(), 0u);
  }
};

TEST_P(MpiTransports, ReduceForAllForOneAndInParts) {
  in_world([](Group& group) {
    const int size = group.size(), sum = size * (size + 1) / 2;
    at::Tensor tensor = numbers_of(group.rank());
    ASSERT_TRUE(run(group, make_all_reduce(group, tensor, ReduceOp::kSum, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(tensor, numbers_of(0) * sum));
    for (int root = 0; root < size; ++root) {
      tensor = numbers_of(group.rank()).to(at::kDouble);
      ASSERT_TRUE(run(group, make_reduce(group, tensor, root, ReduceOp::kAverage, kStandard)).is_ok());
      EXPECT_TRUE(at::equal(tensor, group.rank() == root ? numbers_of(0).to(at::kDouble) * sum / size
                                                         : numbers_of(group.rank()).to(at::kDouble)))
          << root;
    }
    const at::Tensor all = at::stack(std::vector<at::Tensor>(static_cast<std::size_t>(size), numbers_of(group.rank())));
    const at::Tensor own = at::empty({1, kNumel});
    ASSERT_TRUE(run(group, make_reduce_scatter(group, all, own, ReduceOp::kMax, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(own[0], numbers_of(size - 1)));
  });
}

TEST_P(MpiTransports, BroadcastFromAnyRank) {
  in_world([](Group& group) {
    for (int root = 0; root < group.size(); ++root) {
      at::Tensor tensor = numbers_of(group.rank() + 10 * root);
      ASSERT_TRUE(run(group, make_broadcast(group, tensor, root, kStandard)).is_ok());
      EXPECT_TRUE(at::equal(tensor, numbers_of(11 * root))) << root;
    }
  });
}

TEST_P(MpiTransports, GatherAndScatterInTheOrderOfTheRanks) {
  in_world([](Group& group) {
    const int size = group.size();
    const std::int64_t part = 70'001;
    const at::Tensor everyone = at::stack([&] {
      std::vector<at::Tensor> parts;
      for (int rank = 0; rank < size; ++rank) parts.push_back(numbers_of(rank, at::kInt, part));
      return parts;
    }());
    const at::Tensor mine = numbers_of(group.rank(), at::kInt, part).view({1, -1}), all = at::zeros_like(everyone);
    ASSERT_TRUE(run(group, make_all_gather(group, mine, all, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(all, everyone));
    for (int root = 0; root < size; ++root) {
      const at::Tensor gathered = at::zeros_like(everyone), part_of = at::zeros_like(mine);
      ASSERT_TRUE(run(group, make_gather(group, mine, gathered, root, kStandard)).is_ok());
      EXPECT_TRUE(at::equal(gathered, group.rank() == root ? everyone : at::zeros_like(everyone))) << root;
      ASSERT_TRUE(run(group, make_scatter(group, everyone, part_of, root, kStandard)).is_ok());
      EXPECT_TRUE(at::equal(part_of, mine)) << root;
    }
  });
}

TEST_P(MpiTransports, MoveRaggedPartsAndNoneAtAll) {
  in_world([](Group& group) {
    const int size = group.size(), rank = group.rank();
    std::vector<std::int64_t> rows, sent, received;  // rank r gives r * 20,000 rows; r sends p of them r + p
    for (int other = 0; other < size; ++other) {
      rows.push_back(other * 20'000);
      sent.push_back((rank + other) % 3 * 20'000);
      received.push_back((rank + other) % 3 * 20'000);
    }
    std::vector<at::Tensor> parts, arriving;
    for (int other = 0; other < size; ++other) {
      parts.push_back(at::full({other * 20'000, 3}, other, at::kShort));
      arriving.push_back(at::full({(rank + other) % 3 * 20'000, 3}, other, at::kShort));
    }
    const at::Tensor everyone = at::cat(parts), all = at::zeros_like(everyone);
    ASSERT_TRUE(
        run(group, make_all_gather_rows(group, parts[static_cast<std::size_t>(rank)], all, rows, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(all, everyone));
    const at::Tensor expected = at::cat(arriving), output = at::zeros_like(expected),
                     input = at::full_like(expected, rank);
    ASSERT_TRUE(run(group, make_all_to_all_rows(group, input, output, sent, received, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(output, expected));
    const at::Tensor even = at::full({size, 50'000}, rank, at::kByte), swapped = at::zeros_like(even);
    ASSERT_TRUE(run(group, make_all_to_all(group, even, swapped, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(swapped, at::arange(size, at::kByte).view({-1, 1}).expand_as(swapped)));
  });
}

TEST_P(MpiTransports, TakeEveryTypeThatIsReduced) {
  in_world([](Group& group) {
    const int size = group.size(), sum = size * (size + 1) / 2;
    const std::int64_t numel = 140'001;
    for (const at::ScalarType dtype : {at::kByte, at::kChar, at::kShort, at::kInt, at::kLong, at::kHalf, at::kBFloat16,
                                       at::kFloat, at::kDouble, at::kComplexFloat, at::kComplexDouble}) {
      const at::Tensor ones = at::arange(numel, at::kInt).remainder(8).to(dtype);  // sums are exact in each of them
      at::Tensor tensor = ones * (group.rank() + 1);
      ASSERT_TRUE(run(group, make_all_reduce(group, tensor, ReduceOp::kSum, kStandard)).is_ok());
      EXPECT_TRUE(at::equal(tensor, ones * sum)) << dtype;
    }
    at::Tensor flags = at::arange(numel, at::kInt).remainder(size).eq(group.rank());
    ASSERT_TRUE(run(group, make_all_reduce(group, flags, ReduceOp::kMax, kStandard)).is_ok());
    EXPECT_TRUE(flags.all().item<bool>());
    at::Tensor bits = at::full({numel}, 1 << group.rank(), at::kInt);
    ASSERT_TRUE(run(group, make_all_reduce(group, bits, ReduceOp::kBitwiseOr, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(bits, at::full({numel}, (1 << size) - 1, at::kInt)));
    at::Tensor small = numbers_of(group.rank(), at::kFloat, numel).to(at::kFloat8_e4m3fn);
    ASSERT_TRUE(run(group, make_broadcast(group, small, size - 1, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(small.view(at::kByte),
                          numbers_of(size - 1, at::kFloat, numel).to(at::kFloat8_e4m3fn).view(at::kByte)));
  });
}

INSTANTIATE_TEST_SUITE_P(Worlds, MpiTransports, testing::ValuesIn(kWorlds));

// Each on a host of its own, so that MPI does all of the sum: ((a0 + a1) + a2) + a3, whatever arrives first.
TEST(MpiTransport, SumsInTheOrderOfTheRanksWithTheSameBitsOnAll) {
  const int size = 4;
  std::vector<at::Tensor> given;
  at::manual_seed(7);
  for (int rank = 0; rank < size; ++rank) given.push_back(at::randn({kNumel}));
  at::Tensor expected = given[0].clone();
  for (std::size_t rank = 1; rank < given.size(); ++rank) expected += given[rank];
  PlayedMpi mpi(size);
  run_well(mpi, {{0, 1, 2, 3}}, [&](Group& group) {
    at::Tensor tensor = given[static_cast<std::size_t>(group.rank())].clone();
    ASSERT_TRUE(run(group, make_all_reduce(group, tensor, ReduceOp::kSum, kStandard)).is_ok());
    EXPECT_TRUE(at::equal(tensor, expected));
  });
}

// What any algorithm must send that sends the least: 2 (n - 1) times the tensor over all ranks for an all_reduce, its
// reduced shares and their results; n - 1 times for a broadcast.
TEST(MpiTransport, SendsTheLeastThatIsNeeded) {
  const int size = 3;
  PlayedMpi mpi(size);
  run_well(mpi, {{0, 1, 2}}, [&](Group& group) {
    at::Tensor tensor = numbers_of(group.rank());
    ASSERT_TRUE(run(group, make_all_reduce(group, tensor, ReduceOp::kSum, kStandard)).is_ok());
    ASSERT_TRUE(run(group, make_broadcast(group, tensor, 1, kStandard)).is_ok());
  });
  EXPECT_EQ(mpi.sent_bytes(), 3u * (size - 1) * kNumel * sizeof(float));
}

TEST(MpiTransport, OnlyLeadersOfHostsSend) {
  PlayedMpi mpi(4);
  run_well(mpi, {{0, 0, 1, 1}}, [&](Group& group) {
    at::Tensor tensor = numbers_of(group.rank());
    ASSERT_TRUE(run(group, make_all_reduce(group, tensor, ReduceOp::kSum, kStandard)).is_ok());
    EXPECT_EQ(group.making().data_by, "shm inside hosts, mpi between them");
  });
  EXPECT_EQ(mpi.sent_bytes(0) + mpi.sent_bytes(2), 2u * kNumel * sizeof(float));
  EXPECT_EQ(mpi.sent_bytes(1) + mpi.sent_bytes(3), 0u);
}

TEST(MpiTransport, GroupsOfOneMpiWorkAtOnceAndNeverMix) {
  PlayedMpi mpi(4);
  const auto many_sums = [](Group& group, int first) {
    for (int i = 0; i < 20; ++i) {
      at::Tensor tensor = at::full({30'000}, first + i + group.rank(), at::kInt);
      ASSERT_TRUE(run(group, make_all_reduce(group, tensor, ReduceOp::kSum, kStandard)).is_ok());
      EXPECT_TRUE(at::equal(tensor, at::full({30'000}, 3 * (first + i) + 3, at::kInt))) << i;
    }
  };
  // Two groups, in opposite orders, of the same ranks of one state each.
  std::vector<std::shared_ptr<MpiLink>> links;
  for (int rank = 0; rank < 4; ++rank) links.push_back(mpi.lend(rank));
  const auto in_group = [&](std::vector<int> ranks, int first) {
    const auto make = [&](Star star) {
      for (int rank = 0; rank < 3; ++rank) star.members[static_cast<std::size_t>(rank)].host_id = std::to_string(rank);
      const auto& link = links[static_cast<std::size_t>(ranks[static_cast<std::size_t>(star.rank)])];
      const auto place = std::make_shared<const MpiPlace>(MpiPlace{link, ranks});
      return make_group(std::move(star), {}, kTimeout, "auto", default_nccl_names(), {"mpi", place});
    };
    run_world_of(3, make, [&](Result<std::shared_ptr<Group>> group) {
      ASSERT_TRUE(group.is_ok()) << group.status().message();
      many_sums(*group.value(), first);
      group.value()->close();
    });
  };
  const auto other = std::async(std::launch::async, [&] { in_group({2, 1, 0}, 1000); });
  in_group({0, 1, 2}, 0);
  other.wait();
  EXPECT_EQ(mpi.num_requests(), 0u);
}

}  // namespace
}  // namespace oarlock
