"""export_program: what users write, and what the file then holds."""
import collections
import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest
import torch
from torch import nn
from torch.nn import functional as F

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent)]
from exported import OAR, STATE, WORDS, ExportError, Net, Tied, export_program, labels, net, record, run, x  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
PACKAGE = pathlib.Path(os.environ["OARLOCK_SOURCE"]) / "bindings/python/oarlock"


@dataclasses.dataclass
class Result:
    loss: torch.Tensor
    scores: torch.Tensor
    attentions: object = None


Pair = collections.namedtuple("Pair", "scores loss")


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


class Apart(Net):
    def forward(self, x, other):
        return {"x": self.fc(x), "other": self.fc(other)}


def test_sizes_of_one_name_are_equal_also_where_the_model_does_not_need_it(tmp_path):
    """torch.export keeps two symbols, and its own module() takes any two sizes."""
    program = export_program(net(Apart), (x(), x()), tmp_path / "apart.pt2", dynamic="batch")
    rows, other = (node.meta["val"].shape[0] for node in program.graph.nodes if node.name in ("x", "other"))
    assert str(rows) != str(other)
    assert run(tmp_path / "apart.pt2", {"x": x(5), "other": x(5)})["other"].shape == (5, 4)
    with pytest.raises(Exception, match=r"x\.size\(\)\[0\] == other\.size\(\)\[0\]; given: x\.size\(\)\[0\] = 5, other\.size\(\)\[0\] = 7"):
        run(tmp_path / "apart.pt2", {"x": x(5), "other": x(7)})
    export_program(net(Apart), (x(), x()), tmp_path / "two.pt2", dynamic={"x": "rows", "other": "others"})
    assert run(tmp_path / "two.pt2", {"x": x(5), "other": x(7)})["other"].shape == (7, 4)


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


def test_a_loss_of_the_models_own_that_is_none_gives_way(tmp_path):
    class Labelled(Net):
        def forward(self, x, labels=None):
            scores = super().forward(x)
            return {"loss": None if labels is None else scores.sum(), "scores": scores}

    module = net(Labelled)
    export_program(module, x(), tmp_path / "net.pt2", loss=lambda outputs, y: F.cross_entropy(outputs["scores"], y), targets=labels())
    ours = run(tmp_path / "net.pt2", {"x": x(), "y": labels()})
    assert list(ours) == ["loss", "scores"] and torch.equal(ours["loss"], F.cross_entropy(ours["scores"], labels()))


def test_an_argument_that_has_a_default_may_be_given_before_others(tmp_path):
    class Defaults(Net):
        def forward(self, x, scale=1.0, *rest):
            return self.fc(x).mean() * scale + rest[0].mean()

    module = net(Defaults)
    export_program(module, (x(), 2.0, x()), tmp_path / "net.pt2", dynamic="batch")
    ours = run(tmp_path / "net.pt2", {"x": x(5), "rest_0": x(5)})[0]
    assert torch.allclose(ours, module(x(5), 2.0, x(5)).detach(), rtol=1e-6)


def test_complex_outputs_may_be_nan(tmp_path):
    class Complex(Net):
        def forward(self, x):
            return {"loss": self.fc(x).mean(), "f": torch.complex(self.fc(x) / 0 * 0, self.fc(x))}

    export_program(net(Complex), x(), tmp_path / "net.pt2", dynamic="batch")
    assert run(tmp_path / "net.pt2", [x(5)])["f"].isnan().all()


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
def test_the_record_has_tied_names_and_the_class_of_every_module(tmp_path):
    export_program(net(Tied), WORDS, tmp_path / "tied.pt2")
    assert record(tmp_path / "tied.pt2") == {
        "format": 1, "torch": torch.__version__.partition("+")[0], "loss": "0", "tied": [["embed.weight", "head.weight"]], "dynamic": {},
        "modules": {"": "exported.Tied", "embed": "torch.nn.modules.sparse.Embedding", "block": "torch.nn.modules.container.Sequential",
                    "block.0": "torch.nn.modules.linear.Linear", "block.1": "torch.nn.modules.activation.ReLU",
                    "head": "torch.nn.modules.linear.Linear"}}


def test_nothing_of_this_machine_and_nothing_of_the_data_is_in_the_file(tmp_path):
    secret = torch.full((4, 8), 1234567.0)
    export_program(net(), secret, tmp_path / "a.pt2")
    data = (tmp_path / "a.pt2").read_bytes()
    assert b"stack_trace" not in data and str(HERE).encode() not in data and secret.numpy().tobytes() not in data
    export_program(net(), secret, tmp_path / "b.pt2", stack_traces=True)
    assert str(HERE).encode() in (tmp_path / "b.pt2").read_bytes()


def test_the_model_and_the_random_numbers_are_as_they_were(tmp_path, monkeypatch):
    module = net().eval()
    module.fc.train()
    before, random_state = {n: t.clone() for n, t in module.state_dict().items()}, torch.get_rng_state()
    monkeypatch.setattr(torch.cuda, "manual_seed_all", None)  # of devices that the model is not on
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


def test_dimensions_may_be_texts_as_in_json(tmp_path):
    export_program(net(Net), x(), tmp_path / "net.pt2", dynamic={"x": {"0": "batch"}})
    program = torch.export.load(tmp_path / "net.pt2")
    assert all(isinstance(node.meta["val"].shape[0], torch.SymInt) for node in program.graph.nodes if node.name == "x")


def half(y):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return y.mm(y.t())


@pytest.mark.parametrize("metric, stays", [
    (lambda model, y: y.cos(), False),
    (lambda model, y: (y.max(1)[1] == 0).float().mean(), False),       # one of several results
    (lambda model, y: (y.argmax(1) == 0).sum() / (2 * y.shape[0]), False),  # arithmetic of sizes
    (lambda model, y: half(y), False),                                  # a region within
    (lambda model, y: torch.rand_like(y), True),                        # draws
    (lambda model, y: model.norm(y), True),                             # running statistics
])
def test_a_region_that_gives_nothing_is_left_out_unless_it_draws_or_writes(tmp_path, metric, stays):
    """torch 2.11 saves such a region but cannot read it again."""
    class Unused(Net):
        def forward(self, x):
            y = self.fc(x)
            with torch.no_grad():
                metric(self, y)
            return y.mean()

    export_program(net(Unused), x(), tmp_path / "net.pt2", dynamic="batch", check=not stays)
    with zipfile.ZipFile(tmp_path / "net.pt2") as archive:
        graph = archive.read(next(name for name in archive.namelist() if name.endswith("/models/model.json")))
    assert (b"set_grad_enabled" in graph) == stays
    assert run(tmp_path / "net.pt2", [x(5)])


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
