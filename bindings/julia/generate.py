#!/usr/bin/env python3
"""Writes Oarlock.jl/src/generated/ from capi/api.json: generate.py [--output FOLDER].

One thin Julia function per C function, a constant per #define, a type per handle, and a macro per callback that makes
its @cfunction. tests/bindings/test_julia_generated.py runs this and compares.
"""
import argparse
import json
import pathlib
import sys
import textwrap

HERE = pathlib.Path(__file__).resolve().parent
API = HERE.parents[1] / "capi/api.json"
HEAD = "# Made by bindings/julia/generate.py from capi/api.json; do not edit.\n\n"
WIDTH = 120

PLAIN = {"void": "Cvoid", "char": "UInt8", "double": "Float64", "size_t": "Csize_t", "int32_t": "Int32", "int64_t": "Int64",
         "uint64_t": "UInt64", "oar_status": "Int32", "struct DLManagedTensorVersioned": "DLManagedTensorVersioned"}


def julia_type(c_type, handles, callbacks):
    """The type that ccall and @cfunction take for a C type."""
    text = c_type.replace("const", " ").replace("*", " * ")
    stars = text.count("*")
    base = " ".join(text.replace("*", " ").split())
    if base in callbacks or base == "oar_function":
        name = "Ptr{Cvoid}"
    elif base == "char" and stars and "const char" in c_type:
        name, stars = "Cstring", stars - 1
    elif base in handles or base in PLAIN:
        name = PLAIN.get(base, base)
    else:
        sys.exit(f"no Julia type for '{c_type}' of capi/api.json; add one to PLAIN")
    return "Ptr{" * stars + name + "}" * stars


def doc_text(text):
    """Text of a header as the inside of a Julia docstring."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")


def wrapped(text, indent=""):
    return textwrap.wrap(doc_text(text), WIDTH - len(indent), initial_indent=indent, subsequent_indent=indent,
                         break_long_words=False, break_on_hyphens=False)


def docstring(entry, signature):
    lines = ['"""', f"    {doc_text(signature)}", "", *wrapped(entry["brief"])]
    if entry["details"]:
        lines += ["", *(doc_text(line) for line in entry["details"].splitlines())]
    if entry["params"]:
        lines.append("")
    for parameter in entry["params"]:
        lines += textwrap.wrap(f"- `{parameter['name']}` (`{parameter['type']}`): {doc_text(parameter['text'])}", WIDTH,
                               subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    lines += ["", f"Threads: {doc_text(entry['threads'])}."]
    return [*lines, '"""']


def constants(api):
    lines = []
    for constant in api["constants"]:
        value = constant["value"]
        text = f'"{doc_text(value)}"' if isinstance(value, str) else f"Int32({value})"
        lines.append(f"const {constant['name']} = {text}")
    return HEAD + "\n".join(lines) + "\n"


def types(api, type_of):
    lines = [f'"The incomplete C struct `{name}`; handles are `Ptr{{{name}}}`."\nabstract type {name} end'
             for name in api["handles"]]
    for struct in api["structs"]:
        lines += [f'"{doc_text(struct["brief"])}"', f"struct {struct['name']}"]
        lines += [f"    {field['name']}::{type_of(field['type'])}  # {field['text']}" for field in struct["fields"]]
        lines += ["end"]
    return HEAD + "\n".join(lines) + "\n"


def callbacks(api, type_of):
    lines = []
    for entry in api["callbacks"]:
        if entry["name"] == "oar_function":
            continue
        result = type_of(entry["returns"])
        parameters = ", ".join(type_of(parameter["type"]) for parameter in entry["params"])
        parameters += "," if len(entry["params"]) == 1 else ""
        lines += [*docstring(entry, f"@{entry['name']}(function) -> Ptr{{Cvoid}}"), f"macro {entry['name']}(trampoline)",
                  f"    esc(:(@cfunction($trampoline, {result}, ({parameters}))))", "end", ""]
    return HEAD + "\n".join(lines)


def functions(api, type_of):
    names = [entry["name"] for entry in api["functions"]]
    lines = ["# The functions whose addresses bind() looks up, in the order of ADDRESSES.", "const FUNCTIONS = ("]
    lines += textwrap.wrap(" ".join(f":{name}," for name in names), WIDTH, initial_indent="    ", subsequent_indent="    ")
    lines += [")", "const ADDRESSES = fill(C_NULL, length(FUNCTIONS))", ""]
    for index, entry in enumerate(api["functions"], start=1):
        arguments = ", ".join(parameter["name"] for parameter in entry["params"])
        parameters = ", ".join(type_of(parameter["type"]) for parameter in entry["params"])
        parameters += "," if len(entry["params"]) == 1 else ""
        call = f"ccall(@inbounds(ADDRESSES[{index}]), {type_of(entry['returns'])}, ({parameters})"
        lines += docstring(entry, f"{entry['name']}({arguments}) -> {entry['returns']}")
        lines += [f"{entry['name']}({arguments}) =", f"    {call}{', ' + arguments if arguments else ''})", ""]
    return HEAD + "\n".join(lines)


def generate():
    api = json.loads(API.read_text())
    names = {entry["name"] for entry in api["callbacks"]}

    def type_of(c_type):
        return julia_type(c_type, set(api["handles"]) | {struct["name"] for struct in api["structs"]}, names)

    return {"types.jl": types(api, type_of), "constants.jl": constants(api), "callbacks.jl": callbacks(api, type_of),
            "functions.jl": functions(api, type_of)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "Oarlock.jl/src/generated")
    folder = parser.parse_args().output
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in generate().items():
        (folder / file).write_text(text)
