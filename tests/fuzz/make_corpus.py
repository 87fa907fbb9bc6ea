"""Makes the kept corpus of the parsers' fuzz tests: small files by the real writers (safetensors, torch, zipfile).

Run: python tests/fuzz/make_corpus.py  (torch 2.11, safetensors 0.7; the files are kept, so this runs only to add to them)
"""
import io
import json
import pathlib
import struct
import zipfile

import numpy as np
import safetensors.numpy
import safetensors.torch
import torch

CORPUS = pathlib.Path(__file__).parent / "corpus"


def keep(kind, name, data):
    folder = CORPUS / kind
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def archive(method, comment=b"", force_zip64=False):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        file.comment = comment
        for name, data in (("root/a.txt", b"hello " * 20), ("root/empty", b""), ("root/b.bin", bytes(range(64)))):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = method
            with file.open(info, "w", force_zip64=force_zip64) as record:
                record.write(data)
    return buffer.getvalue()


def npy_file(array, version=(1, 0)):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version)
    return buffer.getvalue()


def torch_archive():
    buffer = io.BytesIO()
    torch.save({"weight": torch.arange(6.0).reshape(2, 3), "step": torch.tensor(7)}, buffer)
    return buffer.getvalue()


def frame(kind, *fields):
    """As comm/frame.h lays it out: int is 4 bytes, (int,) 8, bytes come with their size."""
    body = b"".join(struct.pack("<i", field) if isinstance(field, int) else struct.pack("<q", *field) if isinstance(field, tuple)
                    else struct.pack("<Q", len(field)) + field for field in fields)
    return struct.pack("<IHHQ", 0x4F41524B, 1, kind, len(body)) + body


class Small(torch.nn.Module):
    """A region, sizes as numbers, a list of tensors, a buffer update, nested outputs; the weights of pt2_weights.h."""

    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(4, 4)
        self.bn = torch.nn.BatchNorm1d(4)

    def forward(self, x, *, scale):
        y = torch.nn.functional.dropout(self.bn(self.fc(x)), 0.5, self.training)
        with torch.no_grad():
            norm = x.abs().amax(-1, keepdim=True) + x.shape[0] // 3
        first, second = (y / norm).chunk(2, -1)
        return {"loss": (first * second * scale).sum(), "pair": (first, x.shape[0])}


class Branches(Small):
    """Conditionals, one inside the other; the names and weights of Small."""

    def forward(self, x, *, scale):
        def positive(x):
            return self.fc(x) * x.shape[0], x.sum()

        def negative(x):
            return torch.cond(x.mean() < -1, lambda x: self.bn.weight * x, lambda x: x.sin(), (x,)), x.mean()

        y, z = torch.cond(x.sum() > 0, positive, negative, (x,))
        return {"loss": (y * scale.sum()).sum() + z + self.bn(x).sum(), "pair": (y, x.shape[0])}


def program_documents():
    arguments = {"scale": torch.ones(2)}
    shapes = {"x": {0: torch.export.Dim.AUTO}, "scale": None}
    def export(make):
        return torch.export.export(make().train(), (torch.ones(6, 4),), arguments, dynamic_shapes=shapes)

    variants = {"training_ir.json": export(Small), "decomposed.json": export(Small).run_decompositions({}),
                "branches.json": export(Branches)}
    for name, variant in variants.items():
        for module in variant.graph_module.modules():
            for node in module.graph.nodes if isinstance(module, torch.fx.GraphModule) else ():
                node.meta.pop("stack_trace", None)
        buffer = io.BytesIO()
        torch.export.save(variant, buffer)
        with zipfile.ZipFile(buffer) as file:
            record = next(name for name in file.namelist() if name.endswith("models/model.json"))
            yield name, json.dumps(json.loads(file.read(record)), separators=(",", ":")).encode()


class Related(torch.nn.Module):
    """Branches and shapes that relate its inputs' sizes in every way that the exporter writes down."""

    def forward(self, x, y, *, z):
        x = x * 2 if x.shape[0] % 4 == 0 else x
        x = x + 1 if x.shape[0] != y.shape[0] else x
        x = x - 1 if x.shape[1] // 2 == 1 else x
        x = x.cos() if max(x.shape[1], y.shape[0]) > 100 else x
        x = x.sin() if x.shape[0] <= 3 * y.shape[0] and x.shape[1] != 7 else x
        mean = torch.nn.functional.avg_pool1d(x, 3, stride=2, ceil_mode=True)
        return torch.cat([x.flatten(), y]), mean, z.view(-1, x.shape[1]).sum()


def program_texts():
    """Of the sizes and guards of a program, with a record as our exporter writes it."""
    auto = torch.export.Dim.AUTO
    program = torch.export.export(Related(), (torch.ones(6, 10), torch.ones(9)), {"z": torch.ones(20)},
                                  dynamic_shapes={"x": {0: auto, 1: auto}, "y": {0: auto}, "z": {0: auto}})
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    with zipfile.ZipFile(buffer) as file:
        document = json.loads(file.read(next(name for name in file.namelist() if name.endswith("models/model.json"))))
    values = document["graph_module"]["graph"]["tensor_values"].values()
    sizes = {size["as_expr"]["expr_str"] for value in values for size in value["sizes"] if "as_expr" in size}
    record = {"format": 1, "loss": "loss", "tied": [["bn.weight", "bn.bias"], ["fc.weight", "head.weight"]],
              "modules": {"": "Small", "fc": "torch.nn.Linear"}, "dynamic": {"x": {"0": "batch", "1": "width"}}}
    texts = {"sizes": sorted(sizes), "guards_code": document["guards_code"], "extra": record}
    return json.dumps(texts, indent=1).encode()


def main():
    keep("pt2_texts", "related.json", program_texts())
    keep("pt2_texts", "edges.json", json.dumps({
        "sizes": ["Max(Integer(3), Symbol('s0', integer=True), CeilDiv(Symbol('s1'), Integer(2)))", "Pow(Symbol('s0'), Integer(2))"],
        "guards_code": ["2 <= L['x'].size()[0] < 9", "not (L['n'] == 3 or -L['n']**2 % 5 != 1)", "max(L['n'], L['y']['k'][0].size()[1], 2) > 0",
                        "L['n'] - (L['x'].size()[0] - 1) // 2 >= 1 and L['y']['k'][0].size()[0] != 1"],
        "extra": {"format": 1.0}}).encode())
    for name, document in program_documents():
        keep("pt2", name, document)
    member = (4711, b"node7", b"0f3c/node7")
    keep("frames", "hello", frame(1, 1, 2, (5000,), b"a launch", *member))
    keep("frames", "welcome", frame(2, (65536,), 29500, b"192.0.2.1", *member, *member))
    keep("frames", "refusal", frame(3, 6, 1, b"two processes have the same rank"))
    keep("frames", "arrival_and_goodbye", frame(4, (1,), (8,), (0,), (30000,), (0,)) + frame(8, (3,)))
    keep("zip", "stored.zip", archive(zipfile.ZIP_STORED))
    keep("zip", "deflated.zip", archive(zipfile.ZIP_DEFLATED))
    keep("zip", "comment.zip", archive(zipfile.ZIP_STORED, comment=b"a comment"))
    keep("zip", "zip64_fields.zip", archive(zipfile.ZIP_DEFLATED, force_zip64=True))
    keep("zip", "torch.zip", torch_archive())
    keep("safetensors", "three.safetensors", safetensors.torch.save(
        {"a": torch.tensor([1.0, 2.0]), "b": torch.ones(1, dtype=torch.bfloat16), "c": torch.tensor(7)},
        {"format": "pt"}))
    keep("safetensors", "empty.safetensors", safetensors.numpy.save({}))
    keep("safetensors", "odd.safetensors", safetensors.numpy.save(
        {"mask": np.array([True, False, True]), "none": np.zeros((0, 3), np.float64), "\u00e9 \"x\"": np.int8([1])}))
    for name, array in (("floats", np.arange(6, dtype=np.float32).reshape(2, 3)), ("columns", np.asfortranarray(np.ones((3, 2), np.int16))),
                        ("bools", np.array([True, False])), ("none", np.zeros((0, 4))), ("complex", np.array(1j))):
        keep("npy", f"{name}.npy", npy_file(array))
    keep("npy", "version3.npy", npy_file(np.arange(3), (3, 0)))
    tables = {"plain.csv": "a,b\n1,2.5\n-3,4\n", "quoted.csv": 'a,"b ""c"""\r\n"x,\ny",""\r\n', "mark.csv": "\ufeffa\n\n1",
              "empty_fields.csv": ",,\n,,\n"}
    for name, text in tables.items():
        keep("csv", name, text.encode())
    texts = {
        "values.json": '{"a": [1, -2.5e3, true, false, null], "b": {"c": "text \\u00e9 \\n"}, "d": 9223372036854775807}',
        "nested.json": "[" * 20 + "]" * 20,
        "small.json": "0",
        "large_doubles.json": "[9223372036854775.07, 12345678901234567000.0, -1e300]",
    }
    for name, text in texts.items():
        keep("json", name, text.encode())


if __name__ == "__main__":
    main()
