"""Meshes of real processes: the groups along their axes, beside what numpy says of an array of those sizes."""
import numpy as np
import pytest

from world import run_world

HEAD = """
def mesh_of(group, timeout_ms=0, **axes):
    names = (ctypes.c_char_p * len(axes))(*[name.encode() for name in axes])
    sizes = (ctypes.c_int32 * len(axes))(*axes.values())
    return ctypes.c_void_p(call_out(lib.oar_mesh_create, group.group, names, sizes, ctypes.c_size_t(len(axes)), ctypes.c_int64(timeout_ms)))
def flatten(mesh, axes, name):
    names = (ctypes.c_char_p * len(axes))(*[axis.encode() for axis in axes])
    check(lib.oar_mesh_flatten(mesh, names, ctypes.c_size_t(len(axes)), name.encode(), ctypes.c_int64(0)))
def number(function, mesh, axis):
    return call_out(function, mesh, axis.encode(), kind=ctypes.c_int32)
def along(mesh, axis):
    return Subgroup(call_out(lib.oar_mesh_group, mesh, axis.encode()))
"""


def lines_of(array, axes):
    """What a rank's line along these axes is, by numpy: {rank: ranks}."""
    moved = np.moveaxis(array, axes, range(array.ndim - len(axes), array.ndim))
    lines = moved.reshape(-1, int(np.prod([array.shape[axis] for axis in axes])))
    return {int(rank): [int(other) for other in line] for line in lines for rank in line}


@pytest.mark.parametrize("backend", ["auto", "gloo"])
def test_every_axis_and_every_flattened_one_has_the_ranks_that_numpy_says(backend):
    results = run_world(4, HEAD + """
with state() as world:
    mesh = mesh_of(world, dp=2, cp=1, tp=2)
    flatten(mesh, ["dp", "cp"], "dp_cp")
    flatten(mesh, ["tp", "dp"], "tp_dp")
    names = ["dp", "cp", "tp", "dp_cp", "tp_dp"]
    groups = {name: along(mesh, name) for name in names}
    report(ranks={name: world_ranks(group) for name, group in groups.items()},
           places={name: [number(lib.oar_mesh_coordinate, mesh, name), groups[name].rank] for name in names},
           sizes={name: number(lib.oar_mesh_size, mesh, name) for name in names},
           sums={name: sum_of(group, 10.0 ** world.rank) for name, group in groups.items()},
           at=call_out(lib.oar_mesh_rank_at, mesh, (ctypes.c_int32 * 3)(1, 0, 0), ctypes.c_size_t(3), kind=ctypes.c_int32),
           unknown=attempt(lambda: along(mesh, "pp")))
    lib.oar_mesh_release(mesh)
    report(later=sum_of(groups["dp"], 1))
    for group in groups.values():
        group.release()
""", env={"OARLOCK_COMM_BACKEND": backend})
    array = np.arange(4).reshape(2, 1, 2)
    axes = {"dp": [0], "cp": [1], "tp": [2], "dp_cp": [0, 1], "tp_dp": [2, 0]}
    for result in results:
        for name, of in axes.items():
            ranks = lines_of(array, of)[result.rank]
            assert result["ranks"][name] == ranks, (result.rank, name)
            assert result["places"][name] == [ranks.index(result.rank)] * 2
            assert result["sizes"][name] == len(ranks)
            assert result["sums"][name] == sum(10.0 ** rank for rank in ranks)
        assert result["at"] == array[1, 0, 0] and result["later"] == 2
        assert result["unknown"]["status"] == "OAR_E_NOT_FOUND" and "dp, cp, tp, dp_cp, tp_dp" in result["unknown"]["text"]


WRONG = {
    "product": ("dp=2, tp=2", "OAR_E_ARGUMENT", "the 2 ranks of its group, got dp=2, tp=2"),
    "on one rank": ("dp=2 + world.rank", "OAR_E_ARGUMENT", "got dp=3"),
    "order": ("**(dict(a=1, b=2) if world.rank else dict(b=2, a=1))", "OAR_E_MISMATCH", "rank 0 gives 'mesh b=2, a=1'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_axes_fail_on_every_rank_and_the_group_lives(case):
    axes, status, part = WRONG[case]
    results = run_world(2, HEAD + f"""
with state() as world:
    report(outcome=attempt(lambda: mesh_of(world, {axes})), sum=sum_of(world, 1))
""")
    for result in results:
        assert result["outcome"]["status"] == status and part in result["outcome"]["text"], result.reports
        assert result["sum"] == 2


def test_flattening_different_axes_is_refused_and_the_mesh_lives():
    results = run_world(2, HEAD + """
with state() as world:
    mesh = mesh_of(world, dp=1, tp=2)
    report(outcome=attempt(lambda: flatten(mesh, ["dp", "tp"] if world.rank else ["tp"], "x")), sum=sum_of(along(mesh, "tp"), 1),
           unknown=attempt(lambda: flatten(mesh, ["pp"], "y")))
    lib.oar_mesh_release(mesh)
""")
    for result in results:
        assert result["outcome"]["status"] == "OAR_E_MISMATCH" and "dp*tp" in result["outcome"]["text"] and result["sum"] == 2
        assert result["unknown"]["status"] == "OAR_E_NOT_FOUND" and "dp=1, tp=2" in result["unknown"]["text"]
