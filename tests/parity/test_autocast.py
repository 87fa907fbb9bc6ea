"""Forwards of prepared models under bf16 and fp16 against eager PyTorch under torch.autocast: equal bits."""
import ctypes
import threading

import pytest
import torch

import precision_models
import programs
from precision_side import DTYPES, LIB, OAR, STATE, Training, seed  # noqa: E402


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("autocast")
    paths = {}

    def get(name):
        if name not in paths:
            make, inputs = precision_models.MODELS[name]
            paths[name] = folder / f"{name}.pt2"
            programs.export_program(programs.seeded(make), inputs(), paths[name])
        return paths[name]
    return get


def eager_model(name):
    return programs.seeded(precision_models.MODELS[name][0])


def eager_forward(module, inputs, precision):
    with torch.autocast("cpu", DTYPES[precision]):
        outputs = module(*inputs)
    return {key: value.float() for key, value in outputs.items()}


@pytest.mark.parametrize("precision", DTYPES)
@pytest.mark.parametrize("name", precision_models.MODELS)
def test_steps_have_the_bits_of_eager_pytorch_under_autocast(exported, name, precision):
    """Three steps of SGD: losses, gradients and weights; seeds of dropout are given before each forward."""
    ours = Training(exported(name), precision, scaler={"enabled": False})
    module = eager_model(name)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.05, fused=True)
    for i in range(3):
        inputs = precision_models.MODELS[name][1](seed=10 + i)
        seed(i)
        loss = ours.backward(ours.forward(inputs))
        torch.manual_seed(i)
        expected = eager_forward(module, inputs, precision)["loss"]
        expected.backward()
        assert loss.dtype == torch.float32 and torch.equal(loss, expected.detach())
        gradients = ours.gradients()
        for parameter, tensor in module.named_parameters():
            assert torch.equal(gradients[parameter], tensor.grad), (i, parameter)
        ours.step()
        optimizer.step()
        optimizer.zero_grad()
    for buffer, tensor in module.named_buffers():
        if buffer != "mask":
            assert torch.equal(OAR.parameter(ours.model, buffer), tensor), buffer


def test_another_precision_gives_other_bits(exported):
    """The comparison can fail."""
    inputs = precision_models.MODELS["mlp"][1]()
    losses = set()
    for precision in ("no", "bf16", "fp16"):
        seed(1)
        losses.add(OAR.value(Training(exported("mlp"), precision).forward(inputs))["loss"].item())
    assert len(losses) == 3


@pytest.mark.parametrize("name", ["mlp", "conv"])  # without weights of several units, whose casts recompute.h tells of
def test_recomputed_units_give_the_same_gradients(exported, name):
    inputs = precision_models.MODELS[name][1]()
    gradients = []
    for recomputes in (False, True):
        ours = Training(exported(name), "bf16", units={"min_parameters": 500})
        if recomputes:
            OAR.check(LIB.oar_model_set_recompute(ours.model, b"*", 1))
        seed(3)
        ours.backward(ours.forward(inputs))
        gradients.append(ours.gradients())
    for parameter, gradient in gradients[0].items():
        assert torch.equal(gradient, gradients[1][parameter]), parameter


def test_evaluation_is_under_autocast_too_and_outputs_are_float32(exported):
    ours, module = Training(exported("conv"), "bf16"), eager_model("conv").eval()
    ours.set_training(False)
    inputs = programs.digits_inputs()
    outputs = OAR.value(ours.forward(inputs))
    with torch.no_grad():
        expected = eager_forward(module, inputs, "bf16")
    assert outputs["logits"].dtype == torch.float32 and torch.equal(outputs["logits"], expected["logits"])


class Twice(torch.nn.Module):
    """One weight used by two operators: with the cache its gradient is summed in 16 bits, without it in 32."""

    def __init__(self, width=16):
        super().__init__()
        self.fc = torch.nn.Linear(width, width)

    def forward(self, x):
        return {"loss": self.fc(torch.relu(self.fc(x))).pow(2).mean()}


@pytest.mark.parametrize("cache", [True, False])
def test_a_weight_is_cast_once_per_forward_where_the_cache_is_on(tmp_path, cache):
    x = torch.randn(8, 16, generator=torch.Generator().manual_seed(4))
    programs.export_program(programs.seeded(Twice), (x,), tmp_path / "twice.pt2")
    ours = Training(tmp_path / "twice.pt2", "bf16", autocast={"cache_enabled": cache})
    ours.backward(ours.forward((x,)))
    gradients = {}
    for enabled in (True, False):
        module = programs.seeded(Twice)
        with torch.autocast("cpu", torch.bfloat16, cache_enabled=enabled):
            loss = module(x)["loss"]
        loss.backward()
        gradients[enabled] = module.fc.weight.grad
    assert torch.equal(ours.gradients()["fc.weight"], gradients[cache])
    assert not torch.equal(gradients[True], gradients[False]), "the case shows nothing"


def thread_state():
    return (torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu"), torch.is_autocast_cache_enabled(), torch.is_grad_enabled())


def test_the_thread_is_as_before(exported):
    ours, inputs = Training(exported("mlp"), "fp16"), precision_models.MODELS["mlp"][1]()
    for enabled, dtype, cache in ((False, torch.bfloat16, True), (True, torch.bfloat16, False)):
        with torch.autocast("cpu", dtype, enabled=enabled, cache_enabled=cache):
            before = thread_state()
            ours.forward(inputs)
            assert thread_state() == before
            with pytest.raises(Exception, match="x"):
                ours.forward((torch.zeros(3, 5), inputs[1]))  # another width
            assert thread_state() == before
    before = torch.autocast_increment_nesting()
    torch.autocast_decrement_nesting()
    assert before == 1, "nesting was left open"


def test_a_step_inside_a_region_of_the_host_is_seen_by_the_next_forward(exported):
    """libtorch keeps the casts of weights until the outermost region of the thread ends: here it ends with each forward."""
    inside, outside = Training(exported("mlp"), "bf16"), Training(exported("mlp"), "bf16", autocast={"cache_enabled": False})
    inputs = precision_models.MODELS["mlp"][1]()

    def losses(training):
        given = []
        for i in range(3):
            seed(i)
            given.append(training.backward(training.forward(inputs)))
            training.step()
        return given
    expected = losses(outside)
    with torch.autocast("cpu", torch.bfloat16):
        ours = losses(inside)
    assert all(torch.equal(a, b) for a, b in zip(ours, expected))
    assert not torch.equal(expected[0], expected[1])


def test_casts_of_an_evaluation_are_not_those_of_a_training(exported):
    """A cast made without autograd leads nowhere: a forward that took it would leave the weight without a gradient."""
    ours, inputs = Training(exported("mlp"), "bf16"), precision_models.MODELS["mlp"][1]()
    with torch.autocast("cpu", torch.bfloat16):
        ours.set_training(False)
        ours.forward(inputs)
        ours.set_training(True)
        ours.backward(ours.forward(inputs))
    assert all(gradient.abs().sum() > 0 for gradient in ours.gradients().values())


def test_two_threads_of_different_precision_keep_their_own(tmp_path):
    """libtorch's cache of casts is one for the process, and blind to the dtype."""
    x = torch.randn(64, 256, generator=torch.Generator().manual_seed(4))
    programs.export_program(programs.seeded(lambda: Twice(256)), (x,), tmp_path / "twice.pt2")
    expected, found, failures = {}, {}, []
    trainings = {precision: Training(tmp_path / "twice.pt2", precision) for precision in DTYPES}
    for precision, training in trainings.items():
        expected[precision] = OAR.value(training.forward((x,)))["loss"].clone()
    start = threading.Barrier(2, timeout=60)

    def run(precision):
        try:
            start.wait()
            found[precision] = [OAR.value(trainings[precision].forward((x,)))["loss"].clone() for _ in range(40)]
        except Exception as error:  # told by the main thread
            failures.append(error)
    threads = [threading.Thread(target=run, args=(precision,)) for precision in DTYPES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not failures
    for precision in DTYPES:
        assert len(found[precision]) == 40
        assert all(torch.equal(loss, expected[precision]) for loss in found[precision]), precision


# Operators of the host's own, in regions.

class Value(ctypes.Structure):
    _fields_ = [("size", ctypes.c_int32), ("kind", ctypes.c_int32), ("integer", ctypes.c_int64), ("real", ctypes.c_double),
                ("data", ctypes.c_void_p), ("name", ctypes.c_char_p)]


def call(name, *tensors):
    handles = [OAR.tensor_from_torch(tensor) for tensor in tensors]
    values = (Value * len(handles))(*[Value(ctypes.sizeof(Value), 1, 0, 0, handle.pointer, None) for handle in handles])
    out, count = (ctypes.c_void_p * 1)(), ctypes.c_size_t(1)
    OAR.check(LIB.oar_op_call(STATE, name, values, ctypes.c_size_t(len(handles)), out, ctypes.byref(count)))
    import oarlock_ctypes
    return OAR.tensor_to_torch(oarlock_ctypes.Handle(out[0], LIB.oar_tensor_release)).clone()


def test_regions_nest_and_count_for_operators_of_the_host(exported):
    accelerator = Training(exported("mlp"), "bf16").accelerator
    a, b = torch.randn(4, 4), torch.randn(4, 4)
    exact = a @ b
    with torch.autocast("cpu", torch.bfloat16):
        rough = a @ b
    assert torch.equal(call(b"aten::mm", a, b), exact)
    OAR.check(LIB.oar_accelerator_autocast_begin(accelerator, 1))
    assert torch.equal(call(b"aten::mm", a, b), rough)
    OAR.check(LIB.oar_accelerator_autocast_begin(accelerator, 0))
    assert torch.equal(call(b"aten::mm", a, b), exact)
    OAR.check(LIB.oar_accelerator_autocast_end(accelerator))
    assert torch.equal(call(b"aten::mm", a, b), rough)
    OAR.check(LIB.oar_accelerator_autocast_end(accelerator))
    assert torch.equal(call(b"aten::mm", a, b), exact)
    with pytest.raises(Exception, match="no autocast region is open"):
        OAR.check(LIB.oar_accelerator_autocast_end(accelerator))


def test_a_region_of_an_accelerator_without_mixed_precision_changes_nothing(exported):
    accelerator = Training(exported("mlp")).accelerator
    a, b = torch.randn(4, 4), torch.randn(4, 4)
    OAR.check(LIB.oar_accelerator_autocast_begin(accelerator, 1))
    assert torch.equal(call(b"aten::mm", a, b), a @ b)
    OAR.check(LIB.oar_accelerator_autocast_end(accelerator))


def test_precisions_that_there_are_not(exported):
    with pytest.raises(Exception, match="fp8") as unsupported:
        Training(exported("mlp"), "fp8")
    assert unsupported.value.code == 9  # OAR_E_UNSUPPORTED
    with pytest.raises(Exception, match='no, bf16 or fp16, got "half"'):
        Training(exported("mlp"), "half")
