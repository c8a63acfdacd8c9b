"""Values converted at once are what they are one by one; the head of a long array shows what the whole does."""

import json
import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshbits.errors import InputError
from freshbits.rollouts.convert import convert_values
from freshbits.rollouts.kinds import CONVERT, DTYPE, BadValueError, Kind
from freshbits.rollouts.problems import Problems
from freshbits.rollouts.read import read
from freshbits.rollouts.stream import Want

KINDS = [kind for kind in Kind if kind is not Kind.RAW]
TEXTS = st.sampled_from(["", "null", " 1 ", "12.0", "1e3", "1_000", "nan", "inf", "-3", "true", "no", "a b", "٣", "7"])
COLUMNS = st.one_of(
    st.lists(st.one_of(st.none(), TEXTS)),
    st.lists(st.one_of(st.none(), st.floats(), st.integers(-(2**60), 2**60))),
    st.lists(st.one_of(st.none(), st.booleans())),
    st.lists(st.one_of(st.none(), st.integers())),
    st.lists(st.one_of(TEXTS, st.floats(), st.booleans(), st.integers(0, 9))),
)


def one_by_one(values, kind):
    """Returns the values as `CONVERT` has them, each by itself, and None where one cannot be read."""
    try:
        found = [CONVERT[kind](value) for value in values]
    except BadValueError:
        return None
    if DTYPE[kind] == pl.Float64:  # what is not finite is missing
        found = [None if value is None or not math.isfinite(value) else float(value) for value in found]
    return found


@pytest.mark.parametrize("kind", KINDS)
@given(values=COLUMNS)
def test_at_once_is_one_by_one(kind, values):
    expected = one_by_one(values, kind)
    want = Want("column", kind)
    if expected is None:
        with pytest.raises(InputError):
            convert_values(values, "name", want, lambda index: ("log", index), Problems())
        return
    series = convert_values(values, "name", want, lambda index: ("log", index), Problems())
    assert series.dtype == DTYPE[kind]
    assert series.to_list() == expected


def rows(count, width=300):
    return [{"prompt": f"q{n // 8}", "completion": f"{n} " * width, "reward": n % 2} for n in range(count)]


def test_the_head_of_a_long_array_shows_its_columns_and_all_of_it_is_read(tmp_path):
    made = rows(6_000)
    (tmp_path / "log.json").write_text(json.dumps(made, indent=1))
    assert (tmp_path / "log.json").stat().st_size > 8_000_000
    frame = pl.concat(read(tmp_path).batches())
    assert frame.height == 6_000
    assert frame["signal.reward"].sum() == 3_000
    assert frame["completion"][-1] == made[-1]["completion"]


def test_an_entry_longer_than_the_head_and_a_broken_end_are_met(tmp_path):
    made = [{"prompt": "p", "completion": "x" * 5_000_000, "reward": 1}] * 2
    (tmp_path / "log.json").write_text(json.dumps(made))
    assert pl.concat(read(tmp_path).batches()).height == 2
    (tmp_path / "log.json").write_text(json.dumps(rows(6_000))[:-9])
    with pytest.raises(InputError, match="is not a whole JSON array"):
        list(read(tmp_path).batches())
