#include "graph/pt2/expressions.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace oarlock::pt2 {
namespace {

// Variables by order of first sight.
class Names {
 public:
  std::int64_t index(const std::string& name) {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (names_[i] == name) return static_cast<std::int64_t>(i);
    }
    names_.push_back(name);
    return static_cast<std::int64_t>(names_.size()) - 1;
  }
  std::string text(const std::optional<SizeExpression>& expression) const {
    if (!expression) return "not understood";
    return expression->text([&](std::int64_t i) { return names_[static_cast<std::size_t>(i)]; });
  }

 private:
  std::vector<std::string> names_;
};

struct TextCase {
  const char* given;
  const char* expected;
};

class SympyTexts : public testing::TestWithParam<TextCase> {};

TEST_P(SympyTexts, AreUnderstood) {
  Names names;
  EXPECT_EQ(names.text(parse_sympy(GetParam().given, [&](const std::string& name) { return names.index(name); })),
            GetParam().expected);
}

// As torch 2.11 wrote them, and what it might.
INSTANTIATE_TEST_SUITE_P(
    Table, SympyTexts,
    testing::Values(
        TextCase{"Symbol('s77', positive=True, integer=True)", "s77"}, TextCase{"Integer(-3)", "-3"},
        TextCase{"Mul(Integer(2), Symbol('s77', positive=True, integer=True))", "2*s77"},
        TextCase{"Add(FloorDiv(Add(Symbol('s53', positive=True, integer=True), Integer(-1)), Integer(2)), Integer(1))",
                 "(s53 + -1) // 2 + 1"},
        TextCase{"Max(Integer(3), Symbol('s77', integer=True), Symbol('u0', integer=True))", "max(max(3, s77), u0)"},
        TextCase{"Pow(Symbol('s0', integer=True), Integer(2))", "s0**2"},
        TextCase{"CeilDiv(Symbol('s0', integer=True), Integer(2))", "-(-s0 // 2)"},
        TextCase{"Rational(1, 2)", "not understood"}, TextCase{"Float('0.5', precision=53)", "not understood"},
        TextCase{"FloorDiv(Integer(1))", "not understood"}, TextCase{"Mul()", "not understood"},
        TextCase{"Integer(99999999999999999999)", "not understood"}, TextCase{"Integer(1) trailing", "not understood"},
        TextCase{"Symbol('s77', positive=True", "not understood"}, TextCase{"", "not understood"}));

TEST(SympyText, ThatIsTooDeepIsNotUnderstood) {
  std::string text = "Integer(1)";
  for (int i = 0; i < 100000; ++i) text = "Mul(" + text;
  EXPECT_FALSE(parse_sympy(text, [](const std::string&) { return 0; }));
}

class GuardTexts : public testing::TestWithParam<TextCase> {};

TEST_P(GuardTexts, AreUnderstood) {
  Names names;
  const auto index = [&](const GuardTerm& term) -> std::optional<std::int64_t> {
    if (term.path == "unknown") return std::nullopt;
    return names.index(term.kind == MeasureKind::kSize ? term.path + "@" + std::to_string(term.dim) : term.path);
  };
  EXPECT_EQ(names.text(parse_guard(GetParam().given, index)), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, GuardTexts,
    testing::Values(TextCase{"(2*L['x'].size()[0]) == L['y'].size()[0]", "2*x@0 == y@0"},
                    TextCase{"(1 + (((-1) + L['x'].size()[2]) // 2)) != 1", "1 + (-1 + x@2) // 2 != 1"},
                    TextCase{"L['n'] >= 0 and L['n'] <= L['x'].size()[0]", "n >= 0 and n <= x@0"},
                    TextCase{"2 <= L['x'].size()[0] < 9", "2 <= x@0 and x@0 < 9"},
                    TextCase{"L['z']['k'][0].mask.size()[1] % 4 == 0", "z.k.0.mask@1 % 4 == 0"},
                    TextCase{"not (L['n'] == 3 or L['n'] == 4)", "not (n == 3 or n == 4)"},
                    TextCase{"-L['n']**2 < 0", "-n**2 < 0"},
                    TextCase{"Max(3, L['n']) == Mod(L['n'], 5)", "max(3, n) == n % 5"},
                    TextCase{"L['x'].stride()[0] == 1", "not understood"},
                    TextCase{"L['x'].storage_offset() == 0", "not understood"},
                    TextCase{"L['unknown'].size()[0] == 3", "not understood"},
                    TextCase{"L['n'] / 2 == 3", "not understood"}, TextCase{"0.5*L['n'] == 3", "not understood"},
                    TextCase{"L['n'] ==", "not understood"}, TextCase{"L[", "not understood"},
                    TextCase{"___check_type_id(L['x'])", "not understood"}));

TEST(GuardText, ThatIsTooDeepIsNotUnderstood) {
  for (const char* opening : {"(", "-", "not "}) {
    std::string text;
    for (int i = 0; i < 100000; ++i) text += opening;
    EXPECT_FALSE(parse_guard(text + "1", [](const GuardTerm&) { return std::nullopt; }));
  }
}

}  // namespace
}  // namespace oarlock::pt2
