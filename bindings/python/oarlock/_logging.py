"""The library's own messages go to Python's `logging`: to the logger "oarlock.<part of the library>"."""
import logging

from . import _c

LEVELS = {"debug": _c.LOG_DEBUG, "info": _c.LOG_INFO, "warning": _c.LOG_WARNING, "error": _c.LOG_ERROR, "off": _c.LOG_OFF}
logger = logging.getLogger("oarlock")


def _deliver(level: int, component: str, message: str) -> None:
    target = logger.getChild(component) if component else logger
    target.log(level, "%s", message, extra={"component": component})  # the levels of both are the same numbers


def install() -> None:
    """Called before the first object is made: to import the package alone does not count as using the library."""
    _c.log_set_callback(_c.CALLBACK_ANY_THREAD, _deliver)


def level_number(level: int | str) -> int:
    """Of a level by name or number; InvalidArgument for an unknown name."""
    if not isinstance(level, str):
        return level
    if level.lower() not in LEVELS:
        from ._errors import InvalidArgument
        raise InvalidArgument(f"log level must be one of {', '.join(LEVELS)}, not '{level}'")
    return LEVELS[level.lower()]


def set_log_level(level: int | str) -> None:
    """Choose which messages the library gives to `logging` at all; it is "warning" unless set.

    The loggers' own levels come after it: for debug messages set both.

    Args:
        level: "debug", "info", "warning", "error", "off", or a number of `logging` or `oarlock.LOG_*`.

    Raises:
        InvalidArgument: there is no such level.
    """
    _c.log_set_level(level_number(level))
