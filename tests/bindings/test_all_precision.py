"""Mixed precision, the scaler and smaller batches from Python and Julia, printed alike."""
import subprocess

import pytest
from languages import environment, is_built, julia
from python_program import output

EXPECTED = ["fp16 1024.0", "Half Float", "true 512.0", "false", "true", "512 0", "64 115 103", "1.0"]

PYTHON_PROGRAM = """
import numpy
import oarlock
with oarlock.State() as state:
    accelerator = oarlock.Accelerator(state, accelerator={"mixed_precision": "fp16"}, scaler={"init_scale": 1024.0})
    print(accelerator.mixed_precision, accelerator.loss_scale)
    a = oarlock.as_tensor(numpy.ones((2, 2), dtype=numpy.float32))
    with accelerator.autocast():
        inside = state.op("aten::mm", a, a).dtype
        with accelerator.autocast(False):
            island = state.op("aten::mm", a, a).dtype
    print({"float16": "Half", "float32": "Float"}[inside], {"float16": "Half", "float32": "Float"}[island])
    model = oarlock.Model.foreign(state)
    model.register_parameter("weight", numpy.ones(2, dtype=numpy.float32))
    optimizer = oarlock.Optimizer(model, "sgd", lr=1.0)
    accelerator.prepare(model, optimizer)
    accelerator.apply_gradients(model, {"weight": numpy.array([1, numpy.inf], dtype=numpy.float32)})
    accelerator.step(optimizer)
    print(str(accelerator.step_was_skipped(optimizer)).lower(), accelerator.loss_scale)
    accelerator.apply_gradients(model, {"weight": numpy.array([1, 0.5], dtype=numpy.float32)})
    accelerator.unscale_gradients()
    accelerator.step(optimizer)
    print(str(accelerator.step_was_skipped()).lower())
    print(str(numpy.array_equal(numpy.asarray(model.tensor("weight")), [0, 0.5])).lower())
    accelerator.load_scaler_state({**accelerator.scaler_state(), "_growth_tracker": 0})
    print(accelerator.scaler_state()["scale"], accelerator.scaler_state()["_growth_tracker"])
    tried = []
    def run(batch_size):
        tried.append(batch_size)
        if batch_size > 103:
            raise MemoryError
        return 64
    print(oarlock.find_executable_batch_size(state, run, 128), *tried[1:])
    accelerator.free_memory()
    print(oarlock.Accelerator(state).loss_scale)
"""


def test_python():
    assert output(PYTHON_PROGRAM) == EXPECTED


@pytest.mark.skipif(not is_built("julia"), reason="the Julia binding was left out (OARLOCK_JULIA=none)")
def test_julia():
    command = [str(part) for part in julia("tests/bindings/julia_precision.jl")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment())
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
    assert run.stdout.splitlines() == EXPECTED
