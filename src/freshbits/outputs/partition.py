"""Answer classes [Y]_π: which outputs the task treats as equal, as one declared partition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from freshbits.outputs import extract, normalise

Extract = Callable[[pl.Expr], pl.Expr]
Normalise = Callable[[pl.Series], pl.Series]


@dataclass(frozen=True)
class Partition:
    """Declares one partition of outputs into answer classes.

    Attributes:
        name: as printed ("boxed answer"). column: the canonical column it reads. extract: expression that
        reads the stated answer from that column; null where none can be read. normalise: distinct stated
        answers -> class texts; null where nothing is left. coarser: the partition one step coarser; None
        where the next step is a single class. finer: the partition one step finer; None for the exact text.
        by_construction: true where the audited signal's own parse is the class, so that the share of the
        signal's
            bits that the class holds is high by construction and says little.
        repeats: whether few distinct answers are expected, so that they are worth collecting before hashing.
        coarsen: class texts -> class texts of the coarser partition; None where it reads the column anew.
    """

    name: str
    column: str
    extract: Extract
    normalise: Normalise
    coarser: Partition | None
    finer: Partition | None
    by_construction: bool = False
    repeats: bool = True
    coarsen: Normalise | None = None


def _whole(column: pl.Expr) -> pl.Expr:
    return column


EXACT_TEXT = Partition("exact text", "completion", _whole, normalise.exact, None, None, repeats=False)
LAST_LINE = Partition("last line", "completion", _whole, normalise.last_line, None, None, repeats=False)
TEXT = Partition("normalised text", "completion", _whole, normalise.text, LAST_LINE, EXACT_TEXT, repeats=False)
SKELETON = Partition("shape of the code", "completion", _whole, normalise.skeleton, None, None, repeats=False)
CODE = Partition(
    "normalised code",
    "completion",
    _whole,
    normalise.code,
    SKELETON,
    EXACT_TEXT,
    repeats=False,
    coarsen=normalise.shape,
)


def reading(
    name: str,
    extract: Extract,
    normalise_with: Normalise = normalise.answers,
    column: str = "completion",
    by_construction: bool = False,
) -> Partition:
    """Makes the partition by a stated answer; its kind is one step coarser, the normalised text one finer.

    >>> reading("boxed answer", extract.boxed).coarser.name
    'kind of boxed answer'
    """
    kind = Partition(f"kind of {name}", column, extract, normalise.kinds, None, None, by_construction)
    return Partition(name, column, extract, normalise_with, kind, TEXT, by_construction)


BOXED = reading("boxed answer", extract.boxed)
HASHES = reading('answer after "####"', extract.hashes)
ANSWER_TAG = reading("<answer> tag", extract.answer_tag)
ANSWER_PHRASE = reading('answer after "answer is"', extract.answer_phrase)
CHOICE = reading("letter of a choice", extract.choice, normalise.letters)
LAST_NUMBER = reading("last number", extract.last_number)
EXTRACTED = reading("the signal's own parse", _whole, column="extracted", by_construction=True)


def by_column(column: str) -> Partition:
    """Makes the partition that a column of the log declares."""
    return reading(f"column {column}", _whole, column=column)


def by_json_field(field: str) -> Partition:
    """Makes the partition by a field of the completion's JSON."""
    return reading(f"JSON field {field}", extract.json_field(field))


def by_pattern(expression: str) -> Partition:
    """Makes the partition by the last match of a regular expression.

    Raises:
        InputError: the expression does not compile.
    """
    return reading(f"pattern {expression}", extract.pattern(expression))
