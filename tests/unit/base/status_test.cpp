#include "base/status.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>

namespace oarlock {
namespace {

TEST(OsError, MapsErrnoToACodeAndKeepsIt) {
  struct Row {
    int error_number;
    oar_status code;
  };
  for (const Row row : {Row{ENOSPC, OAR_E_NO_SPACE}, Row{EDQUOT, OAR_E_NO_SPACE}, Row{ENOENT, OAR_E_NOT_FOUND},
                        Row{ENOMEM, OAR_E_OUT_OF_MEMORY}, Row{EACCES, OAR_E_IO}}) {
    const Status status = os_error(row.error_number, "cannot do 'x'");
    EXPECT_EQ(status.code(), row.code);
    EXPECT_EQ(status.info().vendor_code, row.error_number);
    EXPECT_EQ(status.message(),
              fmt::format("cannot do 'x': {} (errno {})", std::strerror(row.error_number), row.error_number));
  }
}

TEST(Status, FactsAreAddedToFailuresAndLeaveSuccessAlone) {
  const Status failed =
      timed_out("waited {} ms", 5).with_rank(3).with_operation("all_reduce").with_vendor_code(9).within("group 'dp'");
  EXPECT_EQ(failed.code(), OAR_E_TIMEOUT);
  EXPECT_EQ(failed.message(), "group 'dp': waited 5 ms");
  EXPECT_EQ(failed.info().rank, 3);
  EXPECT_EQ(failed.info().operation, "all_reduce");
  EXPECT_EQ(failed.info().vendor_code, 9);
  EXPECT_TRUE(Status::ok().within("somewhere").with_rank(1).is_ok());
  EXPECT_EQ(Status::ok().message(), "");
}

Result<int> half(int number) {
  if (number % 2 != 0) return invalid_argument("{} is odd", number);
  return number / 2;
}

Result<int> quarter(int number) {
  OAR_ASSIGN(const int first, half(number));
  OAR_ASSIGN(const int second, half(first));
  return second;
}

TEST(Result, AssignGivesTheValueOrReturnsTheFailure) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).status().message(), "3 is odd");
  EXPECT_EQ(quarter(5).status().code(), OAR_E_ARGUMENT);
}

TEST(Status, CopiesAreIndependent) {
  const Status first = not_found("a");
  Status second = first;
  second = std::move(second).within("b");
  EXPECT_EQ(first.message(), "a");
  EXPECT_EQ(second.message(), "b: a");
}

}  // namespace
}  // namespace oarlock
