"""Blocks of JSON lines give what reading line by line gives: values, places, problems and errors."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freshbits.errors import InputError
from freshbits.rollouts.kinds import DTYPE, Kind
from freshbits.rollouts.problems import Problems
from freshbits.rollouts.stream import Want
from freshbits.rollouts.tables import flat_lines, jsonl

if TYPE_CHECKING:
    from pathlib import Path

PLAN = {
    "prompt": Want("p", Kind.TEXT),
    "completion": Want("c", Kind.SAMPLED),
    "signal.r": Want("r", Kind.SCORE),
    "step": Want("s", Kind.INTEGER, strict=False),
    "truncated": Want("t", Kind.FLAG, strict=False),
    "extra.note": Want("n", Kind.TEXT, strict=False),
    "logprob": Want("l", Kind.LOGPROB, strict=False),
}
PLAIN = {"p": "ask", "c": "say", "r": 1.0, "s": 3, "t": False, "n": "x", "l": -0.5}


def both(file: Path, monkeypatch: pytest.MonkeyPatch, plan: dict[str, Want] = PLAN) -> tuple[Any, int]:
    """Reads a file in both ways, asserts that they agree, and returns what they give and the blocks taken at once."""
    one, other, taken = ways(file, monkeypatch, plan)
    assert repr(one) == repr(other)
    return one, taken


def ways(file: Path, monkeypatch: pytest.MonkeyPatch, plan: dict[str, Want] = PLAN) -> tuple[Any, Any, int]:
    """Reads a file in blocks and line by line: what each way gives, and the blocks taken at once."""
    found = []
    taken = 0
    parse = jsonl.parse

    def counted(*given: Any) -> Any:
        nonlocal taken
        result = parse(*given)
        taken += result is not None
        return result

    for way in (counted, lambda *_: None):
        problems = Problems()
        with monkeypatch.context() as patch:
            patch.setattr(jsonl, "parse", way)
            try:
                table = jsonl.open_jsonl([file], problems)
                chunks = list(table.read(plan))
                rows = pl.concat([chunk.rows for chunk in chunks]) if chunks else pl.DataFrame()
                places = [chunk.where(row) for chunk in chunks for row in range(chunk.rows.height)]
                found.append((rows.schema, rows.rows(), places, problems.counts, problems.first))
            except InputError as error:
                found.append(str(error))
    return found[0], found[1], taken


def write(folder: Path, lines: list[str]) -> Path:
    file = folder / "log.jsonl"
    file.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass") + b"\n")
    return file


def test_plain_lines_are_taken_a_block_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(flat_lines, "BLOCK_BYTES", 500)
    file = write(tmp_path, [json.dumps({**PLAIN, "p": f"q{i}", "r": i % 2, "s": i}) for i in range(100)])
    (schema, rows, places, counts, _), taken = both(file, monkeypatch)
    assert taken > 10
    assert dict(schema) == {name: DTYPE[want.kind] for name, want in PLAN.items()}
    assert rows[7] == ("q7", "say", 1.0, 7, False, "x", -0.5)
    assert places[42] == (str(file), 43)
    assert counts == {}


CHANGES = {
    "another column": {"late": 1},
    "a number for a text": {"c": 1.0},
    "a truth value for a text": {"c": True},
    "messages for a text": {"c": [{"role": "assistant", "content": "hi"}]},
    "an object for a text": {"n": {"c": "hi"}},
    "text for a number": {"r": "0.5"},
    "text that is no number": {"s": "many"},
    "text for a needed number": {"r": "many"},
    "a float for a whole number": {"s": 2.0},
    "a fraction for a whole number": {"s": 2.5},
    "a truth value for a number": {"r": True},
    "a number for a truth value": {"t": 1},
    "no number": {"r": float("nan")},
    "infinity": {"r": float("inf")},
    "null": {"r": None, "c": None},
    "a large number": {"s": 2**63, "r": 2**70},
    "half a character": {"c": "\ud800!"},
    "half of another": {"c": "\udc00\ud800"},
    "a zero byte": {"c": "a\0b"},
    "a whole surrogate pair": {"c": "😀"},
    "text like a number": {"c": "17", "n": "-1e5"},
    "text like a list": {"c": "[1]", "n": "{}"},
    "a list of numbers": {"l": [-1.0, -2.0]},
    "minus nothing": {"r": -0.0, "s": 0},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("at", [0, 300])
def test_one_odd_line_changes_nothing(change, at, tmp_path, monkeypatch):
    lines = [json.dumps(PLAIN)] * 400
    lines[at] = json.dumps({**PLAIN, **change})
    blocks, line_by_line, _ = ways(write(tmp_path, lines), monkeypatch)
    assert repr(blocks) == repr(line_by_line)


@pytest.mark.parametrize(
    "line",
    ["", "  ", "{", "[1]", "7", '{"p": "a" "c": 1}', '{"p": "a",}', '{"p": 01}', '{"p": "a\tb"}', "{}", "{} {}",
     "\ufeff{}"],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("at", [0, 250, 399])
def test_a_broken_line_is_named_as_before(line, at, tmp_path, monkeypatch):
    lines = [json.dumps(PLAIN)] * 400
    lines[at] = line
    blocks, line_by_line, _ = ways(write(tmp_path, lines), monkeypatch)
    assert repr(blocks) == repr(line_by_line)


def test_bytes_that_are_no_utf8_a_cut_end_and_a_mark_at_the_start(tmp_path, monkeypatch):
    line = json.dumps(PLAIN).encode() + b"\n"
    file = tmp_path / "log.jsonl"
    for content in (
        line * 300 + line.replace(b"say", b"s\xffy") + line,
        line * 300 + line[:20],
        line * 300 + line[:-1],
        b"\xef\xbb\xbf" + line * 3,
        line.replace(b"\n", b"\r\n") * 9,
    ):
        file.write_bytes(content)
        both(file, monkeypatch)
    packed = tmp_path / "log.jsonl.gz"
    packed.write_bytes(gzip.compress(line * 300))
    assert both(packed, monkeypatch)[1] == 1
    array = tmp_path / "log.json"
    array.write_bytes(b"[" + line[:-1] + b"," + line + b"]")
    assert len(both(array, monkeypatch)[0][1]) == 2


def test_after_a_few_odd_blocks_no_more_are_tried(tmp_path, monkeypatch):
    monkeypatch.setattr(flat_lines, "BLOCK_BYTES", 300)
    file = write(tmp_path, [json.dumps({**PLAIN, "c": 7.0})] * 100)
    (_, rows, _, _, _), taken = both(file, monkeypatch)
    assert len(rows) == 100
    assert taken == 0


def test_a_nested_column_that_is_not_asked_for_is_no_hindrance(tmp_path, monkeypatch):
    file = write(tmp_path, [json.dumps({**PLAIN, "info": {"c": i, "deep": [i, {"x": None}]}}) for i in range(50)])
    assert both(file, monkeypatch)[1] == 1


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**65), 2**65),
    st.floats(allow_nan=True),
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.sampled_from(["1", "1.0", "true", "[", "null", "\\", '"c": "', "a\\", "\x00", "\ud83d"]),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.dictionaries(st.sampled_from("pcrstnlz"), SCALARS), min_size=1, max_size=6),
    ascii_only=st.booleans(),
    tight=st.booleans(),
)
def test_random_objects_agree(rows, ascii_only, tight, tmp_path, monkeypatch):
    separators = (",", ":") if tight else (", ", ": ")
    first = {**PLAIN, "z": 0}
    lines = [json.dumps(row, ensure_ascii=ascii_only, separators=separators) for row in [first, *rows]]
    plan = {name: want._replace(strict=False) for name, want in PLAN.items()}
    both(write(tmp_path, lines), monkeypatch, plan)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
def test_numbers_are_read_to_the_last_bit(values, tmp_path, monkeypatch):
    (_, rows, _, _, _), taken = both(write(tmp_path, [json.dumps({"r": v}) for v in values]), monkeypatch)
    assert [row[2] for row in rows] == values
    assert taken == 1
