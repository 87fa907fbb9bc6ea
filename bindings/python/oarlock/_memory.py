"""What a program does when memory does not suffice."""
from collections.abc import Callable
from typing import TypeVar

from . import _c
from ._state import State

Result = TypeVar("Result")


def find_executable_batch_size(state: State, run: Callable[[int], Result], starting_batch_size: int = 128,
                               reduce: Callable[[int], int] | None = None) -> Result:
    """Call `run(batch_size)` with smaller and smaller batches until no rank's attempt runs out of memory. All ranks make this call.

    Args:
        state: the ranks, which all try the same sizes.
        run: one attempt. Raises MemoryError (OutOfMemory is one) when memory does not suffice; other exceptions end the search.
        starting_batch_size: the first; nothing is kept from one search to the next.
        reduce: given the size that was too large, the next to try; None: 0.9 of it.

    Returns:
        What `run` returned.

    Raises:
        OutOfMemory: no size is left.
    """
    batch_size = starting_batch_size
    while True:
        result, ran_out = None, False
        try:
            result = run(batch_size)
        except MemoryError:
            ran_out = True
        next_size = _c.state_next_batch_size(state, batch_size, ran_out, reduce(batch_size) if reduce and ran_out else 0)
        if next_size == batch_size:
            return result  # type: ignore[return-value]
        batch_size = next_size
