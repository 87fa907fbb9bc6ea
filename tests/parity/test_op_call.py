"""Operators by name against torch.ops on the same random arguments: values and gradients bit for bit, and the signatures."""
import ctypes
import json
import pathlib
import sys
import threading

import pytest
import torch

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent)]
from oarlock_ctypes import E_ARGUMENT, E_UNSUPPORTED, Handle, OarlockError, load  # noqa: E402
from op_values import FLOAT, INTS, Value, call_op, raw, values_of  # noqa: E402

torch.set_num_threads(1)

oar = load()
state = oar.make(oar.lib.oar_state_create, None)


class Drawn:
    """A random floating-point tensor that takes a gradient, drawn for each test."""

    def __init__(self, *shape, positive=False):
        self.shape, self.positive = shape, positive

    def draw(self):
        values = torch.rand(self.shape) + 0.1 if self.positive else torch.randn(self.shape)
        return values.requires_grad_()


def T(*shape):
    return Drawn(*shape)


def P(*shape):
    return Drawn(*shape, positive=True)


INDEX = torch.tensor([2, 0, 1])
TOKENS = torch.tensor([[1, 4, 2], [0, 3, 3]])
MASK = torch.tensor([[True, False, True], [False, False, True]])
CASES = [
    ("add", (T(2, 3), T(3)), {"alpha": 2}), ("add", (T(2, 3), 2), {}), ("sub", (T(2, 3), T(2, 1)), {"alpha": 0.5}),
    ("mul", (T(2, 3), T(2, 3)), {}), ("mul", (T(2, 3), 0.5), {}), ("div", (T(2, 3), P(3)), {}),
    ("div", (T(2, 3), P(3)), {"rounding_mode": "floor"}), ("pow", (P(2, 3), 3), {}), ("pow", (P(2, 3), T(3)), {}),
    ("neg", (T(4),), {}), ("exp", (T(4),), {}), ("log", (P(4),), {}), ("sqrt", (P(4),), {}), ("rsqrt", (P(4),), {}),
    ("sin", (T(4),), {}), ("tanh", (T(4),), {}), ("sigmoid", (T(4),), {}), ("relu", (T(4),), {}), ("silu", (T(4),), {}),
    ("gelu", (T(4),), {"approximate": "tanh"}), ("abs", (T(4),), {}), ("clamp", (T(4),), {"min": -0.5, "max": 0.5}),
    ("clamp", (T(4), -0.5), {}), ("softplus", (T(4),), {}), ("leaky_relu", (T(4), 0.1), {}), ("elu", (T(4),), {}),
    ("hardtanh", (T(4), -1, 1), {}), ("maximum", (T(4), T(4)), {}), ("where", (MASK, T(2, 3), T(2, 3)), {}),
    ("matmul", (T(2, 3), T(3, 4)), {}), ("mm", (T(2, 3), T(3, 4)), {}), ("bmm", (T(2, 2, 3), T(2, 3, 2)), {}),
    ("addmm", (T(4), T(2, 3), T(3, 4)), {"beta": 0.5}), ("linear", (T(5, 7), T(3, 7), T(3)), {}),
    ("linear", (T(5, 7), T(3, 7), None), {}), ("einsum", ("ij,jk->ik", [T(2, 3), T(3, 4)]), {}),
    ("conv2d", (T(1, 2, 5, 5), T(3, 2, 3, 3), T(3), [1, 1], [1, 1]), {}), ("conv1d", (T(1, 2, 5), T(3, 2, 3)), {}),
    ("max_pool2d", (T(1, 2, 4, 4), 2), {}), ("avg_pool2d", (T(1, 2, 4, 4), [2, 2]), {}),
    ("adaptive_avg_pool2d", (T(1, 2, 4, 4), [1, 1]), {}),
    ("layer_norm", (T(2, 5), [5], T(5), T(5), 1e-6), {}), ("group_norm", (T(2, 4, 3), 2, T(4), T(4)), {}),
    ("rms_norm", (T(2, 5), [5], T(5)), {}),
    ("batch_norm", (T(4, 3), T(3), T(3), None, None, True, 0.1, 1e-5, False), {}),
    ("embedding", (T(6, 4), TOKENS), {"padding_idx": 0}), ("softmax", (T(2, 3), -1), {}),
    ("log_softmax", (T(2, 3), 1), {"dtype": torch.float64}), ("cross_entropy_loss", (T(3, 5), INDEX), {}),
    ("cross_entropy_loss", (T(3, 5), INDEX), {"reduction": 2, "label_smoothing": 0.1}),
    ("nll_loss", (T(3, 5), INDEX), {}), ("mse_loss", (T(2, 3), T(2, 3)), {}), ("l1_loss", (T(2, 3), T(2, 3)), {"reduction": 0}),
    ("binary_cross_entropy_with_logits", (T(4), P(4)), {}),
    ("scaled_dot_product_attention", (T(1, 2, 4, 8), T(1, 2, 4, 8), T(1, 2, 4, 8)), {"is_causal": True}),
    ("sum", (T(2, 3),), {}), ("sum", (T(2, 3), [0]), {"keepdim": True}), ("mean", (T(2, 3), [1]), {}), ("var", (T(2, 3), 1), {}),
    ("std", (T(2, 3),), {"correction": 0}), ("amax", (T(2, 3), [1]), {}), ("max", (T(2, 3), 1), {}), ("cumsum", (T(2, 3), 1), {}),
    ("logsumexp", (T(2, 3), [1]), {}), ("norm", (T(2, 3), 2), {}), ("prod", (T(4),), {}), ("topk", (T(6), 3), {}),
    ("sort", (T(6),), {"descending": True}), ("view", (T(2, 6), [3, 4]), {}), ("reshape", (T(2, 6), [-1]), {}),
    ("permute", (T(2, 3, 4), [2, 0, 1]), {}), ("transpose", (T(2, 3), 0, 1), {}), ("t", (T(2, 3),), {}),
    ("unsqueeze", (T(2, 3), 1), {}), ("squeeze", (T(2, 1, 3), 1), {}), ("flatten", (T(2, 3, 4), 1), {}), ("expand", (T(2, 1), [2, 3]), {}),
    ("cat", ([T(2, 3), T(1, 3)],), {}), ("cat", ([T(2, 3), T(2, 1)], 1), {}), ("stack", ([T(2), T(2)],), {}),
    ("split", (T(6, 2), 4), {}), ("split_with_sizes", (T(6, 2), [1, 5]), {}), ("chunk", (T(6, 2), 3, 1), {}), ("unbind", (T(3, 2),), {}),
    ("slice", (T(6, 2), 0, 1, 5, 2), {}), ("select", (T(3, 2), 0, -1), {}), ("narrow", (T(6), 0, 1, 3), {}),
    ("index_select", (T(4, 2), 0, INDEX), {}), ("gather", (T(2, 3), 1, torch.tensor([[0], [2]])), {}),
    ("index", (T(4, 5), [None, INDEX]), {}), ("masked_fill", (T(2, 3), MASK, -1.0), {}), ("tril", (T(3, 3), -1), {}),
    ("pad", (T(2, 3), [1, 1]), {"mode": "constant", "value": 2.0}), ("roll", (T(6), [2]), {}), ("flip", (T(2, 3), [0]), {}),
    ("repeat", (T(2, 3), [2, 1]), {}), ("upsample_nearest2d", (T(1, 1, 2, 2), [4, 4]), {}), ("one_hot", (INDEX, 4), {}),
    ("arange", (5,), {}), ("arange", (1, 2, 0.25), {}), ("zeros", ([2, 3],), {"dtype": torch.int32}), ("full", ([2], 1.5), {}),
    ("ones_like", (T(2, 3),), {}), ("eq", (T(4), 1), {}), ("eq", (INDEX, INDEX), {}), ("argmax", (T(2, 3), 1), {}),
    ("to", (T(2, 3), torch.float64), {}), ("dropout", (T(50), 0.5, True), {}), ("bernoulli", (MASK.float(), 0.5), {}),
    ("lstm", (T(3, 2, 4), [T(1, 2, 5), T(1, 2, 5)], [T(20, 4), T(20, 5), T(20), T(20)], True, 1, 0.0, True, False, False), {}),
    ("cosine_similarity", (T(2, 3), T(2, 3)), {}), ("cdist", (T(2, 3), T(4, 3)), {}), ("kl_div", (T(2, 3), P(2, 3)), {}),
]


class Leaves:
    """The tensors of one case: drawn for torch, registered with a foreign model for us."""

    def __init__(self, model):
        self.model, self.drawn = model, []

    def pair(self, value):
        """(what torch is given, what we are given)."""
        if isinstance(value, list):
            pairs = [self.pair(item) for item in value]
            return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        if not isinstance(value, Drawn):
            return value, value
        tensor, name = value.draw(), f"p{len(self.drawn)}".encode()
        self.drawn.append(tensor)
        oar.check(oar.lib.oar_model_register_parameter(self.model, name, oar.tensor_from_torch(tensor.detach().clone())))
        pointer = ctypes.c_void_p()
        oar.check(oar.lib.oar_model_parameter(self.model, name, ctypes.byref(pointer)))
        return tensor, Handle(pointer.value, oar.lib.oar_tensor_release)


def flat(results):
    return [item for result in results for item in flat(result)] if isinstance(results, (tuple, list)) else [results]


def same(ours, theirs):
    return ours.dtype == theirs.dtype and ours.shape == theirs.shape and torch.equal(ours.nan_to_num(7), theirs.nan_to_num(7))


def our_gradients(model, outputs, weights):
    """Of sum(outputs * weights), through the accelerator."""
    accelerator = oar.make(oar.lib.oar_accelerator_create, state, None)
    oar.check(oar.lib.oar_accelerator_prepare_model(accelerator, model))
    loss = None
    for output, weight in zip(outputs, weights):
        if weight is None:
            continue
        (weighted,) = call_op(oar, state, "aten::mul", output, weight)
        (summed,) = call_op(oar, state, "aten::sum", weighted, dtype=torch.float64)
        loss = summed if loss is None else call_op(oar, state, "aten::add", loss, summed)[0]
    oar.check(oar.lib.oar_accelerator_backward(accelerator, loss))


def gradient_of(model, index):
    pointer = ctypes.c_void_p()
    oar.check(oar.lib.oar_model_gradient(model, f"p{index}".encode(), ctypes.byref(pointer)))
    return oar.tensor_to_torch(Handle(pointer.value, oar.lib.oar_tensor_release)) if pointer.value else None


def test_values_and_gradients_are_those_of_torch():
    assert len({name for name, _, _ in CASES}) >= 60
    torch.manual_seed(11)
    for name, arguments, keywords in CASES:
        model = oar.make(oar.lib.oar_model_create_foreign, state)
        leaves = Leaves(model)
        pairs = [leaves.pair(argument) for argument in arguments]
        torch.manual_seed(5)
        theirs = flat(getattr(torch.ops.aten, name)(*[pair[0] for pair in pairs], **keywords))
        oar.check(oar.lib.oar_state_seed(state, ctypes.c_int64(5)))
        ours = call_op(oar, state, f"aten::{name}", *[pair[1] for pair in pairs], **keywords)
        assert len(ours) == len(theirs), name
        for mine, their in zip(ours, theirs):
            assert same(oar.tensor_to_torch(mine), their.detach()), name
        weights = [torch.randn(their.shape, dtype=their.dtype) if their.requires_grad else None for their in theirs]
        if not any(weight is not None for weight in weights):
            continue
        sum((their * weight).sum(dtype=torch.float64) for their, weight in zip(theirs, weights) if weight is not None).backward()
        our_gradients(model, ours, weights)
        for index, leaf in enumerate(leaves.drawn):
            gradient = gradient_of(model, index)
            assert (gradient is None) == (leaf.grad is None), f"{name}, argument {index}"
            assert gradient is None or same(gradient, leaf.grad), f"{name}, argument {index}"


def json_of(function, *arguments):
    bytes_ = oar.make(function, *arguments)
    data, size = ctypes.c_void_p(), ctypes.c_size_t()
    oar.check(oar.lib.oar_bytes_view(bytes_, ctypes.byref(data), ctypes.byref(size)))
    return json.loads(ctypes.string_at(data, size.value))


SCHEMAS = [torch._C._get_schema(*name.partition(".")[::2]) for name in torch._C._dispatch_get_all_op_names()
           if name.startswith("aten::")]


def test_every_operator_of_torch_is_named():
    assert json_of(oar.lib.oar_op_names, b"aten") == sorted({schema.name for schema in SCHEMAS})


def test_several_threads_ask_for_all_names():
    expected, told = json_of(oar.lib.oar_op_names, b"aten"), []
    ask = lambda: told.extend(json_of(oar.lib.oar_op_names, b"aten") == expected for _ in range(20))
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [True] * 80


def test_the_signatures_are_those_of_torch():
    listed = {}
    for name in {schema.name for schema in SCHEMAS}:
        listed.update({(entry["name"], entry["overload"]): entry for entry in json_of(oar.lib.oar_op_signatures, name.encode())})
    assert len(listed) == len(SCHEMAS) > 2500
    for schema in SCHEMAS:
        entry = listed[(schema.name, schema.overload_name)]
        assert entry["schema"] == str(schema)
        assert [argument["name"] for argument in entry["arguments"]] == [argument.name for argument in schema.arguments]
        assert [argument["keyword_only"] for argument in entry["arguments"]] == [argument.kwarg_only for argument in schema.arguments]
        assert ["default" in argument for argument in entry["arguments"]] == [
            argument.has_default_value() for argument in schema.arguments]
        assert [argument["is_written"] for argument in entry["arguments"]] == [
            argument.alias_info is not None and argument.alias_info.is_write for argument in schema.arguments]
        assert len(entry["returns"]) == len(schema.returns)


def test_none_must_be_given_where_it_is_no_default():
    """aten::zeros.names(int[] size, *, str[]? names, ...) comes first and must not take a call without names."""
    with pytest.raises(OarlockError, match="names, a list of texts or None, is missing"):
        call_op(oar, state, "aten::zeros.names", [2])


def test_overloads_are_tried_in_the_order_of_python():
    for name in ("aten::add", "aten::pow", "aten::sum", "aten::to", "aten::max"):
        theirs = torch._C._jit_get_operation(name)[1]
        registered = {schema.overload_name for schema in SCHEMAS if schema.name == name}
        ours = [entry["overload"] for entry in json_of(oar.lib.oar_op_signatures, name.encode())]
        assert ours == [overload for overload in theirs if overload in registered]


ERRORS = [
    ("aten::layer_nrom", (), {}, E_UNSUPPORTED, ["did you mean 'aten::layer_norm'"]),
    ("linear", (), {}, E_UNSUPPORTED, ["did you mean 'aten::linear'"]),
    ("aten::add.Tensr", (), {}, E_UNSUPPORTED, ["no overload 'Tensr'", "Tensor"]),
    ("mine::op", (), {}, E_UNSUPPORTED, ["load the library"]),
    ("aten::linalg_polar", (), {}, E_UNSUPPORTED, ["no operator aten::linalg_polar; torch 2.14 has it"]),
    ("aten::linalg_polar.out", (), {}, E_UNSUPPORTED, ["no operator aten::linalg_polar.out; torch 2.14 has it"]),
    ("aten::_scaled_grouped_mm_v2.out", (), {}, E_UNSUPPORTED, ["no operator aten::_scaled_grouped_mm_v2.out; torch 2.14 has it"]),
    ("aten::linear", (torch.ones(2, 2),), {}, E_ARGUMENT, ["argument weight, a tensor, is missing", "Tensor? bias=None"]),
    ("aten::linear", (torch.ones(2, 2), "x"), {}, E_ARGUMENT, ["argument weight takes a tensor, the text 'x' given"]),
    ("aten::linear", (torch.ones(2, 2),) * 4, {}, E_ARGUMENT, ["takes 3 arguments by position, 4 given"]),
    ("aten::linear", (torch.ones(2, 2),), {"wieght": 1}, E_ARGUMENT, ["no argument 'wieght'; did you mean 'weight'"]),
    ("aten::linear", (torch.ones(2, 2),), {"input": 1}, E_ARGUMENT, ["argument 'input' is given twice"]),
    ("aten::linear", (torch.ones(2, 2), torch.ones(2, 3)), {}, E_ARGUMENT, ["aten::linear", "2x2 and 3x2"]),
    ("aten::layer_norm", (torch.ones(2, 2), [2.5]), {}, E_ARGUMENT, ["normalized_shape takes a list of integers, the float 2.5 given"]),
    ("aten::zeros", ([2],), {"dtype": 6}, E_ARGUMENT, ["dtype takes a dtype or None, a number given"]),
    ("aten::zeros", ([2],), {"dtype": "flaot32"}, E_ARGUMENT, ["dtype takes a dtype or None, the text 'flaot32' given"]),
    ("aten::bernoulli", (torch.ones(2),), {"generator": 3}, E_ARGUMENT, ["a generator, of which only None"]),
    ("aten::cat", ([torch.ones(1), None],), {}, E_ARGUMENT, ["tensors takes a list of tensors, None given"]),
    ("aten::add", ("a", "b"), {}, E_ARGUMENT, ["no overload of aten::add", "aten::add.Tensor(Tensor self", "aten::add.Scalar("]),
    ("aten::embedding", (torch.ones(2, 2), torch.tensor([5])), {}, E_ARGUMENT, ["aten::embedding", "index out of range"]),
    ("aten::data_ptr", (torch.ones(1),), {}, E_UNSUPPORTED, ["no operator"]),
]


@pytest.mark.parametrize("name,arguments,keywords,code,told", ERRORS)
def test_errors_name_the_argument_and_what_it_takes(name, arguments, keywords, code, told):
    with pytest.raises(OarlockError) as failure:
        call_op(oar, state, name, *arguments, **keywords)
    assert failure.value.code == code, failure.value.message
    for words in told:
        assert words in failure.value.message, failure.value.message


def test_too_little_room_runs_nothing():
    x = torch.zeros(3)
    with pytest.raises(OarlockError, match="room for 0 results of aten::add_.Tensor, 1 are needed"):
        call_op(oar, state, "aten::add_", x, 1, room=0)
    assert x.tolist() == [0, 0, 0]
    with pytest.raises(OarlockError, match="room for 2 results of aten::unbind.int, 3 are needed"):
        call_op(oar, state, "aten::unbind", x, room=2)
    for name, need in ((b"aten::relu_", 1), (b"aten::unbind.int", 3)):
        outputs, room = (ctypes.c_void_p * 1)(), ctypes.c_size_t(0)
        status = oar.lib.oar_op_call(state, name, *in_place_arguments(x), outputs, ctypes.byref(room))
        assert status == E_ARGUMENT and room.value == need and outputs[0] is None
    oar.check(oar.lib.oar_op_call(state, b"aten::relu_", *in_place_arguments(x), None, None))


def in_place_arguments(tensor):
    keep = in_place_arguments.keep = []
    values, count = values_of(oar, (tensor,), {}, keep)
    return values, ctypes.c_size_t(count)


def test_an_operator_in_place_writes_to_the_callers_memory():
    x = torch.zeros(3)
    call_op(oar, state, "aten::add_", x, 2)
    assert x.tolist() == [2, 2, 2]


def test_numbers_come_as_tensors_of_no_dimensions():
    for name, expected in (("aten::item", 2.5), ("aten::is_nonzero", True), ("aten::dense_dim", 1)):
        (number,) = call_op(oar, state, name, torch.tensor([2.5]))
        number = oar.tensor_to_torch(number)
        assert number.dim() == 0 and number.item() == expected and type(number.item()) is type(expected)


def test_a_longer_value_of_a_later_version_is_read_by_its_size():
    class Longer(ctypes.Structure):
        _fields_ = [("value", Value), ("later", ctypes.c_int64 * 2)]

    sizes = (ctypes.c_int64 * 1)(2)
    items = (Longer * 2)(Longer(raw(INTS, 1, data=ctypes.cast(sizes, ctypes.c_void_p))), Longer(raw(FLOAT, real=3.0)))
    for item in items:
        item.value.size = ctypes.sizeof(Longer)
    out, count = (ctypes.c_void_p * 1)(), ctypes.c_size_t(1)
    oar.check(oar.lib.oar_op_call(state, b"aten::full", items, ctypes.c_size_t(2), out, ctypes.byref(count)))
    assert oar.tensor_to_torch(Handle(out[0], oar.lib.oar_tensor_release)).tolist() == [3.0, 3.0]
    items[0].value.size = 8
    with pytest.raises(OarlockError, match="oar_value has 8 bytes"):
        oar.check(oar.lib.oar_op_call(state, b"aten::full", items, ctypes.c_size_t(2), out, ctypes.byref(count)))


# One value of each kind; what an argument type takes of them.
KINDS = {"tensor": torch.ones(1), "int": 1, "float": 0.5, "bool": True, "text": "?", "ints": [2, 3], "floats": [0.5], "tensors": [torch.ones(1)]}
TAKEN = {"Tensor": {"tensor", "int", "float", "bool"}, "number": {"int", "float", "bool"}, "int": {"int", "bool"},
         "float": {"int", "float", "bool"}, "bool": {"bool", "int"}, "str": {"text"}}


def is_taken(kind, argument):
    """Whether the argument may take the kind; not certain for lists, whose items decide."""
    text = argument.rstrip("?")
    if "[" in text:
        return kind in ("ints", "floats", "tensors", "int", "float", "bool", "tensor")
    return kind in TAKEN.get({"Scalar": "number"}.get(text, text), set())


def test_wrong_kinds_are_refused_before_any_kernel_runs():
    """Each argument of each overload in turn is given what it cannot take, the others nothing or the right thing."""
    checked = 0
    for schema in SCHEMAS:
        name = schema.name + ("." + schema.overload_name if schema.overload_name else ".default")
        for argument in json_of(oar.lib.oar_op_signatures, name.encode())[0]["arguments"]:
            for kind, value in KINDS.items():
                if is_taken(kind, argument["type"]):
                    continue
                with pytest.raises(OarlockError) as failure:
                    call_op(oar, state, name, **{argument["name"]: value})
                assert failure.value.code == E_ARGUMENT, f"{name}({argument['name']}={kind}): {failure.value.message}"
                assert "libtorch" not in failure.value.message, f"{name}({argument['name']}={kind}): {failure.value.message}"
                checked += 1
    assert checked > 30000


@pytest.mark.parametrize("name,make", [("aten::add_.Tensor", lambda t: ((t, 1), {})), ("aten::relu.out", lambda t: ((torch.ones(3),), {"out": t})),
                                       ("aten::_foreach_zero_", lambda t: (([t],), {}))])
def test_what_an_operator_writes_to_must_be_writable(name, make):
    """As memory of a mapped file is not: writing there would end the process."""
    numbers, three = (ctypes.c_float * 3)(1, 2, 3), (ctypes.c_int64 * 1)(3)
    tensor = oar.make(oar.lib.oar_tensor_from_read_only_memory, numbers, 9, three, None, 1, None, None)
    arguments, keywords = make(tensor)
    with pytest.raises(OarlockError, match="read-only memory") as failure:
        call_op(oar, state, name, *arguments, **keywords)
    assert failure.value.code == E_ARGUMENT and list(numbers) == [1, 2, 3]


LSTM_WEIGHTS = [torch.zeros(20, 3), torch.zeros(20, 5), torch.zeros(20), torch.zeros(20)]
STATES = [torch.zeros(1, 2, 5), torch.zeros(1, 2, 5)]
SCORES = torch.zeros(5, 2, 4)
# Kernels of libtorch that end the process (2.11), or read where nothing of theirs lies, when they are given these.
TRUSTING = [
    ("aten::native_batch_norm", (torch.ones(2, 3), None, None, None, None, False, 0.1, 1e-5), ["running_mean is None"]),
    ("aten::native_batch_norm", (torch.ones(2, 3), torch.ones(2, 3), None, None, None, True, 0.1, 1e-5),
     ["weight has shape [2, 3]", "need [3]"]),
    ("aten::native_batch_norm", (torch.ones(3), None, None, None, None, True, 0.1, 1e-5), ["input has 1 dimensions"]),
    ("aten::embedding_bag", (torch.ones(4, 2), torch.tensor([0, 1]), torch.zeros(1, 1, dtype=torch.int64)),
     ["offsets has shape [1, 1]"]),
    ("aten::embedding_bag", (torch.ones(4, 2), torch.tensor([0, 1]), torch.tensor([0]), False, 3), ["mode is 3"]),
    ("aten::scaled_dot_product_attention", (torch.ones(1, 2, 3, 4), torch.ones(1, 0, 3, 4), torch.ones(1, 0, 3, 4)),
     ["key has shape [1, 0, 3, 4]"]),
    ("aten::reflection_pad3d", (torch.ones(1, 2, 3, 3, 3), []), ["padding has 0 numbers, 6 are needed"]),
    ("aten::linalg_eigvals", (torch.full((4, 4), float("nan")),), ["self holds infinities or NaN"]),
    ("aten::range.step", (0, 3, 0.5), ["step is 0.5"]),
    ("aten::arange.start_step", (2, 3, 0.5), ["step is 0.5"]),
    ("aten::lstm.input", (torch.zeros(4, 2, 3), STATES, LSTM_WEIGHTS[:3], True, 1, 0.0, True, False, False), ["params has 3 tensors"]),
    ("aten::lstm.input", (torch.zeros(4, 2, 3), STATES[:1], LSTM_WEIGHTS, True, 1, 0.0, True, False, False), ["hx has 1 tensors"]),
    ("aten::ctc_loss.IntList", (SCORES, torch.tensor([[1, 1 << 40], [2, 3]]), [5, 5], [2, 2]), ["the label 1099511627776", "4 classes"]),
    ("aten::ctc_loss.Tensor", (SCORES, torch.tensor([1, 2, -7, 3]), torch.tensor([5, 5]), torch.tensor([2, 2])), ["the label -7"]),
    ("aten::_fft_r2c", (torch.ones(4), [1 << 40], 0, True), ["dim holds 1099511627776"]),
    ("aten::lstm.input", (torch.zeros(4, 2, 4), STATES, LSTM_WEIGHTS, True, 1, 0.0, True, False, False),
     ["params: tensor 0 has shape [20, 3], [20, 4] is needed"]),
    ("aten::lstm.input", (torch.zeros(4, 2, 3), STATES, LSTM_WEIGHTS, True, 1, 0.0, True, False, True), ["hx: h has shape [1, 2, 5], [1, 4, 5]"]),
    ("aten::lstm.input", (torch.zeros(1, 4, 2, 3), STATES, LSTM_WEIGHTS, True, 1, 0.0, True, False, False), ["3 dimensions are needed"]),
    ("aten::lstm.data", (torch.zeros(4, 3), torch.tensor([], dtype=torch.int64), STATES, LSTM_WEIGHTS, True, 1, 0.0, True, False),
     ["batch_sizes is empty"]),
    ("aten::gru.data", (torch.zeros(4, 3), torch.tensor([], dtype=torch.int64), STATES[0], LSTM_WEIGHTS, True, 1, 0.0, True, False),
     ["batch_sizes is empty"]),
    ("aten::mkldnn_rnn_layer", (torch.zeros(3, 2, 4), torch.zeros(0), torch.zeros(20, 5), torch.zeros(20), torch.zeros(20), *STATES,
                                False, [], 2, 5, 1, True, False, False, False), ["call aten::lstm"]),
    ("aten::embedding_bag", (torch.ones(4, 2), torch.tensor([0, 1]), torch.tensor([], dtype=torch.int64), False, 2), ["makes no bag"]),
    ("aten::embedding_bag.padding_idx", (torch.ones(4, 2), torch.tensor([0, 1]), torch.tensor([0]), False, 0, False, None, True, 1),
     ["makes no bag for 2 indices"]),
    ("aten::_embedding_bag_forward_only", (torch.ones(4, 2), torch.tensor([0, 1]), torch.tensor([0, -(1 << 40)])), ["offsets holds -1099511627776"]),
    ("aten::lstm.data", (torch.zeros(4, 3), torch.tensor([]), STATES, LSTM_WEIGHTS, True, 1, 0.0, True, False), ["batch_sizes is empty"]),
    ("aten::lstm.data", (torch.zeros(4, 3), torch.tensor([], dtype=torch.bool), STATES, LSTM_WEIGHTS, True, 1, 0.0, True, False),
     ["batch_sizes is empty"]),
    ("aten::lstm.data", (torch.zeros(4, 3), torch.tensor([2.0, 2.0]), STATES, LSTM_WEIGHTS, True, 1, 0.0, True, False),
     ["batch_sizes is float32 [2] on cpu", "int64 numbers"]),
    ("aten::rnn_tanh.data", (torch.zeros(4, 3), torch.tensor([2, 9, 2, 9])[::2], STATES[0], LSTM_WEIGHTS, True, 1, 0.0, True, False),
     ["batch_sizes is int64 [2] on cpu", "contiguous"]),
    ("aten::lstm.input", (torch.zeros(3, 2, 4), [torch.zeros(2, 2, 4)] * 2, [torch.zeros(16, 4), torch.zeros(16, 4), torch.zeros(4, 4)] * 2,
                          False, 2, 0.0, False, False, False), ["params has 6 tensors; 2 layers in 1 directions need 2 each", "widths 4 and 4"]),
    ("aten::lstm.input", (torch.zeros(3, 2, 3), [torch.zeros(1, 2, 2), torch.zeros(1, 2, 5)], LSTM_WEIGHTS, True, 1, 0.0, False, False, False),
     ["params has 4 tensors; 1 layers in 1 directions need 5 each", "widths 2 and 5"]),
    ("aten::embedding_bag", (torch.ones(4, 2), torch.tensor([[0, 1], [2, 3]]), torch.tensor([0, 1]), False, 2), ["indices has shape [2, 2]"]),
    ("aten::_weight_norm", (torch.ones(8, 3), torch.ones(4, 1), 0), ["g has shape [4, 1]", "8 norms"]),
    ("aten::_weight_norm_interface", (torch.ones(0, 3), torch.ones(0, 1), 0), ["0 norms"]),
    ("aten::lu_unpack", (torch.ones(3, 3), torch.tensor([], dtype=torch.int32)), ["LU_pivots has shape [0], [3] is needed"]),
    ("aten::matrix_power", (torch.eye(3), -(1 << 63)), ["n is -9223372036854775808"]),
    ("aten::special_laguerre_polynomial_l.n_scalar", (torch.ones(2), 1 << 40), ["n is 1099511627776", "up to a degree of 1048576"]),
    ("aten::special_legendre_polynomial_p", (torch.ones(2) / 2, torch.tensor([1.0, 1e15])), ["n holds a number that is higher"]),
    ("aten::max_pool1d", (torch.ones(1, 2, 8), [1 << 40]), ["kernel_size is 1099511627776"]),
    ("aten::col2im", (torch.ones(1, 8, 4), [3, 3], [2, 2], [1, 1], [1 << 31, 0], [1, 1]), ["padding holds 2147483648"]),
    ("aten::thnn_conv2d", (torch.ones(1, 2, 5, 5), torch.ones(3, 2, 3, 3), [3, 3], None, [1, 1], [0, (1 << 63) - 1]), ["padding holds 9223372036854775807"]),
    ("aten::slow_conv_transpose3d", (torch.ones(1, 3, 5, 5, 5), torch.ones(3, 2, 3, 3, 3), [0, 3, 3]), ["kernel_size holds 0"]),
    ("aten::lcm", (torch.tensor([-(1 << 63)]), torch.tensor([-7])), ["self holds -9223372036854775808"]),
    ("aten::div.Tensor_mode", (torch.tensor([-(1 << 31)], dtype=torch.int32), torch.tensor([-1], dtype=torch.int32)), ["divided by -1"]),
    ("aten::div_.Scalar_mode", (torch.tensor([-(1 << 63)]), -1), ["divided by -1"]),
    ("aten::div.Tensor_mode", (torch.tensor(-(1 << 31)), torch.tensor([-1] * 64, dtype=torch.int32)), ["divided by -1"]),
    ("aten::div.Tensor_mode", (torch.tensor([-(1 << 31)] * 64, dtype=torch.int32), torch.tensor((1 << 32) - 1)), ["divided by -1"]),
    ("aten::div.Scalar_mode", (torch.tensor([-(1 << 31)] * 64, dtype=torch.int32), (1 << 32) - 1), ["divided by -1"]),
    ("aten::lcm", (torch.tensor([-7, -3], dtype=torch.int32), torch.tensor(-(1 << 31))), ["other holds -2147483648"]),
    ("aten::lcm", (torch.tensor(-(1 << 31)), torch.tensor([-7, -3], dtype=torch.int32)), ["self holds -2147483648"]),
    ("aten::avg_pool2d", (torch.full((1, 1, 2, 2), -(1 << 63)), [1, 1], [], [0, 0], False, True, -1), ["divisor_override is -1"]),
    ("aten::avg_pool3d", (torch.full((1, 1, 1, 2, 2), -(1 << 63)), [1] * 3, [], [0] * 3, False, True, -1), ["divisor_override is -1"]),
    ("aten::arange.start_step", (0, -(1 << 63), -1), ["end is -9223372036854775808", "counted by -1"]),
    ("aten::range.step", (1, 1 - (1 << 63), -1), ["end is -9223372036854775807", "counted by -1"]),
    ("aten::random_.from", (torch.ones(3), (1 << 63) - 1, None), ["from is 9223372036854775807"]),
    ("aten::binomial", (torch.tensor([float("nan")]), torch.tensor([0.5])), ["count holds NaN"]),
    ("aten::_scaled_dot_product_flash_attention_for_cpu", (torch.ones(1, 2, 3, 4), torch.ones(1, 2, 0, 4), torch.ones(1, 2, 0, 4)),
     ["key [1, 2, 0, 4]"]),
    ("aten::_native_multi_head_attention", (*[torch.ones(1, 3, 4)] * 3, 4, 0, torch.ones(12, 4), torch.ones(12), torch.ones(4, 4), torch.ones(4)),
     ["num_head is 0"]),
    ("aten::_fft_c2c", (torch.ones(4, 4, dtype=torch.complex64), [-2], 0, True), ["dim holds -2", "counted from 0"]),
    ("aten::_pad_packed_sequence", (torch.ones(4, 3), torch.tensor([2, -2]), False, 0.0, 0), ["batch_sizes holds -2"]),
]


@pytest.mark.parametrize("name, arguments, parts", TRUSTING)
def test_what_would_end_the_process_is_refused(name, arguments, parts):
    keywords = {"dtype": "int32" if arguments[2] > 0 else "int64"} if "range" in name else {}
    keywords |= {"enable_gqa": True} if name == "aten::scaled_dot_product_attention" else {}
    keywords |= {"rounding_mode": "trunc"} if "_mode" in name else {}
    with pytest.raises(OarlockError) as failure:
        call_op(oar, state, name, *arguments, **keywords)
    assert failure.value.code == E_ARGUMENT and name.split(".")[0] in failure.value.message
    assert all(part in failure.value.message for part in parts), failure.value.message


def ours_and_theirs(name, *arguments, **keywords):
    ours = [oar.tensor_to_torch(handle) for handle in call_op(oar, state, f"aten::{name}", *arguments, **keywords)]
    packet, _, overload = name.partition(".")
    theirs = getattr(getattr(torch.ops.aten, packet), overload or "default")(*arguments, **keywords)
    theirs = list(theirs) if isinstance(theirs, (tuple, list)) else [theirs]
    return ours, theirs


def test_what_only_looks_like_it_runs():
    """Bags of no indices, projections, several layers and directions, divisions near the smallest integer, ..."""
    layer = lambda i, h, p: [torch.randn(4 * h, i), torch.randn(4 * h, p), torch.randn(4 * h), torch.randn(4 * h)]  # noqa: E731
    projected = [weight for i in (3, 3, 4, 4) for weight in (*layer(i, 5, 2), torch.randn(2, 5))]
    x, weights = torch.randn(6, 2, 3), [weight for i in (3, 3, 10, 10) for weight in layer(i, 5, 5)]
    packed, sizes = torch.randn(5, 3), torch.tensor([2, 2, 1])
    for case in [
        ("lstm.input", x, [torch.zeros(4, 2, 5), torch.zeros(4, 2, 5)], weights, True, 2, 0.0, False, True, False),
        ("lstm.input", x, [torch.zeros(4, 2, 2), torch.zeros(4, 2, 5)], projected, True, 2, 0.0, False, True, False),
        ("lstm.data", packed, sizes, [torch.zeros(1, 2, 5), torch.zeros(1, 2, 5)], layer(3, 5, 5), True, 1, 0.0, False, False),
        ("lstm.input", x, [torch.zeros(1, 6, 5), torch.zeros(1, 6, 5)], layer(3, 5, 5)[:2], False, 1, 0.0, False, False, True),
        ("embedding_bag.padding_idx", torch.randn(6, 3), torch.tensor([1, 2, 3]), torch.tensor([0, 0, 2, 3]), False, 0, False, None, False, None),
        ("embedding_bag.padding_idx", torch.randn(6, 3), torch.tensor([1, 2, 3]), torch.tensor([0, 2, 3], dtype=torch.int64), False, 1, False, None, True, None),
        ("_weight_norm", torch.randn(4, 3, 2), torch.randn(1, 3, 1), 1), ("_weight_norm", torch.randn(4, 3), torch.randn(1, 3), 1),
        ("matrix_power", torch.randn(3, 3), -2), ("special_hermite_polynomial_h", torch.randn(3), torch.tensor([3.0, 2.0, 1.0])),
        ("lcm", torch.tensor([4, -6, 0]), torch.tensor([6, -4, 5])), ("max_pool1d", torch.randn(1, 2, 8), [3], [2], [1], [1], True),
    ]:
        ours, theirs = ours_and_theirs(*case)
        assert all(torch.equal(mine, their) for mine, their in zip(ours, theirs, strict=True)), case[0]
    lu, pivots = torch.linalg.lu_factor(torch.randn(3, 3))
    ours, theirs = ours_and_theirs("lu_unpack", lu, pivots[:0], True, False)
    assert all(torch.equal(mine, their) for mine, their in zip(ours[1:], theirs[1:], strict=True))
    for case in [("arange.start_step", 5, -3, -1), ("avg_pool2d", torch.arange(4.0).view(1, 1, 2, 2), [2, 2], [], [0, 0], False, True, -1)]:
        ours, theirs = ours_and_theirs(*case)
        assert torch.equal(ours[0], theirs[0]), case[0]
    ours, theirs = ours_and_theirs("div.Tensor_mode", torch.tensor([-(1 << 31)]), torch.tensor([-1], dtype=torch.int32), rounding_mode="trunc")
    assert torch.equal(ours[0], theirs[0])  # 64-bit numbers
    ours, theirs = ours_and_theirs("div.Tensor_mode", torch.tensor([-(1 << 63), 7]), torch.tensor([2, -1]), rounding_mode="floor")
    assert torch.equal(ours[0], theirs[0])


def test_labels_that_pad_a_row_may_be_anything():
    targets, lengths = torch.tensor([[1, -1], [2, 3]]), [1, 2]
    scores = torch.randn(5, 2, 4).log_softmax(2)
    given = oar.tensor_to_torch(call_op(oar, state, "aten::ctc_loss.IntList", scores, targets, [5, 5], lengths)[0])
    assert torch.equal(given, torch.ops.aten.ctc_loss.IntList(scores, targets, [5, 5], lengths))


@pytest.mark.parametrize("name", ["aten::batch_norm", "aten::native_batch_norm", "aten::instance_norm"])
def test_running_statistics_in_read_only_memory_are_not_written(name):
    numbers, three = (ctypes.c_float * 3)(1, 2, 3), (ctypes.c_int64 * 1)(3)
    make = lambda: oar.make(oar.lib.oar_tensor_from_read_only_memory, numbers, 9, three, None, 1, None, None)  # noqa: E731
    flags = () if name == "aten::native_batch_norm" else (False,)
    with pytest.raises(OarlockError) as failure:
        call_op(oar, state, name, torch.randn(2, 3, 4), None, None, make(), make(), True, 0.1, 1e-5, *flags)
    assert failure.value.code == E_ARGUMENT and "'running_mean', which is read-only memory" in failure.value.message
    assert list(numbers) == [1, 2, 3]
    if name != "aten::instance_norm":  # reading them is fine
        call_op(oar, state, name, torch.randn(2, 3, 4), None, None, make(), make(), False, 0.1, 1e-5, *flags)
