"""What cannot be exported as asked is told, with a way out."""
import os
import pathlib
import stat
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional as F

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent)]
from exported import ExportError, Net, export_program, export_weights, labels, net, x  # noqa: E402


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


class OwnLoss(Net):
    def forward(self, x, labels=None):
        scores = super().forward(x)
        return {"loss": None if labels is None else F.cross_entropy(scores, labels), "scores": scores}


def of_scores(outputs, target):
    return F.cross_entropy(outputs["scores"], target)


REFUSED = {
    "two_losses": (OwnLoss, {"loss": of_scores, "targets": labels(), "kwargs": {"labels": labels()}},
                   [r"has an output 'loss' of its own, and loss= is to make another: .*without labels.*leave loss= out"]),
    "others_unknown": (Net, {"other_inputs": {"x": x(3), "xx": x(3)}}, [r"other_inputs has 'xx', .*did you mean 'x'\?"]),
    "others_unchecked": (Net, {"other_inputs": {"xx": x(3)}, "check": False}, [r"other_inputs has 'xx'"]),
    "others_tuple": (Net, {"other_inputs": (x(3),)}, [r"other_inputs is a tuple; give a mapping of every tensor by name: x"]),
    "others_number": (Net, {"other_inputs": {"x": 3}}, [r"other_inputs has 'x', which is a int; give a tensor"]),
    "data_dependent": (ByValue, {}, [r"torch\.where or torch\.cond", r"test_export_refused\.py:\d+, in forward: if scores\.sum\(\) > 0"]),
    "loop": (Loop, {"dynamic": "batch"}, [r"dimension 0 of 'x' \('batch'\) was to be dynamic, but the model fixes it to 6",
                                          r"test_export_refused\.py:\d+, in .*range\(x\.shape\[0\]\)"]),
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
    "no_sizes": (Net, {"dynamic": True}, [r'dynamic=True: give "batch"']),
    "no_input": (Net, {"dynamic": {"y": "batch"}}, [r"no input tensor is called so; there are: x"]),
    "no_dim": (Net, {"dynamic": {"x": {2: "batch"}}}, [r"dimension 2 of 'x', which is float32 \[6, 8\]"]),
    "loss_without_targets": (Net, {"loss": nn.MSELoss()}, [r"the loss does not run with the outputs of the model: TypeError", r"as targets="]),
    "class_of_loss": (Net, {"loss": nn.MSELoss, "targets": x()}, [r"loss is the class MSELoss; .* loss=MSELoss\(\)"]),
    "no_loss": (Net, {"targets": labels()}, [r"loss is not callable"]),
    "clash": (Net, {"loss": F.mse_loss, "targets": {"x": x()}}, [r"both called 'x'; .*targets=\{'target_x': \.\.\.\}"]),
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


def test_one_library_of_operators_may_be_a_text(tmp_path):
    class Constant(Foreign):
        def forward(self, x):
            return {"loss": Net.forward(self, x).mean(), "twice": torch.ops.oarlock_test.twice(x)}

    export_program(net(Constant), x(), tmp_path / "net.pt2", operators="oarlock_test")


def test_a_state_dict_is_no_model():
    with pytest.raises(ExportError, match=r"not a OrderedDict; load a state dict into its model"):
        export_program(net().state_dict(), x())


def test_what_is_not_modules_is_refused():
    with pytest.raises(ExportError, match="a torch.nn.Module is exported, not a function"):
        export_program(lambda x: x, x())


def test_a_size_on_which_forward_branches_is_warned_of(tmp_path):
    class Branch(Net):
        def forward(self, x):
            scores = super().forward(x)
            return scores.mean() if x.shape[0] < 9 else scores.sum()

    with pytest.warns(UserWarning, match=r"refuses sizes of 'batch' that the model takes, because forward branches on the size: at batch = 12"):
        export_program(net(Branch), x(), tmp_path / "net.pt2", dynamic="batch")


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


def test_a_failure_of_the_model_is_not_told_as_that_of_the_loss(tmp_path):
    class OfItsOwn(Net):
        def loss_of(self, scores):
            return scores.nothing()

        def forward(self, x):
            return self.loss_of(super().forward(x))

    with pytest.raises(ExportError, match="the model does not run with these example inputs: AttributeError"):
        export_program(net(OfItsOwn), x(), tmp_path / "net.pt2", loss=of_scores, targets=labels())


def test_other_inputs_without_a_check_are_warned_of(tmp_path):
    with pytest.warns(UserWarning, match="other_inputs are not used: .*check=False"):
        export_program(net(), x(), tmp_path / "net.pt2", other_inputs={"x": x(3)}, check=False)


def test_what_is_no_regular_file_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for write in (lambda: export_program(net(), x(), tmp_path / "fifo"), lambda: export_weights(net(), tmp_path / "fifo")):
        with pytest.raises(ExportError, match="fifo: it is no regular file, and would be replaced"):
            write()
    assert stat.S_ISFIFO(os.stat(tmp_path / "fifo").st_mode)


def test_a_path_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(ExportError, match="cannot write .*missing/net.pt2: No such file or directory"):
        export_program(net(), x(), tmp_path / "missing/net.pt2")
