#include "comm/backends/self.h"
#include "comm/group.h"
#include "thread_world.h"

namespace oarlock {
namespace {

constexpr Milliseconds kStandard{0};

TEST(Agree, IsOkWhenEveryRankIs) {
  run_world(3, [](Group& group) { EXPECT_TRUE(agree(group, Status::ok(), kStandard).is_ok()); });
}

TEST(Agree, GivesAllRanksTheFailureOfTheLowestRankThatFailed) {
  run_world(4, [](Group& group) {
    const Status mine = group.rank() == 1   ? no_space("the disk of rank 1 is full").with_vendor_code(28)
                        : group.rank() == 3 ? io_error("rank 3 has another trouble")
                                            : Status::ok();
    const Status all = agree(group, mine, kStandard);
    EXPECT_EQ(all.code(), OAR_E_NO_SPACE);
    EXPECT_NE(all.message().find("the disk of rank 1 is full"), std::string::npos) << all.message();
    EXPECT_EQ(all.info().vendor_code, 28);
    if (group.rank() == 1) return;  // its own failure, as it was
    EXPECT_EQ(all.info().rank, 1);
    EXPECT_NE(all.message().find("rank 1 failed"), std::string::npos) << all.message();
  });
}

TEST(Agree, OfOneRankIsItsOwn) {
  const std::shared_ptr<Group> group = make_self_group();
  EXPECT_TRUE(agree(*group, Status::ok(), kStandard).is_ok());
  EXPECT_EQ(agree(*group, corrupt("a byte is wrong"), kStandard).message(), "a byte is wrong");
}

TEST(Agree, WithoutPeersGivesTheOwnFailure) {
  run_world(2, [](Group& group) {
    if (group.rank() == 1) return;
    const Status mine = corrupt("a byte is wrong");
    EXPECT_EQ(agree(group, mine, kStandard).code(), OAR_E_CORRUPT);
    EXPECT_NE(agree(group, Status::ok(), kStandard).code(), OAR_OK);
  });
}

TEST(AgreeOnAll, GivesAllRanksBytesOrOneRanksFailure) {
  run_world(3, [](Group& group) {
    const std::string mine(static_cast<std::size_t>(group.rank()), 'x');
    EXPECT_EQ(agree_on_all(group, mine, kStandard).value(), (std::vector<std::string>{"", "x", "xx"}));
    const Result<std::string> failed = no_space("the disk of rank 1 is full");
    const Status all = agree_on_all(group, group.rank() == 1 ? failed : mine, kStandard).status();
    EXPECT_EQ(all.code(), OAR_E_NO_SPACE);
    EXPECT_NE(all.message().find("the disk of rank 1 is full"), std::string::npos) << all.message();
  });
}

TEST(AgreeOnAll, BytesOfAnotherCallAreAMismatch) {
  run_world(2, [](Group& group) {
    if (group.rank() == 1) {
      EXPECT_TRUE(group.all_gather_bytes("hello", kStandard).is_ok());
      return;
    }
    EXPECT_EQ(agree_on_all(group, std::string("x"), kStandard).status().code(), OAR_E_MISMATCH);
  });
}

TEST(AgreeOnRoot, GivesAllRanksTheRootsBytesOrItsFailure) {
  run_world(3, [](Group& group) {
    EXPECT_EQ(agree_on_root(group, std::to_string(group.rank()), 2, kStandard).value(), "2");
    const Result<std::string> failed = io_error("rank 2 cannot");
    const Status all = agree_on_root(group, group.rank() == 0 ? std::string("x") : failed, 2, kStandard).status();
    EXPECT_EQ(all.code(), OAR_E_IO);
    EXPECT_TRUE(agree_on_root(group, group.rank() == 0 ? std::string("x") : failed, 0, kStandard).is_ok());
  });
}

}  // namespace
}  // namespace oarlock
