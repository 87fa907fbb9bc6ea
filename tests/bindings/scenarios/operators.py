"""Operators by name, and models that are written in them."""
import asyncio

import numpy
import oarlock
from scene import raises, scenario

X = numpy.array([[1, 2], [3, 4]], numpy.float32)
WEIGHT = numpy.array([[1, 0], [0, 1], [1, 1]], numpy.float32)


@scenario
def operator_call(folder):
    with oarlock.State() as state:
        ops, bias = oarlock.ops.aten, numpy.array([0, 0, 1], numpy.float32)
        expected = [[1, 2, 4], [3, 4, 8]]
        assert oarlock.op("aten::linear", X, WEIGHT, bias).tolist() == expected
        assert ops.linear(numpy.asfortranarray(X), WEIGHT, bias=bias).tolist() == expected
        values, indices = state.op("aten::topk", X, 1)
        assert values.tolist() == [[2], [4]] and indices.tolist() == [[1], [1]]
        assert [part.tolist() for part in ops.split(X, 1)] == [[[1, 2]], [[3, 4]]] and len(ops.split(X, 2)) == 1
        total = state.ops.aten.sum(X, [1], True, dtype=numpy.float64)
        assert total.dtype == "float64" and total.tolist() == [[3], [7]]
        assert ops.add.Tensor(X, X, alpha=numpy.int64(2)).tolist() == [[3, 6], [9, 12]] and ops.add(X, numpy.float32(0.5)).dtype == "float32"
        assert ops.index(X, [None, numpy.array([1])]).tolist() == [[2], [4]]
        assert ops.where(X > 2, X, 0.0).tolist() == [[0, 0], [3, 4]]
        overloads = oarlock.op_signatures("aten::add")
        assert "Tensor" in [overload["overload"] for overload in overloads] and dir(ops.add) == sorted(overload["overload"] for overload in overloads)
        assert "aten::linear" in oarlock.op_names("aten") and "linear" in dir(ops) and "aten::linear(" in repr(ops.linear)
        with oarlock.State():
            with raises(oarlock.InvalidState, "2 states are open"):
                oarlock.ops.aten.relu(X)
            assert state.ops.aten.relu(-X).tolist() == [[0, 0], [0, 0]]
    with raises(oarlock.InvalidState, "open State"):
        oarlock.op("aten::relu", X)


@scenario
def operator_refused(folder):
    fixed = X.copy()
    fixed.flags.writeable = False
    with oarlock.State():
        ops = oarlock.ops.aten
        with raises(oarlock.Unsupported, "aten::linear"):
            ops.liner(X, WEIGHT)
        with raises(oarlock.InvalidArgument, "weight"):
            ops.linear(X)
        with raises(oarlock.InvalidArgument, "argument k", "topk"):
            ops.topk(X, "all")
        with raises(TypeError, "argument 2"):
            oarlock.op("aten::cat", [X, X], 1j)
        with raises(oarlock.InvalidArgument, "read-only"):
            ops.add_(fixed, 1)
        assert (fixed == X).all() and ops.relu(X).tolist() == X.tolist()


@scenario
def operator_no_grad(folder):
    weight = numpy.array([1, -2], numpy.float32)
    with oarlock.State() as state:
        ops, model = oarlock.ops.aten, oarlock.Model.foreign(state)
        model.register_parameter("weight", weight)
        accelerator = oarlock.Accelerator(state)
        accelerator.prepare(model)
        parameter = model.parameter("weight")
        with oarlock.no_grad():
            fixed = ops.sum(parameter)
            with oarlock.no_grad():
                ops.sub_(parameter, 0.5)
            ops.mul_(parameter, 2)
        assert fixed.item() == -1 and weight.tolist() == [1, -5]
        with raises(oarlock.InvalidState, "no graph"):
            accelerator.backward(fixed)
        with raises(oarlock.Unsupported, "aten::linear"), oarlock.no_grad():
            ops.liner(parameter)
        with raises(oarlock.InvalidArgument, "in-place"):
            ops.sub_(parameter, 0.5)
        accelerator.backward(ops.sum(ops.mul(parameter, parameter)))
        assert model.gradient("weight").tolist() == [2, -10] and weight.tolist() == [1, -5]
        inside, after = asyncio.run(sums_in_a_task(ops, parameter))
        with raises(oarlock.InvalidState, "no graph"):
            accelerator.backward(inside)
        accelerator.backward(after)
        assert model.gradient("weight").tolist() == [3, -9]
        halve = oarlock.no_grad()(lambda: ops.mul_(parameter, 0.5))
        halve()
        assert weight.tolist() == [0.5, -2.5]
        with raises(TypeError, "no_grad() decorates plain functions; in rows"):
            oarlock.no_grad()(rows)


def rows():
    yield X


async def sums_in_a_task(ops, parameter):
    """Of a task that was started without autograd and goes on when that has ended."""
    is_over = asyncio.Event()

    async def task():
        inside = ops.sum(parameter)
        await is_over.wait()
        return inside, ops.sum(parameter)

    with oarlock.no_grad():
        started = asyncio.create_task(task())
        await asyncio.sleep(0)
    is_over.set()
    return await started


def squared_error(model, inputs):
    ops = oarlock.ops.aten
    with model.scope("fc", "Linear"):
        y = ops.linear(inputs["x"], model.parameter("weight"))
    error = ops.sub(y, inputs["target"])
    return {"loss": ops.mul(ops.sum(ops.mul(error, error)), 0.5), "y": y}


@scenario
def forward_callback(folder):
    weight = numpy.array([[1, -2]], numpy.float32)
    inputs = {"x": numpy.array([[4, 1]], numpy.float32), "target": numpy.ones((1, 1), numpy.float32)}
    with oarlock.State() as state:
        model = oarlock.Model.foreign(state, forward=squared_error)
        with model.scope("fc"):
            model.register_parameter("weight", weight)
        accelerator = oarlock.Accelerator(state)
        model, optimizer = accelerator.prepare(model, oarlock.Optimizer(model, "sgd", lr=0.125))
        outputs = model(inputs)
        assert outputs["y"].tolist() == [[2]] and outputs["loss"].item() == 0.5
        accelerator.backward(outputs["loss"])
        assert model.gradient("fc.weight").tolist() == [[4, 1]]
        accelerator.step(optimizer)
        assert weight.tolist() == [[0.5, -2.125]]

        def fails(model, inputs):
            with model.scope("fc"):
                model.parameter("bias")

        model.set_forward(fails)
        with raises(oarlock.NotFound, "fc.bias"):
            model(inputs)
        failure = KeyError("inside the forward")
        model.set_forward(lambda model, inputs: (_ for _ in ()).throw(failure))
        with raises(KeyError) as caught:
            model(inputs)
        assert caught == [failure]
        model.set_forward(lambda model, inputs: object())
        with raises(TypeError, "object"):
            model(inputs)
        model.set_forward(squared_error)
        assert model.eval()(inputs)["y"].tolist() == [[-0.125]]
        model.set_forward(None)
        with raises(oarlock.Unsupported):
            model(inputs)


@scenario
def traced_model(folder):
    weight = numpy.array([[1, -2]], numpy.float32)
    rows = {"x": numpy.array([[4, 1], [1, 3]], numpy.float32), "target": numpy.array([[1], [3]], numpy.float32)}
    others = {"x": numpy.array([[2, 0], [0, 8], [4, 4]], numpy.float32), "target": numpy.array([[2], [6], [8.5]], numpy.float32)}
    dynamic = {"x": {0: "batch"}, "target": {0: "batch"}}

    def forward(model, inputs):
        with model.scope("fc", "Linear"):
            y = oarlock.ops.aten.linear(inputs["x"], model.parameter("weight"))
        return {"loss": oarlock.ops.aten.mse_loss(y, inputs["target"]), "y": y}

    with oarlock.State() as state:
        written = oarlock.Model.foreign(state, {"fc.weight": weight}, forward=forward)
        model = written.trace(rows, dynamic)
        written.set_forward(None)
        assert model.parameter_names == ["fc.weight"] and model.tensor("fc.weight").data_ptr() == weight.ctypes.data
        accelerator = oarlock.Accelerator(state)
        model, optimizer = accelerator.prepare(model, oarlock.Optimizer(model, "sgd", lr=0.125))
        loss = model(rows)["loss"]
        assert loss.item() == 32.5
        accelerator.backward(loss)
        accelerator.step(optimizer)
        assert weight.tolist() == [[1.5, 0.875]]
        assert model.eval()(others)["loss"].item() == 1
        with raises(oarlock.Unsupported):
            model.trace(rows)
        written.set_forward(lambda model, inputs: {"y": oarlock.ops.aten.relu(inputs["x"])})
        with raises(oarlock.InvalidArgument, "target"):
            written.trace(rows, dynamic)
        failure = KeyError("inside the trace")
        written.set_forward(lambda model, inputs: (_ for _ in ()).throw(failure))
        with raises(KeyError) as caught:
            written.trace(rows)
        assert caught == [failure]


@scenario
def backward_callback(folder):
    weight, x = numpy.array([1, -2], numpy.float32), numpy.array([4, 1], numpy.float32)
    with oarlock.State() as state:
        model = oarlock.Model.foreign(state, {"weight": weight}, forward=lambda model, inputs: {"y": (weight * inputs["x"].numpy()).sum(keepdims=True)})
        model.set_backward(lambda gradients, ready: ready("weight", gradients["y"].numpy() * x))
        accelerator = oarlock.Accelerator(state)
        model, optimizer = accelerator.prepare(model, oarlock.Optimizer(model, "sgd", lr=0.125))

        def backward():
            y = model({"x": x})["y"]
            accelerator.backward(oarlock.ops.aten.mul(y, 3.0))
            return y.item()

        assert backward() == 2
        accelerator.step(optimizer)
        assert weight.tolist() == [-0.5, -2.375]
        failure = KeyError("inside the backward")
        model.set_backward(lambda gradients, ready: (_ for _ in ()).throw(failure))
        with raises(KeyError) as caught:
            backward()
        assert caught == [failure]
