#include "comm/nested.h"

#include <ATen/ATen.h>

#include "comm/backends/self.h"
#include "comm/nested_transfer.h"
#include "doubles/group.h"
#include "thread_world.h"

namespace oarlock {
namespace {

constexpr Milliseconds kStandard{0};

Tree number(std::int64_t value) { return Tree(Tree::Value(value)); }

// {"b": [rows, scalar], "a": more rows}, filled with the rank
Tree sample(int rank, std::int64_t num_rows = 2) {
  Tree map{Tree::Map()};
  map.set("b", Tree(Tree::List{Tree(at::full({num_rows, 3}, rank, at::kBFloat16)), Tree(at::scalar_tensor(rank))}));
  map.set("a", Tree(at::full({num_rows}, rank, at::kLong)));
  return map;
}

const at::Tensor& at_path(const Tree& tree, std::string_view path) { return *tree.at_path(path).value()->tensor(); }

TEST(GatherTree, JoinsEveryLeafInRankOrder) {
  run_world(3, [](Group& group) {
    const Result<Tree> gathered = gather_tree(group, sample(group.rank()), kStandard);
    ASSERT_TRUE(gathered.is_ok()) << gathered.status().message();
    EXPECT_TRUE(at::equal(at_path(gathered.value(), "a"), at::tensor({0, 0, 1, 1, 2, 2}, at::kLong)));
    EXPECT_TRUE(at::equal(at_path(gathered.value(), "b.1"), at::tensor({0.0f, 1.0f, 2.0f})));
    EXPECT_EQ(at_path(gathered.value(), "b.0").sizes(), (std::vector<std::int64_t>{6, 3}));
    EXPECT_EQ(at_path(gathered.value(), "b.0")[5][2].item<float>(), 2.0f);
  });
}

TEST(GatherTree, ComparesMapsByKeyNotByOrder) {
  run_world(2, [](Group& group) {
    Tree map{Tree::Map()};
    const Tree ones(at::full({1}, 1.0)), twos(at::full({1}, 2.0));
    map.set(group.rank() == 0 ? "one" : "two", group.rank() == 0 ? ones : twos);
    map.set(group.rank() == 0 ? "two" : "one", group.rank() == 0 ? twos : ones);
    const Result<Tree> gathered = gather_tree(group, map, kStandard);
    ASSERT_TRUE(gathered.is_ok()) << gathered.status().message();
    EXPECT_TRUE(at::equal(at_path(gathered.value(), "one"), at::tensor({1.0f, 1.0f})));
    EXPECT_EQ(gathered.value().key_at(0).value(), group.rank() == 0 ? "one" : "two");  // this rank's order
  });
}

TEST(GatherTree, TakesLeavesOfEverySizeStrideAndDtype) {
  run_world(2, [](Group& group) {
    const auto large = at::full({40000, 3}, group.rank(), at::kInt);  // travels alone
    const auto turned = at::arange(6, at::kDouble).view({2, 3}).t();
    const auto flags = at::full({2}, group.rank() == 1, at::kBool);
    const auto none = at::zeros({0, 4}, at::kHalf);
    const Tree list{Tree::List{Tree(large), Tree(turned), Tree(flags), Tree(none), Tree(Tree::List())}};
    const Result<Tree> gathered = gather_tree(group, list, kStandard);
    ASSERT_TRUE(gathered.is_ok()) << gathered.status().message();
    EXPECT_TRUE(at::equal(at_path(gathered.value(), "0"), at::cat({at::zeros_like(large), at::ones_like(large)})));
    EXPECT_TRUE(at::equal(at_path(gathered.value(), "1"), at::cat({turned, turned})));
    EXPECT_TRUE(at::equal(at_path(gathered.value(), "2"), at::tensor({0, 0, 1, 1}).to(at::kBool)));
    EXPECT_EQ(at_path(gathered.value(), "3").sizes(), (std::vector<std::int64_t>{0, 4}));
    EXPECT_EQ(gathered.value().at_path("4").value()->size(), 0);
  });
}

TEST(GatherTree, OfOneRankIsTheTreeItselfWhateverItHolds) {
  const std::shared_ptr<Group> group = make_self_group();
  EXPECT_EQ(std::get<std::int64_t>(gather_tree(*group, number(3), kStandard).value().value()), 3);
}

TEST(NestedOperations, NameEveryRanksShapeOnEveryRankAndTheGroupGoesOn) {
  run_world(4, [](Group& group) {
    const Tree mine = sample(group.rank(), group.rank() == 2 ? 5 : 2);
    const Status reduced = reduce_tree(group, mine, ReduceOp::kSum, kStandard).status();
    EXPECT_EQ(reduced.code(), OAR_E_MISMATCH);
    EXPECT_NE(reduced.message().find("reduce_tree: 'a' differs between ranks (ranks 0-1: int64 [2]; rank 2: int64 [5]; "
                                     "rank 3: int64 [2])"),
              std::string::npos)
        << reduced.message();
    EXPECT_TRUE(group.barrier(kStandard).is_ok());
  });
}

TEST(NestedOperations, NameTheFirstPathThatOneRankLacks) {
  run_world(2, [](Group& group) {
    Tree mine = sample(group.rank());
    if (group.rank() == 1) mine.set("extra", Tree(at::zeros({1})));
    const Status gathered = gather_tree(group, mine, kStandard).status();
    EXPECT_NE(gathered.message().find("'extra' differs between ranks (rank 0: nothing; rank 1: float32 [1])"),
              std::string::npos)
        << gathered.message();
  });
}

TEST(NestedOperations, NameBothCallsWhenRanksMakeDifferentOnes) {
  run_world(2, [](Group& group) {
    const Tree tree = sample(0);
    const Status status = group.rank() == 0 ? reduce_tree(group, tree, ReduceOp::kMax, kStandard).status()
                                            : pad_tree(group, tree, {.dim = 1}, kStandard).status();
    EXPECT_EQ(status.code(), OAR_E_MISMATCH);
    EXPECT_NE(status.message().find("rank 0: reduce_tree(max); rank 1: pad_tree(dim 1, value 0, last)"),
              std::string::npos)
        << status.message();
    EXPECT_TRUE(group.barrier(kStandard).is_ok());
  });
}

TEST(NestedOperations, OfAFewHundredSmallLeavesCostOneExchangeAndOneTransfer) {
  doubles::ScriptedGroup group(0, 2);
  Tree list{Tree::List()};
  for (int i = 0; i < 300; ++i) list.append(Tree(at::zeros({4, 4})));
  ASSERT_TRUE(reduce_tree(group, list, ReduceOp::kSum, kStandard).is_ok());
  EXPECT_EQ(group.launched, (std::vector<std::string>{"all_gather_bytes", "all_reduce 4800"}));
  group.launched.clear();
  ASSERT_TRUE(gather_tree(group, list, kStandard).is_ok());
  EXPECT_EQ(group.launched, (std::vector<std::string>{"all_gather_bytes", "all_gather 19200"}));
  group.launched.clear();
  ASSERT_TRUE(broadcast_tree(group, list, 1, kStandard).is_ok());
  EXPECT_EQ(group.launched, (std::vector<std::string>{"all_gather_bytes", "broadcast 19200"}));
}

TEST(NestedOperations, AnExceptionTellsThePeersBeforeItFliesOn) {
  doubles::ScriptedGroup group(0, 2);
  group.on_all_reduce = [](at::Tensor) { throw std::runtime_error("no luck"); };
  EXPECT_THROW((void)reduce_tree(group, sample(0), ReduceOp::kSum, kStandard), std::runtime_error);
  EXPECT_NE(group.aborted_for.find("reduce_tree failed on rank 0"), std::string::npos) << group.aborted_for;
}

TEST(NestedOperations, AnExceptionOnTheOnlyRankEndsNothing) {
  doubles::ScriptedGroup group(0, 1);
  const at::Tensor too_large = at::zeros({1}).expand({std::int64_t{1} << 60});
  EXPECT_THROW((void)reduce_tree(group, Tree(too_large), ReduceOp::kSum, kStandard), std::exception);
  EXPECT_EQ(group.aborted_for, "");
}

TEST(PlanBuckets, PacksSmallLeavesOfAKindAndLeavesLargeOnesAlone) {
  const std::int64_t large = kPackedLeafBytesMax + 1;
  EXPECT_EQ(plan_buckets({{8, 0}, {large, 0}, {8, 1}, {0, 0}, {8, 0}, {8, 1}}),
            (std::vector<std::vector<std::size_t>>{{0, 4}, {1}, {2, 5}}));
}

TEST(PlanBuckets, OpensANewBucketWhenOneIsFull) {
  const std::vector<LeafLoad> leaves(65, {kPackedLeafBytesMax, 0});  // 64 of them are 4 MiB
  const auto buckets = plan_buckets(leaves);
  ASSERT_EQ(buckets.size(), 2u);
  EXPECT_EQ(buckets[0].size(), 64u);
}

TEST(ReduceTree, GivesNewTensorsAndLeavesTheOldOnes) {
  run_world(2, [](Group& group) {
    const at::Tensor mine = at::full({2, 2}, group.rank() + 1.0, at::kDouble).t();
    const Tree sum = reduce_tree(group, Tree(mine), ReduceOp::kSum, kStandard).value();
    const Tree mean = reduce_tree(group, Tree(mine), ReduceOp::kAverage, kStandard).value();
    EXPECT_TRUE(at::equal(*sum.tensor(), at::full({2, 2}, 3.0, at::kDouble)));
    EXPECT_TRUE(at::equal(*mean.tensor(), at::full({2, 2}, 1.5, at::kDouble)));
    EXPECT_EQ(mine[0][0].item<double>(), group.rank() + 1.0);
  });
}

TEST(ReduceTree, RefusesTheAverageOfIntegersByPathOnEveryRank) {
  run_world(2, [](Group& group) {
    const Status status = reduce_tree(group, sample(0), ReduceOp::kAverage, kStandard).status();
    EXPECT_EQ(status.code(), OAR_E_ARGUMENT);
    EXPECT_NE(status.message().find("reduce_tree: 'a'"), std::string::npos) << status.message();
    EXPECT_TRUE(group.barrier(kStandard).is_ok());
  });
}

TEST(ReduceTree, OfOneRankIsACloneAndStillTakesTensorsOnly) {
  const std::shared_ptr<Group> group = make_self_group();
  const at::Tensor mine = at::ones({2});
  const Tree sum = reduce_tree(*group, Tree(mine), ReduceOp::kAverage, kStandard).value();
  EXPECT_TRUE(at::equal(*sum.tensor(), mine));
  EXPECT_FALSE(sum.tensor()->is_alias_of(mine));
  EXPECT_EQ(reduce_tree(*group, number(1), ReduceOp::kSum, kStandard).status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(reduce_tree(*group, Tree(mine), static_cast<ReduceOp>(9), kStandard).status().code(), OAR_E_ARGUMENT);
}

TEST(BroadcastTree, FillsStridedLeavesInPlaceAndMayReadSharedOnesOnTheRoot) {
  run_world(2, [](Group& group) {
    const at::Tensor whole = at::zeros({4, 3});
    const bool is_root = group.rank() == 1;
    const at::Tensor column = is_root ? at::full({1}, 7.0).expand({4}) : whole.select(1, 1);
    const Tree tree{Tree::List{Tree(column), Tree(at::full({2}, group.rank()))}};
    const Status status = broadcast_tree(group, tree, 1, kStandard);
    ASSERT_TRUE(status.is_ok()) << status.message();
    if (!is_root) {
      EXPECT_TRUE(at::equal(whole, at::tensor({0.0f, 7.0f, 0.0f}).expand({4, 3})));
    }
    EXPECT_TRUE(at::equal(at_path(tree, "1"), at::ones({2})));
  });
}

TEST(BroadcastTree, AnExpandedLeafThatWouldBeWrittenIsNamedOnEveryRank) {
  run_world(2, [](Group& group) {
    const Tree tree{Tree::List{Tree(at::zeros({1}).expand({3}))}};
    const Status status = broadcast_tree(group, tree, 0, kStandard);
    EXPECT_EQ(status.code(), OAR_E_ARGUMENT);
    EXPECT_NE(status.message().find("broadcast_tree: '0'"), std::string::npos) << status.message();
    if (group.rank() == 0) {
      EXPECT_EQ(status.info().rank, 1);
    }
    EXPECT_TRUE(group.barrier(kStandard).is_ok());
  });
}

struct PadCase {
  const char* why;
  at::ScalarType dtype;
  double value;
  at::ScalarType padded_dtype;
};

class PadDtype : public testing::TestWithParam<PadCase> {};

TEST_P(PadDtype, IsTheSameOnAllRanks) {
  run_world(2, [](Group& group) {
    const at::Tensor mine = at::ones({1 + group.rank()}, GetParam().dtype);
    const Tree padded = pad_tree(group, Tree(mine), {.value = GetParam().value}, kStandard).value();
    EXPECT_EQ(padded.tensor()->scalar_type(), GetParam().padded_dtype) << GetParam().why;
    const double added = group.rank() == 0 ? GetParam().value : 1.0;
    EXPECT_EQ((*padded.tensor())[1].item<double>(), added) << GetParam().why;
  });
}

INSTANTIATE_TEST_SUITE_P(
    Table, PadDtype,
    testing::Values(PadCase{"a label's ignore index", at::kLong, -100, at::kLong},
                    PadCase{"a mask stays one", at::kBool, 0, at::kBool},
                    PadCase{"a fraction promotes, on the rank that is long enough too", at::kLong, 0.5, at::kFloat},
                    PadCase{"floating point keeps its type", at::kHalf, 0.5, at::kHalf},
                    PadCase{"beyond float32's integers", at::kLong, 4503599627370497.0, at::kLong}));

TEST(PadTree, RefusesAValueThatTheDtypeCannotHold) {
  run_world(2, [](Group& group) {
    const Tree bytes{Tree::List{Tree(at::ones({1 + group.rank()}, at::kByte))}};
    const Status status = pad_tree(group, bytes, {.value = 256}, kStandard).status();
    EXPECT_EQ(status.code(), OAR_E_ARGUMENT);
    EXPECT_NE(status.message().find("pad_tree: '0'"), std::string::npos) << status.message();
  });
}

TEST(PadTree, SharesWhatIsLongEnoughAndWhatLacksTheDimension) {
  run_world(2, [](Group& group) {
    const at::Tensor rows = at::ones({2, 1 + group.rank()}), scalar = at::scalar_tensor(1.0);
    const Tree padded = pad_tree(group, Tree(Tree::List{Tree(rows), Tree(scalar)}), {.dim = -1}, kStandard).value();
    EXPECT_EQ(at_path(padded, "0").sizes(), (std::vector<std::int64_t>{2, 2}));
    EXPECT_EQ(at_path(padded, "0").is_alias_of(rows), group.rank() == 1);
    EXPECT_TRUE(at_path(padded, "1").is_alias_of(scalar));
  });
}

TEST(PadTree, RanksMustAgreeOnTheNumberOfDimensions) {
  run_world(2, [](Group& group) {
    const Tree tree{Tree::List{Tree(group.rank() == 0 ? at::ones({2}) : at::ones({2, 1}))}};
    const Status status = pad_tree(group, tree, {}, kStandard).status();
    EXPECT_EQ(status.code(), OAR_E_MISMATCH);
    EXPECT_NE(
        status.message().find("pad_tree: '0' differs between ranks (rank 0: float32 [2]; rank 1: float32 [2, 1])"),
        std::string::npos)
        << status.message();
  });
}

TEST(PadTree, LeavesNestedTensorsAlone) {
  run_world(2, [](Group& group) {
    const at::Tensor ragged = at::_nested_tensor_from_tensor_list({at::ones({2}), at::ones({3})}, {}, {}, {}, {});
    const Tree tree{Tree::List{Tree(ragged), Tree(at::ones({1 + group.rank()}))}};
    const Result<Tree> padded = pad_tree(group, tree, {}, kStandard);
    ASSERT_TRUE(padded.is_ok()) << padded.status().message();
    EXPECT_TRUE(padded.value().list()->front().tensor()->is_nested());
    EXPECT_EQ(at_path(padded.value(), "1").size(0), 2);
  });
}

TEST(CopyTree, BringsStructureValuesZeroSizesAndEveryDtypeOfOneRank) {
  run_world(3, [](Group& group) {
    Tree tree = sample(7);
    tree.set("none", Tree());
    tree.set("empty", Tree(at::zeros({0, 5}, at::kHalf)));
    tree.set("text", Tree(Tree::Value(std::string("caf\xc3\xa9"))));
    tree.set("complex", Tree(at::full({2}, c10::complex<double>(1, -2), at::kComplexDouble).conj()));
    const Result<Tree> copied = copy_tree(group, group.rank() == 2 ? &tree : nullptr, kStandard);
    ASSERT_TRUE(copied.is_ok()) << copied.status().message();
    EXPECT_EQ(at_path(copied.value(), "empty").sizes(), (std::vector<std::int64_t>{0, 5}));
    EXPECT_EQ(at_path(copied.value(), "empty").scalar_type(), at::kHalf);
    EXPECT_TRUE(at::equal(at_path(copied.value(), "b.0"), at_path(tree, "b.0")));
    EXPECT_EQ(at_path(copied.value(), "complex")[1].item<c10::complex<double>>(), (c10::complex<double>(1, 2)));
    EXPECT_EQ(std::get<std::string>(copied.value().find("text")->value()), "caf\xc3\xa9");
    EXPECT_TRUE(std::holds_alternative<std::monostate>(copied.value().find("none")->value()));
  });
}

TEST(GatherObjects, JoinsListsOfAnyLengthInRankOrder) {
  run_world(3, [](Group& group) {
    Tree mine{Tree::List()};
    for (int i = 0; i < group.rank(); ++i) mine.append(number(10 * group.rank() + i));
    const Tree all = gather_objects(group, mine, kStandard).value();
    ASSERT_EQ(all.size(), 3);
    EXPECT_EQ(std::get<std::int64_t>((*all.list())[2].value()), 21);
  });
}

TEST(GatherObjects, ATreeThatIsNoListFailsOnEveryRankNamingIts) {
  run_world(2, [](Group& group) {
    const Status status = gather_objects(group, group.rank() == 1 ? number(1) : Tree(Tree::List()), kStandard).status();
    EXPECT_EQ(status.code(), OAR_E_ARGUMENT);
    if (group.rank() == 0) {
      EXPECT_EQ(status.info().rank, 1);
    }
    EXPECT_TRUE(group.barrier(kStandard).is_ok());
  });
}

TEST(BroadcastObject, ARootWithoutOneFailsOnEveryRank) {
  run_world(2, [](Group& group) {
    const Tree mine = number(5);
    const Status status = broadcast_object(group, group.rank() == 0 ? nullptr : &mine, 0, kStandard).status();
    EXPECT_EQ(status.code(), OAR_E_ARGUMENT);
    EXPECT_EQ(broadcast_object(group, &mine, 1, kStandard).value().kind_name(), std::string("int"));
  });
}

TEST(GatherSamples, JoinsRaggedRowsAndNamesWhatDoesNotFit) {
  run_world(2, [](Group& group) {
    const RowsKept all = [](std::int64_t rows) { return rows; };
    const Tree rows = gather_samples(group, sample(group.rank(), 1 + group.rank()), false, all, kStandard).value();
    EXPECT_TRUE(at::equal(at_path(rows, "a"), at::tensor({0, 1, 1}, at::kLong)));
    const Tree other{Tree::List{Tree(at::ones({1, 2 + group.rank()}))}};
    const Status status = gather_samples(group, other, false, all, kStandard).status();
    EXPECT_NE(status.message().find("gather_for_metrics: '0' differs between ranks (rank 0: float32 [1, 2]; rank 1: "
                                    "float32 [1, 3])"),
              std::string::npos)
        << status.message();
  });
}

TEST(GatherSamples, JoinsMapsOfListsKeyByKey) {
  run_world(2, [](Group& group) {
    const RowsKept all_but_one = [](std::int64_t rows) { return rows - 1; };
    Tree map{Tree::Map()};
    map.set("texts", Tree(Tree::List{number(group.rank()), number(10 + group.rank())}));
    map.set("rows", Tree(at::full({2}, group.rank())));
    map.set("seconds", number(group.rank()));
    const Tree joined = gather_samples(group, map, false, all_but_one, kStandard).value();
    ASSERT_EQ(joined.find("texts")->size(), 3);
    EXPECT_EQ(std::get<std::int64_t>((*joined.find("texts")->list())[2].value()), 1);
    EXPECT_TRUE(at::equal(*joined.find("rows")->tensor(), at::tensor({0.0f, 0.0f, 1.0f})));
    EXPECT_EQ(joined.find("seconds")->size(), 2);  // one per rank, none cut
    Tree other{Tree::Map()};
    other.set(group.rank() == 0 ? "x" : "y", number(1));
    const Status status = gather_samples(group, other, false, all_but_one, kStandard).status();
    EXPECT_EQ(status.code(), OAR_E_MISMATCH);
    EXPECT_NE(status.message().find("'x' differs between ranks (rank 0: of kind int; rank 1: nothing)"),
              std::string::npos)
        << status.message();
  });
}

}  // namespace
}  // namespace oarlock
