"""export_program and export_weights: what users write, what the file then holds, and what they are told when it cannot be."""

import collections
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest
import safetensors.torch
import torch
from torch import nn
from torch.nn import functional as F

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import oarlock_ctypes  # noqa: E402
import programs  # noqa: E402

exporter = programs.load_exporter()
export_program, export_weights, ExportError = exporter.export_program, exporter.export_weights, exporter.ExportError
torch.set_num_threads(1)
OAR = oarlock_ctypes.load()
STATE = OAR.make(OAR.lib.oar_state_create, None)
PACKAGE = pathlib.Path(os.environ["OARLOCK_SOURCE"]) / "bindings/python/oarlock"


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.norm, self.drop = nn.Linear(8, 4), nn.BatchNorm1d(4), nn.Dropout(0.2)

    def forward(self, x):
        return self.drop(self.norm(self.fc(x)))


@dataclasses.dataclass
class Result:
    loss: torch.Tensor
    scores: torch.Tensor
    attentions: object = None


Pair = collections.namedtuple("Pair", "scores loss")


def net(cls=Net):
    return programs.seeded(cls)


def x(rows=6):
    return torch.randn(rows, 8, generator=torch.Generator().manual_seed(1))


def labels(rows=6):
    return torch.arange(rows) % 4


def record(path):
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read(next(name for name in archive.namelist() if name.endswith("/extra/oarlock.json"))))


def run(path, inputs):
    """Outputs of the saved program by Oarlock, in evaluation."""
    model = OAR.make(OAR.lib.oar_model_load, STATE, str(path).encode(), None)
    OAR.check(OAR.lib.oar_model_set_training(model, 0))
    return OAR.forward(model, inputs)


# What users write -------------------------------------------------------------------------------------------------------------
def expect_loss_of(path, module, inputs, function):
    ours = run(path, inputs)
    with torch.no_grad():
        scores = module.eval()(inputs["x"])
    assert torch.equal(ours["loss"], function(scores)) and torch.equal(ours["outputs"], scores)


def test_a_module_with_a_loss_function_beside_it(tmp_path):
    module = net().eval()
    export_program(module, x(), tmp_path / "net.pt2", loss=nn.CrossEntropyLoss(), targets=labels(), dynamic="batch")
    assert record(tmp_path / "net.pt2")["loss"] == "loss"
    assert record(tmp_path / "net.pt2")["dynamic"] == {"x": {"0": "batch"}, "target": {"0": "batch"}}
    expect_loss_of(tmp_path / "net.pt2", module, {"x": x(5), "target": labels(5)}, lambda scores: F.cross_entropy(scores, labels(5)))


def test_the_names_of_dynamic_sizes_are_those_of_the_loaded_program(tmp_path):
    export_program(net(), x(), tmp_path / "net.pt2", loss=nn.CrossEntropyLoss(), targets=labels(), dynamic="batch")
    model = OAR.make(OAR.lib.oar_model_load, STATE, str(tmp_path / "net.pt2").encode(), None)
    with pytest.raises(Exception, match=r"input x: shape \[batch, 8\] expected, \[5, 9\] given"):
        OAR.forward(model, {"x": torch.ones(5, 9), "target": labels(5)})


@pytest.mark.parametrize("targets, names", [
    (labels(), {"y": labels()}),
    ((labels(), x()[:, 0]), {"y": labels(), "w": x()[:, 0]}),
    ({"classes": labels(), "weight": x()[:, 0]}, {"classes": labels(), "weight": x()[:, 0]}),
])
def test_targets_are_named_by_the_mapping_or_by_the_loss(tmp_path, targets, names):
    def loss(scores, y, w=torch.tensor(1.0)):
        return (F.cross_entropy(scores, y, reduction="none") * w).mean()

    module = net()
    export_program(module, {"x": x()}, tmp_path / "net.pt2", loss=loss, targets=targets, dynamic="rows")
    expect_loss_of(tmp_path / "net.pt2", module, {"x": x(), **names}, lambda scores: loss(scores, *names.values()))


def test_the_buffers_of_a_loss_become_constants(tmp_path):
    module, loss = net(), nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0, 4.0]))
    export_program(module, x(), tmp_path / "net.pt2", loss=loss, targets=labels(), dynamic="batch")
    expect_loss_of(tmp_path / "net.pt2", module, {"x": x(3), "target": labels(3)}, lambda scores: loss(scores, labels(3)))


@pytest.mark.parametrize("wrap, path", [
    (lambda loss, scores: {"loss": loss, "scores": scores}, "loss"),
    (lambda loss, scores: collections.OrderedDict(loss=loss, scores=scores), "loss"),
    (lambda loss, scores: Result(loss, scores), "loss"),
    (lambda loss, scores: Pair(scores, loss), "loss"),
    (lambda loss, scores: loss, "0"),
    (lambda loss, scores: (loss, scores), None),
    (lambda loss, scores: scores, None),
])
def test_the_loss_is_found_among_the_outputs(tmp_path, wrap, path):
    class Model(Net):
        def forward(self, x):
            scores = super().forward(x)
            return wrap(scores.square().mean(), scores)

    module = net(Model)
    export_program(module, x(), tmp_path / "net.pt2", dynamic="batch")
    assert record(tmp_path / "net.pt2")["loss"] == path
    ours = run(tmp_path / "net.pt2", [x(5)])
    with torch.no_grad():
        theirs = Net.forward(module.eval(), x(5))
    if path:
        assert torch.equal(ours["loss"] if isinstance(ours, dict) else ours[0], theirs.square().mean())


def test_the_loss_is_named(tmp_path):
    class Model(Net):
        def forward(self, x):
            scores = super().forward(x)
            return {"heads": (scores, {"error": scores.square().mean()})}

    export_program(net(Model), x(), tmp_path / "net.pt2", loss="heads.1.error")
    assert record(tmp_path / "net.pt2")["loss"] == "heads.1.error"
    with pytest.raises(ExportError, match=r"no output 'heads\.1\.eror' \(did you mean 'heads\.1\.error'\?\)"):
        export_program(net(Model), x(), loss="heads.1.eror")


def test_arguments_of_every_form(tmp_path):
    class Model(Net):
        def forward(self, batch, *more, scale=1.0, **others):
            return super().forward(batch["x"]).mean() * scale + more[0].mean() + others["shift"].mean()

    export_program(net(Model), ({"x": x()}, x()), tmp_path / "net.pt2", kwargs={"shift": x(), "scale": 2.0}, dynamic="batch")
    assert record(tmp_path / "net.pt2")["dynamic"] == {name: {"0": "batch"} for name in ("batch.x", "more_0", "shift")}


@pytest.mark.parametrize("dynamic", [
    "b", {"x": "b"}, {"x": ("b", None)}, {"x": ["b"]}, {"x": {0: "b"}}, {"x": {-2: "b"}}, ("b",), ({0: "b"},),
    ({0: torch.export.Dim("b")},),
])
def test_dynamic_sizes_of_every_form(tmp_path, dynamic):
    export_program(net(), x(), tmp_path / "net.pt2", dynamic=dynamic)
    assert record(tmp_path / "net.pt2")["dynamic"] == {"x": {"0": "b"}}
    assert run(tmp_path / "net.pt2", [x(11)])[0].shape == (11, 4)


# What the file holds ------------------------------------------------------------------------------------------------------------
class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.block, self.head = nn.Embedding(16, 8), nn.Sequential(nn.Linear(8, 8), nn.ReLU()), nn.Linear(8, 16, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, words):
        return self.head(self.block(self.embed(words))).mean()


WORDS = torch.arange(6).reshape(2, 3)


def test_the_record_has_tied_names_and_the_class_of_every_module(tmp_path):
    export_program(net(Tied), WORDS, tmp_path / "tied.pt2")
    assert record(tmp_path / "tied.pt2") == {
        "format": 1, "torch": torch.__version__.partition("+")[0], "loss": "0", "tied": [["embed.weight", "head.weight"]], "dynamic": {},
        "modules": {"": f"{__name__}.Tied", "embed": "torch.nn.modules.sparse.Embedding", "block": "torch.nn.modules.container.Sequential",
                    "block.0": "torch.nn.modules.linear.Linear", "block.1": "torch.nn.modules.activation.ReLU",
                    "head": "torch.nn.modules.linear.Linear"}}


def test_nothing_of_this_machine_and_nothing_of_the_data_is_in_the_file(tmp_path):
    secret = torch.full((4, 8), 1234567.0)
    export_program(net(), secret, tmp_path / "a.pt2")
    data = (tmp_path / "a.pt2").read_bytes()
    assert b"stack_trace" not in data and str(HERE).encode() not in data and secret.numpy().tobytes() not in data
    export_program(net(), secret, tmp_path / "b.pt2", stack_traces=True)
    assert str(HERE).encode() in (tmp_path / "b.pt2").read_bytes()


def test_the_model_and_the_random_numbers_are_as_they_were(tmp_path):
    module = net().eval()
    module.fc.train()
    before, random_state = {n: t.clone() for n, t in module.state_dict().items()}, torch.get_rng_state()
    export_program(module, x(), tmp_path / "net.pt2", loss=nn.CrossEntropyLoss(), targets=labels(), dynamic="batch")
    assert all(torch.equal(t, before[n]) for n, t in module.state_dict().items())
    assert [n for n, m in module.named_modules() if m.training] == ["fc"]
    assert torch.equal(torch.get_rng_state(), random_state)
    assert "forward" not in vars(module) and module(x()).shape == (6, 4)
    assert sorted(os.listdir(tmp_path)) == ["net.pt2"]


def test_a_buffer_that_forward_replaces_is_put_back(tmp_path):
    class Counting(Net):
        def __init__(self):
            super().__init__()
            self.register_buffer("calls", torch.zeros(()))

        def forward(self, x):
            self.calls = self.calls + 1
            return super().forward(x).mean() * self.calls

    module = net(Counting)
    buffer = module.calls
    export_program(module, x(), tmp_path / "net.pt2", dynamic="batch")
    assert module.calls is buffer and buffer == 0


def test_modes_are_kept_if_asked(tmp_path):
    module = net()
    module.norm.eval()
    export_program(module, x(), tmp_path / "train.pt2")
    export_program(module, x(), tmp_path / "asis.pt2", train=False)

    def training_flag(path):
        node, = [node for node in torch.export.load(path).graph.nodes if "batch_norm" in str(node.target)]
        return node.args[5]

    assert training_flag(tmp_path / "train.pt2") and not training_flag(tmp_path / "asis.pt2")


def graph_without_weights(module, inputs, path, **options):
    export_program(module, inputs, path, **options)
    with zipfile.ZipFile(path) as archive:
        return sum(info.file_size for info in archive.infolist() if "/weights/weight_" in info.filename)


@pytest.mark.parametrize("kind", ["real", "meta", "fake"])
def test_a_graph_without_weights(tmp_path, kind):
    if kind == "meta":
        with torch.device("meta"):
            module = Tied()
    elif kind == "fake":
        with torch._subclasses.FakeTensorMode():
            module = Tied()
    else:
        module = net(Tied)
    options = {"weights": False} if kind == "real" else {}
    assert graph_without_weights(module, WORDS, tmp_path / "graph.pt2", dynamic={"words": ("batch", "length")}, **options) == 0
    assert record(tmp_path / "graph.pt2")["tied"] == [["embed.weight", "head.weight"]]
    assert graph_without_weights(net(Tied), WORDS, tmp_path / "whole.pt2") > 0


def test_buffers_that_no_state_dict_brings_need_values(tmp_path):
    class Rotary(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(8, 8)
            self.register_buffer("angles", torch.ones(8), persistent=False)

        def forward(self, x):
            return (self.fc(x) * self.angles).mean()

    with torch.device("meta"):
        module = Rotary()
    with pytest.raises(ExportError, match="no values and are in no state dict that could bring them: angles; make the model with real"):
        export_program(module, x(), tmp_path / "graph.pt2")
    assert graph_without_weights(net(Rotary), x(), tmp_path / "graph.pt2", weights=False) == 0


# Weights only -------------------------------------------------------------------------------------------------------------------
class Weights(Tied):
    def __init__(self):
        super().__init__()
        for dtype in (torch.bfloat16, torch.float16, torch.int64, torch.uint8, torch.bool, torch.float64):
            self.register_buffer(f"of_{str(dtype)[6:]}", torch.arange(3).to(dtype))
        self.register_buffer("empty", torch.zeros(0, 4))
        self.register_buffer("columns", torch.arange(6.0).reshape(2, 3).t())
        self.register_buffer("number", torch.tensor(7))
        self.register_buffer("not_saved", torch.ones(2), persistent=False)


def test_weights_are_what_safetensors_would_save(tmp_path):
    module = net(Weights)
    export_weights(module, tmp_path / "ours.safetensors")
    safetensors.torch.save_model(module, str(tmp_path / "theirs.safetensors"), metadata={"format": "pt"})
    ours, theirs = (safetensors.torch.load_file(tmp_path / f"{name}.safetensors") for name in ("ours", "theirs"))
    assert sorted(ours) == sorted(theirs) and "head.weight" not in ours
    for name, tensor in theirs.items():
        assert torch.equal(ours[name], tensor) and ours[name].dtype == tensor.dtype
    with safetensors.safe_open(tmp_path / "ours.safetensors", "pt") as a, safetensors.safe_open(tmp_path / "theirs.safetensors", "pt") as b:
        assert a.metadata() == b.metadata() == {"format": "pt", "head.weight": "embed.weight"}
    other = programs.seeded(Weights, seed=5)
    assert safetensors.torch.load_model(other, str(tmp_path / "ours.safetensors")) == (set(), [])
    assert torch.equal(other.head.weight, module.head.weight)


def test_weights_without_values_are_refused(tmp_path):
    with torch.device("meta"):
        module = Tied()
    with pytest.raises(ExportError, match="tensor 'block.0.bias' has no values"):
        export_weights(module, tmp_path / "w.safetensors")
    assert os.listdir(tmp_path) == []


# Refusals -----------------------------------------------------------------------------------------------------------------------
class ByValue(Net):
    def forward(self, x):
        scores = super().forward(x)
        if scores.sum() > 0:
            scores = scores * 2
        return scores.mean()


class Loop(Net):
    def forward(self, x):
        scores = super().forward(x)
        return sum(scores[i] for i in range(x.shape[0])).mean()


class Sum(Net):
    def forward(self, x, y=None):
        scores = super().forward(x)
        return scores.mean() if y is None else (scores + y).mean()


class DynamicCache:
    pass


class Caching(Net):
    def forward(self, x, use_cache=True):
        loss = super().forward(x).mean()
        return {"loss": loss, **({"past_key_values": DynamicCache()} if use_cache else {})}


class Object(Net):
    def forward(self, x):
        return {"loss": super().forward(x).mean(), "self": [self]}


class Foreign(Net):
    def forward(self, x):
        return torch.ops.oarlock_test.twice(super().forward(x)).mean()


class Random(Net):
    def forward(self, x):
        Random.calls += 1
        return super().forward(x).mean() * Random.calls

    calls = 0


REFUSED = {
    "data_dependent": (ByValue, {}, [r"torch\.where or torch\.cond", r"test_export_program\.py:\d+, in forward: if scores\.sum\(\) > 0"]),
    "loop": (Loop, {"dynamic": "batch"}, [r"dimension 0 of 'x' \('batch'\) was to be dynamic, but the model fixes it to 6",
                                          r"test_export_program\.py:\d+, in .*range\(x\.shape\[0\]\)"]),
    "equal": (Sum, {"inputs": (x(), torch.ones(6, 4)), "dynamic": ("rows", "batch")},
              [r"'batch' \(dimension 0 of 'y'\) and 'rows' \(dimension 0 of 'x'\) must be equal in this model; give them one name"]),
    "fixed_by_another": (Sum, {"inputs": (x(), torch.ones(6, 4)), "dynamic": ("rows",)}, [r"fixes it to 6", r"'y' is not dynamic there and has 6, too: .* the same name",
                                                                                         r"in forward: .*scores \+ y"]),
    "one": (Net, {"inputs": x(1), "dynamic": "batch"}, [r"dimension 0 of 'x' \('batch'\) is 1 in the example", "2 or more"]),
    "cache": (Caching, {}, [r"output 'past_key_values' is a .*DynamicCache", r"use_cache=False"]),
    "object": (Object, {}, [r"output 'self\.0' is a .*Object; a program returns tensors"]),
    "operator": (Foreign, {}, [r"calls the operator oarlock_test::twice", r'operators=\("oarlock_test",\)']),
    "state": (Random, {}, [r"output '0' of the saved program is not that of the model", "differing by up to"]),
    "vector": (Net, {"loss": "0"}, [r"must be one floating-point number, but is float32 \[6, 4\]"]),
    "frozen": (Caching, {"kwargs": {"use_cache": False}, "frozen": True}, [r"output 'loss', depends on no parameter"]),
    "fails": (Net, {"inputs": torch.ones(3, 3)}, [r"does not run with these example inputs: RuntimeError", r"3x3 and 8x4"]),
    "no_input": (Net, {"dynamic": {"y": "batch"}}, [r"no input tensor is called so; there are: x"]),
    "no_dim": (Net, {"dynamic": {"x": {2: "batch"}}}, [r"dimension 2 of 'x', which is float32 \[6, 8\]"]),
    "loss_without_targets": (Net, {"loss": nn.MSELoss()}, [r"the loss does not run with the outputs of the model: TypeError", r"as targets="]),
    "class_of_loss": (Net, {"loss": nn.MSELoss, "targets": x()}, [r"loss is the class MSELoss; .* loss=MSELoss\(\)"]),
    "no_loss": (Net, {"targets": labels()}, [r"loss is not callable"]),
    "clash": (Net, {"loss": F.mse_loss, "targets": {"x": x()}}, [r"a target and an input of the model are both called 'x'"]),
    "trained_loss": (Net, {"loss": nn.Linear(4, 1)}, [r"the loss has parameters that are trained"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_exported_is_told_with_a_way_out(tmp_path, capfd, name):
    cls, options, texts = REFUSED[name]
    options = dict(options)
    module, inputs = net(cls), options.pop("inputs", x())
    module.requires_grad_(not options.pop("frozen", False))
    with pytest.raises(ExportError) as raised:
        export_program(module, inputs, tmp_path / "net.pt2", **options)
    for text in texts:
        assert raised.match(text)
    assert os.listdir(tmp_path) == [] and module(x()) is not None
    assert "def forward(self, arg0_1" not in "".join(capfd.readouterr()), "torch's own dump of the graph"


@pytest.fixture(scope="module", autouse=True)
def foreign_operator():
    with torch.library._scoped_library("oarlock_test", "DEF") as library:
        library.define("twice(Tensor x) -> Tensor")
        library.impl("twice", lambda x: x * 2, "CompositeExplicitAutograd")
        yield


def test_operators_of_other_libraries_may_be_allowed(tmp_path):
    class Constant(Foreign):
        def forward(self, x):
            return {"loss": Net.forward(self, x).mean(), "twice": torch.ops.oarlock_test.twice(x)}

    program = export_program(net(Constant), x(), tmp_path / "net.pt2", operators=("oarlock_test",), dynamic="batch")
    assert "oarlock_test.twice.default" in [str(node.target) for node in program.graph.nodes]


def test_what_is_not_modules_is_refused():
    with pytest.raises(ExportError, match="a torch.nn.Module is exported, not a function"):
        export_program(lambda x: x, x())


def test_dimensions_may_be_texts_as_in_json(tmp_path):
    export_program(net(Net), x(), tmp_path / "net.pt2", dynamic={"x": {"0": "batch"}})
    program = torch.export.load(tmp_path / "net.pt2")
    assert all(isinstance(node.meta["val"].shape[0], torch.SymInt) for node in program.graph.nodes if node.name == "x")


def test_a_size_on_which_forward_branches_is_warned_of(tmp_path):
    class Branch(Net):
        def forward(self, x):
            scores = super().forward(x)
            return scores.mean() if x.shape[0] < 9 else scores.sum()

    with pytest.warns(UserWarning, match=r"refuses sizes of 'batch' that the model takes, because forward branches on the size: at batch = 12"):
        export_program(net(Branch), x(), tmp_path / "net.pt2", dynamic="batch")


@pytest.mark.parametrize("draws", [False, True])
def test_a_region_that_gives_nothing_is_left_out_unless_it_draws(tmp_path, draws):
    """torch 2.11 saves such a region but cannot read it again."""
    class Unused(Net):
        def forward(self, x):
            with torch.no_grad():
                unused = torch.rand_like(x) if draws else x.cos()  # noqa: F841
            return super().forward(x).mean()

    export_program(net(Unused), x(), tmp_path / "net.pt2", dynamic="batch", check=not draws)
    with zipfile.ZipFile(tmp_path / "net.pt2") as archive:
        graph = archive.read(next(name for name in archive.namelist() if name.endswith("/models/model.json")))
    assert (b"set_grad_enabled" in graph) == draws
    assert run(tmp_path / "net.pt2", [x(5)])


class Bags(nn.Module):
    def __init__(self):
        super().__init__()
        self.bag = nn.EmbeddingBag(10, 4, mode="sum")

    def forward(self, entries, offsets):
        return self.bag(entries, offsets).square().mean()


def test_inputs_that_hold_positions_are_checked_with_others(tmp_path):
    example, options = {"entries": torch.arange(9), "offsets": torch.tensor([0, 2, 5])}, {"dynamic": {"entries": "entries", "offsets": "bags"}}
    others = {"entries": torch.arange(7), "offsets": torch.tensor([0, 1, 2, 5])}
    export_program(net(Bags), example, tmp_path / "bags.pt2", other_inputs=others, **options)
    with pytest.raises(ExportError, match="other_inputs must have every tensor by name; it lacks offsets"):
        export_program(net(Bags), example, other_inputs={"entries": others["entries"]}, **options)
    with pytest.raises(ExportError, match="the model itself does not run with other_inputs: at other_inputs: .*takes value 10"):
        export_program(net(Bags), example, other_inputs={**others, "entries": others["entries"] + 7}, **options)


def test_a_path_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(ExportError, match="cannot write .*missing/net.pt2: No such file or directory"):
        export_program(net(), x(), tmp_path / "missing/net.pt2")


# Without the compiled part ------------------------------------------------------------------------------------------------------
def test_the_exporter_works_where_the_compiled_part_is_missing(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "oarlock", ignore=shutil.ignore_patterns("*.so", "lib", "_build.py", "__pycache__"))
    script = """
import sys
from oarlock.export import export_program
import oarlock, torch
assert oarlock.export_program is export_program and oarlock.export.export_weights is oarlock.export_weights
export_program(torch.nn.Linear(2, 2), torch.zeros(3, 2), "linear.pt2", dynamic="batch")
try:
    oarlock.State
except ImportError as error:
    print("no State:", error)
try:
    oarlock.export_programm
except ImportError as error:
    print("no such name")
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120,
                          env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    assert "no State: " in done.stdout and "_build" in done.stdout and "no such name" in done.stdout
    assert (tmp_path / "linear.pt2").exists()
