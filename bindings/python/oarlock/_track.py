"""Where metrics go, and progress bars."""
from collections.abc import Callable, Mapping
from numbers import Real
from types import TracebackType
from typing import Any

from . import _c
from ._state import State
from ._values import metrics_json, options_json


class Tracker(_c.TrackerHandle):
    """Where metrics go. Only the main process writes; all ranks may call.

        with oarlock.Tracker(state, path="run/metrics.jsonl") as tracker:
            tracker.log(step, loss=0.5, accuracy=0.97)

    Args:
        state: tells which process is the main one.
        name: the product; "jsonl" appends one line of JSON per call to a file; "tensorboard" writes event files into the
            directory of a run.
        options: a mapping or JSON text of tracker options, without their "tracker.".
        more: options by name: path.

    Raises:
        NotFound: no product of that name. InvalidArgument: an unknown option, or no path. IoFailed, Corrupt: the file.
    """

    __slots__ = ("__weakref__",)

    def __init__(self, state: State, name: str = "jsonl", options: str | Mapping[str, Any] | None = None, **more: Any) -> None:
        self._adopt(_c.tracker_create(state, name, options_json(options, more)))

    def log(self, step: int, metrics: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Log values of one step: numbers, of numpy and torch too, or anything else that `json` can write.

        Raises:
            InvalidArgument: "step" and "time" are the tracker's own names. InvalidState: the tracker is closed.
        """
        values = {**(metrics or {}), **more}
        if all(isinstance(value, Real) and not isinstance(value, bool) for value in values.values()):
            _c.tracker_log(self, step, values)
        else:
            _c.tracker_log_json(self, step, metrics_json(values))

    def close(self) -> None:
        """Close the file. May be called twice. Raises IoFailed if a write failed late."""
        _c.tracker_close(self)

    def __enter__(self) -> "Tracker":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if not self.released:
            self.close()


class Progress(_c.ProgressHandle):
    """A progress bar of the main process, on standard error.

        with oarlock.Progress(state, "epoch 1", loader.num_samples) as progress:
            progress.advance(loader.samples_in_round, f"loss {loss:.3f}")

    Args:
        state: only its main process shows anything.
        title: what stands in front.
        total: units until the end; 0: not known.
        unit: what is counted.
        on_line: gets plain lines instead of standard error; what it raises comes out of the call that showed the line.
    """

    __slots__ = ("__weakref__",)

    def __init__(self, state: State, title: str, total: int = 0, unit: str = "samples",
                 on_line: Callable[[str], object] | None = None) -> None:
        self._adopt(_c.progress_create(state, title, total, unit))
        if on_line is not None:
            self.on_line(on_line)

    def on_line(self, function: Callable[[str], object] | None) -> None:
        """Send plain lines to a function; None: to standard error again."""
        _c.progress_set_callback(self, function)

    def advance(self, count: int = 1, note: str | None = None) -> None:
        """Count more units as done; `note` is shown at the end, None keeps the last one."""
        _c.progress_advance(self, count, note)

    def close(self) -> None:
        """Show the final state and end the line. May be called twice."""
        _c.progress_close(self)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if not self.released:
            self.close()
