// Trains a torch::nn::Module on handwritten digits, data parallel over all ranks.
//
//   oarlock launch -n 2 train_torch_module --train train.safetensors --test test.safetensors --project run --epochs 4
//
// Forward and loss are libtorch's; the three lines marked below are all that Oarlock asks of the model.
#include <torch/nn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <oarlock/torch.hpp>
#include <string>

namespace {

struct Net : torch::nn::Module {
  torch::nn::Conv2d conv{nullptr};
  torch::nn::BatchNorm2d norm{nullptr};
  torch::nn::Linear fc{nullptr};
  Net() {
    conv = register_module("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(1, 16, 3).padding(1)));
    norm = register_module("norm", torch::nn::BatchNorm2d(16));
    fc = register_module("fc", torch::nn::Linear(16 * 4 * 4, 10));
  }
  torch::Tensor forward(const torch::Tensor& images) {
    const torch::Tensor x = images.to(torch::kFloat).unsqueeze(1) / 16;
    return fc(torch::max_pool2d(torch::relu(norm(conv(x))), 2).flatten(1));
  }
};

oarlock::Loader open(const oarlock::Accelerator& accelerator, const std::string& path, const char* options) {
  const oarlock::Dataset dataset = oarlock::call(oar_dataset_from_safetensors, path, nullptr, 0);
  oarlock::Loader loader = oarlock::call(oar_loader_create, dataset, options);
  oarlock::call(oar_accelerator_prepare_loader, accelerator, loader);
  return loader;
}

double accuracy(Net& net, const oarlock::Accelerator& accelerator, const oarlock::Loader& loader) {
  const torch::NoGradGuard no_grad;
  double hits = 0, total = 0;
  net.eval();
  for (oarlock::Tree& batch : oarlock::epoch(loader)) {
    const torch::Tensor best = net.forward(oarlock::to_torch(batch, "images")).argmax(1);
    const torch::Tensor hit = best.eq(oarlock::to_torch(batch, "labels")).to(torch::kFloat);
    // Each image of all ranks once.
    const torch::Tensor all = oarlock::to_torch(
        oarlock::call(oar_accelerator_gather_for_metrics, accelerator, oarlock::from_torch(hit)));
    hits += all.sum().item<double>();
    total += static_cast<double>(all.numel());
  }
  return hits / total;
}

void train(const std::string& train_path, const std::string& test_path, const std::string& project, int epochs) {
  const oarlock::Config config = oarlock::call(oar_config_create);
  oarlock::call(oar_config_set_string, config, "project_dir", project);
  oarlock::call(oar_config_set_int64, config, "seed", 7);
  const oarlock::State state = oarlock::call(oar_state_create, config);
  const oarlock::Accelerator accelerator = oarlock::call(oar_accelerator_create, state, nullptr);
  const oarlock::Loader batches = open(accelerator, train_path, R"({"batch_size": 32, "shuffle": true, "seed": 1})");
  const oarlock::Loader test = open(accelerator, test_path, R"({"batch_size": 32})");

  Net net;
  const oarlock::Model model = oarlock::torch_model(state, net);          // one
  oarlock::call(oar_accelerator_prepare_model, accelerator, model);       // two
  const oarlock::Optimizer optimizer = oarlock::call(oar_optimizer_create, model, "adamw", R"({"lr": 0.004})");
  oarlock::call(oar_accelerator_prepare_optimizer, accelerator, optimizer);

  for (int epoch = 1; epoch <= epochs; ++epoch) {
    double sum = 0, count = 0;
    net.train();
    for (oarlock::Tree& batch : oarlock::epoch(batches)) {
      const torch::Tensor logits = net.forward(oarlock::to_torch(batch, "images"));
      const torch::Tensor loss = torch::cross_entropy_loss(logits, oarlock::to_torch(batch, "labels"));
      oarlock::backward(accelerator, loss);                               // three
      oarlock::call(oar_accelerator_step, accelerator, optimizer, nullptr);
      sum += loss.item<double>();
      ++count;
    }
    const double mean = oarlock::call(oar_accelerator_reduce_mean, accelerator, sum / count);
    const double share = accuracy(net, accelerator, test);
    char text[80];
    std::snprintf(text, sizeof text, "epoch %d: loss %.4f, test accuracy %.4f", epoch, mean, share);
    oarlock::call(oar_state_print, state, text);
    oarlock::call(oar_accelerator_save, accelerator, nullptr, nullptr);
  }
  oarlock::call(oar_accelerator_close, accelerator);
  oarlock::call(oar_state_close, state);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 9 || std::strcmp(argv[1], "--train") != 0 || std::strcmp(argv[3], "--test") != 0 ||
      std::strcmp(argv[5], "--project") != 0 || std::strcmp(argv[7], "--epochs") != 0) {
    std::fputs("usage: train_torch_module --train T --test T --project DIR --epochs N\n", stderr);
    return 2;
  }
  try {
    train(argv[2], argv[4], argv[6], std::atoi(argv[8]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "train_torch_module: %s\n", error.what());
    return 1;
  }
}
