"""Answer classes of a batch: which partition suits a log, and the class of every completion under it."""

from __future__ import annotations

import polars as pl

from freshbits.errors import InputError
from freshbits.outputs import extract
from freshbits.outputs.keys import name_keys, per_distinct, text_keys
from freshbits.outputs.partition import (
    ANSWER_PHRASE,
    ANSWER_TAG,
    BOXED,
    CHOICE,
    CODE,
    EXTRACTED,
    HASHES,
    LAST_NUMBER,
    TEXT,
    Partition,
)

LOOKED_AT = 2000
"""Rows from which the partition of a whole log is chosen."""

UNREADABLE = 0
"""The class of completions whose answer cannot be read: apart from every wrong answer."""

_OPTIONS = r"(?s)\bA[).:\]]\s.*\bB[).:\]]\s"
_CODE = (
    r"(?m)^\s*(?:def \w+\(|class \w+[(:]|import \w|from [\w.]+ import |for \w.* in .*:$|return\b.*[^.]$|"
    r"#include|public |func |fn |```(?:py|cpp|java|js|rust|go\b|c\b))"
)
_NUMBER_ONLY = r"^\s*[-+$]?[\d,]+(?:\.\d+)?%?\s*$"


def choose(batch: pl.DataFrame) -> Partition:
    r"""Chooses one partition for a whole log from its first rows, without a look at any signal.

    The first of these that reads at least half of the completions: the letter of a choice (only where prompts
    list options or reference answers are single letters, and no other form is stated), the last \boxed{},
    "####", the <answer> tag, "answer is", the last number (only where reference answers are numbers, or
    completions are short and end in one). Else the parse that the signal itself made, marked by construction;
    else the normalised text, read as code where most completions look like code.

    Args:
        batch: canonical rows; `completion`, and where present `prompt`, `answer`, `extracted`. Rows beyond
            `LOOKED_AT` are not looked at.

    >>> choose(pl.DataFrame({"completion": ["so \\boxed{4}", "\\boxed{5}", "no idea"]})).name
    'boxed answer'
    """
    head = batch.head(LOOKED_AT)
    if "completion" not in head.columns:
        return EXTRACTED if _read_share(head, EXTRACTED) >= 0.5 else TEXT
    head = head.filter(pl.col("completion").is_not_null())
    forms = [BOXED, HASHES, ANSWER_TAG]
    if _lists_options(head):
        forms.append(CHOICE)
    forms.append(ANSWER_PHRASE)
    if _ends_in_numbers(head):
        forms.append(LAST_NUMBER)
    forms.append(EXTRACTED)
    for form in forms:
        if _read_share(head, form) >= 0.5:
            return form
    return CODE if _is_code(head) else TEXT


def classes(batch: pl.DataFrame, partition: Partition) -> pl.DataFrame:
    r"""Returns `answer_class`, `coarser_class` (UInt64, declared keys of the class texts) and `unreadable` (Boolean).

    `coarser_class` is left out where the partition names none. Unreadable answers are one class in both.

    Raises:
        InputError: the batch lacks the column that the partition reads.

    >>> from freshbits.outputs.partition import BOXED
    >>> rows = pl.DataFrame({"completion": ["\\boxed{1,000}", "\\boxed{1000.0}", "\\boxed{7}", "?"]})
    >>> found = classes(rows, BOXED)
    >>> found["answer_class"].n_unique(), found["coarser_class"].n_unique(), found["unreadable"].to_list()
    (3, 2, [False, False, False, True])
    """
    stated = _stated(batch, partition)
    coarser = partition.coarser
    further: pl.Series | None = None
    if partition.repeats:
        keys = per_distinct(stated, lambda values: text_keys(partition.normalise(values)))
        if coarser is not None:
            into = coarser.normalise
            further = per_distinct(stated, lambda values: name_keys(into(values)))
    else:
        texts = partition.normalise(stated)
        keys = text_keys(texts)
        if partition.coarsen is not None:
            further = text_keys(partition.coarsen(texts))
        elif coarser is not None:
            further = text_keys(coarser.normalise(_stated(batch, coarser)))
    found = {"answer_class": keys.fill_null(UNREADABLE), "unreadable": keys.is_null()}
    if further is not None:
        found["coarser_class"] = further.to_frame("key").select(
            pl.when(~keys.is_null()).then("key").fill_null(UNREADABLE).alias("coarser_class")
        )["coarser_class"]
    return pl.DataFrame(found)


def class_texts(batch: pl.DataFrame, partition: Partition) -> pl.Series:
    """Returns the class text of each row, null where unreadable: what `classes` hashes."""
    return partition.normalise(_stated(batch, partition)).alias("class_text")


def _stated(batch: pl.DataFrame, partition: Partition) -> pl.Series:
    if partition.column not in batch.columns:
        raise InputError(
            f"the answer classes are read from column {partition.column!r}, which the rows do not have",
            mend="choose another partition",
        )
    column = pl.col(partition.column).cast(pl.String)
    return batch.select(partition.extract(column).alias("stated")).to_series()


def _read_share(head: pl.DataFrame, partition: Partition) -> float:
    if partition.column not in head.columns or head.height == 0:
        return 0.0
    return 1.0 - float(class_texts(head, partition).null_count()) / head.height


def _share(head: pl.DataFrame, column: str, pattern: str) -> float:
    if column not in head.columns:
        return 0.0
    return float(head[column].drop_nulls().str.contains(pattern).mean() or 0.0)  # type: ignore[arg-type]


def _lists_options(head: pl.DataFrame) -> bool:
    return _share(head, "answer", r"^\s*\(?[A-Ja-j]\)?\s*$") >= 0.5 or _share(head, "prompt", _OPTIONS) >= 0.5


def _is_code(head: pl.DataFrame) -> bool:
    return _share(head, "completion", _CODE) >= 0.5


def _ends_in_numbers(head: pl.DataFrame) -> bool:
    if _share(head, "answer", _NUMBER_ONLY) >= 0.5:
        return True
    short = head.filter(pl.col("completion").str.len_bytes() <= 200)
    if short.height < head.height / 2 or _is_code(head):
        return False
    last = extract.last_number(pl.col("completion"))
    ends = pl.col("completion").str.strip_chars_end(" \t\r\n.%$*`").str.ends_with(last.str.strip_chars_end(",."))
    return float(short.select(ends.fill_null(value=False).mean()).item() or 0.0) >= 0.5
