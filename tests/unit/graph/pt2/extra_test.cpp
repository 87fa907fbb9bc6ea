#include "graph/pt2/extra.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "base/strict_json.h"

namespace oarlock::pt2 {
namespace {

struct RecordCase {
  const char* document;
  oar_status expected;
};

class Records : public testing::TestWithParam<RecordCase> {};

TEST_P(Records, AreReadOrRefusedByKind) {
  const Result<Extra> extra = parse_extra(parse_strict_json(GetParam().document).value());
  EXPECT_EQ(extra.is_ok() ? OAR_OK : extra.status().code(), GetParam().expected) << GetParam().document;
}

INSTANTIATE_TEST_SUITE_P(
    Table, Records,
    testing::Values(RecordCase{R"({"format": 1})", OAR_OK}, RecordCase{R"({"format": 1, "of_tomorrow": [{}]})", OAR_OK},
                    RecordCase{R"({"format": 1, "loss": null, "tied": [], "modules": {}, "dynamic": {}})", OAR_OK},
                    RecordCase{R"({"format": 2})", OAR_E_VERSION},
                    RecordCase{R"({"format": 1.0})", OAR_E_CORRUPT},  // what counts is an integer, and written as one
                    RecordCase{R"({"format": 1e0})", OAR_E_CORRUPT}, RecordCase{R"({"format": "1"})", OAR_E_CORRUPT},
                    RecordCase{R"({"format": true})", OAR_E_CORRUPT}, RecordCase{R"({"format": null})", OAR_E_CORRUPT},
                    RecordCase{R"({"format": 9223372036854775808})", OAR_E_CORRUPT}, RecordCase{"{}", OAR_E_CORRUPT},
                    RecordCase{"[]", OAR_E_CORRUPT}, RecordCase{"null", OAR_E_CORRUPT},
                    RecordCase{R"({"format": 1, "loss": 3})", OAR_E_CORRUPT},
                    RecordCase{R"({"format": 1, "tied": {}})", OAR_E_CORRUPT},
                    RecordCase{R"({"format": 1, "tied": ["a"]})", OAR_E_CORRUPT},
                    RecordCase{R"({"format": 1, "tied": [["a", 1]]})", OAR_E_CORRUPT},
                    RecordCase{R"({"format": 1, "modules": []})", OAR_E_CORRUPT},
                    RecordCase{R"({"format": 1, "modules": {"a": 1}})", OAR_E_CORRUPT},
                    RecordCase{R"({"format": 1, "dynamic": {"x": ["n"]}})", OAR_E_CORRUPT},
                    RecordCase{R"({"format": 1, "dynamic": {"x": {"0.0": "n"}}})", OAR_E_CORRUPT},
                    RecordCase{R"({"format": 1, "dynamic": {"x": {"0": 1}}})", OAR_E_CORRUPT}));

TEST(TiedWeights, ThatDifferAreNamedAloneHoweverManyAreListed) {
  StoredTensors weights;
  weights["a"] = {at::zeros({4}), true};
  weights["b"] = {at::ones({4}), true};
  Extra extra;
  extra.tied = {{"a", "b"}};
  for (int i = 0; i < 10000; ++i) extra.tied[0].push_back("nothing");
  const Status status = pt2::tie(extra, weights);
  EXPECT_EQ(status.code(), OAR_E_CORRUPT);
  EXPECT_EQ(status.message(), "a and b were one tensor when the program was exported, and differ in the archive");
}

}  // namespace
}  // namespace oarlock::pt2
