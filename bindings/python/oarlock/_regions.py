"""Blocks between a call that begins and one that ends something."""
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from ._errors import Error


@contextmanager
def ended_by(end: Callable[[], object]) -> Iterator[None]:
    """Calls `end` after the block. What the block raised is what counts, whatever the end says."""
    try:
        yield
    except BaseException:
        with suppress(Error):
            end()
        raise
    end()
