r"""The core twelve against hand counts and against plain Python on any text."""

from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from freshbits.outputs.features import bytemap
from freshbits.outputs.features.bytemap import ByteMap
from freshbits.outputs.features.core import CORE, FIRST_TOKENS
from freshbits.outputs.features.feature import DTYPES, measure, scanned

NAMES = [feature.name for feature in CORE]

# The order of the counts is that of CORE, first_token apart.
GOLDEN = [
    ("", (0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0), "empty"),
    (" \n\t", (3, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0), "empty"),
    ("Paris.", (6, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1), "capital"),
    ("I think I'm it, AI III _I I", (27, 8, 1, 0, 0, 0, 0, 0, 0, 3, 0), "capital"),
    ("-3.5", (4, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0), "number"),
    ("- one\n- two\n  * three\n+ four", (28, 7, 4, 0, 0, 3, 0, 0, 0, 0, 0), "markdown"),
    ("       - in\n        - out", (25, 18, 2, 0, 0, 1, 0, 0, 0, 0, 0), "markdown"),
    ("-not\n-\n*no*", (11, 1, 3, 0, 0, 0, 0, 0, 0, 0, 1), "markdown"),
    ("# A\n###### B\n####### C\n#D\n #E", (29, 5, 5, 0, 0, 0, 0, 2, 0, 0, 0), "markdown"),
    ("**Bold** and ***more*** * **** x", (32, 6, 1, 0, 0, 0, 5, 0, 0, 0, 0), "markdown"),
    ("```py\nx = 1\n```\n````", (20, 3, 4, 1, 3, 0, 0, 0, 0, 0, 1), "code_fence"),
    ("why?\r\nhow?\r\n", (12, 1, 3, 0, 0, 0, 0, 0, 2, 0, 1), "lowercase"),
    ("é—日本。", (5, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1), "other"),
    ("\\boxed{42}", (10, 1, 1, 2, 0, 0, 0, 0, 0, 0, 1), "latex"),
    ("$x$ is", (6, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0), "latex"),
    ("  <think>\nhm", (12, 3, 2, 0, 0, 0, 0, 0, 0, 0, 0), "tag"),
    ("(a)  \n", (6, 3, 2, 0, 0, 0, 0, 0, 0, 0, 1), "punctuation"),
    ("7 of 10", (7, 3, 1, 3, 0, 0, 0, 0, 0, 0, 0), "number"),
    ("a\x00b 💡!", (6, 2, 1, 0, 0, 0, 0, 0, 0, 0, 1), "lowercase"),
]


@pytest.mark.parametrize(("text", "counts", "token"), GOLDEN, ids=[repr(row[0])[:30] for row in GOLDEN])
def test_golden_rows(text: str, counts: tuple[int, ...], token: str) -> None:
    row = measure(pl.Series([text]), CORE).row(0)
    assert dict(zip(NAMES, row, strict=True)) == dict(zip(NAMES, (*counts, FIRST_TOKENS.index(token)), strict=True))


def plain(text: str) -> tuple[int, ...]:
    """The definitions, in regular expressions over bytes."""
    data = text.encode()
    head = data.lstrip(b" \t\n\r\x0b\x0c")
    tail = data.rstrip(b" \t\n\r\x0b\x0c")
    if not head:
        token = "empty"
    elif re.match(rb"```", head):
        token = "code_fence"
    elif re.match(rb"[+-]?[0-9]", head):
        token = "number"
    else:
        classes = [
            (rb"[A-Z]", "capital"),
            (rb"[a-z]", "lowercase"),
            (rb"[#*\-+>|]", "markdown"),
            (rb"[\\$]", "latex"),
            (rb"<", "tag"),
            (rb"[!-~]", "punctuation"),
        ]
        token = next((name for pattern, name in classes if re.match(pattern, head)), "other")
    clean = re.search(rb"[.!?\"')\]}>`*_$|]$", tail) or tail.endswith(tuple(s.encode() for s in "。！？"))
    return (
        len(text),
        data.count(b" ") + 1,
        data.count(b"\n") + 1,
        len(re.findall(rb"[0-9]", data)),
        len(re.findall(rb"`{3,}", data)),
        len(re.findall(rb"(?m)^ {0,7}[-*] ", data)),
        len(re.findall(rb"\*{2,}", data)),
        len(re.findall(rb"(?m)^#{1,6} ", data)),
        data.count(b"?"),
        len(re.findall(rb"\bI\b", data)),
        int(bool(clean)),
        FIRST_TOKENS.index(token),
    )


PIECES = st.sampled_from(
    [
        " ",
        "  ",
        "\n",
        "\r\n",
        "\t",
        "- ",
        "* ",
        "**",
        "***",
        "#",
        "# ",
        "I",
        "I ",
        "AI",
        "_",
        "`",
        "```",
        "?",
        ".",
        "}",
        "é",
        "日",
        "。",
        "💡",
        "\x00",
        "7",
        "-",
        "+",
        "\\",
        "$",
        "<",
        "a",
        "Z",
        "word",
        "       ",
    ]
)
TEXTS = st.one_of(
    st.lists(PIECES, max_size=40).map("".join),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=60),
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(TEXTS, min_size=1, max_size=12), st.integers(1, 200))
@example([" " * 63 + "x", "x" + " " * 63, "", "I"], 1)
def test_counts_equal_the_plain_definitions(texts: list[str], slice_bytes: int) -> None:
    # Small blocks put rows on every side of block and word borders.
    usual = bytemap.SLICE_BYTES
    bytemap.SLICE_BYTES = slice_bytes
    try:
        rows = measure(pl.Series(texts), CORE).rows()
    finally:
        bytemap.SLICE_BYTES = usual
    assert rows == [plain(text) for text in texts]


def test_expressions_and_the_shared_pass_agree_and_null_stays_null() -> None:
    texts = pl.Series("t", ["One - two?\n- three", None, "", "I"])
    together = measure(texts, CORE)
    frame = texts.to_frame()
    for feature in CORE:
        alone = frame.lazy().select(feature.of(pl.col("t"))).collect(engine="streaming").to_series()
        assert alone.to_list() == together[feature.name].to_list(), feature.name
        assert alone.dtype == DTYPES[feature.kind]
        assert together[feature.name].to_list()[1] is None


def test_features_are_distinct_named_and_versioned() -> None:
    assert len(CORE) == 12
    assert len(set(NAMES)) == 12
    assert all(feature.version >= 1 and feature.describe for feature in CORE)
    assert [feature.name for feature in CORE if feature.names] == ["first_token"]


def test_an_expression_of_a_user_is_measured_beside_the_core() -> None:
    from freshbits.outputs.features.feature import Feature

    shouting = Feature("shouting", 1, "count", "exclamation marks", lambda text: text.str.count_matches("!"))
    row = measure(pl.Series(["Oh! No!"]), (CORE[0], shouting)).row(0, named=True)
    assert row == {"characters": 7, "shouting": 2}


def test_white_space_beyond_the_margin_is_not_looked_through() -> None:
    end = next(feature for feature in CORE if feature.name == "ends_cleanly")
    texts = pl.Series(["x." + " " * bytemap.MARGIN, "x." + " " * (bytemap.MARGIN + 1)])
    assert measure(texts, (end,)).to_series().to_list() == [1, 0]


def test_no_rows() -> None:
    empty = measure(pl.Series([], dtype=pl.String), CORE)
    assert empty.shape == (0, 12)


def test_patterns_do_not_reach_into_the_next_row() -> None:
    block = ByteMap([b"*", b"*", b"-", b" "])
    stars = block.equal(42)
    assert block.count(stars & bytemap.before(stars)).tolist() == [0, 0, 0, 0]
    rows = measure(pl.Series(["``", "`", "-", " x"]), CORE)
    assert rows["code_fences"].sum() == 0
    assert rows["bullets"].sum() == 0


def test_a_row_larger_than_a_block_is_counted_whole() -> None:
    long = "a b\n" * 300_000
    row = measure(pl.Series(["x", long, "y z"]), CORE).select("words", "lines").rows()
    assert row == [(1, 1), (300_001, 300_001), (2, 1)]


def test_scanned_makes_the_expression_of_its_scan() -> None:
    dots = scanned("dots", 1, "count", "dots", lambda block: block.count(block.equal(ord("."))))
    assert pl.DataFrame({"t": ["a.b.", ""]}).select(dots.of(pl.col("t")))["t"].to_list() == [2, 0]
