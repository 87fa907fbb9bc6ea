#include "tensor/exceptions.h"

#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <ios>
#include <stdexcept>
#include <system_error>

#include "base/check.h"

namespace oarlock {
namespace {

struct ExceptionCase {
  const char* why;
  std::function<Status()> fn;
  oar_status code;
  const char* in_text;
};

class Caught : public testing::TestWithParam<ExceptionCase> {};

TEST_P(Caught, SaysWhatTheExceptionMeans) {
  const Status status = caught(GetParam().fn);
  EXPECT_EQ(status.code(), GetParam().code) << GetParam().why << ": " << status.message();
  EXPECT_NE(status.message().find(GetParam().in_text), std::string::npos) << status.message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, Caught,
    testing::Values(
        ExceptionCase{"none", [] { return Status::ok(); }, OAR_OK, ""},
        ExceptionCase{"a status", [] { return corrupt("a byte is wrong"); }, OAR_E_CORRUPT, "a byte is wrong"},
        ExceptionCase{"operator new", []() -> Status { throw std::bad_alloc(); }, OAR_E_OUT_OF_MEMORY, "no memory"},
        ExceptionCase{"a vector of 2^62", []() -> Status { throw std::length_error("vector::reserve"); },
                      OAR_E_OUT_OF_MEMORY, "vector::reserve"},
        ExceptionCase{"libtorch's CPU allocator",
                      []() -> Status { TORCH_CHECK(false, "[enforce] DefaultCPUAllocator: can't allocate memory: x"); },
                      OAR_E_OUT_OF_MEMORY, "libtorch: [enforce]"},
        ExceptionCase{"libtorch", []() -> Status { TORCH_CHECK(false, "sizes differ\nException raised from x"); },
                      OAR_E_INTERNAL, "libtorch: sizes differ"},
        ExceptionCase{"a kernel that is missing", []() -> Status { TORCH_CHECK_NOT_IMPLEMENTED(false, "no kernel"); },
                      OAR_E_UNSUPPORTED, "no kernel"},
        ExceptionCase{"no thread left",
                      []() -> Status { throw std::system_error(EAGAIN, std::generic_category(), "thread"); }, OAR_E_IO,
                      "the system refused"},
        ExceptionCase{"a full disk", []() -> Status { throw std::system_error(ENOSPC, std::system_category()); },
                      OAR_E_NO_SPACE, "errno 28"},
        ExceptionCase{"a stream's code is no errno", []() -> Status { throw std::ios_base::failure("bad stream"); },
                      OAR_E_INTERNAL, "bad stream"},
        ExceptionCase{"a broken invariant",
                      []() -> Status {
                        OAR_CHECK(1 == 2);
                        return Status::ok();
                      },
                      OAR_E_INTERNAL, "1 == 2"},
        ExceptionCase{"oneDNN's", []() -> Status { throw std::runtime_error("could not execute"); }, OAR_E_INTERNAL,
                      "could not execute"},
        ExceptionCase{"no exception class", []() -> Status { throw 7; }, OAR_E_INTERNAL, "of a type"}));

TEST(Caught, KeepsTheErrnoAsTheVendorCode) {
  const Status status = caught([]() -> Status { throw std::system_error(EAGAIN, std::generic_category()); });
  EXPECT_EQ(status.info().vendor_code, EAGAIN);
}

}  // namespace
}  // namespace oarlock
