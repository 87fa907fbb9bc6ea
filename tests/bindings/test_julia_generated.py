"""The low level of the Julia binding is what bindings/julia/generate.py makes of capi/api.json, and all of it is there."""
import json
import re
import subprocess
import sys

import pytest

from languages import BUILT, SOURCE, environment, is_built

GENERATED = SOURCE / "bindings/julia/Oarlock.jl/src/generated"
API = json.loads((SOURCE / "capi/api.json").read_text())


def text(file):
    return (GENERATED / file).read_text()


def test_it_is_current(tmp_path):
    subprocess.run([sys.executable, SOURCE / "bindings/julia/generate.py", "--output", tmp_path], check=True, timeout=60)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in GENERATED.iterdir())
    for path in tmp_path.iterdir():
        assert path.read_text() == text(path.name), f"run bindings/julia/generate.py: {path.name} is not current"


def test_every_function_has_a_call_of_as_many_arguments():
    calls = {name: arguments.split(", ") if arguments else []
             for name, arguments in re.findall(r"^(oar_\w+)\((.*)\) =\n    ccall\(", text("functions.jl"), re.M)}
    assert calls == {entry["name"]: [parameter["name"] for parameter in entry["params"]] for entry in API["functions"]}


def test_every_constant_has_its_value():
    values = dict(re.findall(r"^const (OAR_\w+) = (.*)$", text("constants.jl"), re.M))
    expected = {entry["name"]: json.dumps(entry["value"]) if isinstance(entry["value"], str) else f"Int32({entry['value']})"
                for entry in API["constants"]}
    assert values == expected


def test_every_callback_and_handle_has_its_type():
    macros = re.findall(r"^macro (oar_\w+)\(", text("callbacks.jl"), re.M)
    assert sorted(macros) == sorted(entry["name"] for entry in API["callbacks"] if entry["name"] != "oar_function")
    assert re.findall(r"^abstract type (oar_\w+) end", text("types.jl"), re.M) == API["handles"]


# What the loaded package says: functions without an address, and the kinds of handles that have an object.
LOOK = """
using Oarlock
const Lib = Oarlock.LibOarlock
foreach(println, (name for (name, address) in zip(Lib.FUNCTIONS, Lib.ADDRESSES) if address == C_NULL))
for T in (getfield(Oarlock, name) for name in names(Oarlock, all = true) if isdefined(Oarlock, name))
    T isa DataType && T <: Oarlock.Handle && T != Oarlock.Handle && println("type ", Oarlock.c_type(T))
end
"""


def test_julia_finds_all_of_them_in_the_library():
    if not is_built("julia"):
        pytest.skip("the Julia binding was left out (OARLOCK_JULIA=none)")
    run = subprocess.run([BUILT / "julia/bin/julia", f"--project={BUILT / 'julia/environment'}", "-e", LOOK], check=True,
                         capture_output=True, text=True, timeout=300, env=environment())
    without_object = {"oar_bytes", "oar_error"}  # given as Vector{UInt8} and OarlockError
    assert sorted(run.stdout.split("\n")) == sorted(["", *(f"type Oarlock.LibOarlock.{name}" for name in API["handles"]
                                                           if name not in without_object)])
