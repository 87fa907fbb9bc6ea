"""Models that keep something from call to call outside of their buffers: whether that matters, and where it is told."""
import pathlib
import sys
import warnings

import pytest
import torch
from torch import nn

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent)]
from exported import ExportError, Net, export_program, net, run, x  # noqa: E402


class Counting(Net):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return super().forward(x).mean() * self.calls


class Average(Net):
    def __init__(self):
        super().__init__()
        self.mean = torch.zeros(4)

    def forward(self, x):
        scores = super().forward(x)
        self.mean = 0.9 * self.mean + 0.1 * scores.detach().mean(0)
        return (scores - self.mean).square().mean()


class History(Net):
    def __init__(self):
        super().__init__()
        self.losses = [torch.zeros(())]

    def forward(self, x):
        self.losses.append(super().forward(x).mean())
        return self.losses[-1] + self.losses[-2].detach()


class Remembering(Net):
    def __init__(self):
        super().__init__()
        self.calls, self.scores, self.seen = 0, None, []

    def forward(self, x):
        self.calls, self.scores, self.new = self.calls + 1, super().forward(x), x
        self.seen.append(self.scores)
        return self.scores.mean()


@pytest.mark.parametrize("cls, name", [(Counting, "calls"), (Average, "mean"), (History, "losses")])
def test_what_forward_keeps_outside_of_buffers_is_told_by_name(tmp_path, cls, name):
    with pytest.raises(ExportError, match=rf"in a first call, but not in a second: forward changes self\.{name}, .*register_buffer"):
        export_program(net(cls), x(), tmp_path / "net.pt2")
    with pytest.warns(UserWarning, match=rf"forward changes self\.{name}; a program keeps no attributes .*register_buffer"):
        export_program(net(cls), x(), tmp_path / "net.pt2", check=False)


def test_attributes_that_no_later_call_reads_are_nothing_to_warn_of(tmp_path):
    module = net(Remembering)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        export_program(module, x(), tmp_path / "net.pt2", dynamic="batch")
    assert (module.calls, module.scores, module.seen) == (0, None, []) and not hasattr(module, "new")


def test_what_the_first_call_sets_up_once_is_traced_with_it(tmp_path):
    """As transformers does for outputs that it captures: hooks, and a flag of its own."""
    class Hooked(Net):
        ready = False

        def forward(self, x):
            if not self.ready:
                self.fc.register_forward_hook(lambda module, inputs, output: output * 2)
                self.ready = True
            return super().forward(x)

    module = net(Hooked)
    export_program(module, x(), tmp_path / "net.pt2", dynamic="batch")
    assert len(module.fc._forward_hooks) == 0 and not module.ready
    with torch.no_grad():
        assert torch.equal(run(tmp_path / "net.pt2", [x(5)])[0], module.eval()(x(5)))


def test_what_the_first_call_sets_up_and_cannot_be_traced_is_told(tmp_path):
    torch.save(torch.arange(8.0), tmp_path / "table.pt")

    class Reading(Net):
        table = None

        def forward(self, x):
            if self.table is None:
                self.table = torch.load(tmp_path / "table.pt")
            return super().forward(x * self.table)

    module = net(Reading)
    with pytest.raises(ExportError, match=r"sets up in its first call \(self\.table\), call the model once, and export then"):
        export_program(module, x(), tmp_path / "net.pt2")
    module(x())
    export_program(module, x(), tmp_path / "net.pt2", dynamic="batch")


class Choosy(Net):
    """Counts, and does not take the first row in the place of all."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x, offsets):
        if not torch.compiler.is_compiling():
            assert (offsets.diff() > 0).all(), "positions"
        self.calls += 1
        return super().forward(x).mean() * self.calls + offsets.sum()


def test_what_is_kept_is_found_where_the_model_refuses_the_repeated_row(tmp_path):
    with pytest.raises(ExportError, match=r"in a first call, but not in a second: forward changes self\.calls"):
        export_program(net(Choosy), (x(), torch.tensor([0, 2, 5])), tmp_path / "net.pt2")


class Once(Net):
    calls = 0

    def forward(self, x):
        Once.calls += 1
        if Once.calls > 4:
            raise FileNotFoundError(2, "No such file or directory", "vocab.txt")
        return super().forward(x).mean()


def test_a_model_that_does_not_run_a_second_time_is_told_so(tmp_path):
    """Its error is not that of the file that is written meanwhile."""
    with pytest.raises(ExportError, match=r"the model does not run a second time: FileNotFoundError: .*vocab\.txt"):
        export_program(net(Once), x(), tmp_path / "net.pt2")
