"""What users meet first when a model does not export: the message names the line of their file, or the input, and a way out."""
import dataclasses
import importlib.util
import os
import pathlib
import sys

import numpy
import pytest
import torch
from torch import nn
from torch.nn import functional as F

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent)]
from exported import OAR, STATE, ExportError, Net, export_program, exporter, net, x  # noqa: E402

summary = importlib.import_module(f"{exporter.__name__}.summary").summary


class While(Net):
    def forward(self, x):
        scores = super().forward(x)
        while scores.norm() > 1:
            scores = scores / 2
        return scores.mean()


class Index(Net):
    def forward(self, x):
        scores = super().forward(x)
        return scores[:, int(scores.sum(0).argmax())].mean()


class Caught(Net):
    def forward(self, x):
        try:
            return super().forward(x).mean() * (1 if x.sum() > 0 else 2)
        except RuntimeError as error:
            raise ValueError("no luck") from error


class Format(Net):
    def forward(self, x):
        scores = super().forward(x)
        print(f"mean {scores.mean().item():.3f}")
        return scores.mean()


class OneHot(Net):
    def forward(self, x, y):
        return (super().forward(x) - F.one_hot(y)).square().mean()


class OneHotOfTen(Net):
    def forward(self, x):
        return super().forward(x).mean() if F.one_hot(torch.arange(6), 10).sum() > 3 else None


class Compiling(Net):
    def forward(self, x):
        if torch.compiler.is_compiling():
            raise ValueError("numpy was specialized in one_hot(")
        return super().forward(x)


class Wordless(Net):
    def forward(self, x):
        if torch.compiler.is_compiling():
            raise NotImplementedError
        return super().forward(x)


class Packed(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.LSTM(8, 4, batch_first=True)

    def forward(self, x, lengths=torch.tensor([5, 4, 3])):
        packed = nn.utils.rnn.pack_padded_sequence(torch.stack([x] * 3)[:, :5], lengths, batch_first=True)
        return nn.utils.rnn.pad_packed_sequence(self.layer(packed)[0])[0].mean()


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.GRU(8, 4, batch_first=True)

    def forward(self, x):
        return self.layer(x)[0].mean()


class Backward(Net):
    def forward(self, x):
        loss = super().forward(x).mean()
        loss.backward()
        return loss


class Gradient(Net):
    def forward(self, x):
        x = x.clone().requires_grad_()
        slope, = torch.autograd.grad(super().forward(x).square().sum(), x, create_graph=True)
        return slope.square().mean()


class Forwards(Net):
    def forward(self, x):
        return torch.func.jvp(self.fc, (x,), (x,))[1].mean()


class Vmap(Net):
    def forward(self, x):
        return torch.vmap(lambda row: self.fc(row))(x).mean()


class Equal(Net):
    def forward(self, x):
        return super().forward(x).mean() * (2 if x.shape[0] == 6 else 1)


class Even(Net):
    def forward(self, x):
        return super().forward(x).mean() * (2 if x.shape[0] % 2 == 0 else 1)


class Shape(Net):
    def forward(self, x):
        return super().forward(x).reshape(6, 2, 2).mean()


class Nothing(Net):
    def forward(self, x):
        super().forward(x)


class Text(Net):
    def forward(self, x):
        return {"loss": super().forward(x).mean(), "name": "net"}


class Array(Net):
    def forward(self, x):
        return super().forward(x).detach().numpy()


class NoGrad(Net):
    @torch.no_grad()
    def forward(self, x):
        return {"loss": super().forward(x).mean()}


class Batch:
    def __init__(self):
        self.x = x()


@dataclasses.dataclass
class Fields:
    x: torch.Tensor


class Several(Net):
    def forward(self, inputs, count=1, **others):
        return super().forward(inputs[0]).mean()


def script():
    return torch.jit.script(nn.Linear(8, 4))


def quantised():
    return torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(8, 4)), {nn.Linear})


def line(code):
    """A part of a message: the line of this file, as the user would look it up."""
    return rf"test_export_advice\.py:\d+, in \w+: .*{code}"


DECIDES = "decides in Python .*torch.where or torch.cond"
GRADIENTS = "gradients that forward computes .*finite differences"
FIXED = r"fixes it to 6: write forward without int\(size\), size == 6"
# name: (model, inputs, options, what the message holds)
ADVICE = {
    "while": (While, x(), {}, [DECIDES, line(r"while scores\.norm\(\) > 1")]),
    "index": (Index, x(), {}, [DECIDES, line(r"int\(scores\.sum")]),
    "caught": (Caught, x(), {}, [DECIDES, line("raise ValueError")]),
    "format": (Format, x(), {}, ["formats a number that a tensor holds .*leave that line out", line(r"print\(f")]),
    "one_hot": (OneHot, (x(), torch.arange(6) % 4), {}, ["give it num_classes", line(r"F\.one_hot\(y\)")]),
    "one_hot_of_ten": (OneHotOfTen, x(), {}, [DECIDES, line(r"F\.one_hot\(torch\.arange\(6\), 10\)")]),
    "user's words": (Compiling, x(), {}, [r"^torch\.export cannot trace the model\n", line("raise ValueError")]),
    "no words": (Wordless, x(), {}, [r"cannot trace the model\n.*\n  NotImplementedError$", line("raise NotImplementedError")]),
    "packed": (Packed, x(), {}, ["packed sequences .*give the recurrent layer the padded tensor", line(r"self\.layer\(packed\)")]),
    "length": (Recurrent, torch.zeros(3, 5, 8), {"dynamic": {"x": ("batch", "length")}},
               [r"fixes it to 5: .*LSTM or GRU .*pad to one length", line(r"self\.layer\(x\)")]),
    "backward": (Backward, x(), {}, [r"calls backward\(\): .*return the loss", line(r"loss\.backward\(\)")]),
    "gradient": (Gradient, x(), {}, [GRADIENTS, line(r"torch\.autograd\.grad")]),
    "forwards": (Forwards, x(), {}, [GRADIENTS, line(r"torch\.func\.jvp")]),
    "vmap": (Vmap, x(), {}, [r"uses torch\.vmap .*torch\.einsum", line(r"torch\.vmap")]),
    "equal": (Equal, x(), {"dynamic": "batch"}, [FIXED, line(r"x\.shape\[0\] == 6")]),
    "even": (Even, x(), {"dynamic": "batch"}, [r"is not that of the model at batch = 7: .*branch on the size"]),
    "shape": (Shape, x(), {"dynamic": "batch"}, [FIXED, line(r"reshape\(6")]),
    "nothing": (Nothing, x(), {}, [r"returns no tensor; .*is there a return\?"]),
    "text": (Text, x(), {}, ["output 'name' is a str; a program returns tensors"]),
    "array": (Array, x(), {}, [r"the output is a numpy\.ndarray; a program returns tensors"]),
    "no_grad": (NoGrad, x(), {}, [r"depends on no parameter .*torch\.no_grad"]),
    "frozen": (lambda: Net().requires_grad_(False), x(), {"loss": lambda scores: scores.mean()}, [r"all are frozen: model\.requires_grad_\(True\)"]),
    "object": (Several, ([Batch()],), {}, [r"input 'inputs\.0' is a .*\.Batch; a program takes tensors, .*by name in a dict"]),
    "dataclass": (Several, (Fields(x()),), {}, [r"input 'inputs' is a .*\.Fields; .*by name in a dict"]),
    "set": (Several, ([x()], {1}), {}, ["input 'count' is a set; .*give a list"]),
    "numpy": (Net, numpy.zeros((6, 8), "float32"), {}, [r"input 'x' is a numpy\.ndarray; .*torch\.as_tensor"]),
    "sparse": (Net, x().to_sparse(), {}, [r"input 'x' is a tensor of layout torch\.sparse_coo; .*x\.to_dense\(\)"]),
    "list": (Several, [x(), 1, 2], {}, ["takes from 2 to 3 positional arguments but 4 were given; example_inputs has 3 entries"]),
    "targets": (Net, x(), {"loss": nn.MSELoss(), "targets": [1, 2]}, ["given the outputs and 2 targets: target, target_1"]),
    "half": (lambda: Net().half(), x(), {}, [r"'x' is float32, the weights are float16: give 'x' as float16", r"exported\.py:\d+, in forward: "]),
    "device": (Net, x().to("meta"), {}, ["'x' is on meta, the weights are on cpu: bring both to one device"]),
    "script": (script, x(), {}, [r"a torch\.jit\.ScriptModule: export the module that it was scripted or traced from"]),
    "quantised": (quantised, x(), {}, ["export the model before it is quantised"]),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", ADVICE)
def test_the_message_names_the_place_and_a_way_out(tmp_path, capfd, name):
    make, inputs, options, texts = ADVICE[name]
    module = net(make)
    before = {key: value.clone() for key, value in module.state_dict().items() if isinstance(value, torch.Tensor)}
    with pytest.raises(ExportError) as raised:
        export_program(module, inputs, tmp_path / "net.pt2", **options)
    for text in texts:
        assert raised.match(text)
    assert os.listdir(tmp_path) == []
    assert all(torch.equal(value, module.state_dict()[key]) for key, value in before.items())
    assert capfd.readouterr().err == "", "torch's own remarks"


def test_a_size_that_a_bare_assert_refuses_is_told_without_words(tmp_path):
    class OneSize(Net):
        def forward(self, x):
            if not torch.compiler.is_compiling() and x.shape[0] != 6:
                raise AssertionError  # pytest gives assert some words
            return super().forward(x).mean()

    with pytest.warns(UserWarning, match=r"could not be tried at another size than 6, because the model itself fails there: at batch = 7: AssertionError$"):
        export_program(net(OneSize), x(), tmp_path / "net.pt2", dynamic="batch")


def test_advice_does_not_come_from_the_name_of_a_folder(tmp_path):
    folder = tmp_path / "numpy_course"
    folder.mkdir()
    (folder / "beside_it.py").write_text("""
import torch
class Failing(torch.nn.Linear):
    def forward(self, x):
        if torch.compiler.is_compiling():
            raise KeyError("data")
        return super().forward(x)
""")
    spec = importlib.util.spec_from_file_location("beside_it", folder / "beside_it.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.raises(ExportError, match=r"^torch\.export cannot trace the model\n.*numpy_course"):
        export_program(module.Failing(8, 4), x())


def test_what_can_be_followed_is_and_runs(tmp_path, capfd):
    """item(), numbers, a None and a text among the arguments, a change of the input: nothing to complain of."""
    class Followed(Net):
        def forward(self, x, mask=None, mode="sum", scale=1.0):
            x.mul_(scale)
            return self.fc(x).sum() * x.abs().max().item()

    module = net(Followed)
    export_program(module, {"x": x(), "mask": None, "mode": "sum", "scale": 2.0}, tmp_path / "net.pt2", dynamic={"x": "batch"})
    assert capfd.readouterr().err == ""
    model = OAR.make(OAR.lib.oar_model_load, STATE, str(tmp_path / "net.pt2").encode(), None)
    assert OAR.input_names(model) == ["x"]
    assert torch.allclose(OAR.forward(model, {"x": x(5)})[0], module(x(5), scale=2.0), rtol=1e-6)


def test_a_model_without_gradients_is_warned_of_unless_it_is_not_to_be_trained(tmp_path, recwarn):
    class Bare(NoGrad):
        def forward(self, x):
            return super().forward(x)["loss"]

    with pytest.warns(UserWarning, match="no output depends on a parameter .*cannot be trained; train=False"):
        export_program(net(Bare), x(), tmp_path / "net.pt2")
    recwarn.clear()
    export_program(net(Bare), x(), tmp_path / "net.pt2", train=False)
    assert list(recwarn) == []


def test_autocast_around_the_call_is_refused_and_within_forward_it_is_not(tmp_path):
    class Within(Net):
        def forward(self, x):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                return super().forward(x).float().mean()

    refused = pytest.raises(ExportError, match=r"called under torch\.autocast, .*put the autocast into forward")
    with refused, torch.autocast("cpu", dtype=torch.bfloat16):
        export_program(net(), x(), tmp_path / "net.pt2")
    export_program(net(Within), x(), tmp_path / "net.pt2")


def test_the_summary_names_inputs_as_the_loaded_program_does(tmp_path):
    class Nested(Net):
        def forward(self, batch, others, *more, **rest):
            return super().forward(batch["images"]["x"]) + others[0].sum() + others[1]["y"] + more[0] + rest["shift"]

    y = torch.zeros(4)
    export_program(net(Nested), ({"images": {"x": x()}}, [x(), {"y": y}], y), tmp_path / "net.pt2", kwargs={"shift": y},
                   dynamic={"batch.images.x": "rows", "others.0": ("others", "width")})
    program = torch.export.load(tmp_path / "net.pt2")
    told = summary(program, tmp_path / "net.pt2").splitlines()
    model = OAR.make(OAR.lib.oar_model_load, STATE, str(tmp_path / "net.pt2").encode(), None)
    shapes = ["[rows, 8]", "[others, width]", "[4]", "[4]", "[4]"]
    assert [text.strip() for text in told if text.startswith("  input")] == [
        f"input   {name}: float32 {shape}" for name, shape in zip(OAR.input_names(model), shapes)]
    assert OAR.input_names(model) == ["batch.images.x", "others.0", "others.1.y", "more_0", "shift"]


def test_the_summary_says_where_weights_come_from(tmp_path):
    program = export_program(net(), x(), tmp_path / "net.pt2", weights=False)
    told = summary(program, tmp_path / "net.pt2")
    assert "no weights: they come from a safetensors file, the option model.weights" in told
