"""Columns converted to their kinds: fast where the type already fits, value by value where it does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from freshbits.errors import InputError
from freshbits.rollouts.kinds import CONVERT, DTYPE, NOT_FINITE, BadValueError, Kind

if TYPE_CHECKING:
    from freshbits.rollouts.problems import Problems
    from freshbits.rollouts.stream import Want

Where = Callable[[int], tuple[str, int]]

MEND = {
    Kind.SCORE: "choose the reward column with --signal NAME",
    Kind.FIRST: "write the winner as 1, 2 or tie",
}


def convert_values(values: Sequence[Any], name: str, want: Want, where: Where, problems: Problems) -> pl.Series:
    """Converts Python values, at once where all are of a type that fits; `where(i)` is the file and row of value i."""
    fitting = _fitting(values, name, want.kind)
    if fitting is not None:
        return convert_series(fitting, name, want, where, problems)
    function = CONVERT[want.kind]
    converted: list[Any] = []
    for index, value in enumerate(values):
        try:
            converted.append(function(value))
        except BadValueError as bad:
            file, row = where(index)
            if want.strict:
                raise InputError(
                    str(bad), file=file, row=row, column=want.column,
                    mend=MEND.get(want.kind, "mend the value or choose another column with --map"),
                ) from None  # fmt: skip
            problems.add(f"{want.column} cannot be read as a {want.kind.value}: left out", file, row)
            converted.append(None)
    try:
        series = pl.Series(name, converted, dtype=DTYPE[want.kind])
    except UnicodeEncodeError:
        series = pl.Series(name, _encodable(converted, want, where, problems), dtype=DTYPE[want.kind])
    return _finite(series, want, where, problems)


def _fitting(values: Sequence[Any], name: str, kind: Kind) -> pl.Series | None:
    """Returns values as a series that is converted by one cast; None where they must be looked at one by one."""
    types = set(map(type, values)) - {type(None)}
    if types == {str}:
        dtype: pl.DataType = pl.String()
    elif kind in (Kind.NUMBER, Kind.SCORE) and types and types <= {float, int}:
        dtype = pl.Float64()
    elif (kind is Kind.INTEGER and types == {int}) or (kind is Kind.FLAG and types == {bool}):
        dtype = DTYPE[kind]
    else:
        return None
    try:
        series = pl.Series(name, values, dtype=dtype)
    except (OverflowError, TypeError, UnicodeEncodeError, pl.exceptions.PolarsError):
        return None
    return series if dtype != pl.String or _fits(series, kind) else None


def _fits(series: pl.Series, kind: Kind) -> bool:
    """Returns whether text is to stay text, or is plain numbers throughout."""
    if kind in (Kind.TEXT, Kind.SAMPLED):
        return True
    target = DTYPE[kind]
    if not target.is_numeric() or kind is Kind.FIRST:
        return False
    return series.cast(target, strict=False).null_count() == series.null_count()


def convert_series(series: pl.Series, name: str, want: Want, where: Where, problems: Problems) -> pl.Series:
    """Converts a column, by one cast where its type allows."""
    dtype, kind = series.dtype, want.kind
    if kind is Kind.RAW:
        return series.alias(name)
    target = DTYPE[kind]
    plain = dtype.is_numeric() or dtype == pl.Boolean or dtype == pl.Null
    if kind in (Kind.TEXT, Kind.SAMPLED):
        if not dtype.is_nested() and dtype != pl.Binary and dtype != pl.Object:
            return series.cast(target).alias(name)
    elif kind in (Kind.NUMBER, Kind.SCORE, Kind.LOGPROB) and plain:
        return _finite(series.cast(target).alias(name), want, where, problems)
    elif (kind in (Kind.INTEGER, Kind.LENGTH) and (dtype.is_integer() or dtype == pl.Null)) or (
        kind in (Kind.FLAG, Kind.STOP) and dtype in (pl.Boolean, pl.Null)
    ):
        return series.cast(target).alias(name)
    elif dtype == pl.String and target.is_numeric() and kind != Kind.FIRST:
        cast = series.cast(target, strict=False).alias(name)
        if cast.null_count() == series.null_count():  # all of it is plain numbers
            return _finite(cast, want, where, problems)
    return convert_values(series.to_list(), name, want, where, problems)


def _finite(series: pl.Series, want: Want, where: Where, problems: Problems) -> pl.Series:
    if series.dtype != pl.Float64:
        return series
    bad = ~series.is_finite()
    if not bad.any():
        return series
    counted = bad if want.kind == Kind.SCORE else bad & ~series.is_nan()
    if want.strict and counted.any():
        file, row = where(int(counted.fill_null(value=False).arg_max() or 0))
        problems.add(f"{want.column} {NOT_FINITE}", file, row, int(counted.sum()))
    return pl.select(pl.when(bad).then(None).otherwise(series).alias(series.name)).to_series()


def _encodable(values: list[Any], want: Want, where: Where, problems: Problems) -> list[Any]:
    mended = []
    for index, value in enumerate(values):
        clean = value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        if clean != value:
            problems.add(f"{want.column} is not valid Unicode: characters replaced", *where(index))
        mended.append(clean)
    return mended
