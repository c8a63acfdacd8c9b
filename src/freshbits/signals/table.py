"""What `score` writes: the rows of the log under canonical names, and each signal with its evidence and origin.

Columns in this order: those of the log (a signal whose origin is known as `NAME`, `NAME.evidence` where it has one,
`NAME.origin`; another one as `signal.NAME`), then the new ones, then `log.filtered` where the log hides dead groups.
A signal of several columns has them behind its own: `NAME.PART` with `NAME.PART.origin`, all verdicts on one row as
`NAME@1`, `NAME@2`, …, and `NAME.weights`, where its score is a weighted sum of parts.
`rollouts.scored` reads it back. The same rows give the same bytes.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import polars as pl

from freshbits.atomic import replacing
from freshbits.errors import InputError
from freshbits.rollouts.schema import AGAIN, COLUMNS, EXTRA, SIGNAL
from freshbits.rollouts.scored import EVIDENCE, FILTERED, ORIGIN, WEIGHTS
from freshbits.signals.passes import changed
from freshbits.signals.traits import traits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from freshbits.rollouts.log import Log
    from freshbits.signals.applied import Applied

ENDINGS = (".parquet", ".jsonl", ".csv")
ROW_GROUP = 10_000
NUMBERED = re.compile(r"@\d+$")  # a further verdict on the same row; it has no origin of its own


def schema(log: Log, applied: Sequence[Applied], origins: Mapping[str, str]) -> dict[str, pl.DataType]:
    """Returns the columns of the table, in order.

    Args:
        log: the log that was scored.
        applied: signals that have scored it.
        origins: origin of each new signal, by the name of its column.
    """
    return dict(_columns(pl.DataFrame(schema=log.schema), log, applied, origins, 0).schema)


def frames(log: Log, applied: Sequence[Applied], origins: Mapping[str, str]) -> Iterator[pl.DataFrame]:
    """Yields the rows of the table in batches, in the log's order.

    Raises:
        InputError: if the log has not as many rows as were scored.
    """
    row = 0
    for batch in log.batches():
        if any(row + batch.height > len(each.rows) for each in applied):
            raise changed()
        yield _columns(batch, log, applied, origins, row)
        row += batch.height
    if any(row != len(each.rows) for each in applied):
        raise changed()


def write(path: Path, log: Log, applied: Sequence[Applied], origins: Mapping[str, str]) -> None:
    """Writes the table in the format of the file's ending: under another name first, so it is there whole or not.

    Text in CSV is written as it is, because the file is a log to be read again; a spreadsheet may take a text that
    begins with `=` for a formula.

    Raises:
        InputError: if the file cannot be written or the log has changed.
    """
    # One fixed name: what a killed run left of it, the next one writes over.
    with replacing(path, path.with_name(f".{path.name}.part")) as temporary:
        if path.suffix.lower() == ".parquet":
            _parquet(temporary, schema(log, applied, origins), frames(log, applied, origins))
        else:
            with temporary.open("wb") as file:
                first = True
                for frame in frames(log, applied, origins):
                    if path.suffix.lower() == ".jsonl":
                        frame.write_ndjson(file)
                    else:
                        frame.write_csv(file, include_header=first)
                    first = False
                if first and path.suffix.lower() == ".csv":
                    pl.DataFrame(schema=schema(log, applied, origins)).write_csv(file)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())


def check_path(path: Path) -> None:
    """Refuses an ending that cannot be written, before anything is scored.

    >>> from pathlib import Path
    >>> check_path(Path("scored.parquet"))
    """
    if path.suffix.lower() not in ENDINGS:
        raise InputError(
            f"cannot write {path.suffix or 'a file without ending'}", file=path, mend=f"end it in {', '.join(ENDINGS)}"
        )


def _parquet(path: Path, columns: dict[str, pl.DataType], rows: Iterator[pl.DataFrame]) -> None:
    from polars.io.plugins import register_io_source

    def source(
        names: list[str] | None, _predicate: pl.Expr | None, _rows: int | None, _batch: int | None
    ) -> Iterator[pl.DataFrame]:
        for frame in rows:
            yield frame if names is None else frame.select(names)

    register_io_source(source, schema=columns).sink_parquet(path, row_group_size=ROW_GROUP, maintain_order=True)


def _columns(
    batch: pl.DataFrame, log: Log, applied: Sequence[Applied], origins: Mapping[str, str], row: int
) -> pl.DataFrame:
    filled = {name for each in applied for name in traits(each.signal).fills}
    columns: list[pl.Series] = []
    for name in batch.columns:
        signal = name.removeprefix(SIGNAL) if name.startswith(SIGNAL) else None
        evidence = EXTRA + str(signal) + EVIDENCE
        if signal is None:
            known = name.endswith(EVIDENCE) and name.removeprefix(EXTRA).removesuffix(EVIDENCE) in log.origins
            if name.startswith(AGAIN):
                columns.append(batch[name].alias(name.removeprefix(AGAIN)))
            elif name not in filled and not known:
                columns.append(batch[name])
        elif signal in log.origins and signal not in COLUMNS:
            columns += _logged(batch, log, signal)
            columns += [batch[evidence].alias(signal + EVIDENCE)] if evidence in batch.columns else []
            columns.append(_constant(signal + ORIGIN, log.origins[signal], batch.height))
            weights = {part: weight for part, weight in log.weights.items() if part.startswith(f"{signal}.")}
            columns += [_constant(signal + WEIGHTS, json.dumps(weights), batch.height)] if weights else []
        else:
            columns.append(batch[name])
    for each in applied:
        columns += _new(each, origins, row, batch.height)
    if log.filtered is not None:
        columns.append(_constant(FILTERED, log.filtered, batch.height))
    return pl.DataFrame(columns)


def _new(each: Applied, origins: Mapping[str, str], row: int, height: int) -> list[pl.Series]:
    verdicts = [each.verdict(at) for at in range(row, row + height)]
    score = pl.Series("score", [verdict.score for verdict in verdicts], dtype=pl.Float64)
    evidence = pl.Series("evidence", [verdict.evidence for verdict in verdicts], dtype=pl.String)
    if traits(each.signal).fills:
        filled: pl.DataFrame = each.signal.fill(score, evidence)  # type: ignore[attr-defined]
        return filled.get_columns()
    name = each.name
    found = [score.alias(name), evidence.alias(name + EVIDENCE), _constant(name + ORIGIN, origins[name], height)]
    endings, weights = traits(each.signal).columns, traits(each.signal).weights
    for place, ending in enumerate(endings):
        parts = [verdict.parts[place] if verdict.parts else None for verdict in verdicts]
        found.append(pl.Series(name + ending, parts, dtype=pl.Float64))
        if NUMBERED.search(ending) is None:
            found.append(_constant(name + ending + ORIGIN, origins[name], height))
    if weights:
        found.append(_constant(name + WEIGHTS, json.dumps({name + part: w for part, w in weights}), height))
    return found


def _logged(batch: pl.DataFrame, log: Log, signal: str) -> list[pl.Series]:
    """Returns a signal of the log; one that was asked several times as their mean, with the first beside it."""
    again = [name for name in log.schema if name.startswith(f"{AGAIN}{signal}@")]
    if not again:
        return [batch[SIGNAL + signal].alias(signal)]
    mean = batch.select(pl.mean_horizontal(SIGNAL + signal, *again).alias(signal))[signal]
    return [mean, batch[SIGNAL + signal].alias(f"{signal}@1")]


def _constant(name: str, value: str, height: int) -> pl.Series:
    return pl.Series(name, [value], dtype=pl.String).new_from_index(0, height).alias(name)
