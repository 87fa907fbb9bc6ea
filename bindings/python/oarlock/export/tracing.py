"""Runs torch.export, keeps its remarks to itself, and tells what to change where it fails."""
import contextlib
import io
import logging
import os
import re
import sys
import traceback
import warnings

import torch
from torch.utils import _pytree as pytree

from .dynamic import recorded_specialisations, require_dynamic
from .errors import ExportError, first_line, place_in, place_of
from .operators import GRADIENTS

DECIDES = ("forward decides in Python (if, while, int(), item()) by what a tensor holds, which a program cannot. Write it with torch.where "
           "or torch.cond; leave checks of the inputs out; a loss of the model's own that checks its targets can be replaced by loss=..., "
           "targets=...")
# What is told of an error (trail_of) -> what to write instead.
ADVICE = (
    (r"in aten::one_hot", "one_hot looks for the largest index in the tensor: give it num_classes"),
    (r"DynamicOutputShape", "the size of what an operator gives depends on what a tensor holds (the CTC loss, for example): return what it "
                            "takes, and compute it in the training program"),
    (r"data-dependent|Dynamic control flow|DataDependent", DECIDES),
    (r"Constraints violated|code specialized it",
     "a size that was to be dynamic is fixed or bounded by the model; torch.sym_max and torch.sym_min keep max(n, 5) dynamic"),
    (r"Sym(Float|Int|Bool)\.__format__",
     "forward formats a number that a tensor holds (for print or a log), which has no value while it is traced: leave that line out"),
    (r"nn/utils/rnn\.py|PackedSequence|(?s:got FakeTensor.*nn/modules/rnn\.py)",
     "packed sequences hold lengths that Python reads: give the recurrent layer the padded tensor, and mask what lies behind the ends"),
    (r"__torch__\.torch\.classes|ScriptObject|__obj_flatten__",
     "a module holds an object of C++, as quantised layers do: export the model before it is quantised"),
    (r"Cannot access data pointer|data_ptr|\.numpy\(\)|in numpy/",
     "forward gives tensors to code that torch does not see (numpy, ctypes, an extension): write it with operators of torch"),
)


LIBRARIES = [(name, os.path.dirname(sys.modules[name].__file__)) for name in ("torch", "numpy") if name in sys.modules]


def traced(call, dims):
    args, kwargs = call.arguments()
    shapes = torch.export.ShapesCollection()
    for (path, _), value in zip(call.leaves(), pytree.tree_leaves((args, kwargs))):
        if path in dims:
            shapes[value] = dict.fromkeys(dims[path], torch.export.Dim.AUTO)
    first = None
    for strict in (False, True):
        call.state.restore()
        said = io.StringIO()  # torch prints the whole graph where it fails
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), recorded_specialisations() as stacks, quiet():
                program = torch.export.export(call.model, args, kwargs, dynamic_shapes=shapes if dims else None, strict=strict)
            call.state.restore()  # what it kept of the trace
            sys.stderr.write(said.getvalue())
            require_dynamic(program, call, dims, stacks)
            return program
        except ExportError:
            raise
        except Exception as error:
            first = first or error
    raise ExportError(f"torch.export cannot trace the model{advice(first, call)}{place_of(first) or place_in(call.gradients or ())}\n  "
                      f"{first_line(first)}") from first


def advice(error, call):
    if call.gradients:
        return f": {GRADIENTS}"
    trail = trail_of(error)
    if found := next((text for pattern, text in ADVICE if re.search(pattern, trail)), None):
        return f": {found}"
    try:
        made = call.set_up()
    except Exception:  # the first error is told
        made = []
    return f": if it is by what forward sets up in its first call ({', '.join(made)}), call the model once, and export then" if made else ""


def trail_of(error):
    """What is told of an error: its texts, and the operators and the files of torch and numpy that it came through, none of the user's."""
    lines = []
    while error is not None:  # what it came from, too: forward may have caught it and raised another
        lines.append(f"{type(error).__name__}: {error}")
        for frame, _ in traceback.walk_tb(error.__traceback__):
            lines += [f"in {name}{file.removeprefix(folder)}" for name, folder in LIBRARIES if (file := frame.f_code.co_filename).startswith(folder)]
            lines += [f"in {value.name()}" for name in ("func", "self") if isinstance(value := frame.f_locals.get(name), torch._ops.OpOverload)]
        error = error.__cause__ or error.__context__
    return "\n".join(lines)


@contextlib.contextmanager
def quiet():
    """Without torch's remarks on its own working, unless TORCH_LOGS asks for them.

    Also without its warning of attributes that forward assigns: the check finds those that matter, and every LSTM has some.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The tensor attributes? .* assigned during export", category=UserWarning)
        warnings.filterwarnings("ignore", message="While compiling, we found certain side effects", category=UserWarning)
        if "TORCH_LOGS" in os.environ:
            yield
            return
        loggers = [logger for name, logger in logging.root.manager.loggerDict.items() if name.partition(".")[0] == "torch"]
        handlers = {handler for logger in loggers for handler in getattr(logger, "handlers", ())}
        for handler in handlers:
            handler.addFilter(is_critical)
        try:
            yield
        finally:
            for handler in handlers:
                handler.removeFilter(is_critical)


def is_critical(record):
    return record.levelno > logging.ERROR
