"""A transformer out of operators by name, eager and traced, against the same in PyTorch with the weights copied; and what a trace
leaves as it was."""
import ctypes
import json
import pathlib
import sys

import pytest
import torch
from torch.nn import functional as F

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent)]
from traced_models import Foreign, oar, op, shape_of, state, times_w  # noqa: E402
from oarlock_ctypes import E_STATE, OarlockError  # noqa: E402
from op_values import call_op  # noqa: E402
import in_situ  # noqa: E402

WIDTH, HEADS, VOCABULARY, POSITIONS = 16, 4, 11, 12


def decoder_parameters():
    torch.manual_seed(3)
    sizes = {"embedding": (VOCABULARY, WIDTH), "positions": (POSITIONS, WIDTH)}
    for i in range(2):
        sizes |= {f"blocks.{i}.{name}": size for name, size in {
            "norm1.weight": (WIDTH,), "norm1.bias": (WIDTH,), "qkv.weight": (3 * WIDTH, WIDTH), "qkv.bias": (3 * WIDTH,),
            "out.weight": (WIDTH, WIDTH), "out.bias": (WIDTH,), "norm2.weight": (WIDTH,), "norm2.bias": (WIDTH,),
            "up.weight": (4 * WIDTH, WIDTH), "up.bias": (4 * WIDTH,), "down.weight": (WIDTH, 4 * WIDTH), "down.bias": (WIDTH,)}.items()}
    return {name: torch.randn(size) * 0.3 for name, size in sizes.items()}


def our_decoder(model, inputs, dropout=0.0):
    rows, length = shape_of(inputs["tokens"])

    def linear(name, x):
        model.scope(name, "Linear")
        y = op("linear", x, model["weight"], model["bias"])
        model.leave()
        return y

    def norm(name, x):
        model.scope(name, "LayerNorm")
        y = op("layer_norm", x, [WIDTH], model["weight"], model["bias"])
        model.leave()
        return y

    def attention(x):
        x = op("view", linear("qkv", x), [rows, length, 3, HEADS, WIDTH // HEADS])
        q, k, v = op("unbind", op("permute", x, [2, 0, 3, 1, 4]))
        x = op("scaled_dot_product_attention", q, k, v, None, dropout, True)
        return linear("out", op("reshape", op("transpose", x, 1, 2), [rows, length, WIDTH]))

    x = op("add", op("embedding", model["embedding"], inputs["tokens"]), op("slice", model["positions"], 0, 0, length))
    for i in range(2):
        model.scope(f"blocks.{i}", "Block")
        x = op("add", x, op("dropout", attention(norm("norm1", x)), dropout, True))
        x = op("add", x, op("dropout", linear("down", op("gelu", linear("up", norm("norm2", x)))), dropout, True))
        model.leave()
    logits = op("linear", x, model["embedding"])
    loss = op("cross_entropy_loss", op("view", logits, [-1, VOCABULARY]), op("flatten", inputs["labels"]))
    return {"logits": logits, "loss": loss}


def their_decoder(p, tokens, labels, dropout=0.0, training=True):
    length = tokens.shape[1]
    x = F.embedding(tokens, p["embedding"]) + p["positions"][:length]
    for i in range(2):
        b = {name.removeprefix(f"blocks.{i}."): value for name, value in p.items() if name.startswith(f"blocks.{i}.")}
        y = F.layer_norm(x, [WIDTH], b["norm1.weight"], b["norm1.bias"])
        y = F.linear(y, b["qkv.weight"], b["qkv.bias"]).view(*tokens.shape, 3, HEADS, -1)
        q, k, v = y.permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v, None, dropout if training else 0.0, True).transpose(1, 2).reshape(*tokens.shape, WIDTH)
        x = x + F.dropout(F.linear(y, b["out.weight"], b["out.bias"]), dropout, training)
        y = F.layer_norm(x, [WIDTH], b["norm2.weight"], b["norm2.bias"])
        y = F.linear(F.gelu(F.linear(y, b["up.weight"], b["up.bias"])), b["down.weight"], b["down.bias"])
        x = x + F.dropout(y, dropout, training)
    logits = F.linear(x, p["embedding"])
    return logits, F.cross_entropy(logits.view(-1, VOCABULARY), labels.flatten())


def batch_of(rows, length, seed=1):
    generator = torch.Generator().manual_seed(seed)
    draw = lambda: torch.randint(0, VOCABULARY, (rows, length), generator=generator)
    return {"tokens": draw(), "labels": draw()}


BOTH = '{"tokens": {"0": "batch", "1": "length"}, "labels": {"0": "batch", "1": "length"}}'


def gradients_of(model, accelerator, outputs, names):
    loss = oar.make(oar.lib.oar_tree_get_tensor, outputs, b"loss")
    oar.check(oar.lib.oar_accelerator_backward(accelerator, loss))
    return {name: oar.tensor_to_torch(oar.make(oar.lib.oar_model_gradient, model, name.encode())).clone() for name in names}


def close(ours, theirs, scale=1.0):
    return (ours - theirs).abs().max() <= 1e-5 * max(1.0, scale)


@pytest.mark.parametrize("traced", [False, True])
def test_a_decoder_has_the_loss_and_gradients_of_pytorch_at_other_sizes_too(traced):
    parameters = decoder_parameters()
    foreign = Foreign(parameters, our_decoder)
    model = foreign.trace(batch_of(2, 5), BOTH) if traced else foreign.handle
    accelerator = oar.make(oar.lib.oar_accelerator_create, state, None)
    oar.check(oar.lib.oar_accelerator_prepare_model(accelerator, model))
    optimizer = oar.make(oar.lib.oar_optimizer_create, model, b"sgd", b'{"lr": 0.0}')
    oar.check(oar.lib.oar_accelerator_prepare_optimizer(accelerator, optimizer))
    for rows, length in ((2, 5), (7, 5), (1, 12), (3, 1)):
        batch = batch_of(rows, length, seed=rows)
        theirs = {name: value.clone().requires_grad_() for name, value in parameters.items()}
        logits, loss = their_decoder(theirs, **batch)
        loss.backward()
        outputs = oar.forward_tree(model, batch) if traced else foreign.forward(batch)
        values = oar.value(outputs)
        assert close(values["logits"], logits.detach()) and close(values["loss"], loss.detach())
        gradients = gradients_of(model, accelerator, outputs, parameters)
        largest = max(value.grad.abs().max() for value in theirs.values())
        for name, value in theirs.items():
            assert (gradients[name] - value.grad).abs().max() <= 1e-5 * largest, name
        oar.check(oar.lib.oar_accelerator_step(accelerator, optimizer, None))


def test_twenty_steps_of_the_traced_decoder_follow_pytorch_with_dropout_on():
    parameters = decoder_parameters()
    foreign = Foreign(parameters, lambda model, inputs: our_decoder(model, inputs, dropout=0.1))
    model = foreign.trace(batch_of(2, 5), BOTH)
    calls = foreign.calls
    accelerator = oar.make(oar.lib.oar_accelerator_create, state, None)
    oar.check(oar.lib.oar_accelerator_prepare_model(accelerator, model))
    optimizer = oar.make(oar.lib.oar_optimizer_create, model, b"adamw", b'{"lr": 0.01}')
    oar.check(oar.lib.oar_accelerator_prepare_optimizer(accelerator, optimizer))
    theirs = {name: value.clone().requires_grad_() for name, value in parameters.items()}
    their_optimizer = torch.optim.AdamW(theirs.values(), lr=0.01, fused=True)
    for step in range(20):
        batch = batch_of(4, 6, seed=step)
        torch.manual_seed(step)
        _, loss = their_decoder(theirs, **batch, dropout=0.1)
        loss.backward()
        their_optimizer.step()
        their_optimizer.zero_grad()
        oar.check(oar.lib.oar_state_seed(state, ctypes.c_int64(step)))
        outputs = oar.forward_tree(model, batch)
        assert close(oar.value(outputs)["loss"], loss.detach())
        oar.check(oar.lib.oar_accelerator_backward(accelerator, oar.make(oar.lib.oar_tree_get_tensor, outputs, b"loss")))
        oar.check(oar.lib.oar_accelerator_step(accelerator, optimizer, None))
    assert foreign.calls == calls  # the program needs no callback
    # The parameters are the foreign model's own, in the host's memory; and the program knows evaluation.
    for name, value in theirs.items():
        assert close(foreign.values[name], value.detach()), name
    oar.check(oar.lib.oar_model_set_training(model, 0))
    batch = batch_of(7, 9)
    assert close(oar.value(oar.forward_tree(model, batch))["logits"], their_decoder(theirs, **batch, training=False)[0].detach())


def test_a_trace_changes_nothing():
    weight, mean, variance = torch.randn(3), torch.zeros(3), torch.ones(3)

    def body(model, inputs):
        noise = op("randn", [3])
        x = op("batch_norm", op("add", inputs["x"], noise), model["weight"], None, model["mean"], model["var"], True, 0.1, 1e-5, False)
        return {"y": op("mul_", op("add", x, 0), 2)}

    foreign = Foreign({"weight": weight}, body, {"mean": mean, "var": variance})
    oar.check(oar.lib.oar_model_set_training(foreign.handle, 0))
    x = torch.randn(4, 3)
    before, kept = torch.get_rng_state(), x.clone()
    foreign.trace({"x": x}, '{"x": {"0": "n"}}')
    assert foreign.calls == 3
    assert torch.equal(torch.get_rng_state(), before) and torch.equal(x, kept)
    assert torch.equal(foreign.values["weight"], weight)
    assert torch.equal(foreign.buffers["mean"], mean) and torch.equal(foreign.buffers["var"], variance)
    training = ctypes.c_int32()
    oar.check(oar.lib.oar_model_is_training(foreign.handle, ctypes.byref(training)))
    assert training.value == 0


def test_frozen_parameters_stay_parameters_of_the_program():
    weights = {"frozen": torch.randn(3), "trained": torch.randn(3)}
    foreign = Foreign(weights, lambda model, inputs: {"y": op("mul", op("mul", inputs["x"], model["frozen"]), model["trained"])})
    oar.number(ctypes.c_int64, oar.lib.oar_model_freeze, foreign.handle, b"frozen", 1)
    program = foreign.trace({"x": torch.ones(3)})
    foreign.values["frozen"].add_(1)  # the program shares its memory
    outputs = oar.value(oar.forward_tree(program, {"x": torch.ones(3)}))
    assert torch.equal(outputs["y"], (weights["frozen"] + 1) * weights["trained"])
    assert torch.equal(oar.tensor_to_torch(oar.make(oar.lib.oar_model_tensor, program, b"frozen")), foreign.values["frozen"])
    assert oar.number(ctypes.c_int64, oar.lib.oar_model_num_parameters, program) == 1


@pytest.mark.parametrize("change", ["unsqueeze_", "resize_"])
def test_a_buffer_has_its_shape_again(change):
    def body(model, inputs):
        op(change, model["buffer"], 0) if change == "unsqueeze_" else op(change, model["buffer"], [1])
        op("add_", model["buffer"], 1)
        return {"y": op("add", inputs["x"], model["buffer"])}

    buffer = torch.randn(4)
    foreign = Foreign({}, body, {"buffer": buffer})
    for _ in range(2):
        foreign.trace({"x": torch.ones(2, 4)}, '{"x": {"0": "n"}}')
    assert shape_of(foreign["buffer"]) == [4] and torch.equal(foreign.buffers["buffer"], buffer)


def test_operators_in_place_and_buffers_are_part_of_the_program():
    def body(model, inputs):
        op("add_", model["count"], 1)
        y = op("mul", inputs["x"], 3)
        op("add_", y, model["count"])
        z = op("add", y, model["weight"])
        op("mul_", y, 0)  # z has been computed before
        return {"y": y, "z": z}

    foreign = Foreign({"weight": torch.ones(1)}, body, {"count": torch.zeros(1)})
    model = foreign.trace({"x": torch.ones(2)}, '{"x": {"0": "n"}}')
    for count in (1, 2):
        outputs = oar.value(oar.forward_tree(model, {"x": torch.full((5,), 2.0)}))
        assert outputs["y"].tolist() == [0] * 5 and outputs["z"].tolist() == [7 + count] * 5
    assert foreign.buffers["count"].item() == 2


@pytest.mark.parametrize("traced", [False, True])
def test_what_is_called_without_recording_has_no_gradient(traced):
    def body(model, inputs):
        fixed = call_op(oar, state, "aten::mul", inputs["x"], model["w"], function="oar_op_call_no_grad")[0]
        return {"loss": op("sum", op("mul", op("mul", inputs["x"], model["w"]), fixed))}

    w, x = torch.tensor([1.0, 2.0, 3.0]), torch.arange(6.0).reshape(2, 3)
    foreign = Foreign({"w": w}, body)
    model = foreign.trace({"x": x}, '{"x": {"0": "rows"}}') if traced else foreign.handle
    accelerator = oar.make(oar.lib.oar_accelerator_create, state, None)
    oar.check(oar.lib.oar_accelerator_prepare_model(accelerator, model))
    their = w.clone().requires_grad_()
    with torch.no_grad():
        fixed = x * their
    (x * their * fixed).sum().backward()
    outputs = oar.forward_tree(model, {"x": x}) if traced else foreign.forward({"x": x})
    assert torch.equal(gradients_of(model, accelerator, outputs, ["w"])["w"], their.grad)


def test_outputs_of_a_trace_are_described_and_checked():
    foreign = Foreign({"w": torch.ones(3)}, lambda model, inputs: {
        "y": op("mul", inputs["x"], model["w"]), "large": op("gt", inputs["x"], 1), "found": op("nonzero", inputs["x"])})
    model = foreign.trace({"x": torch.ones(4, 3)}, '{"x": {"0": "rows"}}')
    text = oar.make(oar.lib.oar_model_describe, model)
    data, size = ctypes.c_void_p(), ctypes.c_size_t()
    oar.check(oar.lib.oar_bytes_view(text, ctypes.byref(data), ctypes.byref(size)))
    assert json.loads(ctypes.string_at(data, size.value))["outputs"] == [
        {"name": "y", "dtype": "float32", "shape": ["rows", 3]}, {"name": "large", "dtype": "bool", "shape": ["rows", 3]},
        {"name": "found", "dtype": "tensor", "shape": None}]
    session, x = in_situ.session_of(model), torch.tensor([[0.0, 2, 3], [4, 5, 0]])
    assert in_situ.writes_in_place(session, 0)
    y, large, found = torch.zeros(2, 3), torch.zeros(2, 3, dtype=torch.bool), torch.zeros(4, 2, dtype=torch.int64)
    in_situ.run(session, [x], [y, large, found])
    assert torch.equal(y, x) and torch.equal(large, x > 1) and torch.equal(found, x.nonzero())
    with pytest.raises(OarlockError, match=r"output y: float32 \[2, 3\] expected, float64 \[2, 3\] given"):
        in_situ.run(session, [x], [y.double(), None, None])


CUT = {
    "rows": lambda x: op("slice", x, 0, 0, 100),
    "then flattened": lambda x: op("flatten", op("slice", x, 0, 0, 2)),
    "then together": lambda x: op("cat", [op("slice", x, 0, 0, 2)] * 2),
    "of their own number": lambda x: op("squeeze", op("slice", x, 0, 0, 2)),
    "pooled": lambda x: op("max_pool1d", op("t", x), 8, 8, 4),
    "counted": lambda x: op("repeat_interleave", x, op("to", op("gt", op("select", x, 1, 0), 0), torch.int64), 0),
}


@pytest.mark.parametrize("how", CUT)
def test_sessions_take_the_outputs_of_sizes_that_were_not_traced(how):
    foreign = Foreign({"w": torch.ones(1)}, lambda model, inputs: {"y": op("mul", CUT[how](inputs["x"]), model["w"])})
    model = foreign.trace({"x": torch.ones(8, 3)}, '{"x": {"0": "n"}}')
    oar.check(oar.lib.oar_model_set_training(model, 0))
    session = in_situ.session_of(model)
    for rows in (8, 200, 4, 1):
        x = torch.randn(rows, 3)
        expected = oar.value(oar.forward_tree(model, {"x": x}))["y"]
        y = torch.zeros(expected.shape)
        in_situ.run(session, [x], [y])
        assert torch.equal(y, expected), rows


def test_sessions_of_traced_layers_have_the_bits_of_a_forward():
    parameters = {"w": torch.randn(5, 4), "b": torch.randn(5), "v": torch.randn(3, 5)}
    foreign = Foreign(parameters, lambda model, inputs: {
        "y": op("linear", op("relu", op("linear", inputs["x"], model["w"], model["b"])), model["v"])})
    model = foreign.trace({"x": torch.ones(4, 4)}, '{"x": {"0": "n"}}')
    oar.check(oar.lib.oar_model_set_training(model, 0))
    session = in_situ.session_of(model)
    for rows in (4, 1, 0):
        x, y = torch.randn(rows, 4), torch.zeros(rows, 3)
        in_situ.run(session, [x], [y])
        assert torch.equal(y, oar.value(oar.forward_tree(model, {"x": x}))["y"])


def test_sizes_become_symbolic_where_they_follow_the_declared_ones():
    def body(model, inputs):
        n, m = shape_of(inputs["x"])
        x = op("cat", [inputs["x"], op("zeros", [n, 2 * m + 1])], 1)  # [n, 3 m + 1]
        x = op("mul", op("sum", op("slice", x, 1, m - 1, 3 * m)), n)
        return {"y": op("add", op("full", [m + n, 2], n - m), op("mul", x, model["w"]))}

    foreign = Foreign({"w": torch.ones(1)}, body)
    model = foreign.trace({"x": torch.ones(4, 3)}, '{"x": {"0": "n", "1": "m"}}')
    for n, m in ((4, 3), (2, 5), (9, 1), (0, 4)):
        y = oar.value(oar.forward_tree(model, {"x": torch.ones(n, m)}))["y"]
        assert y.shape == (m + n, 2) and torch.equal(y, torch.full((m + n, 2), float(n * n + n - m)))
    with pytest.raises(OarlockError, match=r"input x: shape \[n, m\] expected"):
        oar.forward_tree(model, {"x": torch.ones(4)})


def test_a_tensor_that_all_runs_share_becomes_a_constant():
    mask = torch.tensor([1.0, 0.0, 2.0])
    foreign = Foreign({"w": torch.ones(3)}, lambda model, inputs: {"y": op("mul", times_w(model, inputs), mask)})
    model = foreign.trace({"x": torch.ones(4, 3)}, '{"x": {"0": "n"}}')
    mask.zero_()
    assert oar.value(oar.forward_tree(model, {"x": torch.ones(2, 3)}))["y"].tolist() == [[1, 0, 2]] * 2


def test_evaluation_of_an_eager_forward_records_no_autograd():
    foreign = Foreign({"w": torch.ones(3)}, lambda model, inputs: {"loss": op("sum", times_w(model, inputs))})
    accelerator = oar.make(oar.lib.oar_accelerator_create, state, None)
    oar.check(oar.lib.oar_accelerator_prepare_model(accelerator, foreign.handle))
    oar.check(oar.lib.oar_model_set_training(foreign.handle, 0))
    loss = oar.make(oar.lib.oar_tree_get_tensor, foreign.forward({"x": torch.ones(2, 3)}), b"loss")
    assert oar.lib.oar_accelerator_backward(accelerator, loss) == E_STATE


def test_a_float_that_follows_a_size_stays_a_float():
    """Its dtype is that of the results: a program must not make an integer of float(n)."""
    def body(model, inputs):
        n = shape_of(inputs["x"])[0]
        same = 3 if n == 4 else 3.0  # an equal number of another kind is no difference
        return {"full": op("full", [2], float(n)), "mul": op("mul", op("arange", 3), float(2 * n)),
                "y": op("add", op("mul", inputs["x"], model["w"]), same), "int": op("mul", op("arange", 3), n)}

    foreign = Foreign({"w": torch.ones(3)}, body)
    model = foreign.trace({"x": torch.ones(4, 3)}, '{"x": {"0": "n"}}')
    for n in (4, 9):
        outputs = oar.value(oar.forward_tree(model, {"x": torch.ones(n, 3)}))
        assert outputs["full"].dtype == torch.float32 and outputs["full"].tolist() == [n, n]
        assert outputs["mul"].dtype == torch.float32 and outputs["mul"].tolist() == [0, 2 * n, 4 * n]
        assert outputs["int"].dtype == torch.int64 and outputs["y"].dtype == torch.float32
        assert torch.equal(outputs["y"], torch.full((n, 3), 4.0))
