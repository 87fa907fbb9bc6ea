"""Options of a state and of what is made from it."""
import json
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from . import _c
from ._values import options_json


class Config(_c.ConfigHandle, MutableMapping):
    """Options with their defaults, overlaid by environment variables and by what is given here. A mapping of flat keys.

        config = oarlock.Config(seed=7, comm={"timeout_ms": 60_000})
        config["ddp.bucket_cap_mb"] = 10.0

    docs/options.md lists every option. An unknown key is refused with the nearest known one in the text. An object that is made
    from a config takes a copy. Belongs to one thread at a time.

    Args:
        options: a mapping, nested or with dotted keys, or a JSON object as text.
        more: options by name; they come on top.

    Raises:
        InvalidArgument: an unknown key, or a value that the option does not take.
        InvalidEnvironment: a variable has a value that its option does not take.
    """

    def __init__(self, options: str | Mapping[str, Any] | None = None, **more: Any) -> None:
        made = _c.config_create()
        text = options_json(options, more)
        if text is not None:
            _c.config_merge_json(made, text)
        self._adopt(made)

    def update(self, options: str | Mapping[str, Any] | None = None, /, **more: Any) -> None:  # type: ignore[override]
        """Set several options: all of them or, on failure, none."""
        text = options_json(options, more)
        if text is not None:
            _c.config_merge_json(self, text)

    def __setitem__(self, key: str, value: Any) -> None:
        if isinstance(value, bool):
            _c.config_set_bool(self, key, value)
        elif isinstance(value, int):
            _c.config_set_int64(self, key, value)
        elif isinstance(value, float):
            _c.config_set_double(self, key, value)
        elif isinstance(value, str):
            _c.config_set_string(self, key, value)
        else:
            self.update({key: value})

    def __getitem__(self, key: str) -> Any:
        """The value in force, as flag, int, float, text, list, or None if it is unset."""
        text = _c.config_get_string(self, key)
        kind = _c.config_type(self, key)
        if kind == _c.CONFIG_STRING:
            return text or None
        return json.loads(text) if text else None

    def __delitem__(self, key: str) -> None:
        raise TypeError("an option cannot be taken out of a config; make another config")

    def __iter__(self) -> Iterator[str]:
        return iter(self.to_dict())

    def __len__(self) -> int:
        return len(self.to_dict())

    def __contains__(self, key: object) -> bool:
        return key in self.to_dict()

    def to_dict(self) -> dict[str, Any]:
        """Every option with its value in force."""
        return {key: self[key] for key in json.loads(_c.config_to_json(self))}

    def __repr__(self) -> str:
        return "<oarlock.Config (released)>" if self.released else f"oarlock.Config({self.to_dict()!r})"


def config_of(config: Config | Mapping[str, Any] | str | None, options: Mapping[str, Any]) -> Config | None:
    """What a constructor was given as a config; None if it was given nothing."""
    if isinstance(config, Config):
        if options:
            config = _c.config_copy(config)  # the caller's stays as it is
            config.update(**options)
        return config
    return Config(config, **options) if config is not None or options else None
