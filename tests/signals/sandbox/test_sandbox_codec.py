"""Values keep their types across the wall, and nothing else crosses it."""

from __future__ import annotations

import json
import math
from collections import Counter, OrderedDict, defaultdict, deque
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freshbits.signals.sandbox import UnsupportedError, same
from freshbits.signals.sandbox.codec import DEEPEST, WIDEST, decode, dumps, encode, loads

keys = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.binary(), st.floats(allow_nan=False))
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.text(st.characters()),
    st.binary(),
    st.fractions(),
    st.decimals(allow_nan=False),
    st.builds(range, st.integers(-9, 9), st.integers(-9, 9)),
    st.frozensets(keys),
    st.sets(st.tuples(keys, keys)),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner),
        st.tuples(inner, inner),
        st.dictionaries(keys, inner),
        st.dictionaries(st.text("$ab", max_size=2), inner),
        st.lists(inner).map(deque),
        st.dictionaries(keys, inner).map(OrderedDict),
    ),
    max_leaves=8,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(values)
def test_what_goes_in_comes_out_type_for_type(value):
    back = loads(dumps(value))
    assert same(back, value)
    assert same(value, back)


@pytest.mark.parametrize(
    "value",
    [Counter("aab"), defaultdict(None, {1: [2]}), bytearray(b"x"), 1 << 200, -(1 << 63), "\ud800", -0.0],
)
def test_further_types_come_back_as_they_were(value):
    back = loads(dumps(value))
    assert type(back) is type(value)
    assert back == value


def test_minus_zero_keeps_its_sign():
    assert math.copysign(1, loads(dumps(-0.0))) == -1


@pytest.mark.parametrize(
    "value", [{}.items(), iter([1]), map(abs, [-1]), (n for n in (1,)), zip([1], [2], strict=True)]
)
def test_iterators_come_back_as_iterators(value):
    back = decode(encode(value))
    assert iter(back) is back


def test_an_instance_of_a_subclass_is_refused():
    for base in (int, str, float, list, dict, set, tuple, bytes):
        with pytest.raises(UnsupportedError, match="Own"):
            encode(type("Own", (base,), {"__eq__": lambda self, other: True, "__hash__": None})())
    with pytest.raises(UnsupportedError, match="object"):
        encode([object()])


def test_an_integer_too_long_to_print_is_refused_on_both_sides():
    assert loads(dumps((1 << WIDEST) - 1)) == (1 << WIDEST) - 1
    with pytest.raises(UnsupportedError, match="bits"):
        encode(1 << WIDEST)
    with pytest.raises(ValueError, match="bits"):
        decode({"$int": hex(1 << WIDEST)})


def nested(levels: int) -> list:
    value: list = []
    for _ in range(levels):
        value = [value]
    return value


def test_nesting_has_an_end_on_both_sides():
    assert loads(dumps(nested(DEEPEST))) == nested(DEEPEST)
    with pytest.raises(UnsupportedError, match="nested"):
        encode(nested(DEEPEST + 1))
    for levels in (3 * DEEPEST, 100_000):
        with pytest.raises(ValueError, match="nested"):
            loads("[" * levels + "]" * levels)


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "[Infinity]",
        '{"$float": "1"}',
        '{"$pickle": "x"}',
        '{"$tuple": 1}',
        '{"$tuple": [1], "x": 2}',
        '{"a": 1, "$int": "0x1"}',
        '{"$int": 5}',
        '{"$int": "seven"}',
        '{"$bytes": "?"}',
        '{"$set": [[1]]}',
        '{"$dict": [[[1], 2]]}',
        '{"$dict": [[1]]}',
        '{"$dict": 7}',
        '{"$range": [1, 2, 0]}',
        '{"$fraction": [1, 0]}',
        '{"$decimal": "x"}',
        '{"$complex": ["1"]}',
        "{",
        "",
        "1 2",
        "9" * 10_000,
    ],
)
def test_what_no_encoder_writes_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011  many reasons, one class
        loads(text)


@pytest.mark.parametrize("tag", ["$set", "$frozenset", "$dict", "$defaultdict", "$ordered"])
def test_keys_chosen_to_collide_are_refused(tag):
    alike = [number * ((1 << 61) - 1) for number in range(5000)]
    assert len({hash(number) for number in alike}) == 1
    for numbers in (alike, range(5000)):
        data = {tag: [encode(n) if "set" in tag else [encode(n), n] for n in numbers]}
        if numbers is alike:
            with pytest.raises(ValueError, match="one hash"):
                decode(data)
        else:
            assert len(decode(data)) == 5000


def test_the_wire_is_one_line_of_strict_json():
    text = dumps({"a": [float("nan"), "\n", "ä"], 1: b"\x00"})
    assert text.isascii()
    assert "\n" not in text
    json.loads(text, parse_constant=lambda name: pytest.fail(name))


def test_sameness_asks_for_the_same_type_at_every_level():
    assert not same(True, 1)
    assert not same([1.0], [1])
    assert not same((1,), [1])
    assert not same({True}, {1})
    assert not same({1: "a"}, {True: "a"})
    assert not same({"a": 1}, Counter(a=1))
    assert not same(OrderedDict(a=1, b=2), OrderedDict(b=2, a=1))
    assert not same(Decimal(1), Fraction(1))
    assert not same([1, 2], [1])
    assert not same({"a": 1}, {"b": 1})
    assert same(float("nan"), float("nan"))
    assert same({"a": [(1, 2.0)]}, {"a": [(1, 2.0)]})


def test_sameness_of_floats_is_by_the_declared_tolerance():
    assert not same(0.1 + 0.2, 0.3)
    assert same([0.1 + 0.2], [0.3], 1e-9)
    assert same(1e20 + 1e5, 1e20, 1e-9)
    assert not same(1.1, 1.0, 0.01)
    assert same(complex(1, 1e-12), complex(1, 0), 1e-9)
    assert not same(float("nan"), 1.0, 1e9)
    assert not same(float("inf"), 1.0, 0.5)
    assert not same(1, 2, 5.0)  # whole numbers are exact
