// Save and load of an accelerator: one rank is this process, the others are played.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "accel/accelerator.h"
#include "doubles/model.h"
#include "doubles/state.h"
#include "unit/checkpoint/sample.h"

namespace oarlock {
namespace {

// Stores what it is given, unless told to throw.
class LoadableModel : public doubles::PlainModel {
 public:
  using PlainModel::PlainModel;
  Status load_state_dict(const NamedTensors& tensors) override {
    if (throws) throw std::bad_alloc();
    const at::AutoDispatchBelowAutograd values_only;
    for (const NamedTensor& item : state_dict()) {
      for (const NamedTensor& saved : tensors) {
        if (saved.name == item.name) item.tensor.copy_(saved.tensor);
      }
    }
    return Status::ok();
  }
  bool throws = false;
};

struct Scene {
  explicit Scene(int world_size = 1, const char* json = "{}")
      : weight(at::ones({2}).requires_grad_()),
        centre(at::zeros({2})),
        model(std::make_shared<LoadableModel>(NamedTensors{{"weight", weight}}, NamedTensors{{"centre", centre}})) {
    auto options = Options::from_environment();
    EXPECT_TRUE(options.value().merge_json(json).is_ok());
    state = std::make_shared<doubles::ScriptedState>(0, world_size, options.value());
    accelerator = Accelerator::create(state, options.value()).value();
    EXPECT_TRUE(accelerator->prepare_model(model).is_ok());
  }
  void train() {
    ASSERT_TRUE(model->forward(Tree()).is_ok());
    ASSERT_TRUE(accelerator->backward((weight * 3).sum()).is_ok());
  }
  at::Tensor weight, centre;
  std::shared_ptr<LoadableModel> model;
  std::shared_ptr<doubles::ScriptedState> state;
  std::shared_ptr<Accelerator> accelerator;
};

class SaveAndLoad : public ::testing::Test {
 protected:
  testing::TemporaryFolder folder_;
  const std::string saved_ = folder_ / "saved";
};

TEST_F(SaveAndLoad, OtherCountsAreAStateErrorAndChangeNothing) {
  Scene first;
  ASSERT_TRUE(first.accelerator->save(saved_, std::nullopt).is_ok());
  Scene second;
  second.weight.mutable_grad() = at::ones({2});
  const auto another = std::make_shared<LoadableModel>(NamedTensors{}, NamedTensors{});
  ASSERT_TRUE(second.accelerator->prepare_model(another).is_ok());
  const Status status = second.accelerator->load(saved_);
  EXPECT_EQ(status.code(), OAR_E_STATE);
  EXPECT_NE(status.message().find("1 models, the accelerator has 2"), std::string::npos) << status.message();
  EXPECT_TRUE(second.weight.grad().defined());
}

TEST_F(SaveAndLoad, GradientsThatNoStepHasUsedAreSavedOutsideAnAccumulationToo) {
  Scene first;
  first.train();
  ASSERT_TRUE(first.accelerator->save(saved_, std::nullopt).is_ok());
  Scene second;
  ASSERT_TRUE(second.accelerator->load(saved_).is_ok());
  ASSERT_TRUE(second.weight.grad().defined());
  EXPECT_TRUE(at::equal(second.weight.grad(), at::full({2}, 3.0)));
}

TEST_F(SaveAndLoad, AModelWithoutGradientsHasNoFileOfThem) {
  Scene scene;
  ASSERT_TRUE(scene.accelerator->save(saved_, std::nullopt).is_ok());
  const auto checkpoint = Checkpoint::open(saved_).value();
  EXPECT_FALSE(checkpoint->has("gradients", 0));
  EXPECT_FALSE(checkpoint->has("buffers", 0));
}

TEST_F(SaveAndLoad, ALoadThatThrowsIsAFailureThatAllRanksAgreeOn) {
  Scene first;
  ASSERT_TRUE(first.accelerator->save(saved_, std::nullopt).is_ok());
  Scene second;
  second.model->throws = true;
  EXPECT_EQ(second.accelerator->load(saved_).code(), OAR_E_OUT_OF_MEMORY);
  Scene of_two(2);
  of_two.model->throws = true;
  of_two.state->scripted->launched.clear();
  EXPECT_EQ(of_two.accelerator->load(saved_).code(), OAR_E_OUT_OF_MEMORY);
  EXPECT_EQ(of_two.state->scripted->launched, (std::vector<std::string>(2, "all_gather_bytes")));  // read, restored
}

TEST_F(SaveAndLoad, ADamagedFileChangesNothing) {
  Scene first;
  ASSERT_TRUE(first.accelerator->save(saved_, std::nullopt).is_ok());
  const std::string random_state = saved_ + "/random_state-0.safetensors";  // the last that is put back
  const auto size = std::filesystem::file_size(random_state);
  FILE* file = std::fopen(random_state.c_str(), "r+b");
  ASSERT_EQ(std::fseek(file, static_cast<long>(size) - 1, SEEK_SET), 0);
  std::fputc(0x5a, file);
  std::fclose(file);
  Scene second;
  at::AutoDispatchBelowAutograd values_only;
  second.weight.fill_(7.0);
  EXPECT_EQ(second.accelerator->load(saved_).code(), OAR_E_CORRUPT);
  EXPECT_EQ(second.weight.sum().item<float>(), 14.0f);
}

TEST_F(SaveAndLoad, AtAnotherWorldSizeAnUnfinishedAccumulationStartsAnew) {
  Scene first(1, R"({"accelerator": {"gradient_accumulation_steps": 4}})");
  ASSERT_TRUE(first.accelerator->accumulate_begin(nullptr).is_ok());
  first.train();
  ASSERT_TRUE(first.accelerator->accumulate_end().is_ok());
  ASSERT_TRUE(first.accelerator->save(saved_, std::nullopt).is_ok());
  Scene second(2, R"({"accelerator": {"gradient_accumulation_steps": 4}})");
  ASSERT_TRUE(second.accelerator->load(saved_).is_ok());
  EXPECT_FALSE(second.weight.grad().defined());
  EXPECT_TRUE(second.accelerator->sync_gradients());
}

TEST_F(SaveAndLoad, BadUserJsonIsRefusedBeforeAnythingIsWritten) {
  Scene scene;
  EXPECT_EQ(scene.accelerator->save(saved_, "{bad").code(), OAR_E_ARGUMENT);
  EXPECT_FALSE(std::filesystem::exists(saved_));
}

}  // namespace
}  // namespace oarlock
