"""Frozen values to plain data and back: what the JSON of every result is made by."""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass
from typing import Any


def to_plain(value: object) -> Any:
    """Returns dataclasses, dicts and lists as plain data; floats to six significant digits, NaN as None.

    >>> to_plain({"a": (0.12345678, float("nan"))})
    {'a': [0.123457, None]}
    >>> to_plain(-0.0)
    0.0
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name.rstrip("_"): to_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, float):
        return None if value != value else float(f"{value:.6g}") + 0.0  # no -0.0
    if isinstance(value, dict):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    return value


def from_plain(kind: Any, data: Any) -> Any:
    """Builds a value of the annotated `kind` from plain data; keys that it does not know are left out.

    >>> from_plain(list[float], [1, 2.5])
    [1.0, 2.5]
    """
    if data is None or kind is Any:
        return data
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        (inner,) = [arg for arg in typing.get_args(kind) if arg is not type(None)]
        return from_plain(inner, data)
    if origin is dict:
        _, inner = typing.get_args(kind)
        return {key: from_plain(inner, item) for key, item in data.items()}
    if origin is list:
        (inner,) = typing.get_args(kind)
        return [from_plain(inner, item) for item in data]
    if isinstance(kind, type) and is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        names = {f.name.rstrip("_"): f.name for f in fields(kind)}  # `from_` is a keyword without its underscore
        return kind(**{names[key]: from_plain(hints[names[key]], item) for key, item in data.items() if key in names})
    if kind is float and isinstance(data, int):
        return float(data)
    return data
