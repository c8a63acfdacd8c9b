"""Values as JSON that keeps their types: the only thing that crosses the wall of a jail, in either direction.

None, true, false, numbers, text and lists stand for themselves. Everything else is an object with one key that starts
with `$`: `{"$tuple": [1, 2]}`, `{"$float": "nan"}`, `{"$bytes": "…"}`. A dict of text keys stands for itself as long
as no key starts with `$`. Types are exact: an instance of a subclass is refused, so that no class of a candidate
(with an `__eq__` of its own) ever takes part in a comparison.

This file runs on both sides of the wall, so it imports the standard library alone.
"""

from __future__ import annotations

import base64
import collections
import decimal
import fractions
import json
import math
import types
from typing import Any

WIDE = 1 << 63  # integers from here on travel as hexadecimal text, which is read in linear time
WIDEST = 14_000  # bits of an integer; Python itself prints, and reads in source or JSON, no more than 4,300 digits
DEEPEST = 200  # levels of nesting; json itself gives up at about 1,000
MOST_EQUAL = 100  # keys of one hash
LONGEST = 100_000  # items that are taken from an iterator

_EMPTY: dict[Any, Any] = {}
_VIEWS: tuple[type, ...] = (type(_EMPTY.keys()), type(_EMPTY.values()), type(_EMPTY.items()))
_ITERABLES: tuple[Any, ...] = ([], (), set(), _EMPTY, _EMPTY.values(), _EMPTY.items(), "", range(0), reversed([]))
_ITERATORS: set[Any] = {map, filter, zip, enumerate, reversed, types.GeneratorType, *map(type, map(iter, _ITERABLES))}


class UnsupportedError(TypeError):
    """Says that a value is of a type that the protocol does not carry."""


def encode(value: object, depth: int = 0) -> Any:
    """Turns a value into plain JSON data; the inverse of `decode`.

    Raises:
        UnsupportedError: for other types than those of this file, subclasses of them among these, or nesting too deep.

    >>> encode((1, {2.5}, float("inf")))
    {'$tuple': [1, {'$set': [2.5]}, {'$float': 'inf'}]}
    """
    if depth > DEEPEST:
        raise UnsupportedError(f"nested more than {DEEPEST} levels deep")
    kind: Any = type(value)
    given: Any = value
    if value is None or kind is bool or kind is str:
        return value
    deeper = depth + 1
    if kind is int:
        if given.bit_length() > WIDEST:
            raise UnsupportedError(f"an integer of more than {WIDEST} bits")
        return given if -WIDE < given < WIDE else {"$int": hex(given)}
    if kind is float:
        return given if math.isfinite(given) else {"$float": repr(given)}
    if kind is list:
        return [encode(each, deeper) for each in given]
    if kind is dict and all(type(key) is str and key[:1] != "$" for key in given):
        return {key: encode(each, deeper) for key, each in given.items()}
    if kind is bytes or kind is bytearray:
        return {f"${kind.__name__}": base64.b64encode(given).decode()}
    if kind is complex:
        return {"$complex": [repr(given.real), repr(given.imag)]}
    if kind is range:
        return {"$range": [encode(part, deeper) for part in (given.start, given.stop, given.step)]}
    if kind is fractions.Fraction:
        return {"$fraction": [encode(given.numerator, deeper), encode(given.denominator, deeper)]}
    if kind is decimal.Decimal:
        return {"$decimal": str(given)}
    if kind in _MAPPINGS:
        pairs = [[encode(key, deeper), encode(each, deeper)] for key, each in given.items()]
        return {_MAPPINGS[kind]: pairs}
    if kind in _SEQUENCES:
        return {_SEQUENCES[kind]: [encode(each, deeper) for each in given]}
    if kind in _ITERATORS or kind in _VIEWS:
        return {"$iterator": [encode(each, deeper) for each in _taken(given)]}
    raise UnsupportedError(f"a value of type {kind.__name__[:60]}")


def decode(data: Any, depth: int = 0) -> Any:
    """Rebuilds a value from plain JSON data.

    An iterator or a view of a dict comes back as an iterator over its items.

    Raises:
        ValueError: for an object that no `encode` writes.

    >>> decode({"$tuple": [1, {"$set": [2.5]}, {"$float": "nan"}]})
    (1, {2.5}, nan)
    """
    if depth > 2 * DEEPEST:  # a tag and its list are two levels
        raise ValueError(f"nested more than {DEEPEST} levels deep")
    deeper = depth + 1
    if isinstance(data, list):
        return [decode(each, deeper) for each in data]
    if not isinstance(data, dict):
        return _short(data) if type(data) is int else data
    tag = next(iter(data), "")
    if tag[:1] != "$":
        if any(key[:1] == "$" for key in data):
            raise ValueError("a tag among keys")
        return {key: decode(each, deeper) for key, each in data.items()}
    if len(data) != 1:
        raise ValueError("surplus keys beside a tag")
    inner = data[tag]
    try:
        return _rebuilt(tag, inner, deeper)
    except (TypeError, ArithmeticError, KeyError) as problem:
        raise ValueError(f"no value for {tag[:20]!r}") from problem


def dumps(value: object) -> str:
    """Writes a value as one line of ASCII.

    >>> dumps([1, 2.5, "ä"])
    '[1,2.5,"\\\\u00e4"]'
    """
    return json.dumps(encode(value), separators=(",", ":"), allow_nan=False)


def loads(text: str | bytes) -> Any:
    """Reads a value that `dumps` wrote.

    Raises:
        ValueError: for anything else: no JSON, bare NaN, nesting too deep, integers too long, tags unknown.

    >>> loads('{"$bytes": "YWI="}')
    b'ab'
    """
    return decode(parse(text))


def parse(text: str | bytes) -> Any:
    """Reads strict JSON: no bare NaN, and no text so deep or long that it costs more than its reading."""
    try:
        return json.loads(text, parse_constant=_refused)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _taken(values: Any) -> list[Any]:
    taken: list[Any] = []
    for each in values:
        if len(taken) == LONGEST:
            raise UnsupportedError(f"an iterator of more than {LONGEST} items")
        taken.append(each)
    return taken


def _short(number: int) -> int:
    if number.bit_length() > WIDEST:
        raise ValueError(f"an integer of more than {WIDEST} bits")
    return number


def _apart(keys: list[Any]) -> list[Any]:
    """Refuses keys whose hashes were chosen to be equal: a table of them takes time with the square of their number."""
    if len(keys) - len({hash(key) for key in keys}) > MOST_EQUAL:
        raise ValueError("too many keys of one hash")
    return keys


def _rebuilt(tag: str, inner: Any, depth: int) -> Any:
    match tag:
        case "$int":
            return _short(int(inner, 16))
        case "$float" if inner in ("nan", "inf", "-inf"):
            return float(inner)
        case "$bytes":
            return base64.b64decode(inner, validate=True)
        case "$bytearray":
            return bytearray(base64.b64decode(inner, validate=True))
        case "$complex":
            real, imaginary = inner
            return complex(float(real), float(imaginary))
        case "$range":
            return range(*(decode(part, depth) for part in inner))
        case "$fraction":
            return fractions.Fraction(*(decode(part, depth) for part in inner))
        case "$decimal":
            return decimal.Decimal(inner)
        case "$defaultdict":
            return collections.defaultdict(None, _pairs(inner, depth))
        case "$iterator":
            return iter([decode(each, depth) for each in inner])
    if tag in _FROM_PAIRS:
        return _FROM_PAIRS[tag](_pairs(inner, depth))
    if tag in _FROM_ITEMS and isinstance(inner, list):
        items = [decode(each, depth) for each in inner]
        return _FROM_ITEMS[tag](_apart(items) if tag in ("$set", "$frozenset") else items)
    raise ValueError(f"no such tag: {tag[:20]!r}")


def _pairs(inner: Any, depth: int) -> dict[Any, Any]:
    keys = _apart([decode(key, depth) for key, _ in inner])
    return dict(zip(keys, (decode(each, depth) for _, each in inner), strict=True))


_MAPPINGS: dict[type, str] = {
    dict: "$dict",
    collections.Counter: "$counter",
    collections.OrderedDict: "$ordered",
    collections.defaultdict: "$defaultdict",
}
_SEQUENCES: dict[type, str] = {tuple: "$tuple", set: "$set", frozenset: "$frozenset", collections.deque: "$deque"}
_FROM_PAIRS: dict[str, Any] = {
    "$dict": dict,
    "$counter": collections.Counter,
    "$ordered": collections.OrderedDict,
}
_FROM_ITEMS: dict[str, Any] = {tag: kind for kind, tag in _SEQUENCES.items()}
