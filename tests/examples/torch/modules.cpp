// Modules of all kinds trained by Oarlock, as a test asks: modules KIND OUT [STEPS [LOAD]]. Prints each rank's losses.
// KIND plain: the same by libtorch alone. Batch i of rank r is number i * ranks + r of one seeded stream.
#include <ATen/ops/_fused_adamw.h>
#include <torch/nn.h>

#include <cstdio>
#include <cstdlib>
#include <oarlock/torch.hpp>
#include <string>
#include <vector>

namespace {

// A layer called twice under two names, a tied weight, statistics, a frozen layer, and one that forward leaves out.
struct Net : torch::nn::Module {
  torch::nn::Linear in{nullptr}, shared{nullptr}, frozen{nullptr}, idle{nullptr};
  torch::nn::BatchNorm1d norm{nullptr};
  torch::Tensor tied;
  explicit Net(bool with_idle) {
    in = register_module("in", torch::nn::Linear(6, 8));
    shared = register_module("shared", torch::nn::Linear(8, 8));
    register_module("again", shared);
    norm = register_module("norm", torch::nn::BatchNorm1d(8));
    frozen = register_module("frozen", torch::nn::Linear(8, 8));
    for (torch::Tensor& parameter : frozen->parameters()) parameter.set_requires_grad(false);
    tied = register_parameter("tied", in->weight);
    if (with_idle) idle = register_module("idle", torch::nn::Linear(2, 2));
  }
  torch::Tensor forward(const torch::Tensor& x) {
    const torch::Tensor h = frozen(norm(torch::relu(shared(shared(in(x))))));
    return torch::matmul(h.relu(), tied).pow(2).mean();
  }
};

torch::Tensor batch(std::int64_t number) {
  torch::Generator generator = at::detail::createCPUGenerator(static_cast<std::uint64_t>(1000 + number));
  return torch::randn({5, 6}, generator);
}

void train_plain(std::int64_t steps) {
  torch::manual_seed(3);
  Net net(false);
  std::vector<torch::Tensor> trained = {net.in->weight, net.in->bias, net.shared->weight, net.shared->bias,
                                        net.norm->weight, net.norm->bias};
  std::vector<torch::Tensor> first, second, counts;
  for (const torch::Tensor& parameter : trained) {
    first.push_back(torch::zeros_like(parameter));
    second.push_back(torch::zeros_like(parameter));
    counts.push_back(torch::zeros({}));
  }
  for (std::int64_t step = 0; step < steps; ++step) {
    const torch::Tensor loss = net.forward(batch(step));
    loss.backward();
    torch::nn::utils::clip_grad_norm_(trained, 0.5);
    const torch::NoGradGuard no_grad;
    std::vector<torch::Tensor> gradients;
    for (torch::Tensor& parameter : trained) gradients.push_back(parameter.grad());
    for (torch::Tensor& count : counts) count += 1;
    at::_fused_adamw_(trained, gradients, first, second, {}, counts, 0.01, 0.9, 0.999, 0.01, 1e-8, false, false);
    for (torch::Tensor& parameter : trained) parameter.mutable_grad() = torch::Tensor();
    std::printf("loss %.17g\n", loss.item<double>());
  }
}

void train(const std::string& kind, const std::string& out, std::int64_t steps, const char* load) {
  const oarlock::Config config = oarlock::call(oar_config_create);
  const int accumulation = kind == "accumulate" ? 2 : 1;
  oarlock::call(oar_config_set_int64, config, "accelerator.gradient_accumulation_steps", accumulation);
  if (kind == "idle") oarlock::call(oar_config_set_bool, config, "ddp.find_unused_parameters", 1);
  const oarlock::State state = oarlock::call(oar_state_create, config);
  const oarlock::Accelerator accelerator = oarlock::call(oar_accelerator_create, state, nullptr);
  const std::int32_t rank = oarlock::call(oar_state_rank, state), ranks = oarlock::call(oar_state_world_size, state);
  torch::manual_seed(3 + static_cast<std::uint64_t>(rank));  // rank 0's values count
  Net net(kind == "idle" || kind == "missing");
  const oarlock::Model model = oarlock::torch_model(state, net);
  oarlock::call(oar_accelerator_prepare_model, accelerator, model);
  const char* name = kind == "sgd" ? "sgd" : "adamw";
  const oarlock::Optimizer optimizer = oarlock::call(oar_optimizer_create, model, name, R"({"lr": 0.01})");
  oarlock::call(oar_accelerator_prepare_optimizer, accelerator, optimizer);
  std::int64_t first = 0;
  if (load != nullptr) {
    oarlock::call(oar_accelerator_load, accelerator, load);
    first = oarlock::call(oar_optimizer_num_steps, optimizer);
  }
  for (std::int64_t step = first; step < first + steps; ++step) {
    oarlock::call(oar_accelerator_accumulate_begin, accelerator, model);
    const torch::Tensor loss = net.forward(batch(step * ranks + rank));
    oarlock::backward(accelerator, loss);
    oarlock::call(oar_accelerator_clip_grad_norm, accelerator, model, 0.5, 2.0, nullptr);
    oarlock::call(oar_accelerator_step, accelerator, optimizer, nullptr);
    oarlock::call(oar_accelerator_accumulate_end, accelerator);
    std::printf("loss %.17g\n", loss.item<double>());
  }
  oarlock::call(oar_accelerator_save, accelerator, out, nullptr);
  oarlock::call(oar_model_save_weights, model, out + "-" + std::to_string(rank) + ".safetensors");
  oarlock::call(oar_accelerator_close, accelerator);
  oarlock::call(oar_state_close, state);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  try {
    if (std::string(argv[1]) == "plain") train_plain(std::atoi(argv[3]));
    else train(argv[1], argv[2], std::atoi(argv[3]), argc > 4 ? argv[4] : nullptr);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "modules: %s\n", error.what());
    return 1;
  }
}
