r"""When two answers, or two texts, are the same: pure functions from texts to class texts.

They see only the text itself. A class text is for grouping, not for reading: white space and case are gone.
Null means that nothing was left to tell one answer from another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

_SPACES = b" \t\n\r\x0b\x0c"
_LOWER = bytes(byte + 32 if 65 <= byte <= 90 else byte for byte in range(256))


def answers(texts: pl.Series) -> pl.Series:
    r"""Normalises short answers: spelling of numbers, LaTeX dress, "$" and "%", white space, case.

    "1,000", "1000.0", "$1000" and "+1000." are one number; decimals are compared as written, never through
    floats. It does not know algebra: "1/2" and "0.5" stay apart.

    >>> answers(pl.Series(["$1,000.", r"\text{Paris}", "x = 0.50", "50\\%", "  "])).to_list()
    ['1000', 'paris', '0.5', '50', None]
    """
    text = pl.col("text")
    bare = (
        text.str.to_lowercase()
        .str.replace_all(r"\\(?:boxed|text|textbf|mathbf|mathrm|mbox)\s*\{([^{}]*)\}", "$1")
        .str.replace_all(r"\\[dt]frac", r"\frac")
        .str.replace_all("{,}", ",", literal=True)
        .str.replace_all(r"\\(?:left|right)\b|\\[!,;: ()\[\]]|\\?[$%]|[\s`*\"“”]", "")
        .str.strip_chars_end(".,;:!")
        .str.replace(r"^[a-z]=", "")
    )
    plain = pl.when(bare.str.contains(r"^[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$")).then(
        bare.str.replace_all(",", "", literal=True)
    )
    number = (
        pl.coalesce(plain, bare)
        .str.replace(r"^\+", "")
        .str.replace(r"^(-?)0*(\d)", "$1$2")
        .str.replace(r"^(-?)\.", "${1}0.")
        .str.replace(r"(\.\d*?)0*$", "$1")
        .str.strip_chars_end(".")
        .str.replace(r"^-0$", "0")
    )
    is_number = pl.coalesce(plain, bare).str.contains(r"^[-+]?(?:\d+\.?\d*|\.\d+)$")
    result = pl.when(is_number).then(number).otherwise(bare)
    return _filled(texts.alias("text").to_frame().select(result.alias("text")).to_series(), texts.name)


def kinds(texts: pl.Series) -> pl.Series:
    """Returns only what sort of answer it is: the partition one step coarser than the answer.

    >>> kinds(pl.Series(["-3.5", "(C)", "x+1", "Paris", ""])).to_list()
    ['number', 'letter', 'expression', 'words', None]
    """
    text = pl.col("text")
    kind = (
        pl.when(text.str.contains(r"^-?\d+(?:\.\d+)?$"))
        .then(pl.lit("number"))
        .when(text.str.contains(r"^\(?[a-z]\)?$"))
        .then(pl.lit("letter"))
        .when(text.str.contains(r"[\d\\=+^{}\[\]]"))
        .then(pl.lit("expression"))
        .when(text.is_not_null())
        .then(pl.lit("words"))
    )
    return answers(texts).alias("text").to_frame().select(kind.alias(texts.name)).to_series()


def letters(texts: pl.Series) -> pl.Series:
    """Returns letters of choices in capitals.

    >>> letters(pl.Series(["c"])).to_list()
    ['C']
    """
    return texts.str.to_uppercase()


def text(texts: pl.Series) -> pl.Series:
    r"""Normalises whole texts: ASCII white space is taken out and ASCII letters are made small.

    >>> text(pl.Series(["The\n cat", "the cat", " "])).to_list()
    ['thecat', 'thecat', None]
    """
    small = [
        None if each is None else each.translate(_LOWER, _SPACES) or None for each in texts.cast(pl.Binary).to_list()
    ]
    return pl.Series(texts.name, small, dtype=pl.Binary).cast(pl.String)


def exact(texts: pl.Series) -> pl.Series:
    """Returns the texts as they are, the finest partition."""
    return _filled(texts, texts.name)


def last_line(texts: pl.Series) -> pl.Series:
    r"""Normalises the last line that is not blank, cut to its last 200 characters.

    >>> last_line(pl.Series(["Thinking.\nSo: Paris.\n", "so: paris."])).to_list()
    ['so:paris.', 'so:paris.']
    """
    end = pl.col("text").str.tail(400).str.strip_chars_end().str.extract(r"([^\n]*)$").str.tail(200)
    return text(texts.alias("text").to_frame().select(end.alias(texts.name)).to_series())


def code(texts: pl.Series) -> pl.Series:
    r"""Normalises code: the last fenced block, else all, without comments, docstrings and blank lines.

    Indentation is kept, because it is meaning in some languages; spaces inside a line are not. Comments are
    "#" and "//" at the start of a line, and "#" after a space.

    >>> one, two = code(pl.Series(["Here:\n```py\nx = 1  # one\n\ny=2\n```", "x=1\ny = 2"]))
    >>> one == two
    True
    """
    text = pl.col("text")
    fenced = _where("```", lambda has: _last_fence(has).str.replace_all(r"(?m)^ *```[^\n]*$", ""))
    undocumented = _where('"""', lambda has: has.str.replace_all(r'(?ms)^[ \t]*""".*?"""[ \t]*$', ""))
    uncommented = _where("#", lambda has: has.str.replace_all(r"(?m)(?:^|[ \t])[ \t]*#.*$", ""))
    plain = _where("//", lambda has: has.str.replace_all(r"(?m)^[ \t]*//.*$", ""))
    spaced = text.str.replace_all("\t", "    ", literal=True)
    frame = texts.alias("text").to_frame().select(text.str.replace_all("\r", "", literal=True))
    for step in (fenced, undocumented, uncommented, plain, spaced):
        frame = frame.select(step.alias("text"))
    codes = frame.to_series().cast(pl.Binary).to_list()
    bare = [None if each is None else _lines(each) or None for each in codes]
    return pl.Series(texts.name, bare, dtype=pl.Binary).cast(pl.String)


def _where(mark: str, change: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    # Most texts lack most marks, and a plain search for one is far cheaper than the change.
    text = pl.col("text")
    has = pl.when(text.str.contains(mark, literal=True)).then(text)
    return pl.coalesce(change(has), text)


def _last_fence(text: pl.Expr) -> pl.Expr:
    return text.str.extract_all(r"(?ms)^ *```.*?^ *```").list.last()


def _lines(code: bytes) -> bytes:
    return b"\n".join(
        [
            line[: len(line) - len(words)] + words.replace(b" ", b"")
            for line in code.split(b"\n")
            if (words := line.lstrip(b" "))
        ]
    )


def skeleton(texts: pl.Series) -> pl.Series:
    """Returns code with every name and number replaced by one letter: its shape, one step coarser than code.

    >>> skeleton(pl.Series(["def f(a): return a+1"])).to_list()
    ['x(x):x+x']
    """
    return shape(code(texts))


def shape(codes: pl.Series) -> pl.Series:
    """Returns the shape of code that is normalised already.

    >>> shape(pl.Series(["x=12"])).to_list()
    ['x=x']
    """
    bare = pl.col("text").str.replace_all(r"\w+ ?", "x").str.replace_all(r"\s+", "")
    return _filled(codes.alias("text").to_frame().select(bare.alias("text")).to_series(), codes.name)


def _filled(texts: pl.Series, name: str) -> pl.Series:
    column = pl.col("text")
    return (
        texts.alias("text").to_frame().select(pl.when(column.str.contains(r"\S")).then(column).alias(name)).to_series()
    )
