"""A foreign model over real ranks: its gradients are averaged, its weights stay equal, and a missing one is told everywhere."""
import pytest

from world import run_world

# weight has 3 numbers, bias 1; rank r gives gradients (r + 1) * (1, 2, 3) and (r + 1) * 4, and begins from its own values.
SCENE = """
import numpy as np
world = State(**{options})
model = ctypes.c_void_p(call_out(lib.oar_model_create_foreign, world.handle))
weight, bias = np.full(3, 10.0 + world.rank, np.float32), np.full(1, 20.0 + world.rank, np.float32)
tensors = [Tensor(weight), Tensor(bias)]
for name, tensor in zip((b"weight", b"bias"), tensors):
    check(lib.oar_model_register_parameter(model, name, tensor.handle))
accelerator = ctypes.c_void_p(call_out(lib.oar_accelerator_create, world.handle, None))
check(lib.oar_accelerator_prepare_model(accelerator, model))
optimizer = ctypes.c_void_p(call_out(lib.oar_optimizer_create, model, b"sgd", b'{"lr": 0.5}'))
check(lib.oar_accelerator_prepare_optimizer(accelerator, optimizer))

def give(name, values):
    tensor = Tensor(np.array(values, np.float32))
    check(lib.oar_accelerator_gradient_ready(accelerator, model, name, tensor.handle))
    tensor.release()
    return tensor.array

def gradients():
    share = world.rank + 1
    return give(b"bias", [share * 4.0]), give(b"weight", [share * 1.0, share * 2.0, share * 3.0])

def done():
    check(lib.oar_accelerator_gradients_done(accelerator, model))

def step():
    check(lib.oar_accelerator_step(accelerator, optimizer, None))
"""


def run(size, body, **options):
    return run_world(size, SCENE.replace("{options}", repr(options)) + body)


@pytest.mark.parametrize("size", (2, 4))
def test_every_rank_steps_by_the_mean_of_the_gradients(size):
    body = """
own = gradients()
done()
averaged = [array.tolist() for array in own]
step()
report(averaged=averaged, weight=weight.tolist(), bias=bias.tolist())
"""
    mean = (size + 1) / 2  # of 1 ... size
    for rank in run(size, body):
        assert rank["averaged"] == [[mean * 4], [mean, mean * 2, mean * 3]]  # in the host's own arrays
        # All begin from rank 0's values.
        assert rank["weight"] == [10 - mean / 2, 10 - mean, 10 - mean * 1.5]
        assert rank["bias"] == [20 - mean * 2]


def test_an_accumulation_averages_once():
    body = """
check(lib.oar_accelerator_accumulate_begin(accelerator, model))
gradients(); done(); step()
check(lib.oar_accelerator_accumulate_end(accelerator))
between = weight.tolist()
check(lib.oar_accelerator_accumulate_begin(accelerator, model))
gradients(); done(); step()
check(lib.oar_accelerator_accumulate_end(accelerator))
report(between=between, weight=weight.tolist())
"""
    for rank in run(2, body, accelerator_gradient_accumulation_steps=2):
        assert rank["between"] == [10, 10, 10]
        assert rank["weight"] == [10 - 0.75, 10 - 1.5, 10 - 2.25]  # the mean over ranks and micro-batches is 1.5


def test_a_rank_that_gives_none_of_its_gradients_is_told_and_the_others_go_on():
    body = """
if world.rank == 1:
    outcome = attempt(done)
else:
    gradients()
    outcome = attempt(done)
report(outcome=outcome)
"""
    ranks = run(2, body)
    assert ranks[0]["outcome"]["status"] == "OAR_OK"
    assert ranks[1]["outcome"]["status"] == "OAR_E_STATE"
    assert "2 of 2 parameters got no gradient" in ranks[1]["outcome"]["text"]


# Another model, which has one weight, and a buffer that is 100 + rank.
BUFFERED = """
import numpy as np
model = ctypes.c_void_p(call_out(lib.oar_model_create_foreign, world.handle))
weight, seen = np.zeros(1, np.float32), np.zeros(1, np.int64)
check(lib.oar_model_register_parameter(model, b"weight", Tensor(weight).handle))
check(lib.oar_model_register_buffer(model, b"seen", Tensor(seen).handle))
check(lib.oar_accelerator_prepare_model(accelerator, model))
seen[0] = 100 + world.rank
"""


def test_buffers_become_rank_0s():
    body = BUFFERED + """give(b"weight", [1.0])
done()
report(seen=int(seen[0]))
"""
    assert [rank["seen"] for rank in run(2, body)] == [100, 100]


def test_ranks_with_other_parameters_are_told_both():
    body = """
import numpy as np
model = ctypes.c_void_p(call_out(lib.oar_model_create_foreign, world.handle))
check(lib.oar_model_register_parameter(model, b"weight", Tensor(np.zeros(2 + world.rank, np.float32)).handle))
report(outcome=attempt(lambda: check(lib.oar_accelerator_prepare_model(accelerator, model))))
"""
    for rank in run(2, body):
        assert rank["outcome"]["status"] == "OAR_E_MISMATCH"
        assert "[2]" in rank["outcome"]["text"] and "[3]" in rank["outcome"]["text"]


def test_averages_travel_before_the_backward_ends(tmp_path):
    body = f"""
gradients()
path = "{tmp_path}/" + str(world.rank)
check(lib.oar_state_dump(world.handle, path.encode()))
done()
report(started=[entry["operation"] for entry in json.load(open(path))["groups"][0]["operations"]].count("all_reduce"))
"""
    for rank in run(2, body):
        assert rank["started"] == 1


def test_a_rank_without_gradients_takes_part_in_the_buffers_too():
    body = BUFFERED + """own = give(b"weight", [4.0]) if world.rank == 0 else None
outcome = attempt(done)
report(outcome=outcome, seen=int(seen[0]), own=None if own is None else float(own[0]))
"""
    ranks = run(2, body)
    assert ranks[0]["outcome"]["status"] == "OAR_OK"
    assert ranks[1]["outcome"]["status"] == "OAR_E_STATE"
    assert [rank["seen"] for rank in ranks] == [100, 100]
    assert ranks[0]["own"] == 2.0


def test_a_backward_on_a_dead_group_fails_to_its_end():
    body = """
import numpy as np
model = ctypes.c_void_p(call_out(lib.oar_model_create_foreign, world.handle))
first, second, seen = np.zeros(1, np.float32), np.zeros(1, np.float32), np.zeros(1, np.int64)
check(lib.oar_model_register_parameter(model, b"first", Tensor(first).handle))
check(lib.oar_model_register_parameter(model, b"second", Tensor(second).handle))
check(lib.oar_model_register_buffer(model, b"seen", Tensor(seen).handle))
check(lib.oar_accelerator_prepare_model(accelerator, model))
check(lib.oar_state_abort(world.handle, b"the test ends it"))
attempt(lambda: check(lib.oar_state_barrier(world.handle, 0)))  # it is dead when a call has said so
kept = [Tensor(np.ones(1, np.float32)) for name in (b"first", b"second")]
ready = lambda name, tensor: check(lib.oar_accelerator_gradient_ready(accelerator, model, name, tensor.handle))
report(outcomes=[attempt(lambda: ready(b"first", kept[0])), attempt(lambda: ready(b"second", kept[1])), attempt(done), attempt(done)])
"""
    for rank in run(2, body):
        first, *others = rank["outcomes"]
        assert first["status"] == "OAR_E_ABORTED" and "the test ends it" in first["text"]
        assert [other["status"] for other in others] == ["OAR_E_STATE"] * 3
        assert all("an earlier reduction failed" in other["text"] for other in others)


# The loss is the sum of weight and bias times rank + 1, in callbacks; `body` is what backward does.
CALLBACKS = SCENE + """
FORWARD = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)
BACKWARD = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
share, kept = np.float32(world.rank + 1), []

def forward(_model, _inputs, outputs, _data):
    loss = Tensor(np.array(share * (weight.sum() + bias.sum()), np.float32))
    tree = call_out(lib.oar_tree_create_map)
    check(lib.oar_tree_set_tensor(ctypes.c_void_p(tree), b"loss", loss.handle))
    kept.append(loss)
    outputs[0] = tree
    return 0

def backward(_model, _gradients, _data):
    {backward}
    return 0

functions = FORWARD(forward), BACKWARD(backward)
check(lib.oar_model_set_forward(model, functions[0], None, None))
check(lib.oar_model_set_backward(model, functions[1], None, None))

def run():
    inputs = ctypes.c_void_p(call_out(lib.oar_tree_create_map))
    outputs = ctypes.c_void_p(call_out(lib.oar_model_forward, model, inputs))
    loss = ctypes.c_void_p(call_out(lib.oar_tree_get_tensor, outputs, b"loss"))
    check(lib.oar_accelerator_backward(accelerator, loss))
"""
GIVE_BOTH = "give(b'bias', [share]); give(b'weight', [share] * 3)"


def run_callbacks(size, backward, body, **options):
    scene = CALLBACKS.replace("{options}", repr(options)).replace("{backward}", backward)
    return run_world(size, scene + body)


def test_a_backward_callback_trains_data_parallel():
    body = """
run(); step()
report(weight=weight.tolist(), bias=bias.tolist())
"""
    for rank in run_callbacks(2, GIVE_BOTH, body):
        assert rank["weight"] == [10 - 0.75] * 3 and rank["bias"] == [20 - 0.75]  # lr 0.5, the mean of 1 and 2


def test_averages_travel_while_the_callback_computes(tmp_path):
    backward = f"""give(b'bias', [share])
    path = "{tmp_path}/" + str(world.rank)
    check(lib.oar_state_dump(world.handle, path.encode()))
    give(b'weight', [share] * 3)"""
    body = f"""
run()
operations = json.load(open("{tmp_path}/" + str(world.rank)))["groups"][0]["operations"]
report(started=[entry["operation"] for entry in operations].count("all_reduce"))
"""
    tiny = {"ddp_first_bucket_cap_mb": 1e-6, "ddp_bucket_cap_mb": 1e-6}  # a bucket for each parameter
    assert [rank["started"] for rank in run_callbacks(2, backward, body, **tiny)] == [1, 1]


def test_peers_learn_at_once_that_a_callback_failed():
    backward = "if world.rank == 1: return 5\n    " + GIVE_BOTH
    for number, rank in enumerate(run_callbacks(2, backward, "report(outcome=attempt(run))")):
        assert rank["outcome"]["status"] == ("OAR_E_ABORTED", "OAR_E_CALLBACK")[number]
        assert "backward of the model returned 5" in rank["outcome"]["text"]
        assert rank["outcome"]["seconds"] < 4


def test_a_callback_that_gives_nothing_is_told_and_the_others_go_on():
    backward = "if world.rank == 0: " + GIVE_BOTH
    ranks = run_callbacks(2, backward, "report(outcome=attempt(run))")
    assert [rank["outcome"]["status"] for rank in ranks] == ["OAR_OK", "OAR_E_STATE"]
    assert "2 of 2 parameters got no gradient" in ranks[1]["outcome"]["text"]


def test_callbacks_in_an_accumulation_average_once():
    body = """
for i in range(2):
    check(lib.oar_accelerator_accumulate_begin(accelerator, model))
    run(); step()
    check(lib.oar_accelerator_accumulate_end(accelerator))
report(weight=weight.tolist())
"""
    backward = "scale = call_out(lib.oar_tensor_item, ctypes.c_void_p(call_out(lib.oar_tree_get_tensor, ctypes.c_void_p(_gradients), " \
               "b'loss')), kind=ctypes.c_double)\n    give(b'bias', [share * scale]); give(b'weight', [share * scale] * 3)"
    for rank in run_callbacks(2, backward, body, accelerator_gradient_accumulation_steps=2):
        assert rank["weight"] == [10 - 0.75] * 3
