"""Bad program files and bad batches: a clear error with its code, and the process lives and goes on."""

import json
import pathlib
import random
import sys
import zipfile

import pytest
import torch

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "parity")]
import oarlock_ctypes as oc  # noqa: E402
import programs  # noqa: E402

OAR = oc.load()
STATE = OAR.make(OAR.lib.oar_state_create, None)
CLEAR_REFUSALS = {oc.E_CORRUPT, oc.E_UNSUPPORTED, oc.E_VERSION}


def load(path):
    return OAR.make(OAR.lib.oar_model_load, STATE, str(path).encode(), None)


def refusal(path):
    with pytest.raises(oc.OarlockError) as caught:
        load(path)
    return caught.value


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("good") / "digits.pt2"
    programs.export_digits(path)
    return path


@pytest.fixture(scope="module")
def model(good):
    return load(good)


def edited(good, path, edit, record="models/model.json"):
    """A copy of the archive in which `edit` has changed one JSON record; checksums are right again."""
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as target:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith(record):
                document = json.loads(data)
                edit(document)
                data = json.dumps(document).encode()
            target.writestr(name, data)
    return path


def test_a_missing_file_is_not_found(tmp_path):
    error = refusal(tmp_path / "none.pt2")
    assert error.code == oc.E_NOT_FOUND
    assert "none.pt2" in error.message


@pytest.mark.parametrize("content", [b"", b"PK", b"not a program at all" * 100])
def test_a_file_that_is_no_program_is_corrupt(tmp_path, content):
    (tmp_path / "bad.pt2").write_bytes(content)
    error = refusal(tmp_path / "bad.pt2")
    assert error.code == oc.E_CORRUPT
    assert "bad.pt2" in error.message


def test_every_truncation_is_corrupt(good, tmp_path):
    data = good.read_bytes()
    cuts = sorted({0, 1, 4, 30, 100, len(data) // 3, len(data) // 2, len(data) - 1, len(data) - 22, len(data) - 100}
                  | set(random.Random(11).sample(range(len(data)), 60)))
    for cut in cuts:
        (tmp_path / "cut.pt2").write_bytes(data[:cut])
        assert refusal(tmp_path / "cut.pt2").code == oc.E_CORRUPT, f"cut at {cut}"


def record_spans(path):
    """(begin, end) of each record's bytes."""
    spans = {}
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            header = path.read_bytes()[info.header_offset : info.header_offset + 30]
            begin = info.header_offset + 30 + int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
            spans[info.filename] = (begin, begin + info.file_size)
    return spans


def test_a_flipped_bit_in_what_is_read_is_corrupt(good, tmp_path):
    """Weights, too: libtorch's own reader would load a flipped weight without a word."""
    data = good.read_bytes()
    chooser = random.Random(12)
    for name, (begin, end) in record_spans(good).items():
        if begin == end or not ("/models/" in name or "/weights/" in name):
            continue
        for _ in range(4):
            flipped = bytearray(data)
            flipped[chooser.randrange(begin, end)] ^= 1 << chooser.randrange(8)
            (tmp_path / "flipped.pt2").write_bytes(flipped)
            assert refusal(tmp_path / "flipped.pt2").code == oc.E_CORRUPT, name


def test_a_flipped_bit_anywhere_never_ends_the_process(good, tmp_path):
    data = good.read_bytes()
    chooser = random.Random(13)
    for _ in range(150):
        flipped = bytearray(data)
        flipped[chooser.randrange(len(data))] ^= 1 << chooser.randrange(8)
        (tmp_path / "flipped.pt2").write_bytes(flipped)
        try:
            load(tmp_path / "flipped.pt2")  # in padding or records that are not read
        except oc.OarlockError as error:
            assert error.code in CLEAR_REFUSALS, error.message


def test_mangled_json_with_right_checksums_is_refused_or_loads(good, tmp_path):
    """Past the checksums every tag, index and name is checked too."""
    chooser = random.Random(14)
    source = zipfile.ZipFile(good)
    records = {name: source.read(name) for name in source.namelist()}
    target_names = [name for name in records if name.endswith(".json")]
    for _ in range(150):
        mangled = dict(records)
        name = chooser.choice(target_names)
        data = bytearray(mangled[name])
        for _ in range(chooser.randrange(1, 4)):
            data[chooser.randrange(len(data))] = chooser.choice(b'0123456789-"{}[],:abntfs')
        mangled[name] = bytes(data)
        with zipfile.ZipFile(tmp_path / "mangled.pt2", "w") as archive:
            for record, content in mangled.items():
                archive.writestr(record, content)
        try:
            model = load(tmp_path / "mangled.pt2")
        except oc.OarlockError as error:
            assert error.code in CLEAR_REFUSALS, error.message
            continue
        try:
            OAR.forward(model, list(programs.digits_inputs(4)))
        except oc.OarlockError as error:
            assert error.code in (oc.E_ARGUMENT, oc.E_UNSUPPORTED), error.message


def test_json_that_inflates_beyond_the_bound_is_refused_before_it_is_inflated(good, tmp_path):
    path = tmp_path / "bomb.pt2"
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            if name.endswith("models/model.json"):
                target.writestr(name, b" " * (101 << 20), zipfile.ZIP_DEFLATED)
            else:
                target.writestr(name, source.read(name))
    assert path.stat().st_size < 5 << 20
    error = refusal(path)
    assert error.code == oc.E_UNSUPPORTED and f"the directory says {101 << 20}" in error.message, error.message


def nodes_of(document):
    return document["graph_module"]["graph"]["nodes"]


def test_an_unknown_operator_is_named_with_its_node_and_module(good, tmp_path):
    def edit(document):
        node = next(node for node in nodes_of(document) if "conv2d" in node["target"])
        node["target"] = "torch.ops.aten.conv2d_of_tomorrow.default"

    error = refusal(edited(good, tmp_path / "a.pt2", edit))
    assert error.code == oc.E_UNSUPPORTED
    assert "aten::conv2d_of_tomorrow" in error.message
    assert "node conv2d" in error.message and "module conv1" in error.message


def test_an_unknown_region_is_named(good, tmp_path):
    def edit(document):
        nodes_of(document)[3]["target"] = "torch.ops.higher_order.while_loop"

    error = refusal(edited(good, tmp_path / "a.pt2", edit))
    assert error.code == oc.E_UNSUPPORTED
    assert "torch.ops.higher_order.while_loop" in error.message


def test_a_newer_schema_names_both_versions(good, tmp_path):
    def edit(document):
        document["schema_version"]["major"] = 9

    error = refusal(edited(good, tmp_path / "a.pt2", edit))
    assert error.code == oc.E_VERSION
    assert "schema version 9" in error.message and "version 8" in error.message


EDITS = {
    "a name that nothing defines": lambda d: nodes_of(d)[4]["inputs"][0].update(arg={"as_tensor": {"name": "nowhere"}}),
    "an unknown tag": lambda d: nodes_of(d)[4]["inputs"][0].update(arg={"as_surprise": 1}),
    "an argument that the operator lacks": lambda d: nodes_of(d)[4]["inputs"][0].update(name="surprise"),
    "a missing argument": lambda d: nodes_of(d)[4]["inputs"].pop(0),
    "a value of another kind": lambda d: nodes_of(d)[4]["inputs"][0].update(arg={"as_string": "x"}),
    "too many outputs": lambda d: nodes_of(d)[4]["outputs"].extend([{"as_tensor": {"name": "n1"}}, {"as_tensor": {"name": "n2"}}]),
    "a name defined twice": lambda d: nodes_of(d)[4]["outputs"][0]["as_tensor"].update(name="images"),
    "an output that is not there": lambda d: d["graph_module"]["signature"]["output_specs"][0]["user_output"].update(
        arg={"as_tensor": {"name": "nowhere"}}),
    "fewer outputs than the tree": lambda d: d["graph_module"]["signature"]["output_specs"].pop(),
    "no graph": lambda d: d["graph_module"].pop("graph"),
    "a tree that is no JSON": lambda d: d["graph_module"]["module_call_graph"][0]["signature"].update(out_spec="[1, {"),
}


@pytest.mark.parametrize("what", EDITS)
def test_an_inconsistent_graph_is_refused(good, tmp_path, what):
    assert refusal(edited(good, tmp_path / "a.pt2", EDITS[what])).code in (oc.E_CORRUPT, oc.E_UNSUPPORTED)


WEIGHT_EDITS = {
    "more elements than bytes": {"sizes": [{"as_int": 1 << 40}], "strides": [{"as_int": 1}]},
    "an overflow": {"sizes": [{"as_int": 1 << 62}], "strides": [{"as_int": 1 << 62}]},
    "endless elements in no bytes": {"sizes": [{"as_int": 1 << 62}], "strides": [{"as_int": 0}]},
    "a negative offset": {"storage_offset": {"as_int": -8}},
    "an offset beyond the end": {"storage_offset": {"as_int": 1 << 50}},
    "an unknown dtype": {"dtype": 99},
    "fewer strides than sizes": {"strides": []},
}


@pytest.mark.parametrize("what", WEIGHT_EDITS)
def test_a_weight_outside_of_its_record_is_refused_by_name(good, tmp_path, what):
    def edit(document):
        document["config"]["fc.bias"]["tensor_meta"].update(WEIGHT_EDITS[what])

    error = refusal(edited(good, tmp_path / "a.pt2", edit, "model_weights_config.json"))
    assert error.code in (oc.E_CORRUPT, oc.E_UNSUPPORTED)
    assert "fc.bias" in error.message


def forward_error(model, inputs):
    with pytest.raises(oc.OarlockError) as caught:
        OAR.forward(model, inputs)
    assert caught.value.code == oc.E_ARGUMENT
    return caught.value.message


def test_a_bad_batch_is_refused_with_both_sides_and_the_next_one_works(model):
    images, labels = programs.digits_inputs(4)
    cases = [
        ({"images": images.float(), "labels": labels}, ["input images", "uint8 expected", "float32 given"]),
        ({"images": images[:, :7], "labels": labels}, ["input images", ", 8, 8] expected", "[4, 7, 8] given"]),
        ({"images": images, "labels": labels[:3]}, ["input labels", "input images", "4 expected", "3 given"]),
        ({"images": images}, ["input labels is missing", "images, labels"]),
        ({"images": images, "labels": labels, "weights": images}, ["no input weights", "images, labels"]),
        ([images], ["takes 2 inputs (images, labels)", "1 given"]),
        ({"images": images, "labels": labels + 100}, ["node cross_entropy_loss", "out of bounds"]),
    ]
    for inputs, parts in cases:
        message = forward_error(model, inputs)
        assert all(part in message for part in parts), message
        assert OAR.forward(model, {"images": images, "labels": labels})["loss"].isfinite()


def test_weights_that_do_not_fit_are_listed_and_change_nothing(model, tmp_path):
    from safetensors.torch import load_file, save_file

    path = tmp_path / "weights.safetensors"
    OAR.check(OAR.lib.oar_model_save_weights(model, str(path).encode()))
    tensors = {name: tensor + 1 for name, tensor in load_file(str(path)).items()}
    tensors.pop("fc.bias")
    tensors["surprise"] = torch.zeros(1)
    tensors["conv1.bias"] = torch.zeros(3)
    save_file(tensors, str(path))
    before = OAR.parameter(model, "fc.weight").clone()
    with pytest.raises(oc.OarlockError) as caught:
        OAR.check(OAR.lib.oar_model_load_weights(model, str(path).encode()))
    assert caught.value.code == oc.E_ARGUMENT
    for part in ("1 missing: fc.bias", "1 unexpected: surprise", "conv1.bias", "[3]"):
        assert part in caught.value.message
    assert torch.equal(OAR.parameter(model, "fc.weight"), before)


def call_in_place_of_the_last_node(target, **arguments):
    """An edit: the program's last node calls `target` instead; what it names keeps its name."""
    def edit(document):
        node = document["graph_module"]["graph"]["nodes"][-1]
        node["target"] = target
        node["inputs"] = [{"name": name, "arg": value, "kind": 1} for name, value in arguments.items()]
    return edit


X = {"as_tensor": {"name": "images"}}
INTEGERS = {"as_ints": [4, 4]}
HARMFUL = {
    "aten::from_file": ("torch.ops.aten.from_file.default",
                        {"filename": {"as_string": "FILE"}, "shared": {"as_bool": True}, "size": {"as_int": 20}}),
    "inductor::_reinterpret_tensor": ("torch.ops.inductor._reinterpret_tensor.default",
                                      {"self": X, "size": INTEGERS, "stride": INTEGERS, "offset_increment": {"as_int": 1 << 40}}),
    "aten::_reshape_alias": ("torch.ops.aten._reshape_alias.default", {"self": X, "size": INTEGERS, "stride": INTEGERS}),
    "aten::set_": ("torch.ops.aten.set_.source_Tensor", {"self": X, "source": X}),
    "aten::_nested_view_from_buffer": ("torch.ops.aten._nested_view_from_buffer.default",
                                       {"self": X, "nested_size": X, "nested_strides": X, "offsets": X}),
    "aten::_sparse_coo_tensor_unsafe": ("torch.ops.aten._sparse_coo_tensor_unsafe.default",
                                        {"indices": X, "values": X, "size": INTEGERS}),
    "aten::segment_reduce": ("torch.ops.aten.segment_reduce.default", {"data": X, "reduce": {"as_string": "sum"}}),
    "aten::sparse_coo_tensor": ("torch.ops.aten.sparse_coo_tensor.indices_size", {"indices": X, "values": X, "size": INTEGERS}),
    "aten::_indices": ("torch.ops.aten._indices.default", {"self": X}),
    "aten::threshold_backward": ("torch.ops.aten.threshold_backward.default",
                                 {"grad_output": X, "self": X, "threshold": {"as_int": 0}}),
    "aten::tril.out": ("torch.ops.aten.tril.out", {"self": X, "out": X}),
    "profiler::_record_function_enter": ("torch.ops.profiler._record_function_enter.default", {"name": {"as_string": "x"}}),
}


@pytest.mark.parametrize("name", HARMFUL)
def test_operators_that_reach_beyond_the_program_are_refused_by_name(good, tmp_path, name):
    victim = tmp_path / "victim.txt"
    victim.write_text("precious")
    target, arguments = HARMFUL[name]
    arguments = json.loads(json.dumps(arguments).replace("FILE", str(victim)))
    error = refusal(edited(good, tmp_path / "harmful.pt2", call_in_place_of_the_last_node(target, **arguments)))
    assert error.code == oc.E_UNSUPPORTED
    assert f"programs may not call {name}" in error.message
    assert "node cross_entropy" in error.message
    assert victim.read_text() == "precious"


def test_an_option_allows_operators_of_another_namespace(good, tmp_path):
    path = edited(good, tmp_path / "other.pt2", call_in_place_of_the_last_node(*HARMFUL["profiler::_record_function_enter"][:1]))
    with pytest.raises(oc.OarlockError) as caught:
        OAR.make(OAR.lib.oar_model_load, STATE, str(path).encode(), b'{"operators":"mine,profiler"}')
    assert "programs may not call" not in caught.value.message  # but it lacks its argument
