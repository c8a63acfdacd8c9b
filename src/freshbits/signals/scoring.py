"""Signals applied to the completions of a log: read, score what is new, keep every verdict, write the rows back."""

from __future__ import annotations

import math
import re
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from freshbits.cluster import cluster, require_engine
from freshbits.errors import InputError
from freshbits.rollouts.log import Log
from freshbits.rollouts.options import ORIGINS, ReadOptions, nearest
from freshbits.rollouts.read import read
from freshbits.rollouts.schema import COLUMNS
from freshbits.rollouts.scored import EVIDENCE, ORIGIN
from freshbits.signals import table
from freshbits.signals.applied import Applied
from freshbits.signals.golds import require_golds
from freshbits.signals.items import TEXTS, asked_columns, fields_of
from freshbits.signals.journal import Journal, journal_of
from freshbits.signals.machines import require_travels
from freshbits.signals.named import make
from freshbits.signals.passes import score_groups, score_rows, score_whole
from freshbits.signals.spending import NOTHING, Usage
from freshbits.signals.traits import keyed, prepared, surveyed, traits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from freshbits.signals.gold import Gold
    from freshbits.signals.signal import Signal

    Progress = Callable[[str], None] | None


@dataclass(frozen=True)
class Scores:
    """Holds what one signal said about a log.

    Attributes:
        name: of its column. origin: where its verdicts come from.
        rows: rows of the log. scored: rows with a score. mean: mean score of those; None where there is none.
        unscored: why rows have no score -> how many, most frequent first; numbers and quotations left out of the why.
        asked: contents that were scored now. resumed: contents whose verdicts an interrupted run had left.
        repeated: rows whose content had been met before, so that nothing was scored.
        usage: what servers were asked for, by an interrupted run too.
        cost: of the usage, where the signal knows prices; None where it does not.
        columns: mean of each further column of the signal.
    """

    name: str
    origin: str
    rows: int
    scored: int
    mean: float | None
    unscored: dict[str, int]
    asked: int
    resumed: int
    repeated: int
    usage: Usage = NOTHING
    cost: float | None = None
    columns: dict[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Scored:
    """Holds the outcome of `score`: what each signal said, and the rows with it.

    Attributes:
        rows: rows of the log.
        signals: one entry per signal, in the order asked for.
        out: the file that was written, if any.
        golds: what was checked of golds, where that was asked for.
    """

    rows: int
    signals: tuple[Scores, ...]
    out: Path | None = None
    golds: tuple[Gold, ...] = ()
    _frames: Callable[[], pl.DataFrame] = field(default=pl.DataFrame, repr=False, compare=False)

    def frame(self) -> pl.DataFrame:
        """Returns the rows of the log with the columns `NAME`, `NAME.evidence`, `NAME.origin`, all in memory."""
        return self._frames()


def score(
    source: Any,
    *signals: str | Signal,
    options: ReadOptions | None = None,
    out: str | Path | None = None,
    names: Mapping[str, str] | None = None,
    origins: Mapping[str, str] | None = None,
    workers: int | None = None,
    resume: bool = True,
    gold: bool = False,
    progress: Progress = None,
    engine: Literal["local", "ray"] = "local",
    ray_address: str | None = None,
) -> Scored:
    """Applies signals to the completions of a log; equal contents are scored once.

    A row without completion is unscored, and so is one whose score is not finite or whose signal fails; unscored is
    null, never 0. With `out`, each batch of verdicts is on disk before the next is asked for, in a journal beside the
    file, so that the same call after a crash goes on where it stopped and ends in the same bytes. It holds keys,
    scores and evidence in memory (about 200 bytes per content), texts only of the batches at work.

    Args:
        source: what `freshbits.read` takes, or what it gave; the log needs no signal of its own.
        signals: names (`exact`, …) or signals.
        options: how the log is read.
        out: a file to write: .parquet, .jsonl or .csv.
        names: signal -> the name of its column, where it is another one.
        origins: name of the column -> origin, overruling what the signal says.
        workers: batches at once; rows and bytes do not depend on it. None: one, or what a signal that waits for others
            chooses.
        resume: whether an interrupted run is continued; else its journal is thrown away.
        gold: whether signals that compare with a reference must accept the log's own references first.
        progress: called with what is being done, in words.
        engine: "local", or "ray" to score on a Ray cluster: the bytes are the same.
        ray_address: of the cluster; None: `RAY_ADDRESS`, else one is started on this machine.

    Raises:
        InputError: the log, a signal's name, its needs or the file will not do.

    >>> rows = pl.DataFrame({"prompt": ["1+1?"] * 4, "completion": ["2", "2", "3", "2"], "step": [1] * 4})
    >>> found = score(rows, "majority")
    >>> found.signals[0].mean, found.frame()["majority"].to_list()
    (0.75, [1.0, 1.0, 0.0, 1.0])
    """
    require_engine(engine, ray_address)
    if not signals:
        raise InputError("there is no signal to apply", mend="name one, such as exact")
    chosen: list[Signal] = [make(signal) if isinstance(signal, str) else signal for signal in signals]
    path = None if out is None else Path(out)
    if path is not None:
        table.check_path(path)
        _check_apart(source, path)
    given = options or ReadOptions()
    wanted = replace(given, unscored=True, columns=(*given.columns, *asked_columns(chosen)))
    log = source if isinstance(source, Log) else read(source, wanted)
    chosen = [surveyed(signal, log) for signal in chosen]
    columns = _columns(log, chosen, names or {})
    from_where = _origins(columns, chosen, origins or {})
    _check_log(log, chosen, path)
    chosen = [prepared(signal, _head(log)) for signal in chosen]
    golds = tuple(require_golds(log, signal) for signal in chosen if gold and _compares(signal))
    with ExitStack() as stack:
        machines = None
        if engine == "ray":
            for signal in chosen:
                require_travels(signal)
            machines = stack.enter_context(cluster(ray_address, progress))
        journal = None
        if path is not None:
            journal = Journal(journal_of(path), chosen, resume=resume)
            stack.callback(journal.close)
            chosen = [keyed(signal, journal.secret) for signal in chosen]
        applied = []
        for number, (signal, name) in enumerate(zip(chosen, columns, strict=True)):
            each = Applied(signal, number, journal, workers, _heard(progress, name), name, machines)
            stack.callback(each.close)
            applied.append(each)
        if journal is not None:
            for number, keys, verdicts in journal.verdicts():
                applied[number].remember(keys, verdicts)
        _score(log, applied)
        if path is not None and journal is not None:
            if progress is not None:
                progress(f"writing {path.name}")
            table.write(path, log, applied, from_where)
            journal.remove()
    return Scored(
        rows=len(applied[0].rows),
        signals=tuple(_said(each, from_where[each.name]) for each in applied),
        out=path,
        golds=golds,
        _frames=lambda: _whole(log, applied, from_where),
    )


def kind(evidence: str) -> str:
    """Returns evidence without what differs from row to row, so that rows unscored for one reason count together.

    >>> kind("no answer in 'so it is 12' after 3.5 s")
    'no answer in … after # s'
    """
    text = re.sub(r"'[^']*'|\"[^\"]*\"", "…", evidence)
    return re.sub(r"\d+(?:\.\d+)?", "#", text) or "no reason given"


def _score(log: Log, applied: Sequence[Applied]) -> None:
    whole = [each for each in applied if traits(each.signal).whole_log]
    groups = [each for each in applied if each.signal.whole_groups and each not in whole]
    rows = [each for each in applied if each not in whole and each not in groups]
    for run, some in ((score_rows, rows), (score_groups, groups), (score_whole, whole)):
        if some:
            run(log, some)


def _head(log: Log) -> pl.DataFrame:
    columns = [name for name in log.schema if name in (*TEXTS, "extracted")]
    for batch in log.batches(columns):
        return batch
    raise InputError("the log has no rollouts", file=log.files[0] if log.files else None)


def _check_apart(source: Any, path: Path) -> None:
    """Refuses to write a file into the log that it is made from: it would become a part of it."""
    sources = source if isinstance(source, (list, tuple)) else [source]
    for place in sources:
        if isinstance(place, (str, Path)) and Path(place).is_dir():
            inside = path.resolve().is_relative_to(Path(place).resolve())
            if inside:
                raise InputError(
                    f"lies inside the log {place} and would become a part of it", file=path, mend="write it elsewhere"
                )


def _check_log(log: Log, signals: Sequence[Signal], path: Path | None) -> None:
    if "completion" not in log.schema:
        raise InputError("the log has no completions to score", mend="add them with --join FILE")
    if path is not None and any(path.resolve() == file.resolve() for file in log.files):
        raise InputError("is the log itself", file=path, mend="write to another file")
    for signal in signals:
        fields_of(signal, log.schema)
        filled = [name for name in traits(signal).fills if name in log.schema and name != "tokens"]
        if filled:
            raise InputError(
                f"the log has {', '.join(filled)} already, which {signal.name} would fill",
                mend=f"leave out --signal {signal.name}, or the column",
            )


def _columns(log: Log, signals: Sequence[Signal], names: Mapping[str, str]) -> list[str]:
    """Returns the name of each signal's column; a name that is taken is refused."""
    own = [signal.name for signal in signals]
    for name in names:
        if name not in own:
            raise InputError(f"--as {name}: no such signal is applied" + nearest(name, own))
    found: list[str] = []
    taken: set[str] = set()
    for name, signal in zip(own, signals, strict=True):
        column = names.get(name, name)
        every = {column, *(column + ending for ending in traits(signal).columns)}
        problem = None
        if column in found:
            problem = f"two signals would both be called {column}"
        elif every & taken:
            problem = f"two signals would both have a column {min(every & taken)}"
        elif every & set(log.signals):
            problem = f"the log has a signal {min(every & set(log.signals))!r} already"
        elif column in COLUMNS or column.startswith("log.") or column.endswith((ORIGIN, EVIDENCE)):
            problem = f"{column!r} is the name of another column of a log"
        if problem and not (column == "logprob" and column == name):
            raise InputError(problem, mend=f"give it a name of its own: --as {name}=NAME")
        found.append(column)
        taken |= every
    return found


def _origins(columns: Sequence[str], signals: Sequence[Signal], given: Mapping[str, str]) -> dict[str, str]:
    for name, origin in given.items():
        if name not in columns or origin not in ORIGINS:
            wrong = f"no signal {name!r} is applied" if name not in columns else f"{origin!r} is no origin"
            raise InputError(f"--origin {name}={origin}: {wrong}", mend=f"choose one of {', '.join(ORIGINS)}")
    return {name: given.get(name, signal.origin) for name, signal in zip(columns, signals, strict=True)}


def _compares(signal: Signal) -> bool:
    """Returns whether a signal holds completions against something of their row, so that a gold can be checked."""
    held = bool(signal.needs or traits(signal).wants) and not traits(signal).judges
    return signal.origin != "own_state" and not signal.whole_groups and held


def _heard(progress: Progress, name: str) -> Callable[[int], None] | None:
    if progress is None:
        return None
    return lambda count: progress(f"{name}: {count:,} completions scored")


def _whole(log: Log, applied: Sequence[Applied], origins: Mapping[str, str]) -> pl.DataFrame:
    frames = list(table.frames(log, applied, origins))
    return pl.concat(frames) if frames else pl.DataFrame(schema=table.schema(log, applied, origins))


def _said(each: Applied, origin: str) -> Scores:
    count, total, missing = 0, 0.0, 0
    reasons: dict[str, int] = {}
    for row in range(len(each.rows)):
        verdict = each.verdict(row)
        if verdict.score is None:
            why = kind(verdict.evidence)
            reasons[why] = reasons.get(why, 0) + 1
            missing += each.is_missing(row)
        else:
            count += 1
            total += verdict.score
    rows = len(each.rows)
    prices = getattr(each.signal, "prices", None)
    return Scores(
        name=each.name,
        origin=origin,
        rows=rows,
        scored=count,
        mean=total / count if count else None,
        unscored=dict(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))),
        asked=each.scored,
        resumed=each.known,
        repeated=rows - missing - each.scored - each.known,
        usage=each.usage,
        cost=None if prices is None else prices.cost(each.usage),
        columns={each.name + ending: _mean(each, at) for at, ending in enumerate(traits(each.signal).columns)},
    )


def _mean(each: Applied, place: int) -> float | None:
    parts = [verdict.parts[place] for verdict in map(each.verdict, range(len(each.rows))) if verdict.parts]
    known = [part for part in parts if part is not None]
    return math.fsum(known) / len(known) if known else None
