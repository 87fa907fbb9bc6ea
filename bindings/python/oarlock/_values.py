"""How plain Python values are given to the library: options, seconds, paths, names of things that have numbers in C."""
import json
import math
import os
from collections.abc import Mapping
from typing import Any

from . import _c
from ._errors import InvalidArgument

EXACT_IN_DOUBLE = 2**53

DTYPES = {name: number for number in range(1, 256) if (name := _c.dtype_name(number)) != _c.dtype_name(0)}  # 0 is none
PYTHON_TYPES = {float: "float64", int: "int64", complex: "complex128"}
REDUCTIONS = {"sum": _c.REDUCE_SUM, "mean": _c.REDUCE_AVERAGE, "average": _c.REDUCE_AVERAGE, "avg": _c.REDUCE_AVERAGE,
              "max": _c.REDUCE_MAX, "min": _c.REDUCE_MIN, "product": _c.REDUCE_PRODUCT, "prod": _c.REDUCE_PRODUCT,
              "and": _c.REDUCE_BITWISE_AND, "or": _c.REDUCE_BITWISE_OR, "xor": _c.REDUCE_BITWISE_XOR}


def milliseconds(timeout: float | None) -> int:
    """Seconds to what C takes: None is the group's own time-out; a positive time is at least one millisecond."""
    if timeout is None:
        return 0
    if not math.isfinite(timeout):
        raise InvalidArgument(f"timeout_ms: no wait is endless; the timeout must be finite seconds, or None for the group's own, "
                              f"not {timeout}")
    if timeout == 0:
        raise InvalidArgument("timeout_ms: no wait can end within no time; give seconds above 0, or None for the group's own")
    return math.ceil(timeout * 1000) if timeout > 0 else min(-1, math.floor(timeout * 1000))


def dtype_number(dtype: Any) -> int:
    """ "float32", numpy.float32, torch.float32, float (as numpy takes it) or an OAR number."""
    if isinstance(dtype, int):
        return dtype
    dtype = PYTHON_TYPES.get(dtype, dtype)
    if getattr(dtype, "isnative", True) is False:  # its name does not tell
        raise InvalidArgument(f"dtype must be in this machine's byte order, not {dtype!r}")
    name = dtype if isinstance(dtype, str) else getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or str(dtype)
    number = DTYPES.get(name.removeprefix("torch."))
    if number is None:
        raise InvalidArgument(f"dtype must be one of {', '.join(DTYPES)}, not {dtype!r}")
    return number


def reduction_number(op: int | str) -> int:
    number = REDUCTIONS.get(op, op)  # type: ignore[arg-type]
    if isinstance(number, str):
        raise InvalidArgument(f"op must be one of {', '.join(REDUCTIONS)}, not '{op}'")
    return number


def path_text(path: str | os.PathLike | None) -> str | None:
    return None if path is None else os.fspath(path)


def _for_json(value: Any) -> Any:
    """Integers that JSON's readers would round go as texts, which every integer option takes too."""
    if isinstance(value, Mapping):
        return {str(key): _for_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_for_json(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > EXACT_IN_DOUBLE:
        return str(value)
    return value


def _plain(value: Any) -> Any:
    """numpy's and torch's numbers as Python's."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"an option cannot be {value!r} of type {type(value).__name__}")


def _finite(value: Any) -> Any:
    """Numbers that JSON lacks as the library writes them: as texts."""
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _number(value: Any) -> Any:
    """A number of numpy or torch, or a tensor of one element, as Python's."""
    if hasattr(value, "item"):
        return _finite(value.item())
    raise TypeError(f"a metric cannot be {value!r} of type {type(value).__name__}")


def metrics_json(values: Mapping[str, Any]) -> str:
    """What a tracker is given of values that are not all plain numbers."""
    return json.dumps(_finite(values), allow_nan=False, default=_number)


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        options = json.loads(text)
    except ValueError as error:
        raise InvalidArgument(f"the options are no valid JSON: {error}") from None
    if not isinstance(options, dict):
        raise InvalidArgument(f"the options must be a JSON object, not {text}")
    return options


def options_json(options: str | Mapping[str, Any] | None, more: Mapping[str, Any]) -> str | None:
    """Options given as JSON text, as a mapping and by keyword, as one JSON text; None if there are none."""
    if isinstance(options, str):
        if not more:
            return options
        options = _parsed(options)
    given = {**(options or {}), **more}
    if not given:
        return None
    try:
        return json.dumps(_for_json(given), allow_nan=False, default=_plain)
    except RecursionError:
        raise InvalidArgument("the options are nested too deeply, or hold themselves") from None
    except ValueError as error:
        raise InvalidArgument(f"options must be finite numbers, texts, flags, lists and mappings of them: {error}") from error
