"""Models that are wrapped, and operators that are written in another way, when they are exported."""
import pathlib
import sys
import warnings

import pytest
import safetensors.torch
import torch
from torch import nn

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent)]
from exported import OAR, STATE, ExportError, Net, export_program, export_weights, net, record, run, x  # noqa: E402


@pytest.fixture(scope="module")
def process_group(tmp_path_factory):
    store = tmp_path_factory.mktemp("group") / "store"
    torch.distributed.init_process_group("gloo", init_method=f"file://{store}", rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


class Outer(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x)


PLAIN = ["fc.bias", "fc.weight", "norm.bias", "norm.num_batches_tracked", "norm.running_mean", "norm.running_var", "norm.weight"]
WRAPPED = {
    "compile": (torch.compile, "OptimizedModule (_orig_mod.)", ""),
    "data_parallel": (nn.DataParallel, "DataParallel (module.)", ""),
    "distributed": (nn.parallel.DistributedDataParallel, "DistributedDataParallel (module.)", ""),
    "both": (lambda module: torch.compile(nn.DataParallel(module)), "OptimizedModule (_orig_mod.), DataParallel (module.)", ""),
    "inside": (lambda module: Outer(torch.compile(module)), "OptimizedModule (_orig_mod.)", "inner."),
}


@pytest.mark.parametrize("kind", WRAPPED)
def test_what_is_wrapped_is_exported_by_its_own_names(tmp_path, capfd, process_group, kind):
    wrap, note, prefix = WRAPPED[kind]
    module = net()
    wrapped = wrap(module)
    names = list(wrapped.state_dict())
    export_program(wrapped, x(), tmp_path / "net.pt2", dynamic="batch")
    assert f"oarlock.export: what {note} wraps is exported" in capfd.readouterr().err
    model = OAR.make(OAR.lib.oar_model_load, STATE, str(tmp_path / "net.pt2").encode(), None)
    assert OAR.input_names(model) == ["x"]
    assert sorted(OAR.parameter_names(model)) == [prefix + name for name in PLAIN if not name.startswith(("norm.r", "norm.n"))]
    assert record(tmp_path / "net.pt2")["modules"][prefix + "fc"] == "torch.nn.modules.linear.Linear"
    assert list(wrapped.state_dict()) == names, "the wrapper is where it was"
    with torch.no_grad():
        assert torch.equal(run(tmp_path / "net.pt2", [x(5)])[0], module.eval()(x(5)))


def never(graph, inputs):
    raise AssertionError("compiled")


class Decorated(Net):
    @torch.compile(backend=never)
    def forward(self, x):
        return self.drop(self.norm(self.fc(x)))


@pytest.mark.parametrize("how", ["in place", "forward", "class"])
def test_what_is_compiled_in_place_is_exported_without_compiling_it(tmp_path, how):
    module = net(Decorated if how == "class" else Net)
    if how == "in place":
        module.compile(backend=never)
    elif how == "forward":
        module.forward = torch.compile(module.forward, backend=never)
    export_program(module, x(), tmp_path / "net.pt2", dynamic="batch")
    assert record(tmp_path / "net.pt2")["dynamic"] == {"x": {"0": "batch"}}
    with pytest.raises(Exception, match="compiled"):
        module(x())


def test_weights_of_what_is_wrapped_have_the_names_of_the_program(tmp_path):
    wrapped = Outer(torch.compile(net()))
    export_weights(wrapped, tmp_path / "w.safetensors")
    assert sorted(safetensors.torch.load_file(tmp_path / "w.safetensors")) == ["inner." + name for name in PLAIN]
    export_weights(torch.compile(net()), tmp_path / "w.safetensors")
    assert sorted(safetensors.torch.load_file(tmp_path / "w.safetensors")) == PLAIN


@pytest.mark.parametrize("layer", [nn.LSTM, nn.GRU])
def test_recurrent_layers_are_exported_without_warnings(tmp_path, capfd, layer):
    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = layer(8, 4, 2, batch_first=True)

        def forward(self, x):
            return self.layer(x)[0].mean()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        export_program(net(Recurrent), torch.zeros(3, 5, 8), tmp_path / "net.pt2", dynamic="batch")
    assert capfd.readouterr() == ("", "")


# Operators that are written in another way --------------------------------------------------------------------------------------
def gradients(path, inputs, names):
    model = OAR.make(OAR.lib.oar_model_load, STATE, str(path).encode(), None)
    losses = []
    accelerator = OAR.make(OAR.lib.oar_accelerator_create, STATE, None)
    for _ in range(2):
        outputs = OAR.forward_tree(model, inputs)
        loss = OAR.make(OAR.lib.oar_tree_get_tensor, outputs, b"0")
        losses.append(OAR.tensor_to_torch(loss).item())
        OAR.check(OAR.lib.oar_accelerator_backward(accelerator, loss))
    return losses, {name: OAR.gradient(model, name) for name in names}


def expect_two_steps_of_eager(path, module, inputs):
    expected = []
    for _ in range(2):
        loss = module(inputs)
        loss.backward()
        expected.append(loss.item())
    theirs = {name: parameter.grad for name, parameter in module.named_parameters() if parameter.grad is not None}
    losses, ours = gradients(path, [inputs], theirs)
    assert losses == pytest.approx(expected, rel=1e-6)
    assert all(torch.allclose(ours[name], gradient, rtol=1e-5, atol=1e-7) for name, gradient in theirs.items())


def test_spectral_norm_trains_as_in_python(tmp_path):
    """It writes its vectors by out=, which Oarlock does not run as such."""
    class Spectral(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.utils.parametrizations.spectral_norm(nn.Linear(8, 4))

        def forward(self, x):
            return self.fc(x).square().mean()

    module = net(Spectral)
    export_program(module, x(), tmp_path / "net.pt2", dynamic="batch")
    expect_two_steps_of_eager(tmp_path / "net.pt2", module, x(5))


def test_gradients_in_forward_that_are_plain_operators_train_as_in_python(tmp_path):
    class Slope(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(8, 4)

        def forward(self, x):
            x = x.clone().requires_grad_()
            slope, = torch.autograd.grad((x.sin() * self.fc.weight.sum()).sum(), x, create_graph=True)
            return slope.square().mean()

    module = net(Slope)
    export_program(module, x(), tmp_path / "net.pt2")
    expect_two_steps_of_eager(tmp_path / "net.pt2", module, x())
