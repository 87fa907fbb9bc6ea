"""What a forward changes besides its outputs: all of it is put back, and what a program would not keep is told by name."""
import collections
import copy
import os
import pathlib
import sys
import types
import warnings

import numpy
import pytest
import torch
from torch import nn
from torch.autograd import backward, grad
from torch.nn import functional as F

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent)]
from exported import ExportError, Net, export_program, net, run, x  # noqa: E402


class Keeping(nn.Module):
    """Keeps what every call gave, as `keep` does it."""

    def __init__(self, made, keep):
        super().__init__()
        self.fc, self.made, self.keep = nn.Linear(8, 4), made, keep

    def forward(self, x):
        scores = self.fc(x)
        self.keep(self, scores.detach())
        return scores.mean()


class Meter:
    def __init__(self):
        self.values, self.last = [], None

    def add(self, value):
        self.last = value
        self.values.append(value)


class Slots:
    __slots__ = ("last", "unset")

    def __init__(self):
        self.last = 0.5


def holds(value):
    """All that can be seen of an object, to be compared by ==."""
    if isinstance(value, torch.Tensor):
        return type(value).__name__, value.tolist(), value.requires_grad, value.grad is None or holds(value.grad)
    if isinstance(value, dict):
        return [(key, holds(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple, set, collections.deque)):
        return type(value).__name__, [holds(item) for item in value]
    if isinstance(value, numpy.ndarray):
        return value.tolist()
    if isinstance(value, Slots):
        return {name: holds(getattr(value, name)) for name in Slots.__slots__ if hasattr(value, name)}
    return holds(vars(value)) if isinstance(value, (nn.Module, Meter, types.SimpleNamespace)) else value


def set_slots(model, scores):
    model.made.last, model.made.unset = scores, 1


KEPT = {
    "number": (0, lambda m, y: setattr(m, "made", m.made + 1)),
    "new": (None, lambda m, y: setattr(m, "other", y)),
    "tensor": (torch.zeros(4), lambda m, y: setattr(m, "made", 0.9 * m.made + y.mean(0))),
    "list": ([torch.zeros(())], lambda m, y: m.made.append(y)),
    "dict": ({"a": 1}, lambda m, y: m.made.update(a=y, b=2)),
    "order": (collections.OrderedDict(a=1, b=2), lambda m, y: m.made.move_to_end("a")),
    "set": ({1}, lambda m, y: m.made.add(len(m.made) + 7)),
    "deque": (collections.deque([1, 2], maxlen=2), lambda m, y: m.made.append(y)),
    "tuple": ((1, [2]), lambda m, y: m.made[1].append(y)),
    "nested": ({"a": [{"b": []}]}, lambda m, y: m.made["a"][0]["b"].append(y)),
    "object": (Meter(), lambda m, y: m.made.add(y)),
    "namespace": (types.SimpleNamespace(a=1), lambda m, y: setattr(m.made, "b", y)),
    "slots": (Slots(), set_slots),
    "array": (numpy.zeros(3), lambda m, y: numpy.add(m.made, 1, out=m.made)),
    "data": (torch.zeros(4), lambda m, y: setattr(m.made, "data", y.mean(0))),
    "mode": (None, lambda m, y: m.fc.eval()),
    "gradient": (None, lambda m, y: m.zero_grad()),
    "flag": (torch.zeros(4), lambda m, y: m.made.requires_grad_()),
    "hook": (None, lambda m, y: m.fc.register_forward_hook(lambda *given: None)),
}


@pytest.mark.filterwarnings("ignore:forward changes")
@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("name", KEPT)
def test_the_model_is_afterwards_as_it_was(tmp_path, name, check):
    made, keep = KEPT[name]
    module = net(lambda: Keeping(copy.deepcopy(made), keep))
    module.fc.weight.grad = torch.ones(4, 8)
    before = holds(module)
    export_program(module, x(), tmp_path / "net.pt2", dynamic="batch", check=check)
    assert holds(module) == before


def test_so_it_is_where_the_export_fails(tmp_path):
    module = net(lambda: Keeping(Meter(), lambda m, y: m.made.add(y if y.sum() > 0 else -y)))
    before = holds(module)
    with pytest.raises(ExportError, match="decides in Python"):
        export_program(module, x(), tmp_path / "net.pt2")
    assert holds(module) == before and os.listdir(tmp_path) == []


@pytest.mark.parametrize("keep, name", [
    (lambda m, y: m.made.add(y), r"self\.made\.values"),
    (lambda m, y: setattr(m, "made", (y,)), r"self\.made"),
    (lambda m, y: setattr(m, "calls", getattr(m, "calls", 0) + 1), r"self\.calls"),
])
def test_without_a_check_what_changes_from_call_to_call_is_warned_of(tmp_path, keep, name):
    if name == r"self\.made":
        first = keep
        keep = lambda m, y: first(m, y + m.made[0] if isinstance(m.made, tuple) else y)  # noqa: E731
    with pytest.warns(UserWarning, match=rf"forward changes {name}; a program keeps no attributes .*register_buffer"):
        export_program(net(lambda: Keeping(Meter(), keep)), x(), tmp_path / "net.pt2", check=False)


@pytest.mark.parametrize("keep", [
    lambda m, y: setattr(m, "made", y.numel() * 100),
    lambda m, y: setattr(m, "made", float(10**9) / 7),
    lambda m, y: setattr(m, "made", {"rows": [y.shape[0], float("nan")]}),
    lambda m, y: setattr(m, "made", torch.arange(5.0)),
])
def test_what_is_made_anew_with_equal_values_is_nothing_to_warn_of(tmp_path, keep):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        export_program(net(lambda: Keeping(None, keep)), x(), tmp_path / "net.pt2", check=False)


class Previous(Net):
    """Its state is a tuple, of which the second call makes twice the value."""

    def __init__(self):
        super().__init__()
        self.kept = None

    def forward(self, x):
        scores = self.fc(x)
        self.kept = (scores if self.kept is None else scores + self.kept[0].detach(),)
        return self.kept[0].mean()


def test_a_program_begins_where_the_model_stands(tmp_path):
    module = net(Previous)
    with pytest.warns(UserWarning, match=r"forward changes self\.kept"):
        export_program(module, x(), tmp_path / "net.pt2", check=False)
    assert module.kept is None
    assert torch.allclose(run(tmp_path / "net.pt2", [x()])[0], module(x()), rtol=1e-6)


# What is refused where it is written --------------------------------------------------------------------------------------------
class WithAttribute(Net):
    def __init__(self, kind):
        super().__init__()
        if kind == "buffer":
            self.register_buffer("mean", torch.zeros(4))
        else:
            self.mean = nn.Parameter(torch.zeros(4), requires_grad=False) if kind == "parameter" else torch.zeros(4)

    def forward(self, x):
        scores = self.fc(x)
        self.mean.mul_(0.9).add_(scores.detach().mean(0), alpha=0.1)
        return (scores - self.mean).square().mean()


def writing(write):
    class Writing(Net):
        def forward(self, x):
            write(self)
            return self.fc(x).mean()

    return Writing


def scaled(module):
    with torch.no_grad():
        module.fc.weight.mul_(0.5)


def chunked(module):
    with torch.no_grad():
        module.fc.weight.detach().chunk(2)[1][0].zero_()


class Statistics(Net):
    """No schema tells that running statistics are written."""

    def __init__(self):
        super().__init__()
        self.mean, self.var = (nn.Parameter(torch.full((4,), value), requires_grad=False) for value in (0.0, 1.0))

    def forward(self, x):
        return F.batch_norm(self.fc(x), self.mean, self.var, training=True).square().mean()


class MaxNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.out = nn.Embedding(16, 8, max_norm=1.0), nn.Linear(8, 1)

    def forward(self, x):
        return self.out(self.embed(x.abs().long())).mean()


BUFFER = r"in optimizer steps only: what forward changes is a buffer \(register_buffer\)"
WRITTEN = {
    "in place": (writing(scaled), r"fc\.weight", BUFFER, r"module\.fc\.weight\.mul_"),
    "by .data": (writing(lambda m: m.fc.weight.data.clamp_(-0.1, 0.1)), r"fc\.weight", BUFFER, r"weight\.data\.clamp_"),
    "other .data": (writing(lambda m: setattr(m.fc.weight, "data", m.fc.weight.data * 2)), r"fc\.weight", BUFFER, ""),
    "through views": (writing(chunked), r"fc\.weight", BUFFER, r"chunk\(2\)"),
    "gradient": (writing(lambda m: m.fc.bias.grad.zero_()), r"fc\.bias\.grad", BUFFER, r"grad\.zero_"),
    "frozen": (lambda: WithAttribute("parameter"), "mean", BUFFER, r"self\.mean\.mul_"),
    "statistics": (Statistics, "mean", BUFFER, r"F\.batch_norm"),
    "max_norm": (MaxNorm, r"embed\.weight", r"max_norm of an embedding .*Leave max_norm out", r"self\.embed"),
}


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("name", WRITTEN)
def test_a_forward_that_writes_to_a_parameter_is_refused_before_it_does(tmp_path, name, check):
    make, path, advice, line = WRITTEN[name]
    module = net(make)
    for parameter in module.parameters():
        parameter.grad = torch.ones_like(parameter)
    before = holds(module)
    with pytest.raises(ExportError, match=rf"(?s)forward writes to the parameter '{path}'.*{advice}.*{line}"):
        export_program(module, x(), tmp_path / "net.pt2", check=check)
    assert holds(module) == before and os.listdir(tmp_path) == []


def test_the_rows_of_the_advice_are_those_of_max_norm():
    module, words, max_norm = net(MaxNorm), torch.arange(6), 1.0
    rows = F.embedding(words, module.embed.weight)
    advised = rows * (max_norm / rows.norm(dim=-1, keepdim=True)).clamp(max=1)
    assert torch.allclose(advised, module.embed(words), atol=1e-6) and not torch.allclose(advised, rows, atol=1e-2)


@pytest.mark.parametrize("check", [True, False])
def test_an_attribute_that_is_written_to_in_place_must_be_a_buffer(tmp_path, check):
    module = net(lambda: WithAttribute("attribute"))
    with pytest.raises(ExportError, match=r"(?s)forward writes to self\.mean, which is no buffer, .*register_buffer.*self\.mean\.mul_"):
        export_program(module, x(), tmp_path / "net.pt2", check=check)
    assert torch.equal(module.mean, torch.zeros(4))
    module = net(lambda: WithAttribute("buffer"))
    export_program(module, x(), tmp_path / "net.pt2", dynamic="batch")
    assert torch.equal(module.mean, torch.zeros(4))


@pytest.mark.parametrize("weights", [True, False])
def test_a_buffer_that_is_written_to_through_data_is_refused(tmp_path, weights):
    class Data(Net):
        def __init__(self):
            super().__init__()
            self.register_buffer("mean", torch.zeros(4))

        def forward(self, x):
            self.mean.data.add_(1)
            return (self.fc(x) - self.mean).mean()

    with pytest.raises(ExportError, match=r"no values and are in no state dict .*; where forward writes through \.data, write to the buffer itself"):
        export_program(net(Data), x(), tmp_path / "net.pt2", weights=weights)


def test_a_gradient_function_that_was_imported_is_seen(tmp_path):
    class Backward(Net):
        def forward(self, x):
            loss = self.fc(x).mean()
            backward(loss)
            return loss

    class Gradient(Net):
        def forward(self, x):
            x = x.clone().requires_grad_()
            return grad(self.fc(x).square().sum(), x, create_graph=True)[0].square().mean()

    module = net(Backward)
    with pytest.raises(ExportError, match=r"(?s)forward calls backward\(\): .*backward\(loss\)"):
        export_program(module, x(), tmp_path / "net.pt2")
    assert module.fc.weight.grad is None
    with pytest.raises(ExportError, match=r"(?s)gradients that forward computes .*grad\(self\.fc\(x\)"):
        export_program(net(Gradient), x(), tmp_path / "net.pt2")


# Tensors of odd kinds -----------------------------------------------------------------------------------------------------------
def test_a_buffer_may_show_one_number_many_times(tmp_path):
    class Expanded(Net):
        def __init__(self):
            super().__init__()
            self.register_buffer("scale", torch.full((1,), 2.0).expand(4))

        def forward(self, x):
            return (self.fc(x) * self.scale).mean()

    module = net(Expanded)
    export_program(module, x(), tmp_path / "net.pt2", dynamic="batch")
    assert torch.equal(run(tmp_path / "net.pt2", [x(5)])[0], module(x(5)).detach())


def test_tensors_of_the_inference_mode_are_refused(tmp_path):
    with torch.inference_mode():
        module = nn.Sequential(nn.Linear(8, 4), nn.BatchNorm1d(4))
    with pytest.raises(ExportError, match=r"0\.weight, .*1\.running_mean, .*were made under torch\.inference_mode.* outside of it"):
        export_program(module, x(), tmp_path / "net.pt2")
    module = nn.Sequential(nn.Linear(8, 4), nn.BatchNorm1d(4))
    with torch.inference_mode():
        export_program(module, x(), tmp_path / "net.pt2")


def test_lazy_modules_must_have_run(tmp_path):
    module = nn.Sequential(nn.LazyLinear(4), nn.LazyBatchNorm1d())
    with pytest.raises(ExportError, match=r"the sizes of 0\.weight, 0\.bias, 1\.weight, .*call the model once"):
        export_program(module, x(), tmp_path / "net.pt2")
    module(x())
    export_program(module, x(), tmp_path / "net.pt2", dynamic="batch")
