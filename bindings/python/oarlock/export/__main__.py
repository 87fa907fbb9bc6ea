"""oarlock export FILE:FUNCTION, also as python -m oarlock.export. The command runs this folder with the Python of the user."""
import argparse
import importlib
import importlib.util
import inspect
import os
import signal
import sys
import traceback

if not __package__:  # started as a folder: as if its parent were on the path, for as long as it takes
    _folder = os.path.dirname(os.path.abspath(__file__))
    __package__ = os.path.basename(_folder)
    sys.path.insert(0, os.path.dirname(_folder))
    try:
        importlib.import_module(__package__)
    except ImportError as _error:
        sys.exit(f"oarlock export: {_error}; install torch there, or name another Python in OARLOCK_PYTHON")
    sys.path.pop(0)

from .errors import ExportError, nearest  # noqa: E402
from .program import export_program  # noqa: E402
from .summary import summary  # noqa: E402
from .weights import export_weights  # noqa: E402

OPTIONS = [name for name in inspect.signature(export_program).parameters]


def arguments():
    parser = argparse.ArgumentParser(prog="oarlock export", description="See: oarlock export --help")
    parser.add_argument("what", metavar="FILE:FUNCTION")
    parser.add_argument("-o", "--output", metavar="OUT")
    parser.add_argument("--weights", metavar="FILE")
    parser.add_argument("--no-weights", action="store_true")
    parser.add_argument("--no-check", action="store_true")
    parser.add_argument("--stack-traces", action="store_true")
    return parser.parse_args()


def made_by(file, name):
    """What FUNCTION of FILE returns, as keyword arguments of export_program."""
    module_name = os.path.splitext(os.path.basename(file))[0]
    if module_name in sys.modules or module_name in sys.stdlib_module_names:
        module_name += "_"  # types.py, code.py: Python itself needs the other
    spec = importlib.util.spec_from_file_location(module_name, file)
    if spec is None:
        raise ExportError(f"{file} is no file of Python (.py)")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    sys.path.insert(0, os.path.dirname(os.path.abspath(file)))  # as Python does for a program
    spec.loader.exec_module(module)
    function = getattr(module, name, None)
    if not callable(function):
        known = [key for key, value in vars(module).items() if inspect.isfunction(value) and value.__module__ == module_name]
        raise ExportError(f"{file} has no function '{name}'{nearest(name, known)}")
    require_no_arguments(function, f"{name}() of {file}")
    made = function()
    if isinstance(made, tuple) and (len(made) == 2 or len(made) == 3 and isinstance(made[2], dict)):
        made = {"model": made[0], "example_inputs": made[1], **(made[2] if len(made) == 3 else {})}
    if not isinstance(made, dict) or not {"model", "example_inputs"} <= set(made):
        raise ExportError(f"{name}() of {file} must return a dict of arguments of export_program (\"model\" and \"example_inputs\" at least), "
                          f"or a tuple (model, example_inputs) or (model, example_inputs, dict of further arguments), not "
                          + (f"a dict of {', '.join(map(repr, made)) or 'nothing'}" if isinstance(made, dict) else kind_of(made)))
    for key in made:
        if key not in OPTIONS:
            raise ExportError(f"{name}() of {file} returns '{key}', which export_program does not take{nearest(key, OPTIONS)}")
    return made


def require_no_arguments(function, what):
    if inspect.isclass(function):
        raise ExportError(f"{what} is a class; name a function that takes nothing and returns an object of it and example inputs")
    try:
        inspect.signature(function).bind()
    except TypeError as error:
        raise ExportError(f"{what} is called without arguments, but: {error}") from error
    except ValueError:  # Python does not tell
        pass


def kind_of(made):
    if isinstance(made, tuple):
        return f"a tuple of {', '.join(type(value).__name__ for value in made) or 'nothing'}"
    return "None (is there a return?)" if made is None else f"a {type(made).__name__}"


def run(given):
    file, _, name = given.what.rpartition(":")
    if not file or not name:
        raise ExportError(f"'{given.what}' is not FILE:FUNCTION")
    made = made_by(file, name)
    path = given.output or made.get("path") or os.path.splitext(os.path.basename(file))[0] + ".pt2"
    made["path"] = path
    if given.no_weights:
        made["weights"] = False
    if given.no_check:
        made["check"] = False
    if given.stack_traces:
        made["stack_traces"] = True
    told = [summary(export_program(**made), path)]
    if given.weights:
        export_weights(made["model"], given.weights)
        told.append(f"{given.weights}: {os.path.getsize(given.weights):,} bytes")
    return "\n".join(told)


def tell(text):
    try:
        print(text, flush=True)
    except BrokenPipeError:  # whoever reads what is printed has had enough: the files are there
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Ended(BaseException):
    """By a signal: raised, so that no file in part stays."""


def raise_at_signals():
    def end(number, frame):
        raise Ended(number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # else it is as whoever started this wants it: nohup
            signal.signal(number, end)


def main():
    given = arguments()
    try:
        tell(run(given))
    except ExportError as error:
        sys.exit(f"oarlock export: {error}")
    except Ended as ended:
        signal.signal(ended.args[0], signal.SIG_DFL)
        signal.raise_signal(ended.args[0])
    except SystemExit as error:
        sys.exit(f"oarlock export: {given.what} ended the program by sys.exit({error.code!r}); leave that to what runs under "
                 "if __name__ == \"__main__\"")
    except Exception as error:
        lines = [line for line in traceback.format_exception(error) if os.path.dirname(__file__) not in line and "importlib" not in line]
        shown = "".join(lines) if any(line.startswith("  File") for line in lines) else ""
        sys.exit(f"{shown}oarlock export: {given.what} failed: {type(error).__name__}: {error}")


if __name__ == "__main__":
    raise_at_signals()
    main()
