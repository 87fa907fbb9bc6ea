// The documents that the fuzz test changes, unchanged: without this, it could be refused everything and find nothing.
#include "graph/pt2/reader.h"

#include <gtest/gtest.h>

#include "base/strict_json.h"
#include "fuzz/pt2_weights.h"
#include "unit/support/corpus.h"

namespace oarlock {
namespace {

class KeptDocument : public testing::TestWithParam<const char*> {};

TEST_P(KeptDocument, IsRead) {
  const JsonValue document = parse_strict_json(test::corpus_file("pt2", GetParam())).value();
  const Result<Program> program = pt2::program_of(document, test::weights_of_small(), {}, at::kCPU, {});
  ASSERT_TRUE(program.is_ok()) << program.status().message();
  ASSERT_EQ(program.value().inputs.size(), 2u);
  EXPECT_EQ(program.value().inputs[0].name, "x");
  EXPECT_EQ(program.value().inputs[1].name, "scale");
  EXPECT_EQ(program.value().output_tree.keys, (std::vector<std::string>{"loss", "pair"}));
  EXPECT_EQ(program.value().tensors.size(), test::weights_of_small().size());
}

INSTANTIATE_TEST_SUITE_P(Corpus, KeptDocument, testing::Values("training_ir.json", "decomposed.json", "branches.json"));

}  // namespace
}  // namespace oarlock
