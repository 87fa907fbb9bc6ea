"""Models with units, and what the tests of units share."""
import ctypes
import json
import pathlib
import sys

import torch
from torch import nn
from torch.nn import functional as F

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import oarlock_ctypes  # noqa: E402
import programs  # noqa: E402

torch.set_num_threads(1)
OAR = oarlock_ctypes.load()
STATE = OAR.make(OAR.lib.oar_state_create, None)
ACCELERATOR = OAR.make(OAR.lib.oar_accelerator_create, STATE, None)


class Feed(nn.Module):
    """Linear, dropout, residual."""

    def __init__(self, width=16):
        super().__init__()
        self.norm, self.up, self.down = nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.drop = nn.Dropout(0.2)

    def forward(self, x):
        return x + self.drop(self.down(F.gelu(self.up(self.norm(x)))))


class Stack(nn.Module):
    def __init__(self, depth=3, width=16):
        super().__init__()
        self.layers = nn.ModuleList(Feed(width) for _ in range(depth))
        self.head = nn.Linear(width, 4)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.head(x)


class Convolution(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs)
        self.drop = nn.Dropout2d(0.2)

    def forward(self, x):
        return self.drop(torch.relu(self.norm(self.conv(x))))


class Convolutions(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(Convolution(3, 4), Convolution(4, 4))

    def forward(self, x):
        return self.layers(x).mean((2, 3))


class InPlace(nn.Module):
    """A block that writes into what it was given: it must keep its activations."""

    def __init__(self):
        super().__init__()
        self.first, self.layers = nn.Linear(16, 16), nn.ModuleList([InPlaceBlock()])

    def forward(self, x):
        return self.layers[0](self.first(x) * 2)


class InPlaceBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(16, 16)

    def forward(self, x):
        return self.fc(F.relu(x, inplace=True))


class Autocast(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([Feed(), Feed()])

    def forward(self, x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            for layer in self.layers:
                x = layer(x)
        return x.float()


class Twice(nn.Module):
    """One block with running statistics, called twice."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([Normalised()])

    def forward(self, x):
        return self.layers[0](self.layers[0](x))


class Normalised(nn.Module):
    """Sizes that it computes itself, a counter of its own, and the counter of BatchNorm."""

    def __init__(self):
        super().__init__()
        self.fc, self.norm, self.drop = nn.Linear(16, 16), nn.BatchNorm1d(16), nn.Dropout(0.3)
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x):
        self.calls += 1
        y = self.drop(self.norm(self.fc(x)))
        return y.reshape(x.shape[0], 4, 4).transpose(1, 2).reshape(x.shape[0], 16) + self.calls


class Cond(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([CondBlock()])

    def forward(self, x):
        return self.layers[0](x)


class CondBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(16, 16)

    def forward(self, x):
        y = self.fc(x)
        return torch.cond(y.sum() > 0, lambda a: a * 2, lambda a: a - 1, (y,))


class Language(nn.Module):
    """A decoder of transformers with tied weights, dropout on."""

    def __init__(self, kind):
        super().__init__()
        import transformers

        sizes = {"vocab_size": 64, "use_cache": False}
        if kind == "gpt2":
            config = transformers.GPT2Config(n_layer=2, n_embd=32, n_head=2, n_positions=16, **sizes)
            self.model = transformers.GPT2LMHeadModel(config)
        else:
            config = transformers.LlamaConfig(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
                                              num_key_value_heads=1, max_position_embeddings=16, **sizes)
            self.model = transformers.LlamaForCausalLM(config)

    def forward(self, x):
        return self.model(input_ids=x).logits


class Loss(nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, x):
        return {"loss": self.body(x).float().pow(2).mean()}


def rows(seed=1):
    return torch.randn(6, 16, generator=torch.Generator().manual_seed(seed))


def images(seed=1):
    return torch.randn(4, 3, 6, 6, generator=torch.Generator().manual_seed(seed))


def tokens(seed=1):
    return torch.randint(0, 64, (3, 8), generator=torch.Generator().manual_seed(seed))


# name: (body, inputs, paths of the units)
CASES = {
    "mlp": (Stack, rows, "body.layers.*"),
    "conv": (Convolutions, images, "body.layers.*"),
    "autocast": (Autocast, rows, "body.layers.*"),
    "called_twice": (Twice, rows, "body.layers.*"),
    "cond": (Cond, rows, "body.layers.*"),
    "in_place": (InPlace, rows, "body.layers.*"),
    "gpt2": (lambda: Language("gpt2"), tokens, "body.model.transformer.h.*"),
    "llama": (lambda: Language("llama"), tokens, "body.model.model.layers.*"),
}


def exporter(folder):
    """name of a case -> (path of its program, the module), each exported once."""
    made = {}

    def get(name):
        if name not in made:
            make, inputs, _ = CASES[name]
            module = programs.seeded(lambda: Loss(make()))
            programs.export_program(module, (inputs(),), folder / f"{name}.pt2", ({0: "n"},))
            made[name] = (folder / f"{name}.pt2", module)
        return made[name]

    return get


def load(path):
    return OAR.make(OAR.lib.oar_model_load, STATE, str(path).encode(), None)


def set_units(model, **policy):
    OAR.check(OAR.lib.oar_model_set_units(model, json.dumps(policy).encode()))


def set_recompute(model, pattern="*", enabled=1):
    OAR.check(OAR.lib.oar_model_set_recompute(model, pattern.encode(), enabled))


def text(function, *arguments):
    handle = OAR.make(function, *arguments)
    data, size = ctypes.c_void_p(), ctypes.c_size_t()
    OAR.check(OAR.lib.oar_bytes_view(handle, ctypes.byref(data), ctypes.byref(size)))
    return ctypes.string_at(data.value, size.value).decode()


OAR._release_of = lambda name, inner=OAR._release_of: {
    "oar_model_describe": OAR.lib.oar_bytes_release, "oar_model_profile_table": OAR.lib.oar_bytes_release,
    "oar_model_forward_unit": OAR.lib.oar_tree_release}.get(name) or inner(name)


def step(model, x, seed=3):
    OAR.check(OAR.lib.oar_state_seed(STATE, ctypes.c_int64(seed)))
    tree = OAR.forward_tree(model, [x])
    loss = OAR.make(OAR.lib.oar_tree_get_tensor, tree, b"loss")
    OAR.check(OAR.lib.oar_accelerator_backward(ACCELERATOR, loss))
    return OAR.tensor_to_torch(loss).clone()


def assert_same(ours, theirs):
    assert ours.keys() == theirs.keys()
    assert [name for name in theirs if not torch.equal(ours[name], theirs[name])] == []


def profile(model, x, path, steps=2):
    OAR.check(OAR.lib.oar_model_profile_start(model))
    for _ in range(steps):
        step(model, x)
    OAR.check(OAR.lib.oar_model_profile_stop(model))
    OAR.check(OAR.lib.oar_model_profile_save_trace(model, str(path).encode()))
    return json.loads(path.read_text())["traceEvents"], text(OAR.lib.oar_model_profile_table, model)
