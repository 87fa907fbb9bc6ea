"""The scenarios of ../scenarios.json in Python: scenarios.py WORKDIR NAME... prints `ok NAME` or `not ok NAME: TEXT` for each."""
import sys
import traceback
from pathlib import Path

import arrays  # noqa: F401  each registers its scenarios
import objects  # noqa: F401
import operators  # noqa: F401
import programs  # noqa: F401
import ranks  # noqa: F401
import training  # noqa: F401
import units  # noqa: F401
from scene import SCENARIOS, live_handles


def run(name, folder):
    try:
        if name not in SCENARIOS:
            return "there is no such scenario"
        before = live_handles()
        SCENARIOS[name](folder)
        left = live_handles() - before
        return f"{left} handles are left" if left else None
    except BaseException as error:
        place = traceback.extract_tb(error.__traceback__)
        own = next((frame for frame in reversed(place) if "scenarios" in frame.filename), place[-1])
        return f"{type(error).__name__}: {error} ({Path(own.filename).name}:{own.lineno}: {own.line})".replace("\n", " ")


if __name__ == "__main__":
    folder, names = Path(sys.argv[1]), sys.argv[2:]
    results = {}
    for name in names:
        results[name] = run(name, folder)
        print(f"ok {name}" if results[name] is None else f"not ok {name}: {results[name]}", flush=True)
    sys.exit(any(results.values()))
