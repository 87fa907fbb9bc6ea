"""The one form of a benchmark row (design section 14) and the rule for taking it: ours and the peer alternate."""
import json
import os
import statistics
import sys


def wanted(bench_id):
    return bench_id.startswith(os.environ.get("BENCH_ONLY", ""))


def meets(value, bar):
    """bar: "<= 0.5", for an absolute row with its unit ("<= 1 s"), or None when the row is only reported."""
    if bar is None:
        return None
    relation, limit = bar.split()[:2]
    return {"<=": value <= float(limit), "<": value < float(limit), ">=": value >= float(limit)}[relation]


def print_row(bench_id, unit, ours, peer=None, theirs=None, bar=None, **more):
    """ours, theirs: lists of figures in `unit`. With a peer the bar is on the ratio of medians, without on our median. more: further
    figures of ours by name, printed along."""
    our_median = statistics.median(ours)
    their_median = statistics.median(theirs) if theirs else None
    ratio = our_median / their_median if theirs else None
    row = {"bench": bench_id, "peer": peer, "unit": unit, "ours": our_median, "theirs": their_median, "ratio": ratio,
           "spread": [min(ours), max(ours)], "bar": bar, "ok": meets(ratio if theirs else our_median, bar), **more}
    print(json.dumps(row), flush=True)


def alternate(ours, peer, repeats=5, warm_up=1):
    """Calls ours() and peer() in turn; returns the two lists of figures. Progress goes to stderr."""
    figures = ([], [])
    for i in range(repeats + warm_up):
        for side, measure in enumerate((ours, peer)):
            figure = measure()
            if i >= warm_up:
                figures[side].append(figure)
        print(f"  run {i + 1} of {repeats + warm_up}", file=sys.stderr, flush=True)
    return figures
