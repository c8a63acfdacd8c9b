"""Whether two values are the same, type for type."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from typing import Any


def same(value: Any, expected: Any, tolerance: float | None = None) -> bool:
    """Says whether a value is the expected one, with the same type at every level.

    True is not 1, 1 is not 1.0, a tuple is no list. Both sides are plain data that was rebuilt on the trusted side
    (`codec.decode`), so no `__eq__` of a candidate runs.

    Args:
        value: what came back.
        expected: what should have.
        tolerance: how far apart two floats may lie, absolutely or relatively to the larger; None for equal. Two NaN
            are the same; 0.0 and -0.0 are.

    It does not know whether a whole number was meant as a float, or a list as a set: declare what you expect.

    >>> same([1, (2.0,)], [1, (2.0,)]), same(True, 1), same(0.1 + 0.2, 0.3), same(0.1 + 0.2, 0.3, 1e-9)
    (True, False, False, True)
    """
    kind = type(expected)
    if type(value) is not kind:
        return False
    if kind is float:
        return _near(value, expected, tolerance)
    if kind is complex:
        return _near(value.real, expected.real, tolerance) and _near(value.imag, expected.imag, tolerance)
    if kind in (list, tuple, deque):
        return len(value) == len(expected) and all(
            same(one, other, tolerance) for one, other in zip(value, expected, strict=True)
        )
    if kind is OrderedDict:
        return same(list(value.items()), list(expected.items()), tolerance)
    if isinstance(expected, dict):
        # Keys are compared with their types too: {True: 1} is not {1: 1}.
        kinds = {key: type(key) for key in value}
        return len(value) == len(expected) and all(
            kinds.get(key) is type(key) and same(value[key], other, tolerance) for key, other in expected.items()
        )
    if kind in (set, frozenset):
        return len(value) == len(expected) and _typed(value) == _typed(expected)
    return bool(value == expected)


def _typed(values: Any) -> set[tuple[type, Any]]:
    return {(type(each), each) for each in values}


def _near(value: float, expected: float, tolerance: float | None) -> bool:
    if math.isnan(expected) or math.isnan(value):
        return math.isnan(expected) and math.isnan(value)
    if value == expected or tolerance is None:
        return value == expected
    return math.isclose(value, expected, rel_tol=tolerance, abs_tol=tolerance)
