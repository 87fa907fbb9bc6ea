"""Who may include whom, read from the one list in CMakeLists.txt that the build uses too."""
import os
import pathlib
import re

import pytest

ROOT = pathlib.Path(os.environ.get("OARLOCK_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
CMAKE = (ROOT / "CMakeLists.txt").read_text()
ROOMS = re.search(r"set\(OARLOCK_ROOMS ([\w ]+)\)", CMAKE)[1].split()
ROOMS_WITHOUT_TORCH = re.search(r"set\(OARLOCK_ROOMS_WITHOUT_TORCH ([\w ]+)\)", CMAKE)[1].split()
PUBLIC_TYPES = {"mpi_calls.h", "status.h", "types.h", "vendor.h", "version.h"}  # pure C headers that cxx/ may use
TORCH = re.compile(r"(ATen|c10|torch|caffe2)/|gloo/")
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)
# One door per dependency: only these files may name it.
DOORS = {
    "cjson/cJSON.h": {"cxx/base/json.cpp"},
    "torch/version.h": {"capi/include/oarlock/torch.hpp", "cxx/tensor/compat.h", "cxx/tensor/torch_check.cpp"},
    "xxhash.h": {"cxx/base", "cxx/checkpoint", "cxx/format"},
    "zlib.h": {"cxx/format"},
}
# Below a room, siblings that must not know each other.
STRANGERS = ["comm/backends", "parallel", "graph/passes", "model/providers", "track", "launch/hosts"]


def sources(folder):
    return sorted(path for path in (ROOT / folder).rglob("*") if path.suffix in (".h", ".cpp", ".hpp", ".c"))


def includes(path):
    return [(match[1], match[2]) for match in INCLUDE.finditer(path.read_text())]


def room_of(path):
    return path.relative_to(ROOT / "cxx").parts[0]


def name(path):
    return str(path.relative_to(ROOT))


def test_the_list_of_rooms_is_the_one_of_the_design():
    assert ROOMS == ("base tensor format comm plugin state data graph model optim precision memory parallel checkpoint track "
                     "accel launch").split()


def test_every_file_of_cxx_is_in_a_room():
    assert [name(path) for path in sources("cxx") if room_of(path) not in ROOMS] == []


@pytest.mark.parametrize("room", [room for room in ROOMS if (ROOT / "cxx" / room).is_dir()])
def test_a_room_includes_only_rooms_to_its_left(room):
    allowed = set(ROOMS[: ROOMS.index(room) + 1])
    wrong = []
    for path in sources(f"cxx/{room}"):
        for _, included in includes(path):
            first = included.split("/")[0] if "/" in included else ""  # <memory> is no room
            if first in ROOMS and (ROOT / "cxx" / included).exists() and first not in allowed:
                wrong.append(f"{name(path)} includes {included}")
    assert wrong == []


@pytest.mark.parametrize("room", [room for room in ROOMS_WITHOUT_TORCH if (ROOT / "cxx" / room).is_dir()])
def test_a_room_without_libtorch_includes_none_of_it(room):
    without_torch = set(ROOMS_WITHOUT_TORCH) | {"oarlock"}
    wrong = []
    for path in sources(f"cxx/{room}"):
        for _, included in includes(path):
            first = included.split("/")[0] if "/" in included else ""
            if TORCH.match(included) or (first in ROOMS and first not in without_torch and not is_free_of_torch(included)):
                wrong.append(f"{name(path)} includes {included}")
    assert wrong == []


def is_free_of_torch(included, seen=None):
    """A header of a room with libtorch that uses none itself (state/topology.h)."""
    seen = set() if seen is None else seen
    path = ROOT / "cxx" / included
    if included in seen or not path.is_file():  # <memory> is no room
        return True
    seen.add(included)
    return all(not TORCH.match(other) and is_free_of_torch(other, seen) for _, other in includes(path))


def test_the_place_in_the_world_needs_no_libtorch():
    assert is_free_of_torch("state/topology.h")


def test_nobody_in_cxx_sees_the_c_edge():
    """The command is a program beside the library: it may use the public headers as any program does."""
    wrong = []
    for path in sources("cxx"):
        for _, included in includes(path):
            if room_of(path) != "launch" and included.startswith("oarlock/") and included.removeprefix("oarlock/") not in PUBLIC_TYPES:
                wrong.append(f"{name(path)} includes {included}")
            if (ROOT / "capi" / "src" / included).exists() and not (ROOT / "cxx" / included).exists():
                wrong.append(f"{name(path)} includes {included} of capi/src")
    assert wrong == []


@pytest.mark.parametrize("header", sorted(DOORS))
def test_a_dependency_has_one_door(header):
    wrong = [name(path) for folder in ("cxx", "capi") for path in sources(folder)
             if any(included == header for _, included in includes(path))
             and not any(name(path).startswith(door) for door in DOORS[header])]
    assert wrong == []


@pytest.mark.parametrize("folder", STRANGERS)
def test_siblings_are_strangers(folder):
    wrong = []
    for path in sources(f"cxx/{folder}"):
        parts = path.relative_to(ROOT / "cxx" / folder).parts
        for _, included in includes(path):
            if len(parts) > 1 and included.startswith(folder + "/"):
                sibling = included.removeprefix(folder + "/").split("/")
                if len(sibling) > 1 and sibling[0] != parts[0]:
                    wrong.append(f"{name(path)} includes {included}")
    assert wrong == []
