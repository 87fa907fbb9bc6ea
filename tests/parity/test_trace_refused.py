"""What a trace that cannot become a program says."""
import ctypes
import pathlib
import sys

import pytest
import torch

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent)]
from traced_models import Foreign, oar, op, shape_of, state, times_w  # noqa: E402
from oarlock_ctypes import E_CALLBACK, E_UNSUPPORTED, OarlockError  # noqa: E402


def refused(body, inputs=None, dynamic='{"x": {"0": "n"}}', **more):
    """The failure of a trace; the model stays usable, and what the thread runs next is not recorded."""
    foreign = Foreign({"w": torch.ones(3)}, body, **more)
    inputs = inputs or {"x": torch.ones(4, 3)}
    with pytest.raises(OarlockError) as failure:
        foreign.trace(inputs, dynamic)
    assert op("add", torch.ones(1), 1) is not None
    simple = Foreign({"w": torch.ones(3)}, lambda model, given: {"y": op("mul", given["x"], model["w"])})
    assert simple.trace({"x": torch.ones(4, 3)}, '{"x": {"0": "n"}}') is not None
    return failure.value


def quadratic(model, inputs):
    n = shape_of(inputs["x"])[0]
    model.scope("head.inner", "Head")
    z = op("zeros", [n * n])
    model.leave()
    return {"y": times_w(model, inputs), "z": z}


def halved(model, inputs):
    return {"y": op("slice", times_w(model, inputs), 0, 0, shape_of(inputs["x"])[0] // 2)}


def sometimes(model, inputs):
    y = times_w(model, inputs)
    return {"y": op("relu", y) if shape_of(inputs["x"])[0] == 4 else op("sigmoid", y)}


def longer(model, inputs):
    y = times_w(model, inputs)
    for _ in range(shape_of(inputs["x"])[0]):
        y = op("relu", y)
    return {"y": y}


def parts(model, inputs):
    return {"y": op("split", times_w(model, inputs), 1)[0]}


DIFFERENT = [
    (quadratic, ["aten::zeros in scope head.inner: argument size is 16 where n is 4, 25 where n is 5", "no linear function"]),
    (halved, ["aten::slice.Tensor in the root scope: argument end", "no linear function"]),
    (sometimes, ["aten::relu in the root scope", "calls aten::sigmoid"]),
    (longer, ["calls 5 operators at one size and 6 at another"]),
    (parts, ["aten::split.Tensor in the root scope: it gives 4 tensors here and 5"]),
]


@pytest.mark.parametrize("body,told", DIFFERENT, ids=lambda value: getattr(value, "__name__", ""))
def test_runs_that_differ_are_told_apart_by_operator_and_scope(body, told):
    failure = refused(body)
    for words in told:
        assert words in failure.message, failure.message


def test_an_operator_that_fails_is_named_with_its_scope_and_inputs():
    failure = refused(lambda model, inputs: (model.scope("a"), op("linear", inputs["x"], op("zeros", [2, 2])))[1])
    assert failure.code == E_CALLBACK and "returned 5" in failure.message and "aten::linear" in failure.message, failure.message


def test_a_failure_in_a_run_at_other_sizes_names_them():
    failure = refused(lambda model, inputs: {"y": op("view", times_w(model, inputs), [4, 3])})
    assert "the run of dynamic_dims in which n is 5" in failure.message and "aten::view" in failure.message, failure.message


def counts_in_a_constant(model, inputs):
    count = oar.tensor_from_torch(torch.zeros(2, 3))
    op("add_", op("select", count, 0, 0), op("sum", inputs["x"], [0]))
    return {"y": op("mul", count, model["w"])}


def statistics_in_constants(model, inputs):
    mean, variance = oar.tensor_from_torch(torch.zeros(3)), oar.tensor_from_torch(torch.ones(3))
    return {"y": op("batch_norm", times_w(model, inputs), None, None, mean, variance, True, 0.1, 1e-5, False)}


def goes_back(model, inputs):
    accelerator = oar.make(oar.lib.oar_accelerator_create, state, None)
    oar.check(oar.lib.oar_accelerator_backward(accelerator, op("sum", times_w(model, inputs))))
    return {"y": times_w(model, inputs)}


def registers(model, inputs):
    oar.check(oar.lib.oar_model_register_buffer(model.handle, b"late", oar.tensor_from_torch(torch.ones(3))))
    return {"y": times_w(model, inputs)}


def other_keys(model, inputs):
    return {"y" if shape_of(inputs["x"])[0] == 4 else "z": times_w(model, inputs)}


kept = {}


def keeps(model, inputs):
    y = op("add", kept.setdefault("y", times_w(model, inputs)), 0)
    return {"y": op("add", y, op("sum", inputs["x"]))}


OTHERS = [
    ("reads a number", lambda m, i: {"y": op("mul", times_w(m, i), op("item", op("sum", i["x"])))}, "aten::item in the root scope: it reads a number"),
    ("input unused", lambda m, i: {"y": op("relu", m["w"])}, "input 'x' is used by no operator"),
    ("output from outside", lambda m, i: {"y": times_w(m, i), "z": torch.ones(2)}, "output 'z' is neither"),
    ("writes a parameter", lambda m, i: (op("zero_", op("detach", m["w"])), {"y": times_w(m, i)})[1], "writes to parameter 'w'"),
    ("parameter's own memory", lambda m, i: {"y": op("mul", i["x"], m.values["w"])}, "is memory of 'w'"),
    ("tensor of an earlier run", keeps, "tensor of an earlier run"),
    ("writes a constant", counts_in_a_constant, "aten::add_.Tensor in the root scope: it writes to its argument self, a tensor that no operator"),
    ("statistics in constants", statistics_in_constants, "it writes to its argument running_mean, a tensor that no operator"),
    ("goes back", goes_back, "a trace runs on this thread"),
    ("registers", registers, "'late' comes too late: the forward is being traced"),
    ("other keys", other_keys, "gives other outputs at other sizes"),
    ("changing constant", lambda m, i: {"y": op("add", times_w(m, i), torch.ones(shape_of(i["x"])))}, "is not the same at all sizes"),
]


@pytest.mark.parametrize("body,told", [case[1:] for case in OTHERS], ids=[case[0] for case in OTHERS])
def test_what_cannot_be_a_program_is_refused_with_the_reason(body, told):
    kept.clear()
    failure = refused(body)
    assert told in failure.message, failure.message


def test_traces_do_not_nest():
    inner = Foreign({"w": torch.ones(3)}, lambda model, given: {"y": times_w(model, given)})

    def body(model, inputs):
        inner.trace({"x": torch.ones(4, 3)})
        return {"y": times_w(model, inputs)}

    assert "traces do not nest" in refused(body).message
    assert inner.trace({"x": torch.ones(4, 3)}) is not None


@pytest.mark.parametrize("dynamic,told", [
    ('{"y": {"0": "n"}}', "there is no input 'y'"), ('{"x": {"2": "n"}}', "'2' is no dimension of input 'x', which has 2"),
    ('{"x": {"0": "n", "00": "m"}}', "dimension 0 of input 'x' stands twice"),
    ('{"x": {"0": 3}}', "takes a name"), ("[", "dynamic_dims"), ('{"x": {"0": "n", "1": "n"}}', "'n' is 4 in an earlier input")])
def test_dynamic_dims_are_checked(dynamic, told):
    failure = refused(lambda model, inputs: {"y": times_w(model, inputs)}, dynamic=dynamic)
    assert told in failure.message, failure.message


def test_a_program_is_not_traced_again():
    foreign = Foreign({"w": torch.ones(3)}, lambda model, inputs: {"y": times_w(model, inputs)})
    program = foreign.trace({"x": torch.ones(4, 3)})
    pointer = ctypes.c_void_p()
    status = oar.lib.oar_model_trace(program, oar.tree({"x": torch.ones(4, 3)}), None, ctypes.byref(pointer))
    assert status == E_UNSUPPORTED and pointer.value is None
