"""Programs whose structure was changed (not their bytes), and bombs: clear errors, and the process lives."""

import copy
import json
import pathlib
import random
import sys
import time
import zipfile

import pytest
import torch
from torch import nn

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "parity")]
import oarlock_ctypes as oc  # noqa: E402
import programs  # noqa: E402
from programs import edited  # noqa: E402

OAR = oc.load()
STATE = OAR.make(OAR.lib.oar_state_create, None)
REFUSALS = {oc.E_CORRUPT, oc.E_UNSUPPORTED, oc.E_VERSION}


class Branches(nn.Module):
    """A conditional, a region, sizes as numbers, nested inputs and outputs."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x, *, pair):
        with torch.no_grad():
            scale = x.abs().amax() + x.shape[0] // 2
        y = torch.cond(x.sum() > 0, lambda x: self.fc(x) * x.shape[0], lambda x: x.sin(), (x,))
        return {"loss": (y / scale).sum(), "pair": (y + pair[0], pair[1] * 2, x.shape[0] * 2)}


def branches_inputs():
    return {"x": torch.ones(6, 4), "pair": [torch.ones(6, 4), torch.ones(12)]}


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good")
    programs.export_digits(folder / "digits.pt2")
    auto = torch.export.Dim.AUTO
    inputs = branches_inputs()
    program = torch.export.export(programs.seeded(Branches), (inputs["x"],), {"pair": tuple(inputs["pair"])},
                                  dynamic_shapes={"x": {0: auto}, "pair": ({0: auto}, {0: auto})})
    torch.export.save(program, folder / "branches.pt2")
    return folder


def load(path):
    return OAR.make(OAR.lib.oar_model_load, STATE, str(path).encode(), None)


def places(value, path=()):
    """Every place inside a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def at(document, path):
    for key in path:
        document = document[key]
    return document


EDGES = [None, True, -1, 0, 1, 7, 64, 1 << 40, (1 << 63) - 1, 0.5, "", "x", "NaN", [], {}, {"as_none": True}, {"as_name": "x"}]


def mutated(document, chooser):
    """One change of structure: something is left out, doubled, replaced by an edge or by another part, or named otherwise."""
    document = copy.deepcopy(document)
    everywhere = list(places(document))
    *parent, key = chooser.choice(everywhere)
    container = at(document, parent)
    kind = chooser.randrange(5)
    if kind == 0:
        del container[key]
    elif kind == 1:
        container[key] = chooser.choice(EDGES)
    elif kind == 2:
        container[key] = copy.deepcopy(at(document, chooser.choice(everywhere)))
    elif isinstance(container, list):
        container.insert(chooser.randrange(len(container) + 1), copy.deepcopy(container[key]))
    else:
        container[chooser.choice(list(container) + ["x", "as_tensor", "as_graph"])] = container.pop(key)
    return document


@pytest.mark.parametrize("name, inputs", [("digits", lambda: dict(zip(("images", "labels"), programs.digits_inputs(4)))),
                                          ("branches", branches_inputs)])
def test_hundreds_of_mutated_programs_give_clear_errors_or_run(good, tmp_path, name, inputs):
    chooser, loaded = random.Random(21), 0
    OAR.forward(load(good / f"{name}.pt2"), inputs())  # the control
    with zipfile.ZipFile(good / f"{name}.pt2") as archive:
        records = [record for record in archive.namelist() if record.endswith(".json")]
    assert {"model.json", "model_weights_config.json", "model_constants_config.json"} <= {pathlib.Path(r).name for r in records}
    for _ in range(300):
        edited(good / f"{name}.pt2", tmp_path / "a.pt2", lambda document: mutated(document, chooser), chooser.choice(records))
        try:
            model = load(tmp_path / "a.pt2")
        except oc.OarlockError as error:
            assert error.code in REFUSALS, error.message
            assert "a.pt2" in error.message and len(error.message) < 2000
            continue
        loaded += 1
        try:
            OAR.forward(model, inputs())
        except oc.OarlockError as error:
            assert error.code in (oc.E_ARGUMENT, oc.E_UNSUPPORTED), error.message
    assert 0 < loaded < 300


def refusal(path):
    with pytest.raises(oc.OarlockError) as caught:
        load(path)
    return caught.value


def nested_conditionals(depth):
    def edit(document):
        nodes = document["graph_module"]["graph"]["nodes"]
        node = next(node for node in nodes if node["target"].endswith("higher_order.cond"))
        outer = text = json.dumps(node)
        body = json.dumps(node["inputs"][1]["arg"]["as_graph"]["graph"]["nodes"])
        for _ in range(depth):
            text = outer.replace(body, f"[{text}]", 1)
        nodes[nodes.index(node)] = "THE NODE"
        return json.dumps(document).replace('"THE NODE"', text)
    return edit


def spec(text):
    def edit(document):
        document["graph_module"]["module_call_graph"][0]["signature"]["out_spec"] = text
        return document
    return edit


LEAF = '{"type": null, "context": null, "children_spec": []}'
LIST = '{{"type": "builtins.list", "context": "null", "children_spec": [{}]}}'


def deep_spec(depth):
    text = LEAF
    for _ in range(depth):
        text = LIST.format(text)
    return f"[1, {text}]"


BOMBS = {
    "nested conditionals": nested_conditionals(200),
    "a deep tree of outputs": spec(deep_spec(3000)),
    "deep JSON": lambda _: "[" * 1_000_000,
    "deep JSON that ends": lambda _: "[" * 100_000 + "]" * 100_000,
    "a tree of a million leaves": spec("[1, " + LIST.format(", ".join([LEAF] * 1_000_000)) + "]"),
}


@pytest.mark.parametrize("what", BOMBS)
def test_bombs_are_refused(good, tmp_path, what):
    error = refusal(edited(good / "branches.pt2", tmp_path / "a.pt2", BOMBS[what]))
    assert error.code in REFUSALS
    assert what != "nested conditionals" or "nested deeper than 128" in error.message


def test_guards_and_expressions_that_nobody_understands_are_left_unchecked(good, tmp_path):
    def edit(document):
        document["guards_code"] = ["(" * 100_000, "L['x'].is_sparse", "1 +", "", 7, "L['x'].size()[0] == " + "1 + " * 5000 + "1"]
        text = json.dumps(document)
        return text.replace("Symbol('", "Mul(" * 3000 + "Symbol('", 1)

    path = edited(good / "branches.pt2", tmp_path / "a.pt2", edit)
    assert OAR.forward(load(path), branches_inputs())["loss"].isfinite()


def test_guards_that_name_a_hundred_thousand_sizes_load_in_seconds(good, tmp_path):
    """A search of all known sizes for each guard took 19 s, and grew with the square."""
    def edit(document):
        document["guards_code"] = [f"L['x'].size()[{dim}] != 5" for dim in range(2, 100000)]
        return document

    path = edited(good / "branches.pt2", tmp_path / "guards.pt2", edit)
    begin = time.monotonic()
    load(path)
    assert time.monotonic() - begin < 8


def size_named(number):
    return {"as_expr": {"expr_str": f"Symbol('q{number}', positive=True, integer=True)", "hint": {"as_int": 6}}}


def many_symbols(document):
    values = document["graph_module"]["graph"]["tensor_values"]
    values["mul"]["sizes"] = [size_named(number) for number in range(100_000)]
    document["range_constraints"] = {f"q{number}": {"min_val": 0, "max_val": 9} for number in range(100_000)}
    return document


def many_inputs(document):
    graph, count = document["graph_module"]["graph"], 40_000
    for number in range(count):
        document["graph_module"]["signature"]["input_specs"].append({"user_input": {"arg": {"as_tensor": {"name": f"in{number}"}}}})
        graph["inputs"].append({"as_tensor": {"name": f"in{number}"}})
    leaves = ", ".join([LEAF] * (count + 3))
    of_args = '{"type": "builtins.tuple", "context": "null", "children_spec": [%s]}'
    of_names = '{"type": "builtins.dict", "context": "[]", "children_spec": []}'
    signature = document["graph_module"]["module_call_graph"][0]["signature"]
    signature["forward_arg_names"] = [f"argument_{number}" for number in range(count + 3)]
    signature["in_spec"] = "[1, " + of_args % (of_args % leaves + ", " + of_names) + "]"
    return document


@pytest.mark.parametrize("edit", [many_symbols, many_inputs])
def test_large_programs_load_in_seconds(good, tmp_path, edit):
    """Searches of all that is known for each new name took 25 s and 14 s, and grew with the square."""
    path = edited(good / "branches.pt2", tmp_path / "large.pt2", edit)
    begin = time.monotonic()
    load(path)
    assert time.monotonic() - begin < 8


def test_a_module_path_that_takes_seconds_is_refused(good, tmp_path):
    """Every part of every node's path is looked up: with the square of its length."""
    def edit(document):
        document["graph_module"]["graph"]["nodes"][0]["metadata"]["nn_module_stack"] = "key," + "a." * 100_000 + "b,Block"
        return document

    error = refusal(edited(good / "branches.pt2", tmp_path / "a.pt2", edit))
    assert error.code == oc.E_CORRUPT and "200001 bytes" in error.message and len(error.message) < 500


def test_an_integer_that_is_written_as_a_float_is_refused(good, tmp_path):
    """Python takes 8.0 for a float, which is no schema version and no size."""
    def edit(document):
        document["schema_version"]["major"] = 8.0
        return document

    error = refusal(edited(good / "branches.pt2", tmp_path / "a.pt2", edit))
    assert error.code == oc.E_CORRUPT and "major" in error.message


def node_argument(tag, value):
    """An edit: an argument of the first linear is another value."""
    def edit(document):
        node = next(node for node in document["graph_module"]["graph"]["nodes"] if "linear" in node["target"])
        node["inputs"][0]["arg"] = {tag: value}
        return document
    return edit


@pytest.mark.parametrize("tag, value", [
    ("as_custom_obj", {"name": "o", "class_fqn": "C"}), ("as_operator", "torch.ops.aten.add.Tensor"),
    ("as_int_lists", [[1]]), ("as_float_lists", [[1.0]]), ("as_graph", {}), ("as_of_tomorrow", 1)])
def test_kinds_of_values_that_no_operator_takes_are_refused_by_name(good, tmp_path, tag, value):
    error = refusal(edited(good / "digits.pt2", tmp_path / "a.pt2", node_argument(tag, value)))
    assert error.code == oc.E_UNSUPPORTED and tag in error.message and "node linear" in error.message


@pytest.mark.parametrize("list_name, tag", [
    ("input_specs", "custom_obj"), ("input_specs", "token"), ("output_specs", "parameter_mutation"), ("output_specs", "token"),
    ("output_specs", "gradient_to_parameter"), ("output_specs", "gradient_to_user_input")])
def test_kinds_of_inputs_and_outputs_that_are_not_supported_are_refused_by_name(good, tmp_path, list_name, tag):
    def edit(document):
        specs = document["graph_module"]["signature"][list_name]
        specs[0] = {tag: next(iter(specs[0].values()))}
        return document

    error = refusal(edited(good / "digits.pt2", tmp_path / "a.pt2", edit))
    assert error.code == oc.E_UNSUPPORTED and tag in error.message


@pytest.mark.parametrize("kind", ["user_input", "constant_input"])
def test_an_input_of_an_unknown_kind_that_nothing_uses_is_refused_by_name(good, tmp_path, kind):
    def edit(document):
        value = {"as_of_tomorrow": 1}
        spec = {"arg": value} if kind == "user_input" else {"name": "new", "value": value}
        document["graph_module"]["signature"]["input_specs"].append({kind: spec})
        document["graph_module"]["graph"]["inputs"].append(value)
        return document

    error = refusal(edited(good / "digits.pt2", tmp_path / "a.pt2", edit))
    assert error.code == oc.E_UNSUPPORTED and "inputs of the kind as_of_tomorrow" in error.message


@pytest.mark.parametrize("list_name", ["inputs", "outputs"])
def test_values_of_regions_of_an_unknown_kind_are_refused_by_name(good, tmp_path, list_name):
    def edit(document):
        nodes = document["graph_module"]["graph"]["nodes"]
        node = next(node for node in nodes if node["target"].endswith("higher_order.wrap_with_set_grad_enabled"))
        region = node["inputs"][1]["arg"]["as_graph"]["graph"]
        if list_name == "outputs":
            node["outputs"].append({"as_of_tomorrow": 1})
            region["outputs"].append({"as_int": 1})
        else:
            node["inputs"].append({"name": "", "arg": {"as_int": 1}, "kind": 1})
            region["inputs"].append({"as_of_tomorrow": 1})
        return document

    error = refusal(edited(good / "branches.pt2", tmp_path / "a.pt2", edit))
    assert error.code == oc.E_UNSUPPORTED and "as_of_tomorrow" in error.message


def test_an_operator_of_a_name_of_a_million_letters_is_refused_at_once(good, tmp_path):
    def edit(document):
        document["graph_module"]["graph"]["nodes"][0]["target"] = "torch.ops.aten." + "a" * 1_000_000 + ".default"
        return document

    path = edited(good / "digits.pt2", tmp_path / "a.pt2", edit)
    begin = time.monotonic()
    assert refusal(path).code in REFUSALS
    assert time.monotonic() - begin < 8


def test_an_operator_of_a_later_release_is_named_with_the_release(good, tmp_path):
    def edit(document):
        node = next(node for node in document["graph_module"]["graph"]["nodes"] if "linear" in node["target"])
        node["target"] = "torch.ops.aten.linalg_polar.default"
        return document

    error = refusal(edited(good / "digits.pt2", tmp_path / "a.pt2", edit))
    assert error.code == oc.E_UNSUPPORTED and "no operator aten::linalg_polar; torch 2.14 has it" in error.message
