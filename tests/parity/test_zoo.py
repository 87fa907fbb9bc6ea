"""Small programs of many modules, as torch.export makes them and after run_decompositions({}), in training and evaluation.

Bitwise, one thread, same seed, against the eager module. Evaluation must also be repeatable, draw nothing and change no buffer.
"""

import ctypes
import pathlib
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional as F

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import oarlock_ctypes  # noqa: E402
import programs  # noqa: E402

torch.set_num_threads(1)
torch.backends.mha.set_fastpath_enabled(False)  # the fused inference path of Python has other rounding
OAR = oarlock_ctypes.load()
STATE = OAR.make(OAR.lib.oar_state_create, None)


class Attention(nn.Module):
    """scaled_dot_product_attention with its own dropout."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(8, 24)

    def forward(self, x):
        q, k, v = self.qkv(x).reshape(4, 5, 3, 2, 4).permute(2, 0, 3, 1, 4)
        return F.scaled_dot_product_attention(q, k, v, dropout_p=0.1 if self.training else 0.0, is_causal=True)


class DropPath(nn.Module):
    """Stochastic depth as timm, torchvision ("bernoulli"), transformers ("floor") and others write it."""

    def __init__(self, kind):
        super().__init__()
        self.fc, self.kind = nn.Linear(8, 8), kind

    def forward(self, x):
        y = self.fc(x)
        if not self.training:
            return y
        if self.kind == "bernoulli":
            return y * y.new_empty((y.shape[0], 1)).bernoulli_(0.7).div_(0.7)
        if self.kind == "product":
            return y * torch.empty((y.shape[0], 1)).bernoulli_(0.7) / 0.7
        return y.div(0.7) * (0.7 + torch.rand((y.shape[0], 1))).floor_()


class Take(nn.Module):
    """What a module that returns several values returns first."""

    def __init__(self, module, *, repeat=1):
        super().__init__()
        self.module, self.repeat = module, repeat

    def forward(self, x):
        return self.module(*[x] * self.repeat)[0]


class Cast(nn.Module):
    def __init__(self, module, dtype):
        super().__init__()
        self.module, self.dtype = module.to(dtype), dtype

    def forward(self, x):
        return self.module(x.to(self.dtype))


class ChannelsLast(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x.contiguous(memory_format=torch.channels_last))), inplace=True)


class Loss(nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, x):
        y = self.body(x)
        return {"loss": y.float().pow(2).mean(), "y": y}


def after_linear(module):
    return nn.Sequential(nn.Linear(8, 8), module)


def images(module):
    return nn.Sequential(nn.Conv2d(3, 4, 3), module)


SEQUENCE, ROWS, IMAGES, VOLUMES = (4, 5, 8), (4, 8), (2, 3, 6, 6), (2, 3, 4, 4, 4)
# name: (body, shape of the input)
CASES = {
    "gru": (lambda: Take(nn.GRU(8, 6, 2, dropout=0.3, batch_first=True)), SEQUENCE),
    "mha": (lambda: Take(nn.MultiheadAttention(8, 2, dropout=0.2, batch_first=True), repeat=3), SEQUENCE),
    "sdpa_dropout": (Attention, SEQUENCE),
    "instance_norm": (lambda: nn.InstanceNorm1d(5, affine=True, track_running_stats=True), SEQUENCE),
    "dropout_inplace": (lambda: after_linear(nn.Dropout(0.4, inplace=True)), ROWS),
    "dropout2d": (lambda: images(nn.Dropout2d(0.4)), IMAGES),
    "dropout3d": (lambda: nn.Sequential(nn.Conv3d(3, 4, 3), nn.Dropout3d(0.4)), VOLUMES),
    "alpha_dropout": (lambda: after_linear(nn.AlphaDropout(0.4)), ROWS),
    "feature_alpha_dropout": (lambda: after_linear(nn.FeatureAlphaDropout(0.4)), SEQUENCE),
    "rrelu": (lambda: after_linear(nn.RReLU()), ROWS),
    "rrelu_inplace": (lambda: after_linear(nn.RReLU(inplace=True)), ROWS),
    "drop_path_bernoulli": (lambda: DropPath("bernoulli"), ROWS),
    "drop_path_product": (lambda: DropPath("product"), ROWS),
    "drop_path_floor": (lambda: DropPath("floor"), ROWS),
    "channels_last": (ChannelsLast, IMAGES),
    "bf16": (lambda: Cast(nn.Linear(8, 3), torch.bfloat16), ROWS),
}
# The noise that its backward reads is uninitialised memory (torch 2.11): Python's gradients are no more repeatable.
WITHOUT_GRADIENTS = {("rrelu_inplace", "decomposed")}


def inputs(shape, seed=5):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def make(name):
    return programs.seeded(lambda: Loss(CASES[name][0]()))


def export(module, x):
    return torch.export.export(module, (x,), dynamic_shapes=({0: torch.export.Dim.AUTO},))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The path of a case's program, as training IR or decomposed, made on first use."""
    folder, made = tmp_path_factory.mktemp("zoo"), {}

    def get(name, kind):
        if name not in made:
            made[name] = export(make(name), inputs(CASES[name][1]))
            torch.export.save(made[name], folder / f"{name}_training_ir.pt2")
            torch.export.save(made[name].run_decompositions({}), folder / f"{name}_decomposed.pt2")
        return folder / f"{name}_{kind}.pt2"

    return get


def load(path):
    return OAR.make(OAR.lib.oar_model_load, STATE, str(path).encode(), None)


def seed(value):
    OAR.check(OAR.lib.oar_state_seed(STATE, ctypes.c_int64(value)))
    torch.manual_seed(value)


def state(model, module):
    return {name: OAR.parameter(model, name).clone() for name, _ in module.named_buffers()}


def differing(ours, theirs):
    return [name for name in theirs if not torch.equal(ours[name], theirs[name])]


@pytest.mark.parametrize("kind", ["training_ir", "decomposed"])
@pytest.mark.parametrize("name", CASES)
def test_training_equals_eager_python(exported, name, kind):
    model, module, x = load(exported(name, kind)), make(name), inputs(CASES[name][1], seed=6)
    accelerator = OAR.make(OAR.lib.oar_accelerator_create, STATE, None)
    seed(7)
    theirs = module(x)
    module.zero_grad()
    theirs["loss"].backward()
    seed(7)
    tree = OAR.forward_tree(model, [x])
    assert differing(OAR.value(tree), {key: value.detach() for key, value in theirs.items()}) == []
    OAR.check(OAR.lib.oar_accelerator_backward(accelerator, OAR.make(OAR.lib.oar_tree_get_tensor, tree, b"loss")))
    assert differing(state(model, module), dict(module.named_buffers())) == []
    if (name, kind) not in WITHOUT_GRADIENTS:
        gradients = {n: p.grad for n, p in module.named_parameters() if p.grad is not None}
        assert gradients and differing({n: OAR.gradient(model, n) for n in gradients}, gradients) == []


@pytest.mark.parametrize("kind", ["training_ir", "decomposed"])
@pytest.mark.parametrize("name", CASES)
def test_evaluation_equals_eager_python_and_draws_nothing(exported, capfd, name, kind):
    model, module, x = load(exported(name, kind)), make(name), inputs(CASES[name][1])
    seed(3)
    OAR.forward(model, [x])  # so that the statistics are not those of the start
    seed(3)
    module(x)
    OAR.check(OAR.lib.oar_model_set_training(model, 0))
    before, random_state, x = state(model, module), torch.get_rng_state(), inputs(CASES[name][1], seed=6)
    ours, again = OAR.forward(model, [x]), OAR.forward(model, [x])
    assert torch.equal(torch.get_rng_state(), random_state)
    with torch.no_grad():
        theirs = module.eval()(x)
    assert differing(ours, theirs) == []
    assert differing(again, ours) == []
    assert differing(state(model, module), before) == []
    assert "random" not in capfd.readouterr().err


class Noisy(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 3)
        self.noise = Gumbel()

    def forward(self, x):
        return self.noise(self.fc(x))


class Gumbel(nn.Module):
    def forward(self, x):
        return F.gumbel_softmax(x)


@pytest.mark.parametrize("decomposed", [False, True])
def test_evaluation_warns_once_of_what_stays_random(tmp_path, capfd, decomposed):
    program = export(programs.seeded(lambda: Loss(Noisy())), inputs(ROWS))
    torch.export.save(program.run_decompositions({}) if decomposed else program, tmp_path / "noisy.pt2")
    model = load(tmp_path / "noisy.pt2")
    assert "random" not in capfd.readouterr().err
    for _ in range(2):
        OAR.check(OAR.lib.oar_model_set_training(model, 0))
    text = capfd.readouterr().err
    assert text.count("still draws random numbers, at 1 of its nodes: node exponential") == 1
    assert "in module body.noise" in text
    x = inputs(ROWS)
    assert not torch.equal(OAR.forward(model, [x])["y"], OAR.forward(model, [x])["y"])


class Normalised(nn.Module):
    """Changes its input in place."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 3)

    def forward(self, x):
        x.sub_(0.5)
        return self.fc(x)


@pytest.mark.parametrize("training", [0, 1])
@pytest.mark.parametrize("decomposed", [False, True])
def test_a_program_that_changes_its_input_changes_a_copy(tmp_path, training, decomposed):
    module = programs.seeded(Normalised)
    program = export(module, inputs(ROWS))
    torch.export.save(program.run_decompositions({}) if decomposed else program, tmp_path / "program.pt2")
    model, x = load(tmp_path / "program.pt2"), inputs(ROWS, seed=6)
    OAR.check(OAR.lib.oar_model_set_training(model, training))
    given = x.clone()
    ours = OAR.forward(model, [given])[0]
    assert torch.equal(given, x)
    assert torch.equal(ours, module(x.clone()).detach())
