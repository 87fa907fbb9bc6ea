"""Programs that torch.export saved, run and differentiated by Oarlock, against the same modules in eager Python.

Bitwise, on one thread with the same seed: losses, outputs, every gradient and every buffer, also at other sizes than exported.
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


class TiedLm(nn.Module):
    """Embedding and head share one weight; positions come from a size at run time."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(32, 16)
        self.positions = nn.Embedding(64, 16)
        self.block = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True)
        self.norm = nn.LayerNorm(16)
        self.head = nn.Linear(16, 32, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, tokens):
        length = tokens.shape[1]
        mask = torch.full((length, length), float("-inf"), device=tokens.device).triu(1)
        x = self.embed(tokens) + self.positions(torch.arange(length, device=tokens.device))
        logits = self.head(self.norm(self.block(x, mask)))
        loss = F.cross_entropy(logits[:, :-1].reshape(-1, 32), tokens[:, 1:].reshape(-1))
        return loss, logits


class LstmTagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 12, 2, batch_first=True, dropout=0.2, bidirectional=True)
        self.out = nn.Linear(24, 5)

    def forward(self, x, y):
        logits = self.out(self.lstm(x)[0]).mean(1)
        return {"loss": F.cross_entropy(logits, y), "logits": logits}


class Features(nn.Module):
    """Buffer updates, a buffer that is not saved, lists of tensors, None, sizes as numbers, no_grad and autocast regions."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.randn(6))
        self.proj = nn.Linear(6, 6)
        self.register_buffer("steps", torch.zeros(()))
        self.register_buffer("total", torch.zeros(2, 6))
        self.register_buffer("shift", torch.randn(6), persistent=False)
        self.frozen = nn.Parameter(torch.randn(6), requires_grad=False)

    def forward(self, x, *, mask=None):
        self.steps += 1
        self.total[0].add_(x.detach().sum(0))
        with torch.no_grad():
            norm = x.abs().amax(-1, keepdim=True) + x.shape[0] // 3
        first, second = (x * self.scale / norm).chunk(2, -1)
        y = torch.cat([second, first], -1) + self.shift * self.frozen
        with torch.autocast("cpu", torch.bfloat16):
            z = self.proj(y)
        values, order = z.float().sort(-1)
        y = y.masked_fill(mask, 0.5) + values[:, torch.tensor([1, 0, 2, 3, 5, 4])] + self.steps
        return y.pow(2).mean(), {"y": y, "rows": x.shape[0], "nothing": None, "pair": (order, y.sum())}


def digits(batch):
    return programs.digits_inputs(batch, seed=batch), {}


def mlp(batch):
    return programs.mlp_inputs(batch, seed=batch), {}


def tokens(batch, length):
    generator = torch.Generator().manual_seed(batch)
    return (torch.randint(0, 32, (batch, length), generator=generator),), {}


def sequences(batch, length):
    generator = torch.Generator().manual_seed(batch)
    return (torch.randn(batch, length, 8, generator=generator), torch.randint(0, 5, (batch,), generator=generator)), {}


def features(batch):
    generator = torch.Generator().manual_seed(batch)
    x = torch.randn(batch, 6, generator=generator)
    return (x,), {"mask": torch.rand(batch, 6, generator=generator) > 0.8}


# name: (module, inputs at export, other inputs, dynamic dimensions)
CASES = {
    "mlp": (lambda: programs.Mlp(0.1), mlp(32), [mlp(7), mlp(32)], ({0: "b"}, {0: "b"})),
    "conv_bn_dropout": (programs.DigitsNet, digits(16), [digits(16), digits(5)], ({0: "b"}, {0: "b"})),
    "tied_lm": (TiedLm, tokens(4, 10), [tokens(4, 10), tokens(3, 17)], ({0: "b", 1: "s"},)),
    "lstm": (LstmTagger, sequences(4, 6), [sequences(4, 6), sequences(2, 6)], ({0: "b"}, {0: "b"})),
    "features": (Features, features(6), [features(6), features(11)], {"x": {0: "b"}, "mask": {0: "b"}}),
}


def flat(value):
    """Leaves with paths, of nested dicts, lists and tuples."""
    if isinstance(value, dict):
        return [(f"{key}.{path}", leaf) for key, item in value.items() for path, leaf in flat(item)]
    if isinstance(value, (list, tuple)):
        return [(f"{i}.{path}", leaf) for i, item in enumerate(value) for path, leaf in flat(item)]
    return [("", value)]


def same(ours, theirs):
    if isinstance(theirs, torch.Tensor):
        return torch.equal(ours, theirs.detach()) and ours.dtype == theirs.dtype
    return ours == theirs and type(ours) is type(theirs)


def assert_same_tree(ours, theirs):
    ours, theirs = flat(ours), flat(theirs)
    assert [path for path, _ in ours] == [path for path, _ in theirs]
    differing = [path for (path, a), (_, b) in zip(ours, theirs) if not same(a, b)]
    assert not differing


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """path of each case's program, made on first use."""
    folder, made = tmp_path_factory.mktemp("programs"), {}

    def get(name):
        if name not in made:
            make, (args, kwargs), _, dynamic = CASES[name]
            made[name] = folder / f"{name}.pt2"
            programs.export_program(programs.seeded(make), args, made[name], dynamic, kwargs)
        return made[name]

    return get


def load(path):
    return OAR.make(OAR.lib.oar_model_load, STATE, str(path).encode(), None)


def inputs_by_name(model, args, kwargs):
    return dict(zip(OAR.input_names(model), list(args) + list(kwargs.values())))


def loss_of(outputs):
    return outputs["loss"] if isinstance(outputs, dict) else outputs[0]


def seed(value):
    OAR.check(OAR.lib.oar_state_seed(STATE, ctypes.c_int64(value)))
    torch.manual_seed(value)


def buffers_differ(model, module):
    return [name for name, buffer in module.named_buffers() if not torch.equal(OAR.parameter(model, name), buffer)]


@pytest.mark.parametrize("name", CASES)
def test_training_equals_eager_python_bitwise(exported, name):
    model, module = load(exported(name)), programs.seeded(CASES[name][0])
    accelerator = OAR.make(OAR.lib.oar_accelerator_create, STATE, None)
    for args, kwargs in CASES[name][2]:
        seed(7)
        theirs = module(*args, **kwargs)
        module.zero_grad()
        loss_of(theirs).backward()
        seed(7)
        tree = OAR.forward_tree(model, inputs_by_name(model, args, kwargs))
        assert_same_tree(OAR.value(tree), theirs)
        assert not buffers_differ(model, module)
        before = {n: OAR.gradient(model, n) for n in OAR.parameter_names(model)}
        before = {n: g.clone() for n, g in before.items() if g is not None}
        path = b"loss" if isinstance(theirs, dict) else b"0"
        OAR.check(OAR.lib.oar_accelerator_backward(accelerator, OAR.make(OAR.lib.oar_tree_get_tensor, tree, path)))
        trained = {n: p for n, p in module.named_parameters() if p.requires_grad}
        assert sorted(OAR.parameter_names(model)) == sorted(trained)
        # Ours accumulate over the two steps: the same sums as adding eager's to what was there.
        differing = [n for n, p in trained.items()
                     if not torch.equal(OAR.gradient(model, n), before[n] + p.grad if n in before else p.grad)]
        assert not differing


@pytest.mark.parametrize("name", CASES)
def test_evaluation_equals_eager_python_and_changes_nothing(exported, name):
    model, module = load(exported(name)), programs.seeded(CASES[name][0])
    args, kwargs = CASES[name][2][0]
    seed(3)
    OAR.forward(model, inputs_by_name(model, args, kwargs))  # so that the statistics are not those of the start
    seed(3)
    module(*args, **kwargs)
    OAR.check(OAR.lib.oar_model_set_training(model, 0))
    module.eval()
    state = {n: b.clone() for n, b in module.named_buffers()}
    args, kwargs = CASES[name][2][1]
    random_state = torch.get_rng_state()
    ours = OAR.forward(model, inputs_by_name(model, args, kwargs))
    with torch.no_grad():
        theirs = module(*args, **kwargs)
    assert_same_tree(ours, theirs)
    assert torch.equal(torch.get_rng_state(), random_state)
    assert not [n for n, b in state.items() if not torch.equal(OAR.parameter(model, n), b)]


def test_another_seed_gives_another_loss(exported):
    """The control of the tests above: dropout does draw."""
    model = load(exported("mlp"))
    args, kwargs = CASES["mlp"][2][0]
    losses = set()
    for value in (1, 2):
        seed(value)
        losses.add(OAR.forward(model, inputs_by_name(model, args, kwargs))["loss"].item())
    assert len(losses) == 2


def test_inputs_by_position_equal_inputs_by_name(exported):
    model = load(exported("mlp"))
    OAR.check(OAR.lib.oar_model_set_training(model, 0))
    args, _ = mlp(9)
    assert_same_tree(OAR.forward(model, list(args)), OAR.forward(model, {"y": args[1], "x": args[0]}))


@pytest.mark.parametrize("name", ["conv_bn_dropout", "tied_lm", "features"])
def test_weights_written_and_read_are_the_modules_state_dict(exported, tmp_path, name):
    from safetensors.torch import load_file, save_file

    model, module = load(exported(name)), programs.seeded(CASES[name][0])
    path = tmp_path / "weights.safetensors"
    OAR.check(OAR.lib.oar_model_save_weights(model, str(path).encode()))
    ours, theirs = load_file(str(path)), module.state_dict()
    assert sorted(ours) == sorted(theirs)
    assert all(torch.equal(ours[n], t) for n, t in theirs.items())

    other = programs.seeded(CASES[name][0], seed=5)
    save_file({n: t.clone() for n, t in other.state_dict().items()}, str(path))
    OAR.check(OAR.lib.oar_model_load_weights(model, str(path).encode()))
    args, kwargs = CASES[name][2][0]
    OAR.check(OAR.lib.oar_model_set_training(model, 0))
    if name == "features":
        other.shift = module.shift  # not in a state dict: the program keeps its own
    with torch.no_grad():
        theirs = other.eval()(*args, **kwargs)
    assert_same_tree(OAR.forward(model, inputs_by_name(model, args, kwargs)), theirs)


class Writing(nn.Module):
    def __init__(self, write):
        super().__init__()
        self.fc, self.embed, self.write = nn.Linear(8, 4), nn.Embedding(8, 8, max_norm=1.0), write
        self.mean, self.var = (nn.Parameter(torch.full((4,), value), requires_grad=False) for value in (0.0, 1.0))

    def forward(self, x):
        with torch.no_grad():
            added = self.write(self, x).sum()
        return self.fc(x).mean() + added


def normed(module, x):
    return F.batch_norm(module.fc(x), module.mean, module.var, training=True)


@pytest.mark.parametrize("write, written", [
    (lambda m, x: m.fc.weight.mul_(0.5), "mul_ writes to the parameter fc.weight"),
    (lambda m, x: m.fc.weight.t()[1:].unbind()[0].zero_(), "zero_ writes to the parameter fc.weight"),
    (lambda m, x: m.embed(x.abs().long()), "embedding_renorm_ writes to the parameter embed.weight"),
    (normed, "batch_norm writes to the parameter mean"),
    (lambda m, x: m.fc.weight.mul(0.5).mul_(2), None),
    (lambda m, x: m.fc.weight.to(torch.float64).mul_(2), None),  # may be the weight itself, and is not
    (lambda m, x: m.fc.weight.t().contiguous().mul_(2), None),
    (lambda m, x: F.batch_norm(m.fc(x), m.mean, m.var), None),
])
def test_a_program_that_writes_to_a_parameter_is_refused(tmp_path, write, written):
    module, x = programs.seeded(lambda: Writing(write)), torch.ones(3, 8)
    torch.export.save(torch.export.export(module, (x,)), tmp_path / "a.pt2")
    if written is None:
        theirs = module(x)
        assert torch.equal(OAR.forward(load(tmp_path / "a.pt2"), [x])[0], theirs.detach())
        return
    with pytest.raises(oarlock_ctypes.OarlockError) as refused:
        load(tmp_path / "a.pt2")
    assert refused.value.code == oarlock_ctypes.E_UNSUPPORTED and written in refused.value.message, refused.value.message
    assert "keep what changes in buffers" in refused.value.message


def test_a_functional_program_rebinds_its_buffers(tmp_path):
    """run_decompositions gives new buffer values as outputs instead of writing in place."""
    module = programs.seeded(programs.DigitsNet)
    program = programs.export_program(module, digits(16)[0], tmp_path / "a.pt2", ({0: "b"}, {0: "b"})).run_decompositions({})
    torch.export.save(program, str(tmp_path / "functional.pt2"))
    model, eager = load(tmp_path / "functional.pt2"), programs.seeded(programs.DigitsNet)
    for _ in range(2):
        args, _ = digits(16)
        OAR.forward(model, list(args))
        eager(*args)
    assert not buffers_differ(model, eager)
