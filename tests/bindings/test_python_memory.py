"""100,000 objects made and dropped leave memory as it was.

The bound: the smallest block that malloc gives takes 32 bytes, so a leak of one block per object would add 3.2 MB. Growth after a
warm-up of 10,000 has to be less than half of that. Without armor, which keeps released handles for a while on purpose.
"""
import json

import pytest
from languages import DIGITS
from python_program import output

PAIRS = 100_000
WARM_UP = 10_000
BOUND_BYTES = PAIRS * 32 // 2

KINDS = {
    "config": "oarlock.Config()",
    "tensor": "oarlock.zeros((2, 2))",
    "tensor over numpy": "oarlock.as_tensor(array)",
    "view of a tensor": "numpy.asarray(tensor)",
    "DLPack both ways": "numpy.from_dlpack(tensor); oarlock.from_dlpack(array)",
    "legacy DLPack": "tensor.__dlpack__(); oarlock.from_dlpack(array.__dlpack__())",
    "released by hand": "oarlock.zeros(1).release()",
    "tree": "oarlock.Tree({'a': tensor, 'b': [1, 2.5, None, 'text']}).to_python()",
    "batch": "data[[1, 2]]",
    "model output": "model.tensor(name)",
    "loader": "oarlock.Loader(data, batch_size=2)",
    "work": "group.all_reduce(tensor)",
    "group": "state.group",
    "error": "fails()",
    "callback": "state.on_print(lambda line: None); state.print('x')",
    "callback that raises": "raises()",
    "session": "oarlock.Session(program)",
    "forward": "own.set_forward(lambda model, inputs: {'y': state.ops.aten.relu(inputs['x'])}); own({'x': tensor})",
}
SCRIPT = """
    import gc, json, ctypes, numpy, oarlock, oarlock._c as c
    digits = {digits!r}
    array = numpy.zeros(4)
    state = oarlock.State()
    group, tensor, data = state.group, oarlock.as_tensor(array), oarlock.Dataset({{"x": array}})
    model = oarlock.Model.load(state, digits)
    own = oarlock.Model.foreign(state)
    own.set_forward(lambda model, inputs: {{"y": state.ops.aten.relu(inputs["x"])}})
    program = own.trace({{"x": tensor}})
    name = model.parameter_names[0]
    def fails():
        try:
            tensor.copy_from(data_of_another_shape)
        except oarlock.InvalidArgument:
            pass
    data_of_another_shape = oarlock.zeros(7)
    def fail(line):
        raise ValueError(line)
    def raises():
        state.on_print(fail)
        try:
            state.print("x")
        except ValueError:
            pass
    def resident():
        gc.collect()
        return int(open("/proc/self/statm").read().split()[1]) * 4096
    live = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.POINTER(ctypes.c_int64))(c.experimental_get("live_handle_count"))
    def handles():
        count = ctypes.c_int64()
        live(ctypes.byref(count))
        return count.value
    def run(times):
        for _ in range(times):
            {call}
    state.on_print(lambda line: None)
    run({warm_up})
    before, handles_before = resident(), handles()
    run({pairs})
    print(json.dumps([resident() - before, handles() - handles_before]))
"""


@pytest.mark.parametrize("kind", KINDS)
def test_memory_stays_flat(kind):
    script = SCRIPT.format(call=KINDS[kind], digits=str(DIGITS / "digits.pt2"), warm_up=WARM_UP, pairs=PAIRS)
    [line] = output(script, OARLOCK_ARMOR=0)
    growth, handles = json.loads(line)
    assert growth < BOUND_BYTES and handles == 0, f"{growth} bytes, {handles} handles"
