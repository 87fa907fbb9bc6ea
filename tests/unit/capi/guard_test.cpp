// The guard and the handles from inside: what C programs cannot see.
#include "guard.h"

#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "error_slot.h"

namespace oarlock::capi {
namespace {

oar_bytes* make_bytes() { return wrap<oar_bytes>(std::make_shared<std::string>("x")); }

TEST(Guard, PutsBackTheGradModeThatABodyChanged) {
  const bool before = c10::GradMode::is_enabled();
  guard([&] {
    c10::GradMode::set_enabled(!before);
    return Status::ok();
  });
  EXPECT_EQ(c10::GradMode::is_enabled(), before);
}

TEST(Guard, PutsBackTheGradModeAfterAnException) {
  const bool before = c10::GradMode::is_enabled();
  const oar_status status = guard([&]() -> Status {
    c10::GradMode::set_enabled(!before);
    throw std::bad_alloc();
  });
  EXPECT_EQ(status, OAR_E_OUT_OF_MEMORY);
  EXPECT_EQ(c10::GradMode::is_enabled(), before);
}

TEST(Guard, NamesTheFileAndFunctionOfAnErrorThatNamesNone) {
  guard([]() -> Status { return invalid_argument("wrong"); });
  ASSERT_NE(current_error(), nullptr);
  EXPECT_EQ(current_error()->component, "guard_test");
  EXPECT_EQ(current_error()->message, "wrong");
}

TEST(Guard, KeepsTheNamesThatAnErrorHas) {
  guard([]() -> Status { return invalid_argument("wrong").with_operation("all_reduce"); });
  EXPECT_EQ(current_error()->operation, "all_reduce");
}

TEST(Guard, TrimsTheStackFromErrorsOfLibtorch) {
  guard([]() -> Status { TORCH_CHECK(false, "first line\nException raised from somewhere\n#0 frame"); });
  EXPECT_EQ(current_error()->message, "libtorch: first line");
}

TEST(Guard, ReadsTheCpuAllocatorsErrorAsOutOfMemory) {
  EXPECT_EQ(guard([]() -> Status { TORCH_CHECK(false, "[enforce] DefaultCPUAllocator: can't allocate memory: x"); }),
            OAR_E_OUT_OF_MEMORY);
}

TEST(Guard, ALaterCallClearsTheErrorAndTakeMovesItOut) {
  guard([]() -> Status { return invalid_argument("wrong"); });
  const std::unique_ptr<ErrorInfo> taken = take_error();
  EXPECT_EQ(taken->message, "wrong");
  EXPECT_EQ(current_error(), nullptr);
}

void throw_it(void*) { throw std::runtime_error("thrown by a release"); }

TEST(Guard, SurvivesAReleaseFunctionThatThrows) {
  const oar_status status =
      guard_owning(nullptr, throw_it, [](UserData&) -> Status { return invalid_argument("wrong"); });
  EXPECT_EQ(status, OAR_E_ARGUMENT);
  EXPECT_EQ(current_error()->message, "wrong");
}

TEST(Guard, RunsABodyOutsideOfTheHostsInferenceMode) {
  const c10::InferenceMode host(true);
  bool inside = true;
  guard([&] {
    inside = c10::InferenceMode::is_enabled();
    return Status::ok();
  });
  EXPECT_FALSE(inside);
  EXPECT_TRUE(c10::InferenceMode::is_enabled());
}

TEST(Handle, AReleaseInsideTheCallEndsTheObjectAfterTheCall) {
  oar_bytes* handle = make_bytes();
  const std::int64_t live_before = live_handle_count();
  std::weak_ptr<std::string> object;
  guard([&]() -> Status {
    OAR_ASSIGN(const std::shared_ptr<std::string> shared, unwrap_shared(handle));
    object = shared;
    release(handle);
    EXPECT_EQ(live_handle_count(), live_before);
    return Status::ok();
  });
  EXPECT_TRUE(object.expired());
  EXPECT_EQ(live_handle_count(), live_before - 1);
}

TEST(Handle, ManyHandlesInOneCallAreAllGivenBack) {
  std::vector<oar_bytes*> handles;
  for (int i = 0; i < 40; ++i) handles.push_back(make_bytes());
  const std::int64_t live_before = live_handle_count();
  EXPECT_EQ(guard([&]() -> Status {
              for (oar_bytes* handle : handles) OAR_TRY(std::move(unwrap(handle)).status());
              return Status::ok();
            }),
            OAR_OK);
  for (oar_bytes* handle : handles) release(handle);
  EXPECT_EQ(live_handle_count(), live_before - 40);
}

TEST(Handle, AReleasedSlotIsNotUsedAgainSoon) {
  oar_bytes* first = make_bytes();
  release(first);
  for (std::size_t i = 0; i + 1 < HandlePool::instance().quarantine() && i < 5000; ++i) {
    oar_bytes* other = make_bytes();
    ASSERT_NE(other, first);
    release(other);
  }
  EXPECT_EQ(check_handle(first, HandleKind::kBytes).code(), OAR_E_HANDLE);
}

TEST(Handle, MemoryThatLooksLikeAHandleIsNone) {
  oar_bytes* handle = make_bytes();
  std::vector<char> copy(reinterpret_cast<char*>(handle), reinterpret_cast<char*>(handle) + kHandleSlotBytes);
  const Status status = check_handle(copy.data(), HandleKind::kBytes);
  EXPECT_EQ(status.code(), OAR_E_HANDLE);
  EXPECT_NE(status.message().find("never was"), std::string::npos);
  release(handle);
}

TEST(UserData, IsReleasedOnceOnEveryPath) {
  int runs = 0;
  const auto count = [](void* data) { ++*static_cast<int*>(data); };
  guard_owning(&runs, count, [](UserData&) { return Status::ok(); });  // nobody took it
  EXPECT_EQ(runs, 1);
  guard_owning(&runs, count, [](UserData&) -> Status { return invalid_argument("wrong"); });
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(current_error()->message, "wrong");
  std::shared_ptr<void> kept;
  guard_owning(&runs, count, [&](UserData& owner) {
    kept = owner.share();
    return Status::ok();
  });
  EXPECT_EQ(runs, 2);
  kept.reset();
  EXPECT_EQ(runs, 3);
}

}  // namespace
}  // namespace oarlock::capi
