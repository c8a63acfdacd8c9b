"""What a person said about signals and truth, applied: thresholds, what means right, which signals count."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from freshbits.errors import InputError
from freshbits.rollouts.options import Accept, ReadOptions, nearest
from freshbits.rollouts.schema import AGAIN, SIGNAL
from freshbits.rollouts.stream import Chunk, Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from freshbits.rollouts.opened import Opened

COMPARE: dict[str, Callable[[pl.Expr, float], pl.Expr]] = {
    ">=": lambda values, bound: values >= bound,
    "<=": lambda values, bound: values <= bound,
    "==": lambda values, bound: values == bound,
    ">": lambda values, bound: values > bound,
    "<": lambda values, bound: values < bound,
}


def choose_signals(opened: Opened, options: ReadOptions) -> None:
    """Keeps the named signals (`reward` keeps `reward@gpt-4` too) and checks every name that was given."""
    present = [name.removeprefix(SIGNAL) for name in opened.rows.schema if name.startswith(SIGNAL)]
    for option, names in {
        "--signal": options.signals,
        "--accept": options.accept,
        "--weight": options.weights,
        "--origin": options.origins,
    }.items():
        for name in names:
            if not any(_means(name, signal) for signal in present):
                raise InputError(
                    f"{option} {name}: the log has no signal {name!r}" + nearest(name, present),
                    mend=f"its signals are {', '.join(present[:20])}",
                )
    if options.signals:
        kept = [signal for signal in present if any(_means(name, signal) for name in options.signals)]
        gone = {SIGNAL + signal for signal in present if signal not in kept}
        inner = opened.rows
        schema = {name: dtype for name, dtype in inner.schema.items() if name not in gone}
        opened.rows = Stream(schema, inner.read, inner.divisible)
        present = kept
    opened.weights = {
        signal: weight
        for given in (opened.weights, options.weights)
        for name, weight in given.items()
        for signal in present
        if _means(name, signal)
    }
    opened.origins |= {
        signal: origin for name, origin in options.origins.items() for signal in present if _means(name, signal)
    }
    opened.judges = {signal: judge for signal, judge in opened.judges.items() if signal in present}


def accept(opened: Opened, accepted: dict[str, Accept]) -> None:
    """Turns scores into verdicts of 0 and 1; an unscored row stays unscored."""
    rules: dict[str, Accept] = {}
    for name in opened.rows.schema:
        for given, rule in accepted.items():
            again = name.startswith(AGAIN)  # a further verdict of the same signal
            signal = name.removeprefix(AGAIN).rpartition("@")[0] if again else name.removeprefix(SIGNAL)
            if (again or name.startswith(SIGNAL)) and _means(given, signal):
                rules[name] = rule
    inner = opened.rows

    def read(columns: Sequence[str]) -> Iterator[Chunk]:
        for chunk in inner.read(columns):
            verdicts = [
                COMPARE[operator](pl.col(name), bound).cast(pl.Float64)
                for name, (operator, bound) in rules.items()
                if name in columns
            ]
            yield chunk.with_rows(chunk.rows.with_columns(verdicts))

    opened.rows = Stream(inner.schema, read, inner.divisible)
    opened.notes += [
        f"{name} is accepted where {name} {operator} {bound:g}" for name, (operator, bound) in accepted.items()
    ]


def check_truth(opened: Opened) -> None:
    """Lets only truths in [0, 1] through; a category needs `--truth-is`."""
    inner = opened.rows

    def read(columns: Sequence[str]) -> Iterator[Chunk]:
        for chunk in inner.read(columns):
            if "truth" in columns:
                truth = chunk.rows["truth"]
                bad = (truth < 0) | (truth > 1)
                if bad.any():
                    index = int(bad.fill_null(value=False).arg_max() or 0)
                    file, row = chunk.where(index)
                    raise InputError(
                        f"truth is {truth[index]:g}, neither 0 (wrong) nor 1 (right)",
                        file=file, row=row, column="truth",
                        mend="say which value means right, or from which score on: --truth-is VALUE or '>=x'",
                    )  # fmt: skip
            yield chunk

    opened.rows = Stream(inner.schema, read, inner.divisible)


def truth_is(opened: Opened, value: str) -> None:
    """Makes truth 1 where it is `value` or meets a comparison like `>=0.5`, else 0; empty stays unlabelled.

    Raises:
        InputError: if what is compared with is no number; while reading, if a truth is none.
    """
    match = re.fullmatch(r"(>=|<=|==|>|<)\s*(\S+)", value.strip())
    bound = _number(match.group(2)) if match else None
    if match is not None and bound is None:
        raise InputError(
            f"--truth-is {value}: {match.group(2)!r} is no number", mend="write it like --truth-is '>=0.5'"
        )
    inner = opened.rows

    def read(columns: Sequence[str]) -> Iterator[Chunk]:
        for chunk in inner.read(columns):
            if "truth" in columns:
                if match is not None and bound is not None:  # a comparison
                    _require_numbers(chunk, value)
                    number = pl.col("truth").cast(pl.String).cast(pl.Float64, strict=False)
                    right = COMPARE[match.group(1)](number, bound)
                else:
                    right = _equals(value)
                truth = pl.col("truth").cast(pl.String)
                empty = truth.is_null() | (truth == "")
                chunk = chunk.with_rows(
                    chunk.rows.with_columns(pl.when(~empty).then(right).cast(pl.Float64).alias("truth"))
                )
            yield chunk

    opened.rows = Stream(inner.schema | {"truth": pl.Float64()}, read, inner.divisible)
    opened.notes.append(
        f"truth is 1 where it {'is' if bound is not None else 'says'} {value if match else repr(value)}"
    )


def _equals(value: str) -> pl.Expr:
    """Returns whether truth says `value`, as a text or as a number."""
    truth = pl.col("truth").cast(pl.String)
    right = truth.str.to_lowercase() == value.lower()
    number = _number(value)
    if number is not None:  # "1" also means 1.0, and "true" is not "1"
        right = right | (truth.cast(pl.Float64, strict=False) == number).fill_null(value=False)
    return right


def _require_numbers(chunk: Chunk, value: str) -> None:
    truth = chunk.rows["truth"].cast(pl.String)
    bad = truth.is_not_null() & (truth != "") & truth.cast(pl.Float64, strict=False).is_null()
    if bad.any():
        index = int(bad.arg_max() or 0)
        file, row = chunk.where(index)
        raise InputError(
            f"truth is {truth[index]!r}, which is no number to hold against {value}",
            file=file, row=row, column="truth",
            mend="name the value that means right: --truth-is VALUE",
        )  # fmt: skip


def _means(name: str, signal: str) -> bool:
    return name == signal or signal.startswith(name + "@")


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None
