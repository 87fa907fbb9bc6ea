"""Nanoseconds per call through the package: call_python.py noop|all_reduce CALLS. The same calls as bench/call_overhead.c."""
import sys
import time

import numpy
import oarlock


def ask_rank(state, calls):
    total = 0
    for _ in range(calls):
        total += state.rank
    return total == 0


def sum_one_float(state, calls):
    group, tensor = state.group, oarlock.as_tensor(numpy.ones((), numpy.float32))
    for _ in range(calls):
        group.all_reduce(tensor)
    return tensor.item() == 1


if __name__ == "__main__":
    calls_of, calls = {"noop": ask_rank, "all_reduce": sum_one_float}[sys.argv[1]], int(sys.argv[2])
    with oarlock.State() as state:
        calls_of(state, calls // 10)  # warm
        start = time.perf_counter_ns()
        right = calls_of(state, calls)
        print(f"{(time.perf_counter_ns() - start) / calls:.2f}")
    sys.exit(not right)
