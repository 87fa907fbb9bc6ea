"""ExportError, and how its texts name things."""
import difflib
import os
import re
import sysconfig
import traceback

import torch


class ExportError(RuntimeError):
    """The model cannot be exported as asked. The text says how to change the model or the call."""


def first_line(error):
    """Its kind, and the first line of its text if it has one."""
    text = str(error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__


def nearest(name, known):
    close = difflib.get_close_matches(str(name), [*known], 1)
    return f" (did you mean '{close[0]}'?)" if close else f"; there are: {', '.join(known) or 'none'}"


def describe(value, other=None):
    if not isinstance(value, torch.Tensor):
        return repr(value) if other is None else f"{value!r} and {other!r}"
    text = f"{str(value.dtype).removeprefix('torch.')} {list(value.shape)}"
    if not isinstance(other, torch.Tensor):
        return text
    if value.shape != other.shape or value.dtype != other.dtype:
        return f"{text} and {describe(other)}"
    return f"{text}, differing by up to {(value.double() - other.double()).abs().max().item():.3g}"


def place_of(error):
    return place_in(traceback.extract_tb(error.__traceback__))


def place_of_node(node):
    """The line that made a node of the graph."""
    found = re.findall(r'File "(.*)", line (\d+), in (.*)\n\s*(.*)', node.meta.get("stack_trace") or "")
    return "\n  at {}:{}, in {}: {}".format(*found[-1]) if found else ""


def place_in(stack):
    """The innermost line of Python that is neither torch's, nor Python's own, nor of this folder."""
    others = ("<", os.path.dirname(torch.__file__) + os.sep, os.path.dirname(__file__) + os.sep)
    own = sysconfig.get_path("stdlib") + os.sep
    for frame in reversed(list(stack)):
        is_own = frame.filename.startswith(own) and not frame.filename.startswith((own + "site-packages", own + "dist-packages"))
        if not is_own and not frame.filename.startswith(others):
            return f"\n  at {frame.filename}:{frame.lineno}, in {frame.name}: {frame.line}"
    return ""
