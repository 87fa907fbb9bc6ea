"""What a run needs beside training: timers, profiles, messages by rank, equal random numbers, memory figures."""
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

from . import _c
from ._errors import Error
from ._logging import level_number
from ._regions import ended_by
from ._tree import Tree

_RANKS = {"main": _c.LOG_MAIN, "each": _c.LOG_EACH, "in_order": _c.LOG_IN_ORDER}


class Profile:
    """A profile that runs; call `step` after each step of the run."""

    def __init__(self, state: "Services") -> None:
        self._state = state
        self.reports: list[dict[str, Any]] = []

    def step(self) -> dict[str, Any] | None:
        """A step has ended. The report of the record that ended with it, or None.

        Raises:
            OSError: the trace cannot be written; the profile goes on.
        """
        return self._keep(_c.profile_step(cast(Any, self._state)))

    def _keep(self, given: Any) -> dict[str, Any] | None:
        if given is None:
            return None
        report: dict[str, Any] = json.loads(_c.bytes_view(given))
        self.reports.append(report)
        return report


class Services:
    """Of a state."""

    __slots__ = ()

    @contextmanager
    def timer(self, name: str) -> Iterator[None]:
        """Measure a block: `with state.timer("forward"): ...`. In a profile it is a span of that name."""
        _c.timer_begin(cast(Any, self), name)
        with ended_by(lambda: _c.timer_end(cast(Any, self), name)):
            yield

    def timer_report(self, *, all_ranks: bool = False) -> dict[str, dict[str, Any]]:
        """What the timers measured, by name, in milliseconds; see timer.h for the figures.

        Args:
            all_ranks: the figures of all ranks, and who is the slowest. Collective.
        """
        report = _c.timer_report_all_ranks if all_ranks else _c.timer_report
        return cast(dict[str, dict[str, Any]], json.loads(_c.bytes_view(report(cast(Any, self)))))

    def reset_timers(self) -> None:
        """Forget all durations."""
        _c.timer_reset(cast(Any, self))

    @contextmanager
    def profile(self, **options: Any) -> Iterator[Profile]:
        """Record which operators a block spends its time in.

            with state.profile(directory="traces", wait=10, warmup=1, active=3, repeat=1) as profile:
                for batch in loader:
                    train(batch)
                    profile.step()
            print(profile.reports[0]["table"])

        Args:
            options: of the table's section "profile": directory, wait, warmup, active, repeat, skip_first, record_shapes,
                memory, flops. Without `active` the whole block is one record.

        Raises:
            InvalidState: a profile runs already; InvalidArgument: an unknown option.

        After an exception on one of several ranks the profile is not ended, which the others would have to take part in:
        closing the state ends it.
        """
        _c.profile_begin(cast(Any, self), json.dumps(options))
        profile = Profile(self)
        try:
            yield profile
        except BaseException:
            if _c.state_world_size(cast(Any, self)) == 1:  # else other ranks may not come
                with suppress(Error):
                    _c.profile_end(cast(Any, self))
            raise
        profile._keep(_c.profile_end(cast(Any, self)))

    def log(self, level: int | str, text: str, *, ranks: str = "main") -> None:
        """Say something through the library's messages, as "[RANK r] text".

        Args:
            level: "debug", "info", "warning", "error", or a number of `logging`.
            text: what to say.
            ranks: "main" (rank 0 only), "each", or "in_order" (one after the other; collective).
        """
        if ranks not in _RANKS:
            from ._errors import InvalidArgument
            raise InvalidArgument(f"ranks must be one of {', '.join(_RANKS)}, not '{ranks}'")
        _c.state_log(cast(Any, self), level_number(level), _RANKS[ranks], text)

    def seed(self, seed: int) -> None:
        """Seed libtorch's default generator of this process, as torch.manual_seed does."""
        _c.state_seed(cast(Any, self), seed)

    def synchronize_rng(self) -> None:
        """Give the default generator of every rank the state of rank 0's. Collective."""
        _c.state_synchronize_rng(cast(Any, self))

    def set_deterministic(self, on: bool = True, *, warn_only: bool = False) -> None:
        """As torch.use_deterministic_algorithms, for the whole process."""
        _c.state_set_deterministic(cast(Any, self), on, warn_only)

    def split_between_processes(self, inputs: Any, *, pad: bool = False) -> Tree:
        """This rank's part of what all ranks have: a list, an array's rows, or a mapping of them. See `Tree.split`.

            for prompt in state.split_between_processes(prompts): ...
        """
        return Tree(inputs).split(_c.state_rank(cast(Any, self)), _c.state_world_size(cast(Any, self)), pad=pad)

    def split_rows(self, num_rows: int) -> range:
        """The numbers of this rank's rows of so many."""
        return range(*_c.rows_split(num_rows, _c.state_rank(cast(Any, self)), _c.state_world_size(cast(Any, self))))


def memory_report() -> dict[str, int]:
    """The memory of this process in bytes: rss, rss_anonymous, rss_file, rss_shared, rss_peak."""
    return cast(dict[str, int], json.loads(_c.bytes_view(_c.memory_report())))
