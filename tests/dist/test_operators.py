"""A model built of operators by name, eager and traced, trained by autograd on two ranks: as one process on both shares."""
import pytest

from world import run_world

SCENE = """
import numpy as np
FORWARD = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)

class Value(ctypes.Structure):
    _fields_ = [("size", ctypes.c_int32), ("kind", ctypes.c_int32), ("integer", ctypes.c_int64), ("real", ctypes.c_double),
                ("data", ctypes.c_void_p), ("name", ctypes.c_char_p)]

world = State(**{options})
kept = []

def op(name, *handles):
    values = (Value * len(handles))(*[Value(ctypes.sizeof(Value), 1, 0, 0.0, handle, None) for handle in handles])
    out, count = (ctypes.c_void_p * 1)(), ctypes.c_size_t(1)
    check(lib.oar_op_call(world.handle, name, values, ctypes.c_size_t(len(handles)), out, ctypes.byref(count)))
    kept.append(out)
    return out[0]

def forward(model, inputs, outputs, _):
    model = ctypes.c_void_p(model)
    x = call_out(lib.oar_tree_get_tensor, ctypes.c_void_p(inputs), b"x")
    weight, bias = (call_out(lib.oar_model_parameter, model, name) for name in (b"weight", b"bias"))
    y = op(b"aten::linear", x, weight, bias)
    tree = ctypes.c_void_p(call_out(lib.oar_tree_create_map))
    check(lib.oar_tree_set_tensor(tree, b"loss", ctypes.c_void_p(op(b"aten::mean", op(b"aten::mul", y, y)))))
    outputs[0] = tree.value
    return 0

forward = FORWARD(forward)
model = ctypes.c_void_p(call_out(lib.oar_model_create_foreign, world.handle))
weight = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32) + world.rank
bias = np.array([0.5, -0.5], np.float32) - world.rank
tensors = [Tensor(weight), Tensor(bias)]
for name, tensor in zip((b"weight", b"bias"), tensors):
    check(lib.oar_model_register_parameter(model, name, tensor.handle))
check(lib.oar_model_set_forward(model, forward, None, None))

def batch(rank):
    x = Tensor(np.array([[1.0, 0.25], [2.0, -1.0]], np.float32) * (rank + 1))
    tree = ctypes.c_void_p(call_out(lib.oar_tree_create_map))
    check(lib.oar_tree_set_tensor(tree, b"x", x.handle))
    kept.append(x)
    return tree

if {traced}:
    model = ctypes.c_void_p(call_out(lib.oar_model_trace, model, batch(0), b'{"x": {"0": "rows"}}'))
accelerator = ctypes.c_void_p(call_out(lib.oar_accelerator_create, world.handle, None))
check(lib.oar_accelerator_prepare_model(accelerator, model))
optimizer = ctypes.c_void_p(call_out(lib.oar_optimizer_create, model, b"sgd", b'{"lr": 0.0625}'))
check(lib.oar_accelerator_prepare_optimizer(accelerator, optimizer))
for step in range(3):
    outputs = ctypes.c_void_p(call_out(lib.oar_model_forward, model, batch(world.rank)))
    loss = ctypes.c_void_p(call_out(lib.oar_tree_get_tensor, outputs, b"loss"))
    check(lib.oar_accelerator_backward(accelerator, loss))
    check(lib.oar_accelerator_step(accelerator, optimizer, None))
report(weight=weight.tolist(), bias=bias.tolist())
"""


def by_numpy(size):
    """Three steps from rank 0's values with the mean of the ranks' gradients, in closed form."""
    import numpy as np

    weight, bias = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.5, -0.5])
    for _ in range(3):
        weight_gradient, bias_gradient = np.zeros((2, 2)), np.zeros(2)
        for rank in range(size):
            x = np.array([[1.0, 0.25], [2.0, -1.0]]) * (rank + 1)
            slope = 2 * (x @ weight.T + bias) / 4
            weight_gradient += slope.T @ x / size
            bias_gradient += slope.sum(0) / size
        weight, bias = weight - 0.0625 * weight_gradient, bias - 0.0625 * bias_gradient
    return weight, bias


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
@pytest.mark.parametrize("size", [1, 2])
def test_operators_train_over_ranks(size, traced):
    import numpy as np

    weight, bias = by_numpy(size)
    for rank in run_world(size, SCENE.replace("{options}", "{}").replace("{traced}", repr(traced))):
        assert np.allclose(rank["weight"], weight, rtol=1e-5, atol=1e-6) and np.allclose(rank["bias"], bias, rtol=1e-5, atol=1e-6)
