#include "graph/pt2/guards.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace oarlock::pt2 {
namespace {

struct GuardCase {
  const char* given;
  const char* kept;  // joined by "; "
};

class Guards : public testing::TestWithParam<GuardCase> {};

TEST_P(Guards, AreKeptUnlessTheyOnlyKeepSizesFromZeroAndOne) {
  Program program;
  for (const auto& [name, kind] : {std::pair("x", SlotKind::kTensor), std::pair("n", SlotKind::kInt)}) {
    program.inputs.push_back({name, static_cast<SlotId>(program.graph.slots.size())});
    program.graph.slots.push_back({name, kind, std::nullopt});
  }
  JsonValue document = JsonValue::object();
  document.set("guards_code", JsonValue::array({JsonValue::string(GetParam().given)}));
  read_guards(document, program);
  std::string kept;
  for (const Guard& guard : program.graph.guards) kept += (kept.empty() ? "" : "; ") + guard.text;
  EXPECT_EQ(kept, GetParam().kept);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Guards,
    testing::Values(GuardCase{"L['x'].size()[0] != 1", ""}, GuardCase{"0 != L['x'].size()[0]", ""},
                    GuardCase{"L['x'].size()[0] >= 2", ""}, GuardCase{"1 < L['x'].size()[0]", ""},
                    GuardCase{"2*L['x'].size()[0]*L['x'].size()[1] != 1", ""},
                    GuardCase{"L['x'].size()[0] + L['x'].size()[1] > 3", ""},
                    GuardCase{"L['x'].size()[0] >= 3", "x.size()[0] >= 3"},
                    GuardCase{"L['x'].size()[0] != 4", "x.size()[0] != 4"},
                    // Which branch a program took: a comparison with 0 or 1, and not of a size.
                    GuardCase{"(L['x'].size()[0] % 4) != 0", "x.size()[0] % 4 != 0"},
                    GuardCase{"(L['x'].size()[0] % 4) != 1", "x.size()[0] % 4 != 1"},
                    GuardCase{"(L['x'].size()[0] // 2) != 1", "x.size()[0] // 2 != 1"},
                    GuardCase{"(L['x'].size()[0] // 2) > 1", "x.size()[0] // 2 > 1"},
                    GuardCase{"(L['x'].size()[1] + ((-1)*L['x'].size()[0])) != 0", "x.size()[1] + -1*x.size()[0] != 0"},
                    GuardCase{"L['x'].size()[1] - L['x'].size()[0] != 0", "x.size()[1] - x.size()[0] != 0"},
                    GuardCase{"L['n'] > 0", "n > 0"}, GuardCase{"L['n'] != 1", "n != 1"},  // may be anything
                    GuardCase{"L['x'].size()[0] != 1 and L['x'].size()[0] % 3 == 0", "x.size()[0] % 3 == 0"}));

}  // namespace
}  // namespace oarlock::pt2
