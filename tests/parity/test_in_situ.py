"""In-situ runs against oar_model_forward in evaluation, bit for bit, and against eager PyTorch."""

import ctypes
import sys
import threading

import pytest
import torch
from torch import nn
from torch.nn import functional as F

sys.path[:0] = [__file__.rsplit("/", 1)[0]]
import programs  # noqa: E402
from in_situ import OAR, column_major, exported, forward, load, run, same_bits, session_of, writes_in_place  # noqa: E402


@pytest.fixture(scope="module")
def mlp(tmp_path_factory):
    path = tmp_path_factory.mktemp("mlp") / "mlp.pt2"
    programs.export_mlp(path, dropout=0.3)
    return path


def batch(rows, seed=5):
    return programs.mlp_inputs(rows, seed)


@pytest.mark.parametrize("rows", [32, 7, 1, 0])  # as exported, others, none
def test_equals_a_forward_in_evaluation(mlp, rows):
    model = load(mlp)
    x, y = batch(rows)
    loss, logits = torch.full((), 9.0), torch.full((rows, 10), 9.0)
    run(session_of(model), [x, y], [loss, logits])
    expected_loss, expected = forward(model, [x, y])
    assert same_bits(logits, expected)
    assert same_bits(loss, expected_loss)  # nan of no rows included
    eager = programs.seeded(lambda: programs.Mlp(0.3)).eval()
    assert torch.equal(logits, eager(x, y)["logits"])


def test_one_session_runs_at_many_sizes(mlp):
    model = load(mlp)
    session = session_of(model)
    for rows in (4, 32, 0, 5, 32):
        x, y = batch(rows, seed=rows)
        logits = torch.empty(rows, 10)
        run(session, [x, y], [None, logits])
        assert same_bits(logits, forward(model, [x, y])[1])


def test_column_major_inputs_are_read_where_they_lie(mlp):
    model = load(mlp)
    x, y = batch(32)
    x = column_major(x)
    logits = torch.empty(32, 10)
    run(session_of(model), [x, y], [None, logits])
    assert same_bits(logits, forward(model, [x, y])[1])


def test_inputs_and_outputs_may_be_columns_of_one_array(mlp):
    model = load(mlp)
    x, y = batch(32)
    state = torch.zeros(32, 80)
    state[:, :64] = x
    run(session_of(model), [state[:, :64], y], [None, state[:, 66:76]])
    assert same_bits(state[:, 66:76], forward(model, [state[:, :64], y])[1])
    assert torch.equal(state[:, :64], x) and state[:, 64:66].eq(0).all() and state[:, 76:].eq(0).all()


def test_a_column_major_output_is_what_its_operator_writes_there(mlp):
    model = load(mlp)
    x, y = batch(32)
    logits = column_major(torch.empty(32, 10))
    run(session_of(model), [x, y], [None, logits])
    assert logits.stride() == (1, 32)
    eager = programs.seeded(lambda: programs.Mlp(0.3)).eval()
    expected = column_major(torch.empty(32, 10))
    with torch.no_grad():
        torch.addmm(eager.fc2.bias, torch.relu(eager.fc1(x)), eager.fc2.weight.t(), out=expected)
    assert same_bits(logits, expected)
    assert torch.allclose(logits, forward(model, [x, y])[1], rtol=1e-6, atol=1e-6)


class Ends(nn.Module):
    """One linear layer and an end to be tried."""

    def __init__(self, end):
        super().__init__()
        self.fc, self.end = nn.Linear(8, 6), end

    def forward(self, x):
        return (self.end(self.fc(x)),)


@pytest.mark.parametrize("end, in_place", [
    (lambda h: h, True),
    (lambda h: torch.relu(h), True),
    (lambda h: torch.relu_(h), True),  # in place on what the layer wrote
    (lambda h: torch.sigmoid(h), True),
    (lambda h: F.gelu(h), True),
    (lambda h: F.softmax(h, 1), True),
    (lambda h: F.log_softmax(h, 1), True),
    (lambda h: h * 2 + 1, True),
    (lambda h: h.mean(1), True),
    (lambda h: torch.cat([h, h], 1), True),
    (lambda h: F.layer_norm(h, (6,)), False),
    (lambda h: h.sum(), False),
    (lambda h: h[:, 1:], False),  # a view
    (lambda h: h.t(), False),
    (lambda h: h.to(torch.float64), False),
], ids=["linear", "relu", "relu_", "sigmoid", "gelu", "softmax", "log_softmax", "affine", "mean", "cat", "layer_norm", "sum",
        "slice", "t", "to"])
def test_every_end_gives_the_forwards_bits(tmp_path, end, in_place):
    torch.manual_seed(1)
    model = exported(Ends(end), [torch.randn(4, 8)], tmp_path / "end.pt2")
    session = session_of(model)
    assert writes_in_place(session, 0) == in_place
    for rows in (4, 9, 0):
        x = torch.randn(rows, 8)
        expected = forward(model, [x])[0]
        output = torch.full_like(expected, 3, memory_format=torch.contiguous_format)
        run(session, [x], [output])
        assert same_bits(output, expected)


@pytest.mark.parametrize("end", [lambda h: torch.relu(h), lambda h: h * 2 + 1, lambda h: h[:, 1:], lambda h: F.layer_norm(h, (6,))],
                         ids=["relu", "affine", "slice", "layer_norm"])
def test_column_major_outputs_that_round_alike_have_the_forwards_bits(tmp_path, end):
    torch.manual_seed(1)
    model = exported(Ends(end), [torch.randn(4, 8)], tmp_path / "end.pt2")
    x = column_major(torch.randn(5, 8))
    expected = forward(model, [x])[0]
    output = column_major(torch.zeros(expected.shape))
    run(session_of(model), [x], [output])
    assert same_bits(output, expected)


def test_convolutions_evaluate_and_leave_buffers_alone(tmp_path):
    programs.export_digits(tmp_path / "digits.pt2")
    model = load(tmp_path / "digits.pt2")  # in training mode
    before = OAR.parameter(model, "bn1.running_mean").clone()
    images, labels = programs.digits_inputs(5)
    loss, logits = torch.empty(()), torch.empty(5, 10)
    run(model, [images, labels], [loss, logits], OAR.lib.oar_model_run)
    expected_loss, expected = forward(model, [images, labels])
    assert same_bits(logits, expected) and same_bits(loss, expected_loss)
    assert same_bits(OAR.parameter(model, "bn1.running_mean"), before)
    assert OAR.number(ctypes.c_int32, OAR.lib.oar_model_is_training, model) == 1


class Several(nn.Module):
    """Outputs that are an input, a weight, one value twice, a view of another, and numbers."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 6)

    def forward(self, x):
        h = self.fc(x)
        return {"x": x, "weight": self.fc.weight, "h": h, "again": h, "part": h[:, :2], "rows": x.shape[0], "none": None}


def test_outputs_may_be_inputs_weights_views_and_numbers(tmp_path):
    model = exported(Several(), [torch.randn(4, 8)], tmp_path / "several.pt2")
    x = torch.randn(5, 8)
    outputs = [torch.empty(5, 8), torch.empty(6, 8), torch.empty(5, 6), torch.empty(5, 6), torch.empty(5, 2),
               torch.empty((), dtype=torch.int64), None]
    session = session_of(model)
    for _ in range(2):
        run(session, [x], outputs)
        for output, expected in zip(outputs[:5], forward(model, [x])):
            assert same_bits(output, expected)
        assert outputs[5].item() == 5


def test_outputs_in_the_memory_of_other_things_are_right(tmp_path):
    model = exported(Several(), [torch.randn(4, 8)], tmp_path / "several.pt2")
    session = session_of(model)
    field = torch.randn(5, 14)
    x = field[:, :8]
    expected = forward(model, [field.clone()[:, :8]])
    run(session, [x], [None, None, field[:, 4:10], None, field[:, 10:12], None, None])  # over the input's last columns
    assert same_bits(field[:, 4:10], expected[2]) and same_bits(field[:, 10:12], expected[4])
    weight = OAR.parameter(model, "fc.weight")
    values = torch.randn(6, 8)
    expected = forward(model, [values])
    run(session, [values], [weight, None, expected[3].clone(), None, None, None, None])  # the input becomes the weight
    assert torch.equal(weight, values)


class Elementwise(nn.Module):
    def forward(self, x):
        return (x * 2 + 1,)


def test_an_output_may_be_its_input(tmp_path):
    model = exported(Elementwise(), [torch.randn(4, 8)], tmp_path / "elementwise.pt2")
    session = session_of(model)
    x = torch.randn(5, 8)
    expected = x * 2 + 1
    run(session, [x], [x])
    assert same_bits(x, expected)
    shifted = torch.randn(6, 8)
    expected = shifted[:5] * 2 + 1
    run(session, [shifted[:5]], [shifted[1:]])
    assert same_bits(shifted[1:], expected)


class Overwrites(nn.Module):
    def forward(self, x):
        x.mul_(2)
        return (x + 1,)


def test_what_the_program_writes_to_is_not_the_callers_input(tmp_path):
    model = exported(Overwrites(), [torch.randn(4, 8)], tmp_path / "overwrites.pt2")
    session = session_of(model)
    for rows in (3, 3, 6):
        x = torch.randn(rows, 8)
        before, output = x.clone(), torch.empty(rows, 8)
        run(session, [x], [output])
        assert torch.equal(x, before) and torch.equal(output, before * 2 + 1)


def test_what_is_not_wanted_needs_no_inputs(mlp):
    model = load(mlp)
    x, y = batch(8)
    logits = torch.empty(8, 10)
    session = session_of(model)
    run(session, [x, None], [None, logits])
    assert same_bits(logits, forward(model, [x, y])[1])
    with pytest.raises(Exception, match="input y is NULL; the outputs that are wanted need it"):
        run(session, [x, None], [torch.empty(()), logits])
    run(session, [x, None], [None, None])  # nothing wanted


@pytest.mark.parametrize("outputs, text", [
    ([None, torch.empty(7, 10)], r"output logits: float32 \[8, 10\] expected, float32 \[7, 10\] given"),
    ([None, torch.empty(8, 10, 1)], r"output logits: float32 \[8, 10\] expected, float32 \[8, 10, 1\] given"),
    ([None, torch.empty(8, 10, dtype=torch.float64)], r"output logits: float32 \[8, 10\] expected, float64 \[8, 10\] given"),
    ([torch.empty(1), None], r"output loss: float32 \[\] expected, float32 \[1\] given"),
    ([None, torch.empty(8, 1).expand(8, 10)], "output logits: several indices of the tensor share one element"),
    ([None], "the model has 2 outputs, 1 given"),
])
def test_an_output_that_does_not_fit_is_told_with_both_sides(mlp, outputs, text):
    x, y = batch(8)
    with pytest.raises(Exception, match=text):
        run(session_of(load(mlp)), [x, y], outputs)


@pytest.mark.parametrize("x, y, text", [
    (torch.empty(8, 63), torch.zeros(8, dtype=torch.int64), r"input x: shape \[.*, 64\] expected, \[8, 63\] given"),
    (torch.empty(8, 64, dtype=torch.float64), torch.zeros(8, dtype=torch.int64), "input x: dtype float32 expected, float64 given"),
    (torch.empty(8, 64), torch.zeros(7, dtype=torch.int64), "input y: dimension 0 must equal dimension 0 of input x"),
])
def test_an_input_that_does_not_fit_leaves_the_outputs_alone(mlp, x, y, text):
    logits = torch.full((8, 10), 4.0)
    with pytest.raises(Exception, match=text):
        run(session_of(load(mlp)), [x, y], [torch.empty(()), logits])
    assert logits.eq(4).all()


def test_a_session_works_after_a_failed_run(mlp):
    model = load(mlp)
    session = session_of(model)
    x, y = batch(8)
    loss, logits = torch.empty(()), torch.empty(8, 10)
    with pytest.raises(Exception, match="out of bounds"):
        run(session, [x, y + 100], [loss, logits])
    run(session, [x, y], [loss, logits])
    assert same_bits(logits, forward(model, [x, y])[1])


class Squeezes(nn.Module):
    """A program whose value has one dimension less at one row than it was exported with."""

    def __init__(self, how):
        super().__init__()
        self.fc, self.how = nn.Linear(4, 5), how

    def forward(self, x):
        return (self.fc(self.how(x)).sum(),)


@pytest.mark.parametrize("how", [lambda x: x.squeeze(), lambda x: x.squeeze((0, 1)), lambda x: x.squeeze().relu() * 2],
                         ids=["squeeze", "squeeze_dims", "computed"])
def test_a_rank_that_one_row_changes_is_not_taken_from_the_export(tmp_path, how):
    model = exported(Squeezes(how), [torch.randn(6, 1, 4)], tmp_path / "squeezes.pt2")
    session = session_of(model)
    for rows in (3, 1):
        x, total = torch.randn(rows, 1, 4), torch.zeros(())
        run(session, [x], [total])
        assert same_bits(total, forward(model, [x])[0])


def test_a_number_may_be_the_bias_of_linear(tmp_path):
    programs.export_program(nn.Linear(4, 5).double().train(), [torch.randn(4, 4, dtype=torch.float64)], tmp_path / "in.pt2", ({0: "n"},))

    def edit(document):
        for node in document["graph_module"]["graph"]["nodes"]:
            for argument in node["inputs"]:
                if argument["name"] == "bias":
                    argument["arg"] = {"as_float": 1.0}
        return document

    model = load(programs.edited(tmp_path / "in.pt2", tmp_path / "out.pt2", edit))
    x, y = torch.randn(3, 4, dtype=torch.float64), torch.zeros(3, 5, dtype=torch.float64)
    run(session_of(model), [x], [y])
    weight = OAR.parameter(model, "weight").detach()
    assert same_bits(y, forward(model, [x])[0]) and torch.equal(y, F.linear(x, weight, torch.tensor(1.0, dtype=torch.float64)))


class Selects(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(5, 4))

    def forward(self, x):
        return (x @ self.w.select(0, 1),)


def test_inputs_are_looked_at_before_views_of_weights_are_made(tmp_path):
    exported(Selects(), [torch.randn(6, 4)], tmp_path / "in.pt2")

    def edit(document):
        for node in document["graph_module"]["graph"]["nodes"]:
            if "select" in node["target"]:
                node["inputs"][2]["arg"] = {"as_int": 9}
        return document

    session = session_of(load(programs.edited(tmp_path / "in.pt2", tmp_path / "out.pt2", edit)))
    for columns, told in ((5, r"input x: shape .* expected, \[3, 5\] given"), (4, "select"), (4, "select")):
        with pytest.raises(Exception, match=told):
            run(session, [torch.randn(3, columns)], [torch.zeros(3)])


def test_weights_that_change_between_runs_are_seen(mlp, tmp_path):
    model = load(mlp)
    session = session_of(model)
    x, y = batch(8)
    first, second = torch.empty(8, 10), torch.empty(8, 10)
    run(session, [x, y], [None, first])
    OAR.parameter(model, "fc2.weight").add_(0.5)
    run(session, [x, y], [None, second])
    assert not torch.equal(first, second) and same_bits(second, forward(model, [x, y])[1])
    OAR.check(OAR.lib.oar_model_save_weights(model, str(tmp_path / "w.safetensors").encode()))
    OAR.parameter(model, "fc2.weight").zero_()
    OAR.check(OAR.lib.oar_model_load_weights(model, str(tmp_path / "w.safetensors").encode()))
    run(session, [x, y], [None, first])
    assert same_bits(first, second)


def test_buffers_that_training_replaces_are_seen(tmp_path):
    programs.export_centred(tmp_path / "centred.pt2")
    model = load(tmp_path / "centred.pt2")
    session = session_of(model)
    inputs = list(programs.centred_inputs(8))
    loss = torch.empty(())
    run(session, inputs, [loss])
    before = loss.clone()
    OAR.forward(model, inputs)  # in training mode: the centre moves
    run(session, inputs, [loss])
    assert not torch.equal(loss, before)
    assert same_bits(loss, forward(model, inputs)[0])


def test_the_session_keeps_a_model_that_is_released(mlp):
    model = load(mlp)
    x, y = batch(8)
    expected = forward(model, [x, y])[1]
    session = session_of(model)
    model.release()
    logits = torch.empty(8, 10)
    run(session, [x, y], [None, logits])
    assert same_bits(logits, expected)


def test_threads_with_a_session_each_do_not_disturb_each_other(mlp):
    model = load(mlp)
    sessions, right = [session_of(model) for _ in range(8)], []

    def work(seed):
        for i in range(50):
            x, y = batch(3 + (seed + i) % 5, seed)
            logits = torch.empty(len(x), 10)
            run(sessions[seed], [x, y], [None, logits])
            if same_bits(logits, expected[seed, len(x)]):
                right.append((seed, i))

    expected = {(seed, rows): forward(model, batch(rows, seed))[1] for seed in range(8) for rows in range(3, 8)}
    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(right) == [(seed, i) for seed in range(8) for i in range(50)]


def test_a_foreign_model_has_no_session():
    from in_situ import STATE

    model = OAR.make(OAR.lib.oar_model_create_foreign, STATE)
    with pytest.raises(Exception, match="foreign"):
        session_of(model)


def test_output_names_are_paths(tmp_path):
    model = exported(Several(), [torch.randn(4, 8)], tmp_path / "several.pt2")
    count = OAR.number(ctypes.c_int64, OAR.lib.oar_model_num_outputs, model)
    names = [OAR.text(OAR.lib.oar_model_output_name, model, ctypes.c_int64(i)) for i in range(count)]
    assert names == ["x", "weight", "h", "again", "part", "rows", "none"]
